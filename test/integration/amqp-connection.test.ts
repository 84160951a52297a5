/** One connection to a real broker that dies, goes silent, refuses and comes back. */
import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from '../../lab/proxy.ts';
import { Broker } from '../../lib/amqp/broker.ts';
import type { HubError } from '../../lib/errors.ts';
import { type OwnBroker, startBroker } from '../broker.ts';
import { client, Inbox, message, phase, stateOf } from '../brokers.ts';

let rabbit: OwnBroker;
before(async () => {
	rabbit = await startBroker();
});

const QUEUE = 'letters';

/** A quorum queue declared 0.3 s before SIGKILL never starts again, one declared 1 s before does (measured, 3.10). In ms. */
const QUEUE_SETTLED_MS = 1_500;

/** A consumer that goes on over everything, behind a proxy. */
async function consumer(t: TestContext, heartbeatSeconds = 10) {
	const vhost = await rabbit.vhost(t);
	const proxy = await FaultProxy.start(rabbit);
	t.after(() => proxy.close());
	const broker = client(t, rabbit, vhost, { port: proxy.port, heartbeatSeconds });
	const bodies = new Inbox<string>();
	const setups = new Inbox<number>();
	let count = 0;
	const session = broker.session('reader', async (channel) => {
		await channel.assertQueue(QUEUE, { durable: true });
		await channel.consume(QUEUE, (delivery) => {
			if (!delivery) return;
			bodies.put(String(delivery.content));
			channel.ack(delivery);
		});
		count += 1;
		setups.put(count);
	});
	t.after(() => session.close());
	await setups.next();
	return { broker, proxy, vhost, bodies, setups };
}

test('a session goes on after the connection was cut, and the next message arrives', async (t) => {
	const { broker, proxy, bodies, setups } = await consumer(t);
	proxy.cut();
	const { text, retryAt } = await phase(broker, 'waiting');
	assert.match(text, /^The connection to the broker at 127\.0\.0\.1:\d+ was lost: the connection was cut\.$/);
	assert.ok(retryAt !== undefined && retryAt > Date.now() - 1_000);
	await setups.next();
	await broker.publish(message(QUEUE, 'after the cut'));
	assert.equal(await bodies.next(), 'after the cut');
});

test('a session that waits for its first connection is told why', async (t) => {
	const proxy = await FaultProxy.start(rabbit);
	t.after(() => proxy.close());
	proxy.refuse();
	const broker = client(t, rabbit, await rabbit.vhost(t), { port: proxy.port });
	const errors = new Inbox<HubError>();
	const setups = new Inbox<true>();
	const session = broker.session('reader', async () => setups.put(true), { onError: (error) => errors.put(error) });
	t.after(() => session.close());
	const { code, message: text } = await errors.next();
	assert.equal(code, 'AMQP_UNREACHABLE');
	assert.match(text, /cannot be reached: nobody listens there/);
	await proxy.forward();
	await setups.next();
});

test('a broker that goes silent is noticed by its missing heartbeats, and the next message arrives', async (t) => {
	const { broker, proxy, bodies, setups } = await consumer(t, 1);
	proxy.mute();
	const begun = Date.now();
	assert.match((await phase(broker, 'waiting')).text, /went silent/);
	assert.ok(Date.now() - begun < 4_000, `${Date.now() - begun} ms`);
	await proxy.forward();
	await setups.next();
	await broker.publish(message(QUEUE, 'after the silence'));
	assert.equal(await bodies.next(), 'after the silence');
});

test('a session goes on after SIGKILL and restart of the broker, and a message confirmed before is not lost', async (t) => {
	const { broker, bodies, setups, vhost } = await consumer(t);
	const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
	await broker.withChannel((channel) => channel.assertQueue('safe', quorum));
	await delay(QUEUE_SETTLED_MS);
	await broker.publish(message('safe', 'kept'));
	await rabbit.kill();
	await stateOf(broker, ({ phase }) => phase !== 'connected');
	await rabbit.start();
	await setups.next();
	await broker.publish(message(QUEUE, 'after the restart'));
	assert.equal(await bodies.next(), 'after the restart');
	const kept = await client(t, rabbit, vhost).withChannel((channel) => channel.get('safe'));
	assert.equal(kept && String(kept.content), 'kept');
});

test('a server that accepts and says nothing is given up in time, by the shared connection and by the test', async (t) => {
	const proxy = await FaultProxy.start(rabbit);
	t.after(() => proxy.close());
	proxy.mute();
	const broker = new Broker({ ...rabbit.options('/'), port: proxy.port });
	const { ok, code, text } = await broker.probe({ timeoutMs: 200 });
	assert.deepEqual({ ok, code }, { ok: false, code: 'TIMEOUT' });
	assert.match(text, /did not complete AMQP's handshake in time/);
	await assert.rejects(broker.publish({ ...message(QUEUE, 'x'), timeoutMs: 200 }), { code: 'TIMEOUT' });
	assert.equal(broker.state.phase, 'closed');
});

test('a wrong password is said in words and tried again after a minute', async (t) => {
	const vhost = await rabbit.vhost(t);
	const broker = new Broker(rabbit.options(vhost, { user: 'admin', password: 'wrong' }));
	broker.acquire();
	t.after(() => broker.release());
	const { text, code, retryAt = 0 } = await phase(broker, 'refused');
	assert.equal(code, 'AMQP_CREDENTIALS');
	assert.match(text, /refuses user "admin"\. Check user and password\.$/);
	assert.ok(!text.includes('wrong'));
	const pause = retryAt - Date.now();
	assert.ok(pause > 55_000 && pause <= 60_000, `${pause} ms`);
	await assert.rejects(broker.publish(message(QUEUE, 'x')), { code: 'AMQP_CREDENTIALS' });
});

test('a corrected password is noticed by itself', async (t) => {
	const vhost = await rabbit.vhost(t);
	const { user } = await rabbit.user(t, vhost, { password: 'old' });
	const broker = client(t, rabbit, vhost, { as: { user, password: 'new' } });
	await phase(broker, 'refused');
	await rabbit.management.request('PUT', `users/${user}`, { password: 'new', tags: '' });
	await phase(broker, 'connected');
});

test('a virtual host that is missing or forbidden is said in words', async (t) => {
	const vhost = await rabbit.vhost(t);
	const as = await rabbit.user(t, vhost);
	const missing = await new Broker(rabbit.options('nowhere', as)).probe();
	assert.equal(missing.code, 'AMQP_CREDENTIALS');
	assert.match(
		missing.text,
		/virtual host "nowhere" to user "user-\w+": it does not exist, or the user has no rights there/,
	);
	assert.equal((await new Broker(rabbit.options('/', as)).probe()).code, 'AMQP_CREDENTIALS');
	assert.equal((await new Broker(rabbit.options(vhost, as)).probe()).ok, true);
});

const UNREACHABLE: [what: string, options: { host?: string; port?: number; tls?: object }, text: RegExp][] = [
	['a port that nobody listens on', { port: 1 }, /127\.0\.0\.1:1 cannot be reached: nobody listens there\.$/],
	[
		'a name that nobody has',
		{ host: 'nowhere.invalid' },
		/nowhere\.invalid:\d+ cannot be reached: the name (is not known|cannot be looked up now)\.$/,
	],
	['TLS where there is none', { tls: {} }, /ended the connection in the handshake; is the port one without TLS\?$/],
];

for (const [what, options, text] of UNREACHABLE) {
	test(`${what} is said in words`, async () => {
		const result = await new Broker({ ...rabbit.options('/'), ...options }).probe();
		assert.deepEqual({ ok: result.ok, code: result.code }, { ok: false, code: 'AMQP_UNREACHABLE' });
		assert.match(result.text, text);
	});
}

test('a successful test names version, virtual host and user, and leaves no connection', async (t) => {
	const vhost = await rabbit.vhost(t);
	const result = await new Broker(rabbit.options(vhost)).probe();
	assert.match(
		result.text,
		new RegExp(
			`^Connected to RabbitMQ \\d+\\.\\d+\\.\\d+ at 127\\.0\\.0\\.1:\\d+, virtual host "${vhost}", as "admin"\\.$`,
		),
	);
	assert.equal(result.ok, true);
});

test('a broker that takes no messages because of an alarm is visible in the state, until it takes them again', async (t) => {
	const vhost = await rabbit.vhost(t);
	const broker = client(t, rabbit, vhost);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	await rabbit.control('set_disk_free_limit', '100000000000000');
	const late = broker.publish({ ...message(QUEUE, 'x'), timeoutMs: 1_000 });
	await assert.rejects(late, { code: 'TIMEOUT', message: /it takes no messages now: low on disk/ });
	const { text, blocked } = broker.state;
	assert.equal(blocked, 'low on disk');
	assert.match(text, /takes no messages now: low on disk\.$/);
	await rabbit.control('set_disk_free_limit', '50000000');
	await stateOf(broker, (state) => state.phase === 'connected' && state.blocked === undefined);
	await broker.publish(message(QUEUE, 'y'));
});

test('the first user connects, the last disconnects, and a later one connects again', async (t) => {
	const broker = new Broker(rabbit.options(await rabbit.vhost(t)));
	assert.equal(broker.state.phase, 'idle');
	broker.acquire();
	broker.acquire();
	await phase(broker, 'connected');
	await broker.release();
	assert.equal(broker.state.phase, 'connected');
	const closing = broker.release();
	broker.acquire(); // before the old connection is gone
	await closing;
	await phase(broker, 'connected');
	await broker.release();
	assert.equal(broker.state.phase, 'closed');
	await assert.rejects(broker.release(), { code: 'INTERNAL' });
});

test('closing takes two seconds at most when the broker went silent, with messages and sessions under way', async (t) => {
	const { broker, proxy } = await consumer(t);
	const other = new Broker({ ...rabbit.options(await rabbit.vhost(t)), port: proxy.port });
	other.acquire();
	await other.withChannel((channel) => channel.assertQueue(QUEUE));
	await other.publish(message(QUEUE, 'heard'));
	proxy.mute();
	const lost = assert.rejects(other.publish(message(QUEUE, 'unheard')), { code: 'AMQP_NOT_CONFIRMED' });
	const session = other.session('stuck', async (channel) => void (await channel.assertQueue('never')));
	await delay(50); // both are on their way
	const begun = Date.now();
	await Promise.all([session.close(), other.release()]);
	await lost;
	assert.ok(Date.now() - begun < 3_500, `${Date.now() - begun} ms`); // a second for the channel, two for the connection
	assert.equal(broker.state.phase, 'connected');
});
