/** User names, passwords and virtual hosts of any characters, and TLS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthority, selfSigned } from '../../lab/certificates.ts';
import { freePort } from '../../lab/ports.ts';
import { Broker } from '../../lib/amqp/broker.ts';
import { ADMIN, sharedBroker, startBroker } from '../broker.ts';

const PASSWORDS = [
	'@/#%:?&=+;,!$*()[]{}|\\^~`\'"<> _-.',
	'p%40ss',
	'100%',
	' begins and ends with a space ',
	'contraseña €  日本語 🏥',
	'"quoted"',
	'x'.repeat(200),
];

for (const password of PASSWORDS) {
	test(`the password ${JSON.stringify(password.slice(0, 40))} works in its field and, escaped, in a URL`, async (t) => {
		const rabbit = await sharedBroker();
		const vhost = await rabbit.vhost(t);
		const as = await rabbit.user(t, vhost, { password });
		const url = `amqp://${as.user}:${encodeURIComponent(password)}@127.0.0.1:${rabbit.port}/${vhost}`;
		for (const options of [rabbit.options(vhost, as), { url }]) {
			const { ok, text } = await new Broker(options).probe();
			assert.equal(ok, true, text);
		}
	});
}

test('a virtual host and a user of any characters work in fields and in a URL', async (t) => {
	const rabbit = await sharedBroker();
	const name = `a/b %2F ñ@:#${process.pid}`;
	const vhost = await rabbit.vhost(t, name);
	const as = await rabbit.user(t, vhost, { user: `us@er:/${process.pid}` });
	const url = `amqp://${encodeURIComponent(as.user)}:secret@127.0.0.1:${rabbit.port}/${encodeURIComponent(name)}`;
	for (const options of [rabbit.options(vhost, as), { url }]) {
		const { ok, text } = await new Broker(options).probe();
		assert.equal(ok, true, text);
		assert.ok(text.includes(`virtual host "${name}", as "${as.user}"`), text);
	}
});

test('neither state nor error shows a password', async (t) => {
	const rabbit = await sharedBroker();
	const secret = 'geheim-und-lang';
	for (const options of [
		{ port: rabbit.port, password: secret },
		{ port: 1, password: secret },
		{ url: `amqp://admin:${secret}@nowhere.invalid` },
	]) {
		const logged: string[] = [];
		const keep = (text: string) => void logged.push(text);
		const broker = new Broker({
			host: '127.0.0.1',
			user: 'admin',
			...options,
			log: { debug: keep, info: keep, warn: keep, error: keep },
		});
		t.after(() => broker.release());
		broker.acquire();
		const failure = await broker.publish({ exchange: '', routingKey: 'x', body: Buffer.from(''), properties: {} }).then(
			() => assert.fail(),
			(error: Error) => error,
		);
		const shown = [...logged, broker.state.text, failure.message, (await broker.probe()).text].join('\n');
		assert.ok(shown.length > 50 && !shown.includes(secret), shown);
	}
});

async function secureBroker() {
	const authority = await createAuthority();
	const { cert, key } = await authority.issue(['localhost', '127.0.0.1']);
	const port = await freePort();
	await startBroker({
		files: { 'ca.pem': authority.ca, 'cert.pem': cert, 'key.pem': key },
		settings: (directory) => [
			`listeners.ssl.1 = 127.0.0.1:${port}`,
			`ssl_options.cacertfile = ${directory}/ca.pem`,
			`ssl_options.certfile = ${directory}/cert.pem`,
			`ssl_options.keyfile = ${directory}/key.pem`,
		],
	});
	return { port, ca: authority.ca };
}

test('TLS: a certificate is checked against the given authority and the name', async () => {
	const { port, ca } = await secureBroker();
	const stranger = (await selfSigned(['localhost'])).cert;
	const probe = (options: object) => new Broker({ ...ADMIN, host: '127.0.0.1', port, ...options }).probe();
	assert.equal((await probe({ tls: { ca } })).ok, true);
	assert.equal((await probe({ url: `amqps://admin:admin@localhost:${port}`, tls: { ca } })).ok, true);
	for (const tls of [{}, { ca: stranger }, { ca, servername: 'elsewhere.test' }]) {
		const { ok, code, text } = await probe({ tls });
		assert.deepEqual({ ok, code }, { ok: false, code: 'AMQP_UNREACHABLE' });
		assert.match(text, /^The certificate of the broker at 127\.0\.0\.1:\d+ is not accepted: /);
	}
	const plain = await probe({});
	assert.equal(plain.ok, false);
	assert.match(plain.text, /ended the connection in the handshake; is the port one with TLS\?$/);
});
