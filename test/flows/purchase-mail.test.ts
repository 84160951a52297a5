/** The ready flow `purchase-mail`, as a person gets it: preloaded, and imported a second time. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { FaultProxy } from '../../lab/proxy.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { aMessage, DATABASE_UUID, type MailLab, mailLab, receivedIds, to, until } from '../mail-lab.ts';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import {
	CONNECTIONS,
	PURCHASE_FLOW as flow,
	flowVariables,
	NOTICE_ADDRESS,
	onLab,
	SAMPLE_ADDRESS,
} from '../purchase-flow.ts';
import { startHttp } from '../servers/http.ts';

const only = (type: string): FlowNode => flow.find((node) => node.type === type) as FlowNode;
const MAIL = only('amqp-mail').id;
const TELL = only('notice').id;
const button = (topic: string): string =>
	flow.find((node) => node.type === 'inject' && node['topic'] === topic)?.id ?? '';

async function running(t: TestContext, variables: Record<string, string> = {}) {
	const lab = await mailLab(t, { levels: [] });
	const chat = await startHttp();
	t.after(() => chat[Symbol.asyncDispose]());
	const env = { ...flowVariables(lab, `http://127.0.0.1:${chat.port}/`), ...variables };
	const nodeRed = await startNodeRed(t, { env });
	await nodeRed.deploy(onLab(flow));
	await nodeRed.status(MAIL, /sent: 0/);
	return { lab, chat, nodeRed };
}

const mailTo = (lab: MailLab, address: string) =>
	until(`a mail to ${address}`, () =>
		lab.smtp.mails.find(({ raw }) => raw.includes(`<${address}>`) || raw.includes(address)),
	);

test('its button publishes a sample purchase, which arrives at the allowed address', async (t) => {
	const { lab, nodeRed } = await running(t);
	const answer = await nodeRed.request('POST', `/inject/${button('sample')}`, { body: {} });
	assert.equal(answer.status, 200);
	const { raw } = await mailTo(lab, SAMPLE_ADDRESS);
	assert.match(raw, /^Subject: =\?UTF-8\?Q\?Pedido_de_compra_P-/m);
	await nodeRed.status(MAIL, /sent: 1/);
});

test('a person is told when a mail is parked, and again when sending pauses', async (t) => {
	const { lab, nodeRed } = await running(t);
	lab.smtp.script = {
		rcpt: () => (/nadie@/.test(lab.smtp.commands.at(-1) ?? '') ? '550 5.1.1 No such user here' : '250 2.1.5 Ok'),
	};
	await lab.publish([aMessage(undefined, to('nadie@proveedor.test'))]);
	const parked = await mailTo(lab, NOTICE_ADDRESS);
	assert.match(parked.raw, /1 parked mail waits for a person/);
	assert.match(parked.raw, /Aparcados: 1/);
	assert.ok(!parked.raw.includes('nadie@proveedor.test'));

	nodeRed.receive(button('pause'), {});
	const told = await until('the second notice', () =>
		lab.smtp.mails.find(({ raw }) => raw.includes(NOTICE_ADDRESS) && /puso el env=?C?3?=?AD?/.test(raw)),
	);
	assert.match(told.raw, /Aparcados: 1/);
	nodeRed.receive(button('resume'), {});
	await nodeRed.status(MAIL, /sent: 0/);
});

test('started while the broker is down it says so at once, tells a person after a moment, and again when it works', async (t) => {
	const lab = await mailLab(t, { levels: [] });
	const proxy = await FaultProxy.start(lab.test);
	t.after(() => proxy.close());
	proxy.refuse();
	const nodeRed = await startNodeRed(t, { env: { ...flowVariables(lab), AMQP_PORT: String(proxy.port) } });
	const begun = performance.now();
	await nodeRed.deploy(onLab(flow));
	await nodeRed.status(MAIL, /^Broker cannot be reached/);
	assert.ok(performance.now() - begun < 5_000, `${Math.round(performance.now() - begun)} ms`);
	const notices = async () => {
		const mails = lab.smtp.mails.filter(({ to: [address] }) => address === NOTICE_ADDRESS);
		return Promise.all(mails.map(({ raw }) => simpleParser(raw)));
	};
	const [alarm] = await until('a notice', async () => {
		const found = await notices();
		return found.length > 0 && found;
	});
	assert.match(alarm?.subject ?? '', /sin conexión · Purchase mail: not connected/);
	assert.match(alarm?.text ?? '', /The broker at 127\.0\.0\.1:\d+ cannot be reached: nobody listens there\./);

	const message = aMessage();
	await lab.publish([message]);
	await proxy.forward();
	await nodeRed.status(MAIL, /sent: 1/);
	assert.ok(receivedIds(lab.smtp).includes(String(message['id'])));
	const told = await until('the second notice', async () => {
		const found = await notices();
		return found.length > 1 && found;
	});
	assert.deepEqual(
		told.map(({ subject }) => subject?.split(' · ')[1]),
		['Purchase mail: not connected', 'Purchase mail: works again'],
	);
});

test('a person is told through the webhook that the mail server refuses the hub', async (t) => {
	const { lab, chat, nodeRed } = await running(t);
	lab.smtp.script = { greeting: '554 5.7.1 Relay access denied' };
	await lab.publish([aMessage()]);
	const body = await until('the notice at the webhook', () =>
		chat.requests.map((request) => request.body).find((text) => text.includes('El servidor de correo rechaza al hub.')),
	);
	const { about, severity, subject } = JSON.parse(body);
	assert.deepEqual([about, severity], ['smtp', 'critical']);
	assert.match(subject, /^Correo de compras: en pausa · Purchase mail: paused$/);
	assert.equal(lab.smtp.mails.length, 0);
	// The mail itself waits, and so does the same notice as a mail.
	await nodeRed.status(TELL, /waiting: 1/);
});

test('without a webhook the notices are not ready and say why, and the mails are sent all the same', async (t) => {
	const lab = await mailLab(t, { levels: [] });
	const nodeRed = await startNodeRed(t, { env: flowVariables(lab, '') });
	await nodeRed.deploy(onLab(flow));
	await nodeRed.status(TELL, /^Not ready: Address is missing: an alarm must not depend on what it reports$/);
	await lab.publish([aMessage()]);
	await nodeRed.status(MAIL, /sent: 1/);
});

test('what became of each mail is told to the Odoo that listens; where none does, nothing is said of it', async (t) => {
	const { lab, nodeRed } = await running(t);
	await lab.publish([aMessage()]);
	await nodeRed.status(MAIL, /sent: 1/);
	assert.doesNotMatch(nodeRed.log, /\[(?:warn|error)\] \[amqp-mail|email_results/);

	// As an Odoo does; the exchange is the worker's own work, for nobody else here has declared it.
	const queue = `email_results.${DATABASE_UUID}`;
	await lab.broker.withChannel(async (channel) => {
		await channel.assertQueue(queue, { durable: true });
		await channel.bindQueue(queue, 'email_results', DATABASE_UUID);
	});
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const told = await until('the result', () =>
		lab.broker.withChannel(async (channel) => {
			const message = await channel.get(queue, { noAck: true });
			return message && (JSON.parse(message.content.toString()) as Record<string, unknown>);
		}),
	);
	assert.partialDeepStrictEqual(told, { type: 'mail.outcome', id, reference: 'P00042', outcome: 'delivered' });
});

const OTHER_UUID = 'ffffffff-4e5f-11f0-8a6b-0242ac120002';
const from = (databaseUuid: string) => (message: JsonObject) => {
	(message['source'] as JsonObject)['databaseUuid'] = databaseUuid;
};

test('with databases listed in the variable, orders of another are parked, and the reason says what to do', async (t) => {
	// As people write lists, and as Odoo may show it.
	const { lab, nodeRed } = await running(t, {
		ODOO_DATABASE_UUIDS: ` ${DATABASE_UUID.toUpperCase()}, ${randomUUID()}`,
	});
	const [mine, other] = [randomUUID(), randomUUID()];
	await lab.publish([aMessage(other, from(OTHER_UUID)), aMessage(mine)]);
	await nodeRed.status(MAIL, /sent: 1 .*parked: 1/);
	assert.deepEqual(
		receivedIds(lab.smtp).filter((id) => id !== ''),
		[mine],
	);
	const { mails } = await (await lab.parkedReader()).list();
	assert.deepEqual(
		mails.map(({ reason }) => reason),
		['MESSAGE_SOURCE'],
	);
	assert.equal(
		mails[0]?.reasonText,
		`The message comes from the database ${OTHER_UUID}, which is not among the allowed ones. If this is your Odoo, ` +
			'add that UUID to the allowed databases and replay the message; if it is a copy of your Odoo, discard it',
	);
});

test('with none listed, orders of every database are mailed, and the node says so', async (t) => {
	const { lab, nodeRed } = await running(t);
	await lab.publish([aMessage(undefined, from(OTHER_UUID)), aMessage()]);
	await nodeRed.status(MAIL, /sent: 2/);
	assert.match(nodeRed.log, /No databases are listed in the node, so the orders of every Odoo/);
});

test('a malformed UUID in the variable keeps the node from starting, and is named', async (t) => {
	const lab = await mailLab(t, { levels: [] });
	const list = `${DATABASE_UUID},clinica_prueba`;
	const nodeRed = await startNodeRed(t, { env: { ...flowVariables(lab), ODOO_DATABASE_UUIDS: list } });
	await nodeRed.deploy(onLab(flow));
	const { text } = await nodeRed.status(MAIL, /^Not ready/);
	assert.equal(text, 'Not ready: Databases: “clinica_prueba” is no UUID; separate several by commas or blanks');
	await lab.publish([aMessage()]);
	await until('the order waits', async () => (await lab.depth()) === 1);
	assert.equal(lab.smtp.mails.length, 0);
});

test('loaded twice it does no harm: the second worker waits and says why, each purchase is mailed once', async (t) => {
	const lab = await mailLab(t, { levels: [] });
	const nodeRed = await startNodeRed(t, { env: flowVariables(lab) });
	// As the editor's import does: flow nodes get new ids, connections that exist already are used.
	const config = new Set(flow.filter((node) => node['z'] === undefined && node.type !== 'tab').map(({ id }) => id));
	const second = JSON.parse(
		JSON.stringify(flow.filter(({ id }) => !config.has(id))).replaceAll(/"(c11f0c0000000[1-9]\w\w)"/g, '"$1-2"'),
	) as FlowNode[];
	await nodeRed.deploy([...onLab(flow), ...second]);
	const states = () => [MAIL, `${MAIL}-2`].map((id) => nodeRed.statuses(id).at(-1)?.text ?? '');
	await nodeRed.until('one works, the other says why not', () => {
		const texts = states();
		return (
			texts.some((text) => /sent: 0/.test(text)) && texts.some((text) => /Another worker holds the queue/.test(text))
		);
	});
	const messages = Array.from({ length: 20 }, () => aMessage());
	await lab.publish(messages);
	await until('all mails', () => lab.smtp.mails.filter(({ raw }) => raw.includes('ventas@insumos.test')).length >= 20);
	assert.deepEqual(
		receivedIds(lab.smtp)
			.filter((id) => messages.some((message) => message['id'] === id))
			.toSorted(),
		messages.map(({ id }) => String(id)).toSorted(),
	);
});

test('it holds no secret, only nodes of the core and of this package, and the connections that all ready flows share', () => {
	for (const node of flow) {
		const shared = CONNECTIONS.find(({ id }) => id === node.id);
		if (shared) assert.deepEqual(node, shared);
		for (const value of Object.values((node['credentials'] ?? {}) as object))
			assert.match(String(value), /^\$\{\w+\}$/);
		assert.match(node.type, /^(?:tab|comment|inject|debug|change|amqp-mail|amqp-broker|smtp-server|notice)$/);
	}
	const comments = flow.filter(({ type }) => type === 'comment').map(({ name }) => String(name));
	assert.ok(comments.some((text) => text.includes('Mails')) && comments.some((text) => text.includes('Envía')));
});
