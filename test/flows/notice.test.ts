/** The node `notice` in a real Node-RED, with a real SMTP dialogue and a webhook. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../lab/ports.ts';
import { type ScriptedServer, startScript } from '../../lab/smtp-script.ts';
import { until } from '../mail-lab.ts';
import { type NodeRed, startNodeRed } from '../node-red.ts';
import { NOTICE, noticeFlow, OUTCOMES } from '../notice-flow.ts';
import { type HttpServer, startHttp } from '../servers/http.ts';

const TO = 'ti@clinica.test';
const SECRET = 'a-secret-of-the-test-0123';
const BEARER = 'bearer-of-the-test';
const PLACEHOLDER = '__PWRD__';
const ALARM = { subject: 'Mail is parked', text: 'Look at "Clinic hub" in the sidebar.', severity: 'warning' };

async function relayOf(t: TestContext, port?: number): Promise<ScriptedServer> {
	const relay = await startScript({}, port === undefined ? {} : { port });
	t.after(() => relay.close());
	return relay;
}

async function hookOf(t: TestContext, port?: number): Promise<HttpServer> {
	const hook = await startHttp(() => ({}), port === undefined ? {} : { port });
	t.after(() => hook[Symbol.asyncDispose]());
	return hook;
}

const urlOf = (port: number) => `http://127.0.0.1:${port}/hook`;
const ended = (nodeRed: NodeRed, topic: string, channel: string) =>
	nodeRed.message(
		OUTCOMES,
		(message) => message['topic'] === topic && (message['payload'] as { channel?: string }).channel === channel,
	);

/** Gives a message that must fail; gives its error. */
async function failure(nodeRed: NodeRed, payload: unknown): Promise<{ code?: string; message: string }> {
	const before = nodeRed.completions(NOTICE).length;
	nodeRed.receive(NOTICE, { payload });
	const { error } = await nodeRed.until('the end of the message', () => nodeRed.completions(NOTICE)[before]);
	assert.ok(error, 'it did not fail');
	return error;
}

test('a notice', async (t) => {
	const [relay, hook] = [await relayOf(t), await hookOf(t)];
	const nodeRed = await startNodeRed(t);
	await nodeRed.deploy(
		noticeFlow(relay.port, {
			smtp: 'sender',
			to: TO,
			webhookUrl: urlOf(hook.port),
			credentials: { webhookBearer: BEARER, webhookKey: `k1=${SECRET}` },
		}),
	);
	await nodeRed.status(NOTICE, /^told: 0 · waiting: 0$/);

	await t.test('goes out by mail and webhook, and the node says what became of it', async () => {
		nodeRed.receive(NOTICE, { _msgid: 'one', payload: ALARM });
		const queued = await nodeRed.message(OUTCOMES, ({ topic }) => topic === 'queued');
		assert.equal(queued['_msgid'], 'one');
		assert.deepEqual(queued['payload'], {
			outcome: 'queued',
			subject: ALARM.subject,
			severity: 'warning',
			about: null,
			channels: ['mail', 'webhook'],
		});
		const mailed = (await ended(nodeRed, 'delivered', 'mail'))['payload'];
		assert.partialDeepStrictEqual(mailed, { outcome: 'delivered', subject: ALARM.subject, severity: 'warning' });
		await ended(nodeRed, 'delivered', 'webhook');
		await nodeRed.status(NOTICE, /^told: 2 · waiting: 0$/);
		assert.deepEqual(relay.mails[0]?.to, [TO]);
		assert.equal(relay.mails[0]?.from, 'hub@avisos.test');
		assert.match(relay.mails[0]?.raw ?? '', /^Subject: \[Advertencia\] Mail is parked/m);
	});

	await t.test('is signed at the webhook, and no secret, address or text leaves the node or its log', () => {
		const [request] = hook.requests;
		assert.equal(request?.headers.authorization, `Bearer ${BEARER}`);
		const digest = createHmac('sha256', SECRET)
			.update(request?.body ?? '')
			.digest('hex');
		assert.equal(request?.headers['x-hub-signature'], `v1;kid=k1;${digest}`);
		const said = JSON.stringify(nodeRed.messages(OUTCOMES)) + nodeRed.log;
		for (const hidden of [BEARER, SECRET, TO, ALARM.text]) assert.equal(said.includes(hidden), false, hidden);
	});

	await t.test('is counted when the same comes again', async () => {
		nodeRed.receive(NOTICE, { payload: ALARM });
		await nodeRed.message(OUTCOMES, ({ topic }) => topic === 'repeated');
		assert.deepEqual([relay.mails.length, hook.requests.length], [1, 1]);
	});

	await t.test('goes to the addresses that it names, and is bounded', async () => {
		nodeRed.receive(NOTICE, {
			payload: {
				...ALARM,
				subject: `Long\r\nBcc: x@y.test ${'x'.repeat(5_000)}`,
				to: ['a@clinica.test', 'b@clinica.test'],
			},
		});
		await until('both mails', () => relay.mails.length === 3);
		assert.deepEqual(
			relay.mails
				.slice(1)
				.flatMap((mail) => mail.to)
				.sort(),
			['a@clinica.test', 'b@clinica.test'],
		);
		assert.doesNotMatch(relay.mails[1]?.raw ?? '', /^Bcc:/im);
		const { subject } = JSON.parse(hook.requests[1]?.body ?? '');
		assert.equal(subject.length, 200);
	});

	await t.test('that is malformed fails and says what is wrong', async () => {
		for (const [payload, wrong] of [
			['Help!', /must be a notice/],
			[[ALARM], /must be a notice/],
			[{ ...ALARM, subject: ' ' }, /subject/],
			[{ ...ALARM, text: 7 }, /text/],
			[{ ...ALARM, severity: 'huge' }, /info, warning, critical/],
			[{ ...ALARM, to: 'a@clinica.test, b@clinica.test' }, /exactly one/],
			[{ ...ALARM, to: Array.from({ length: 21 }, (_, n) => `a${n}@clinica.test`) }, /at most 20/],
		] as const) {
			const { code, message } = await failure(nodeRed, payload);
			assert.equal(code, 'CONFIG_INVALID');
			assert.match(message, wrong);
		}
	});

	await t.test('that the webhook refuses for good is reported as refused', async () => {
		hook.answer = () => ({ status: 422 });
		nodeRed.receive(NOTICE, { payload: { ...ALARM, subject: 'Refused' } });
		const { payload } = (await ended(nodeRed, 'refused', 'webhook')) as { payload: { reason: string } };
		assert.equal(payload.reason, 'The webhook answers HTTP 422.');
		hook.answer = () => ({});
	});

	await t.test('that its only channel would have to carry about itself makes the node say so', async () => {
		await nodeRed.deploy(noticeFlow(relay.port, { smtp: 'sender', to: TO }), { type: 'nodes' });
		await nodeRed.status(NOTICE, /^told: 0/);
		nodeRed.receive(NOTICE, { payload: { ...ALARM, subject: 'Mail is paused', about: 'smtp' } });
		const status = await nodeRed.status(NOTICE, /^No other way to report failures of mail/);
		assert.equal(status.fill, 'red');
	});
});

test('what waits for channels that are down is told once each after a restart of the hub', async (t) => {
	const [smtpPort, hookPort] = [await freePort(), await freePort()];
	const userDir = await mkdtemp(path.join(tmpdir(), 'clinic-hub-notice-'));
	t.after(() => rm(userDir, { recursive: true, force: true }));
	const nodeRed = await startNodeRed(t, { userDir });
	await nodeRed.deploy(
		noticeFlow(smtpPort, {
			smtp: 'sender',
			to: TO,
			webhookUrl: urlOf(hookPort),
			credentials: { webhookBearer: BEARER },
		}),
	);
	await nodeRed.status(NOTICE, /^told: 0/);
	nodeRed.receive(NOTICE, { payload: ALARM });
	await nodeRed.message(OUTCOMES, ({ topic }) => topic === 'queued');
	const down = await nodeRed.status(NOTICE, /^No way through: mail, webhook · waiting: 2$/);
	assert.equal(down.fill, 'red');
	await nodeRed.kill();

	const [relay, hook] = [await relayOf(t, smtpPort), await hookOf(t, hookPort)];
	const again = await startNodeRed(t, { userDir });
	await again.status(NOTICE, /^told: 2 · waiting: 0$/);
	assert.deepEqual([relay.mails.length, hook.requests.length], [1, 1]);
	assert.equal(hook.requests[0]?.headers.authorization, `Bearer ${BEARER}`);

	relay.script = { mail: '451 4.3.2 Not now' };
	again.receive(NOTICE, { payload: { ...ALARM, subject: 'Another' } });
	const half = await again.status(NOTICE, /^No way through: mail · waiting: 1$/);
	assert.equal(half.fill, 'yellow');
	relay.script = {};
	await again.status(NOTICE, /^told: 4 · waiting: 0$/);
	assert.equal(relay.mails.length, 2);
});

test('a node lists all that it lacks', async (t) => {
	const nodeRed = await startNodeRed(t, { language: 'es-ES' });
	const says = async (properties: Record<string, unknown>, wanted: RegExp) => {
		await nodeRed.deploy(noticeFlow(1, properties));
		await nodeRed.status(NOTICE, wanted);
	};
	await says({}, /^No está listo: elija un servidor de correo, indique la dirección de un webhook, o ambos$/);
	await says({ smtp: 'sender' }, /^No está listo: falta Destinatarios$/);
	await says(
		{ smtp: 'sender', to: 'x', webhookUrl: 'ftp://x' },
		/Destinatarios deben ser.*Dirección debe empezar por http/,
	);
	await says({ smtp: 'sender', to: TO, about: 'smtp' }, /falta Dirección: una alarma no debe depender/);
	await says({ webhookUrl: urlOf(1), about: 'webhook' }, /falta Servidor de correo: una alarma no debe depender/);
	await says(
		{ webhookUrl: 'http://chat.clinica.test/x', credentials: { webhookBearer: BEARER } },
		/Dirección debe empezar por https:\/\/ cuando se envía un token/,
	);
	await says({ webhookUrl: urlOf(1), credentials: { webhookKey: 'k=short' } }, /Clave de firma deben ser pares/);
	await says({ webhookUrl: `\${NOWHERE}` }, /la variable NOWHERE no existe/);
	const { code, message } = await failure(nodeRed, ALARM);
	assert.equal(code, 'CONFIG_INVALID');
	assert.match(message, /NOWHERE/);
});

test('the test of a notice', async (t) => {
	const [relay, hook, elsewhere] = [await relayOf(t), await hookOf(t), await hookOf(t)];
	const admin = { username: 'admin', password: 'admin', permissions: '*' };
	const analyst = { username: 'analyst', password: 'analyst', permissions: ['read', 'write'] };
	const tester = { username: 'tester', password: 'tester', permissions: 'clinic-hub.notices.test' };
	const nodeRed = await startNodeRed(t, { users: [admin, analyst, tester] });
	const token = await nodeRed.signIn(admin);
	const config = { smtp: 'sender', to: `${TO}, otra@clinica.test`, webhookUrl: urlOf(hook.port) };
	await nodeRed.deploy(noticeFlow(relay.port, { ...config, credentials: { webhookBearer: BEARER } }), { token });
	const ask = (change: Record<string, unknown>, webhookBearer: string, as = token) =>
		nodeRed.request('POST', '/clinic-hub/test/notice', {
			body: { id: NOTICE, config: { ...config, ...change }, credentials: { webhookBearer } },
			...(as ? { token: as } : {}),
		});

	await t.test('needs the right to deploy and a right of its own', async () => {
		for (const person of [analyst, tester])
			assert.equal((await ask({}, PLACEHOLDER, await nodeRed.signIn(person))).status, 401);
		assert.equal((await ask({}, PLACEHOLDER, '')).status, 401);
		assert.deepEqual([relay.mails.length, hook.requests.length], [0, 0]);
	});

	await t.test('reaches every receiver, with what was deployed, and is recorded', async () => {
		const { body } = await ask({}, PLACEHOLDER);
		assert.partialDeepStrictEqual(body, { ok: true, text: 'mail 2/2: ok. webhook: ok.' });
		assert.deepEqual([relay.mails.length, hook.requests.length], [2, 1]);
		assert.equal(hook.requests[0]?.headers.authorization, `Bearer ${BEARER}`);
		await nodeRed.until('the log to say so', () =>
			/"event":"clinic-hub.notices.test".*"actor":"admin".*"outcome":"done"/.test(nodeRed.log),
		);
	});

	await t.test('never sends a deployed token that was not retyped to another address', async () => {
		const answer = await ask({ webhookUrl: urlOf(elsewhere.port) }, PLACEHOLDER);
		assert.equal(answer.status, 409);
		assert.partialDeepStrictEqual(answer.body, { code: 'SECRET_RETYPE' });
		assert.equal(elsewhere.requests.length, 0);
		assert.partialDeepStrictEqual((await ask({ webhookUrl: urlOf(elsewhere.port) }, 'typed')).body, { ok: true });
		assert.equal(elsewhere.requests[0]?.headers.authorization, 'Bearer typed');
	});

	await t.test('says which channel does not take it, and lists what is missing', async () => {
		hook.answer = () => ({ status: 500 });
		const { body } = await ask({}, PLACEHOLDER);
		assert.partialDeepStrictEqual(body, { ok: false, text: 'mail 2/2: ok. webhook: The webhook answers HTTP 500.' });
		const missing = await ask({ smtp: '', webhookUrl: '' }, '');
		assert.match(JSON.stringify(missing.body), /problem\.channel/);
	});
});

test('a hub with a heartbeat tells the watcher once its flows run', async (t) => {
	const watcher = await hookOf(t);
	await startNodeRed(t, { flows: [], env: { HUB_HEARTBEAT_URL: urlOf(watcher.port) } });
	await until('the heartbeat', () => watcher.requests.length === 1);
});
