/** The node `amqp-mail` in a real Node-RED, on real RabbitMQ and a real SMTP dialogue. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DRAFTS, HEALTH, MAIL, mailFlow, OUTCOMES, SHORT_LEVELS } from '../mail-flow.ts';
import { aMessage, mailLab, receivedIds, to, until } from '../mail-lab.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red.ts';

const SAMPLE_ADDRESS = 'muestra@clinica.test';
const EXCHANGE = 'email_exchange';

async function running(t: TestContext, properties: Record<string, unknown> = {}) {
	const lab = await mailLab(t, { levels: SHORT_LEVELS });
	const nodeRed = await startNodeRed(t);
	await nodeRed.deploy(mailFlow(lab, properties));
	await nodeRed.status(MAIL, /sent: 0/);
	return { lab, nodeRed };
}

/** Gives a command and waits for its answer at the first output. */
async function command(nodeRed: NodeRed, topic: string, payload?: unknown): Promise<Record<string, unknown>> {
	const _msgid = `${topic}-${performance.now()}`;
	nodeRed.receive(MAIL, { _msgid, topic, payload });
	const answer = await nodeRed.message(OUTCOMES, (message) => message['_msgid'] === _msgid);
	return answer['payload'] as Record<string, unknown>;
}

/** Gives a message that must fail; gives its error. */
async function failure(
	nodeRed: NodeRed,
	message: Record<string, unknown>,
): Promise<{ code?: string; message: string }> {
	const before = nodeRed.completions(MAIL).length;
	nodeRed.receive(MAIL, message);
	const error = await nodeRed.until('the end of the message', () => nodeRed.completions(MAIL)[before]);
	assert.ok(error.error, 'it did not fail');
	return error.error;
}

const outcome = (nodeRed: NodeRed, word: string) =>
	nodeRed.message(OUTCOMES, ({ topic }) => topic === word).then(({ payload }) => payload as Record<string, unknown>);

test('an order is mailed, and the node says so at its output and in its status', async (t) => {
	const { lab, nodeRed } = await running(t, { odooUrl: 'http://localhost:8069' });
	const message = aMessage();
	await lab.publish([message]);
	const delivered = await outcome(nodeRed, 'delivered');
	assert.partialDeepStrictEqual(delivered, {
		id: message['id'],
		reference: 'P00042',
		recipient: 'ventas@insumos.test',
	});
	await nodeRed.status(MAIL, /^sent: 1 · under way: 0/);
	const [mail] = lab.smtp.mails;
	assert.match(mail?.raw ?? '', /^From: .*<compras@clinica\.test>/m);
	assert.match(mail?.raw ?? '', /^Reply-To: Ana Rojas <ana\.rojas@clinica\.test>/m);
	assert.match(mail?.raw ?? '', /^Content-Language: es-CL/m);
});

test('a node lists all that it lacks, in its status and for every message', async (t) => {
	const nodeRed = await startNodeRed(t, { language: 'es-ES' });
	await nodeRed.deploy([
		{ id: 'flow', type: 'tab', label: 'x' },
		{ id: MAIL, type: 'amqp-mail', z: 'flow', kind: 'custom', levels: 'soon', attachDocument: true, wires: [[], []] },
	]);
	const { text = '' } = await nodeRed.status(MAIL, /No está listo/);
	for (const part of ['falta Bróker', 'falta Servidor de correo', 'Esperas']) assert.ok(text.includes(part), text);
	const { code, message } = await failure(nodeRed, { topic: 'list' });
	assert.equal(code, 'CONFIG_INVALID');
	assert.ok(message.includes('falta Bróker'));
});

test('a node whose broker refuses the password says so within seconds', async (t) => {
	const lab = await mailLab(t, { levels: SHORT_LEVELS });
	const nodeRed = await startNodeRed(t);
	const flows = mailFlow(lab).map((node) =>
		node.type === 'amqp-broker' ? { ...node, credentials: { password: 'wrong' } } : node,
	);
	await nodeRed.deploy(flows);
	await nodeRed.status(MAIL, /^Broker refuses user, password or virtual host/);
	const { problem, phase } = await command(nodeRed, 'state');
	assert.equal(phase, 'waiting');
	assert.match((problem as { text: string }).text, /refuses user "admin"\. Check user and password\.$/);
});

test('a template that cannot be read keeps the node from starting and names the line', async (t) => {
	const lab = await mailLab(t, { levels: SHORT_LEVELS });
	const nodeRed = await startNodeRed(t);
	const templates = [{ language: 'es', subject: 'x', text: 'x', html: '<p>\n{{#order}}</p>' }];
	await nodeRed.deploy(mailFlow(lab, { templates }));
	await nodeRed.status(MAIL, /Template cannot be used/);
	await nodeRed.until('the line in the log', () =>
		/Template es, html, line 2: \{\{#order\}\} is not closed/.test(nodeRed.log),
	);
});

test('a parked mail is listed, inspected, corrected and replayed by messages', async (t) => {
	const { lab, nodeRed } = await running(t);
	lab.smtp.script = {
		rcpt: () => (/nadie@/.test(lab.smtp.commands.at(-1) ?? '') ? '550 5.1.1 No such user here' : '250 2.1.5 Ok'),
	};
	const message = aMessage(undefined, to('nadie@proveedor.test'));
	await lab.publish([message]);
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'parked'), { reason: { code: 'SMTP_PERMANENT' } });
	const degraded = await nodeRed.message(HEALTH, ({ topic }) => topic === 'degraded');
	assert.partialDeepStrictEqual(degraded['payload'], { parked: 1, text: '1 parked mail waits for a person.' });

	const { mails, byReason } = (await command(nodeRed, 'list')) as { mails: { key: string }[]; byReason: object };
	assert.deepEqual(byReason, { SMTP_PERMANENT: 1 });
	const key = mails[0]?.key ?? '';
	const detail = await command(nodeRed, 'inspect', key);
	assert.deepEqual(JSON.parse(String(detail['body'])), message);
	await command(nodeRed, 'correct', { key, recipient: 'ventas@proveedor.test' });
	assert.equal((await failure(nodeRed, { topic: 'replay', payload: {} })).code, 'CONFIG_INVALID');
	assert.partialDeepStrictEqual(await command(nodeRed, 'replay', { reason: 'SMTP_PERMANENT' }), { done: [key] });
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'delivered'), { recipient: 'ventas@proveedor.test' });
	await nodeRed.message(HEALTH, ({ topic }) => topic === 'ok');
	const [row] = (await command(nodeRed, 'search', { recipient: 'ventas@proveedor.test' })) as unknown as object[];
	assert.partialDeepStrictEqual(row, { state: 'sent', reference: 'P00042' });
	await nodeRed.until('the log to say so', () => /"action":"mail\.correct","actor":"flow:mail"/.test(nodeRed.log));
});

test('a parked mail is discarded by its key and then not mailed any more', async (t) => {
	const { lab, nodeRed } = await running(t);
	lab.smtp.script = { rcpt: () => '550 5.1.1 No such user here' };
	const message = aMessage();
	await lab.publish([message]);
	const parked = await outcome(nodeRed, 'parked');
	const key = `${parked['databaseUuid']}/${parked['id']}`;
	assert.partialDeepStrictEqual(await command(nodeRed, 'discard', key), { done: [key] });
	await outcome(nodeRed, 'discarded');
	lab.smtp.script = {};
	await lab.publish([message, aMessage()]);
	await outcome(nodeRed, 'delivered');
	assert.equal(receivedIds(lab.smtp).includes(String(message['id'])), false);
});

test('a paused node takes nothing until it is resumed, and says who paused it', async (t) => {
	const { lab, nodeRed } = await running(t);
	assert.deepEqual(await command(nodeRed, 'pause'), { paused: true });
	await nodeRed.status(MAIL, /^Paused by a flow/);
	await nodeRed.message(HEALTH, ({ topic }) => topic === 'degraded');
	await lab.publish([aMessage()]);
	await until('the mail waits', async () => (await lab.depth()) === 1);
	assert.equal(lab.smtp.mails.length, 0);
	await command(nodeRed, 'resume');
	await outcome(nodeRed, 'delivered');
});

test('a sample goes to an allowed address only, and is signed where the node has keys', async (t) => {
	const keys = 'k1=0123456789abcdef0123 k0=another-secret-of-this';
	const { lab, nodeRed } = await running(t, { sampleRecipients: SAMPLE_ADDRESS, credentials: { keys } });
	const elsewhere = { topic: 'sample', payload: { recipient: 'ventas@proveedor.test' } };
	assert.equal((await failure(nodeRed, elsewhere)).code, 'FORBIDDEN');
	const { id } = await command(nodeRed, 'sample', { language: 'en_US' });
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'delivered'), { id, recipient: SAMPLE_ADDRESS });
	assert.match(lab.smtp.mails[0]?.raw ?? '', /^Subject: =\?UTF-8\?Q\?Purchase_order_P-/m);
	await lab.publish([aMessage()]);
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'parked'), { reason: { code: 'MESSAGE_SIGNATURE' } });
	assert.equal(lab.smtp.mails.length, 1);
});

test('an unknown command fails and names those that exist', async (t) => {
	const { nodeRed } = await running(t);
	for (const topic of ['explode', '__proto__', undefined, 7]) {
		const { code, message } = await failure(nodeRed, { topic });
		assert.equal(code, 'CONFIG_INVALID');
		assert.match(message, /pause, resume, state, list, inspect, correct, replay, discard, search, sample/);
	}
});

test('a mail composed in the flow: changed and sent; a second, forged or late draft is refused, a missing one tried again', async (t) => {
	const lab = await mailLab(t, { levels: SHORT_LEVELS });
	const nodeRed = await startNodeRed(t);
	const rule = {
		t: 'change',
		p: 'payload.subject',
		pt: 'msg',
		from: 'Pedido',
		fromt: 'str',
		to: 'URGENTE',
		tot: 'str',
	};
	const change: FlowNode = { id: 'change', type: 'change', z: 'flow', x: 500, y: 100, rules: [rule], wires: [[MAIL]] };
	const composed = { compose: true, draftTimeout: '2', wires: [[OUTCOMES], [HEALTH], ['change', DRAFTS]] };
	await nodeRed.deploy([...mailFlow(lab, composed), change]);
	await nodeRed.status(MAIL, /sent: 0/);
	await lab.publish([aMessage()]);
	await outcome(nodeRed, 'delivered');
	assert.match(lab.smtp.mails[0]?.raw ?? '', /^Subject: =\?UTF-8\?Q\?URGENTE_de_compra_P00042/m);

	const [draft = {}] = nodeRed.messages(DRAFTS);
	assert.equal((await failure(nodeRed, draft)).code, 'DRAFT_REFUSED');
	assert.equal((await failure(nodeRed, { ...draft, draft: { token: 'forged' } })).code, 'DRAFT_REFUSED');
	assert.equal(lab.smtp.mails.length, 1);

	await nodeRed.deploy([...mailFlow(lab, { ...composed, wires: [[OUTCOMES], [HEALTH], [DRAFTS]] })]);
	await nodeRed.status(MAIL, /sent: 0/);
	await lab.publish([aMessage()]);
	const { id } = await outcome(nodeRed, 'retrying');
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'retrying'), { reason: { code: 'DRAFT_MISSING' } });
	const late = nodeRed.messages(DRAFTS).find(({ draft }) => (draft as { id: string }).id === id) ?? {};
	assert.equal((late['draft'] as { attempt: number }).attempt, 1);
	assert.equal((await failure(nodeRed, late)).code, 'DRAFT_REFUSED');
	await nodeRed.until('a draft of the second attempt', () =>
		nodeRed.messages(DRAFTS).some(({ draft }) => (draft as { attempt: number }).attempt === 2),
	);
	assert.equal(lab.smtp.mails.length, 1);
});

test('another kind of mail is a queue, a schema and templates', async (t) => {
	const schema = {
		type: 'object',
		required: ['id', 'recipient', 'day'],
		properties: { day: { type: 'string', format: 'date' } },
	};
	const { lab, nodeRed } = await running(t, {
		kind: 'custom',
		kindName: 'appointment',
		exchange: EXCHANGE,
		routingKey: 'appointment.made',
		queue: 'mail.appointment',
		schema: JSON.stringify(schema),
		templates: [{ language: 'es', subject: 'Su cita', text: 'El {{day}}.', html: '<p>El {{day}}.</p>' }],
	});
	const body = { id: 'A-1', recipient: { address: 'ana@paciente.test', language: 'es_CL' }, day: '2025-06-03' };
	const publish = (message: object) =>
		lab.broker.publish({
			exchange: EXCHANGE,
			routingKey: 'appointment.made',
			body: Buffer.from(JSON.stringify(message)),
			properties: { contentType: 'application/json' },
		});
	await publish(body);
	assert.partialDeepStrictEqual(await outcome(nodeRed, 'delivered'), { id: 'A-1', kind: 'appointment' });
	assert.match(lab.smtp.mails[0]?.raw ?? '', /El 3 de junio de 2025\./);
	await publish({ ...body, id: 'A-2', day: 'mañana' });
	const { reason } = (await outcome(nodeRed, 'parked')) as { reason: { text: string } };
	assert.equal(reason.text, 'The message does not fit its schema: day must be a day such as 2025-06-03');
});
