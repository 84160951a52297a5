/** Publishing to a real broker: what is confirmed has arrived, and every failure belongs to the message it is told for. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from '../../lab/proxy.ts';
import { Broker } from '../../lib/amqp/broker.ts';
import { sharedBroker } from '../broker.ts';
import { client, message, phase } from '../brokers.ts';

const QUEUE = 'letters';
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

async function connected(t: TestContext): Promise<Broker> {
	const rabbit = await sharedBroker();
	const broker = client(t, rabbit, await rabbit.vhost(t));
	await phase(broker, 'connected');
	return broker;
}

async function count(broker: Broker, queue = QUEUE): Promise<number> {
	return (await broker.withChannel((channel) => channel.checkQueue(queue))).messageCount;
}

test('ten thousand messages published at once are all confirmed, and all there', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE, QUORUM));
	const numbers = Array.from({ length: 10_000 }, (_, index) => String(index));
	await Promise.all(numbers.map((body) => broker.publish({ ...message(QUEUE, body), timeoutMs: 60_000 })));
	const found = new Set<string>();
	await broker.withChannel(
		async (channel) => {
			const { promise, resolve } = Promise.withResolvers<void>();
			await channel.consume(
				QUEUE,
				(delivery) => {
					found.add(String(delivery?.content));
					if (found.size === numbers.length) resolve();
				},
				{ noAck: true },
			);
			await promise;
		},
		{ timeoutMs: 60_000 },
	);
	assert.deepEqual([...found].sort(), numbers.toSorted());
});

test('exactly the unroutable ones of many messages are told so', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const keys = Array.from({ length: 500 }, (_, index) => (index % 3 === 0 ? 'nobody' : QUEUE));
	const results = await Promise.allSettled(keys.map((key) => broker.publish(message(key, key))));
	const told = results.map((result) => (result.status === 'fulfilled' ? 'confirmed' : result.reason.code));
	assert.deepEqual(
		told,
		keys.map((key) => (key === QUEUE ? 'confirmed' : 'AMQP_UNROUTABLE')),
	);
	assert.equal(await count(broker), keys.filter((key) => key === QUEUE).length);
});

test('an unroutable message names exchange and key', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertExchange('post', 'direct'));
	await assert.rejects(broker.publish(message('nobody', 'x', 'post')), {
		code: 'AMQP_UNROUTABLE',
		message: 'No queue takes messages from exchange "post" with key "nobody" (NO_ROUTE); is the queue bound to it?',
	});
});

test('two messages of one id at once are each told their own outcome', async (t) => {
	const broker = await connected(t);
	await broker.withChannel(async (channel) => {
		await channel.assertExchange('post', 'direct');
		await channel.assertQueue(QUEUE);
	});
	const same = () => broker.publish({ ...message('key', 'x', 'post'), properties: { messageId: 'one' } });
	const results = await Promise.allSettled([
		same(),
		same(),
		broker.withChannel((channel) => channel.bindQueue(QUEUE, 'post', 'key')),
	]);
	const confirmed = results.slice(0, 2).filter(({ status }) => status === 'fulfilled').length;
	assert.equal(await count(broker), confirmed);
	await same();
	assert.equal(await count(broker), confirmed + 1);
});

test('a message that a full queue rejects is told so, and only that', async (t) => {
	const broker = await connected(t);
	const full = { arguments: { 'x-queue-type': 'quorum', 'x-max-length': 3, 'x-overflow': 'reject-publish' } };
	await broker.withChannel((channel) => channel.assertQueue(QUEUE, full));
	const codes: string[] = [];
	while (!codes.includes('AMQP_NOT_CONFIRMED') && codes.length < 20) {
		codes.push(
			await broker.publish(message(QUEUE, 'x')).then(
				() => 'confirmed',
				({ code }) => code,
			),
		);
	}
	assert.equal(codes.at(-1), 'AMQP_NOT_CONFIRMED');
	assert.equal(await count(broker), codes.length - 1);
});

test('a missing exchange fails its own messages and nobody else’s', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const results = await Promise.allSettled(
		Array.from({ length: 200 }, (_, index) => broker.publish(message(QUEUE, 'x', index % 2 ? 'nowhere' : ''))),
	);
	const codes = results.map((result) => (result.status === 'fulfilled' ? 'confirmed' : result.reason.code));
	assert.deepEqual(
		codes,
		Array.from({ length: 200 }, (_, index) => (index % 2 ? 'AMQP_NOT_FOUND' : 'confirmed')),
	);
	await broker.withChannel((channel) => channel.assertExchange('nowhere', 'fanout'));
	await assert.rejects(broker.publish(message('', 'x', 'nowhere')), { code: 'AMQP_UNROUTABLE' });
});

test('a forbidden exchange is told as forbidden', async (t) => {
	const rabbit = await sharedBroker();
	const vhost = await rabbit.vhost(t);
	const as = await rabbit.user(t, vhost, { configure: '.*', read: '.*' });
	await assert.rejects(client(t, rabbit, vhost, { as }).publish(message('x', 'x', 'amq.direct')), {
		code: 'AMQP_FORBIDDEN',
		message: /exchange 'amq\.direct' in vhost .* refused/,
	});
});

test('messages are persistent and carry their properties, without CC, expiry or foreign user', async (t) => {
	const broker = await connected(t);
	await broker.withChannel(async (channel) => {
		await channel.assertQueue(QUEUE);
		await channel.assertQueue('copied');
	});
	const arrived = {
		...{ messageId: 'id', type: 't', contentType: 'application/json', timestamp: 1, appId: 'app', correlationId: 'c' },
		...{ userId: 'somebody', expiration: '1', deliveryMode: 1, clusterId: undefined },
		headers: { 'x-own': 'kept', CC: ['copied'], BCC: ['copied'] },
	};
	await broker.publish({ ...message(QUEUE, 'ñ'), properties: arrived });
	await delay(20); // longer than the expiry
	const got = await broker.withChannel((channel) => channel.get(QUEUE));
	assert.ok(got);
	const { headers, deliveryMode, messageId, type, contentType, timestamp, appId, correlationId } = got.properties;
	assert.deepEqual(headers, { 'x-own': 'kept' });
	assert.deepEqual(
		{ deliveryMode, messageId, type, contentType, timestamp, appId, correlationId },
		{
			deliveryMode: 2,
			messageId: 'id',
			type: 't',
			contentType: 'application/json',
			timestamp: 1,
			appId: 'app',
			correlationId: 'c',
		},
	);
	assert.equal(String(got.content), 'ñ');
	assert.equal(await count(broker, 'copied'), 0);
});

test('a message whose key cannot be encoded is refused without harming others', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const [long, good] = await Promise.allSettled([
		broker.publish(message('k'.repeat(256), 'x')),
		broker.publish(message(QUEUE, 'x')),
	]);
	assert.equal(long.status === 'rejected' && long.reason.code, 'MESSAGE_INVALID');
	assert.equal(good.status, 'fulfilled');
});

test('without a confirmation in time, and after cancelling, a message is told so', async (t) => {
	const rabbit = await sharedBroker();
	const proxy = await FaultProxy.start(rabbit);
	t.after(() => proxy.close());
	const broker = client(t, rabbit, await rabbit.vhost(t), { port: proxy.port });
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	await broker.publish(message(QUEUE, 'x'));
	proxy.mute();
	await assert.rejects(broker.publish({ ...message(QUEUE, 'late'), timeoutMs: 100 }), {
		code: 'TIMEOUT',
		message: /a message for "" was not confirmed in time; it may have arrived\.$/,
	});
	const given = new AbortController();
	const cancelled = broker.publish({ ...message(QUEUE, 'cancelled'), signal: given.signal });
	given.abort();
	await assert.rejects(cancelled, { code: 'CANCELLED' });
	const cut = assert.rejects(broker.publish(message(QUEUE, 'cut')), { code: 'AMQP_NOT_CONFIRMED' });
	await delay(20); // on its way
	proxy.cut();
	await cut;
});

test('without a connection a message is refused at once, with the reason', async (t) => {
	const rabbit = await sharedBroker();
	const broker = new Broker({ ...rabbit.options('/'), port: 1 });
	broker.acquire();
	t.after(() => broker.release());
	await phase(broker, 'waiting');
	await assert.rejects(broker.publish(message(QUEUE, 'x')), {
		code: 'AMQP_UNREACHABLE',
		message: 'The broker at 127.0.0.1:1 cannot be reached: nobody listens there.',
	});
});

test('a broker that nobody holds connects for a message and leaves', async (t) => {
	const rabbit = await sharedBroker();
	const broker = new Broker(rabbit.options(await rabbit.vhost(t)));
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	await broker.publish(message(QUEUE, 'x'));
	assert.equal(broker.state.phase, 'closed');
});

test('messages under way when the last user leaves are confirmed first', async (t) => {
	const rabbit = await sharedBroker();
	const broker = new Broker(rabbit.options(await rabbit.vhost(t)));
	broker.acquire();
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const published = Promise.all(Array.from({ length: 500 }, () => broker.publish(message(QUEUE, 'x'))));
	await broker.release();
	await published;
	assert.equal(await count(broker), 500);
});
