import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import test, { type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { sharedBroker } from '../broker.ts';
import { type AdminAnswer, type FlowNode, startNodeRed } from '../node-red.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'test' };
const PLACEHOLDER = '__PWRD__';
const PASSWORD = 'p@ss/w#rd%';

const ADMIN = { username: 'admin', password: 'admin', permissions: '*' };
const ANALYST = { username: 'analyst', password: 'analyst', permissions: ['read', 'write'] };
const READER = { username: 'reader', password: 'reader', permissions: 'read' };
const TESTER = { username: 'tester', password: 'tester', permissions: 'clinic-hub.smtp.test-mail' };

/** A mail server that knows one user, and what was tried on it. */
async function mailServer(t: TestContext) {
	const tried: string[] = [];
	const mails: string[] = [];
	const server = new SMTPServer({
		allowInsecureAuth: true,
		disabledCommands: ['STARTTLS'],
		onAuth({ username, password }, _session, done) {
			tried.push(`${username}:${password}`);
			if (username === 'hub' && password === PASSWORD) done(null, { user: 'hub' });
			else done(Object.assign(new Error('no'), { responseCode: 535 }));
		},
		onData(stream, { envelope }, done) {
			stream.resume();
			stream.on('end', () => {
				mails.push(...envelope.rcptTo.map(({ address }) => address));
				done();
			});
		},
	});
	server.listen(0, '127.0.0.1');
	await once(server.server, 'listening');
	t.after(() => server.close());
	return { port: (server.server.address() as { port: number }).port, tried, mails };
}

/** Listens and counts who comes: whatever connects here was about to be told something. */
async function trap(t: TestContext): Promise<{ port: number; visits: () => number }> {
	let visits = 0;
	const server: Server = createServer((socket) => {
		visits += 1;
		socket.destroy();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => server.close());
	return { port: (server.address() as { port: number }).port, visits: () => visits };
}

const smtpConfig = (port: number, more: Record<string, unknown> = {}) => ({
	host: '127.0.0.1',
	port: String(port),
	security: 'none',
	authType: 'password',
	user: 'hub',
	fromAddress: 'hub@clinic.example',
	pool: '2',
	...more,
});

test('the test of a connection', async (t) => {
	const nodeRed = await startNodeRed(t, {
		users: [ADMIN, ANALYST, READER, TESTER],
		env: { SMTP_PASSWORD: PASSWORD, SMTP_HOST: '127.0.0.1' },
	});
	const relay = await mailServer(t);
	const tokens = {
		admin: await nodeRed.signIn(ADMIN),
		analyst: await nodeRed.signIn(ANALYST),
		reader: await nodeRed.signIn(READER),
		tester: await nodeRed.signIn(TESTER),
	};
	const ask = (route: string, body: unknown, token: string | undefined = tokens.analyst): Promise<AdminAnswer> =>
		nodeRed.request('POST', `/clinic-hub/test/${route}`, { body, ...(token ? { token } : {}) });
	const smtp = (config: Record<string, unknown>, password: string, id = 'smtp') =>
		ask('smtp-server', { id, config, credentials: { password } });
	const deploySmtp = (config: Record<string, unknown>) =>
		nodeRed.deploy([TAB, { id: 'smtp', type: 'smtp-server', ...config, credentials: { password: PASSWORD } }], {
			token: tokens.analyst,
		});
	const okOf = ({ body }: AdminAnswer) => (body as { ok?: boolean }).ok;

	await t.test('is refused without a sign-in and without the right to deploy', async () => {
		const body = { id: 'x', config: smtpConfig(relay.port), credentials: { password: PASSWORD } };
		for (const token of [undefined, tokens.reader, tokens.tester]) {
			const answer = await nodeRed.request('POST', '/clinic-hub/test/smtp-server', {
				body,
				...(token ? { token } : {}),
			});
			assert.equal(answer.status, 401);
		}
		assert.deepEqual(relay.tried, []);
	});

	await t.test('works on what stands on the screen, before anything is deployed', async () => {
		assert.equal(okOf(await smtp(smtpConfig(relay.port), PASSWORD, 'new')), true);
		const refused = await smtp(smtpConfig(relay.port), 'wrong', 'new');
		assert.equal(refused.status, 200);
		assert.equal(okOf(refused), false);
		assert.match(JSON.stringify(refused.body), /why\.credentials/);
	});

	await t.test('lists what is missing', async () => {
		const { body } = await smtp({ ...smtpConfig(relay.port), host: '', pool: '0' }, '', 'new');
		const text = JSON.stringify(body);
		for (const field of ['host', 'pool']) assert.match(text, new RegExp(`smtp-server.label.${field}`));
		assert.match(JSON.stringify((await smtp(smtpConfig(relay.port), '', 'new')).body), /smtp-server.label.password/);
	});

	await t.test('takes variables of the environment', async () => {
		const config = smtpConfig(relay.port, { host: `\${SMTP_HOST}` });
		assert.equal(okOf(await smtp(config, `\${SMTP_PASSWORD}`, 'new')), true);
	});

	await t.test('uses a deployed password that was not touched, at the address it was deployed for', async () => {
		await deploySmtp(smtpConfig(relay.port));
		const before = relay.tried.length;
		assert.equal(okOf(await smtp(smtpConfig(relay.port), PLACEHOLDER)), true);
		assert.equal(relay.tried.length, before + 1);
	});

	for (const [what, change] of Object.entries({
		port: (port: number) => ({ port: String(port) }),
		host: (port: number) => ({ host: 'localhost', port: String(port) }),
		user: (port: number) => ({ user: 'somebody', port: String(port) }),
		encryption: (port: number) => ({ security: 'starttls', port: String(port) }),
		proxy: (port: number) => ({ proxy: `http://127.0.0.1:${port}` }),
	})) {
		await t.test(`never sends a deployed password that was not retyped after a change of the ${what}`, async (t) => {
			const elsewhere = await trap(t);
			await deploySmtp(smtpConfig(relay.port));
			const before = relay.tried.length;
			const answer = await smtp(smtpConfig(relay.port, change(elsewhere.port)), PLACEHOLDER);
			assert.equal(answer.status, 409);
			assert.equal((answer.body as { code: string }).code, 'SECRET_RETYPE');
			assert.equal(elsewhere.visits(), 0);
			assert.equal(relay.tried.length, before);
		});
	}

	await t.test('counts a change of encryption or user at the same address too', async () => {
		await deploySmtp(smtpConfig(relay.port, { security: 'tls' }));
		assert.equal((await smtp(smtpConfig(relay.port, { security: 'none' }), PLACEHOLDER)).status, 409);
		await deploySmtp(smtpConfig(relay.port, { user: 'other' }));
		assert.equal((await smtp(smtpConfig(relay.port), PLACEHOLDER)).status, 409);
	});

	await t.test('counts a change of the chosen TLS configuration as another address', async () => {
		const tlsNode = {
			id: 'tls',
			type: 'tls-config',
			name: '',
			certType: 'files',
			verifyservercert: true,
			servername: 'mail.clinic',
		};
		const config = smtpConfig(relay.port, { security: 'tls', tls: 'tls' });
		const node = { id: 'smtp', type: 'smtp-server', ...config, credentials: { password: PASSWORD } };
		await nodeRed.deploy([TAB, tlsNode, node], { token: tokens.analyst });
		const screen = (tls: unknown) =>
			ask('smtp-server', { id: 'smtp', config, credentials: { password: PLACEHOLDER }, tls });
		const unchanged = await screen({ config: { ...tlsNode, id: undefined, type: undefined } });
		assert.equal(unchanged.status, 200);
		const unverified = await screen({ config: { ...tlsNode, verifyservercert: false } });
		assert.equal((unverified.body as { code: string }).code, 'SECRET_RETYPE');
	});

	await t.test('does not put a deployed password into another node of the same address', async () => {
		await deploySmtp(smtpConfig(relay.port));
		const before = relay.tried.length;
		const answer = await smtp(smtpConfig(relay.port), PLACEHOLDER, 'another');
		assert.equal(okOf(answer), false);
		assert.equal(relay.tried.length, before);
	});

	await t.test('goes on after the password was typed again', async () => {
		await deploySmtp(smtpConfig(1));
		assert.equal(okOf(await smtp(smtpConfig(relay.port), PASSWORD)), true);
	});

	await t.test('is not open to forms of other sites', async () => {
		const response = await fetch(`${nodeRed.url}/clinic-hub/test/smtp-server`, {
			method: 'POST',
			headers: { Authorization: `Bearer ${tokens.analyst}`, 'Content-Type': 'application/x-www-form-urlencoded' },
			body: 'id=smtp',
		});
		assert.equal(response.status, 400);
		assert.match(await response.text(), /application\/json/);
	});

	await t.test('refuses a body that is too large, with a sentence', async () => {
		const { status, body } = await smtp({ ...smtpConfig(relay.port), padding: 'x'.repeat(600 * 1024) }, PASSWORD);
		assert.equal(status, 400);
		assert.match((body as { message: string }).message, /larger than 512 KiB/);
	});

	await t.test('of a mail needs the right to deploy and a right of its own, and is recorded', async () => {
		const body = {
			id: 'new',
			config: smtpConfig(relay.port),
			credentials: { password: PASSWORD },
			to: 'me@clinic.example',
		};
		for (const token of [tokens.analyst, tokens.tester, tokens.reader])
			assert.equal((await ask('smtp-server/mail', body, token)).status, 401);
		assert.deepEqual(relay.mails, []);
		assert.equal(okOf(await ask('smtp-server/mail', body, tokens.admin)), true);
		assert.deepEqual(relay.mails, ['me@clinic.example']);
		await nodeRed.until('the log to say so', () =>
			/"event":"clinic-hub.smtp.test-mail".*"actor":"admin"/.test(nodeRed.log),
		);
		const two = await ask('smtp-server/mail', { ...body, to: 'me@clinic.example, you@clinic.example' }, tokens.admin);
		assert.equal(okOf(two), false);
		assert.equal(relay.mails.length, 1);
	});

	await t.test('of a broker says whether it lets the hub in', async (t) => {
		const broker = await sharedBroker();
		const vhost = await broker.vhost(t);
		const { user } = await broker.user(t, vhost, { password: PASSWORD });
		const amqp = (config: Record<string, unknown>, credentials: Record<string, unknown>) =>
			ask('amqp-broker', {
				id: 'new',
				config: {
					mode: 'fields',
					host: broker.host,
					port: String(broker.port),
					vhost,
					user,
					heartbeat: '30',
					...config,
				},
				credentials,
			});
		assert.equal(okOf(await amqp({}, { password: PASSWORD })), true);
		const wrong = await amqp({}, { password: 'wrong' });
		assert.match(JSON.stringify(wrong.body), /why\.credentials/);
		const encoded = [user, PASSWORD, vhost].map(encodeURIComponent);
		const url = `amqp://${encoded[0]}:${encoded[1]}@${broker.host}:${broker.port}/${encoded[2]}`;
		assert.equal(okOf(await amqp({ mode: 'url', host: '', user: '' }, { url })), true);
		assert.match(JSON.stringify((await amqp({ port: '1' }, { password: PASSWORD })).body), /why\.networkRefused/);
	});

	await t.test('says the frequent reasons in the reader’s language, the server’s own words as detail', async () => {
		const phrase = ({ body }: AdminAnswer) => {
			const { phrase, open, text } = body as { phrase: { key: string }; open: boolean; text: string };
			assert.notEqual(text, '');
			return [phrase.key.split(':')[1], open];
		};
		assert.deepEqual(phrase(await smtp(smtpConfig(relay.port), 'wrong')), ['why.credentials', false]);
		assert.deepEqual(phrase(await smtp(smtpConfig(relay.port, { security: 'starttls' }), PASSWORD)), [
			'why.noStartTls',
			false,
		]);
		assert.deepEqual(phrase(await smtp(smtpConfig(1), PASSWORD)), ['why.networkRefused', false]);
		assert.deepEqual(phrase(await smtp(smtpConfig(relay.port), PASSWORD)), ['test.ok', false]);
		const { host, ports } = await sharedBroker();
		const broker = (config: Record<string, unknown>, password = PASSWORD) =>
			ask('amqp-broker', { id: 'b', config: { host, mode: 'fields', ...config }, credentials: { password } });
		assert.deepEqual(phrase(await broker({ port: String(ports.amqp), user: 'nobody' })), ['why.credentials', false]);
		assert.deepEqual(phrase(await broker({ port: '1', user: 'nobody' })), ['why.networkRefused', false]);
	});

	await t.test('leaves no password in the log', () => {
		assert.ok(!nodeRed.log.includes(PASSWORD));
	});
});
