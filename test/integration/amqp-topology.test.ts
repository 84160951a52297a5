/** What the hub makes of a broker that lacks its queues, has them, or has them otherwise. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Options } from 'amqplib';
import type { Broker } from '../../lib/amqp/broker.ts';
import { ensureMailTopology, type MailTopology } from '../../lib/amqp/topology.ts';
import { sharedBroker } from '../broker.ts';
import { client, Inbox, message } from '../brokers.ts';

const QUEUE = 'mails';
const TOPOLOGY: MailTopology = {
	exchange: 'email_exchange',
	routingKey: 'purchase.confirmed',
	queue: QUEUE,
	retryExchange: 'email_retry',
	levels: [
		{ name: 'short', delayMs: 100 },
		{ name: 'long', delayMs: 60_000 },
	],
	resultsExchange: 'email_results',
	deliveryLimit: 3,
};

const RETRY_SHORT = {
	'x-queue-type': 'quorum',
	'x-message-ttl': 100,
	'x-dead-letter-exchange': 'email_retry',
	'x-dead-letter-routing-key': QUEUE,
	'x-dead-letter-strategy': 'at-least-once',
	'x-overflow': 'reject-publish',
};

async function connected(t: TestContext): Promise<{ broker: Broker; vhost: string }> {
	const rabbit = await sharedBroker();
	const vhost = await rabbit.vhost(t);
	return { broker: client(t, rabbit, vhost), vhost };
}

/** The next message of a queue; polled, because the broker moves expired messages at its own pace. */
async function next(broker: Broker, queue: string): Promise<string> {
	const found = new Inbox<string>();
	const session = broker.session('next', async (channel) => {
		await channel.prefetch(1);
		await channel.consume(queue, (delivery) => {
			if (!delivery) return;
			channel.ack(delivery);
			found.put(String(delivery.content));
		});
	});
	try {
		return await found.next();
	} finally {
		await session.close();
	}
}

test('on an empty broker everything is made, once, and without notes', async (t) => {
	const { broker } = await connected(t);
	const clean = { notes: [], unusableLevels: [] };
	assert.deepEqual(await ensureMailTopology(broker, TOPOLOGY), clean);
	assert.deepEqual(await ensureMailTopology(broker, TOPOLOGY), clean);
});

test('mail goes through exchange, delay and parked queue', async (t) => {
	const { broker } = await connected(t);
	await ensureMailTopology(broker, TOPOLOGY);
	await broker.publish(message('purchase.confirmed', 'new', 'email_exchange'));
	assert.equal(await next(broker, QUEUE), 'new');
	await broker.publish(message(`${QUEUE}.retry.short`, 'delayed', 'email_retry'));
	assert.equal(await next(broker, QUEUE), 'delayed');
	await broker.publish(message(QUEUE, 'returned', 'email_retry'));
	assert.equal(await next(broker, QUEUE), 'returned');
	await broker.publish(message(`${QUEUE}.parked`, 'parked', 'email_retry'));
	assert.equal(await next(broker, `${QUEUE}.parked`), 'parked');
});

test('a message that is delivered beyond the limit is parked, with the reason', async (t) => {
	const { broker } = await connected(t);
	await ensureMailTopology(broker, TOPOLOGY);
	await broker.publish(message('purchase.confirmed', 'poison', 'email_exchange'));
	const session = broker.session('poisoned', async (channel) => {
		await channel.consume(QUEUE, (delivery) => delivery && channel.nack(delivery, false, true));
	});
	t.after(() => session.close());
	const reasons = new Inbox<unknown>();
	const reader = broker.session('parked', async (channel) => {
		await channel.consume(`${QUEUE}.parked`, (delivery) =>
			reasons.put(delivery?.properties.headers?.['x-death']?.[0]?.reason),
		);
	});
	t.after(() => reader.close());
	assert.equal(await reasons.next(), 'delivery_limit');
});

test('a parked mail is not dropped however often it is looked at', async (t) => {
	const { broker } = await connected(t);
	await ensureMailTopology(broker, TOPOLOGY);
	await broker.publish(message(`${QUEUE}.parked`, 'kept', 'email_retry'));
	for (let look = 0; look < 30; look += 1) {
		const found = await broker.withChannel(async (channel) => {
			const got = await channel.get(`${QUEUE}.parked`);
			if (got) channel.nack(got, false, true);
			return got;
		});
		assert.ok(found, `gone after ${look} looks`);
	}
});

test('mail that comes back while the main queue is deleted waits and arrives in the new one', async (t) => {
	const { broker } = await connected(t);
	await ensureMailTopology(broker, TOPOLOGY);
	await broker.withChannel((channel) => channel.deleteQueue(QUEUE));
	await broker.publish(message(`${QUEUE}.retry.short`, 'patient', 'email_retry'));
	await new Promise((resolve) => setTimeout(resolve, 500)); // five times its delay
	await ensureMailTopology(broker, TOPOLOGY);
	assert.equal(await next(broker, QUEUE), 'patient');
});

const OTHERWISE: [what: string, queue: string, options: Options.AssertQueue, note: RegExp, unusable?: string[]][] = [
	[
		'a classic main queue',
		QUEUE,
		{ durable: true },
		/"mails" exists otherwise declared: .*goes nowhere instead of being parked.*it is lost.*classic queue.*comes back for ever/,
	],
	[
		'a main queue that does not survive a restart',
		QUEUE,
		{ durable: false },
		/messages are lost when the broker restarts/,
	],
	[
		'a main queue with a time to live',
		QUEUE,
		{ arguments: { 'x-queue-type': 'quorum', 'x-message-ttl': 3_600_000 } },
		/messages leave it unsent after 1 h/,
	],
	[
		'a main queue that drops the oldest',
		QUEUE,
		{ arguments: { 'x-queue-type': 'quorum', 'x-max-length': 5 } },
		/beyond 5 messages the oldest are dropped/,
	],
	[
		'a main queue with another limit',
		QUEUE,
		{ arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 9 } },
		/parks a message after 9 deliveries instead of 3/,
	],
	[
		'a main queue that expires',
		QUEUE,
		{ arguments: { 'x-queue-type': 'quorum', 'x-expires': 120_000 } },
		/deleted, with its messages, when unused for 2 min/,
	],
	[
		'a delay queue with another delay',
		`${QUEUE}.retry.short`,
		{ arguments: { ...RETRY_SHORT, 'x-message-ttl': 5_000 } },
		/mails wait 5 s in it instead of 100 ms/,
	],
	[
		'a delay queue without a delay',
		`${QUEUE}.retry.short`,
		{ arguments: { 'x-queue-type': 'quorum' } },
		/do not come back from it.*would wait in it for ever.*does without this delay/,
		['short'],
	],
	[
		'a delay queue that leads elsewhere',
		`${QUEUE}.retry.short`,
		{ arguments: { ...RETRY_SHORT, 'x-dead-letter-routing-key': 'else' } },
		/they go under the key "else"/,
		['short'],
	],
	[
		'a parked queue that drops the oldest',
		`${QUEUE}.parked`,
		{ durable: true, maxLength: 2 },
		/"mails\.parked" .*beyond 2 messages the oldest are dropped/,
	],
];

for (const [what, queue, options, note, unusable = []] of OTHERWISE) {
	test(`${what} is used as it is, and what that costs is said`, async (t) => {
		const { broker } = await connected(t);
		await broker.withChannel((channel) => channel.assertQueue(queue, options));
		const report = await ensureMailTopology(broker, TOPOLOGY);
		assert.equal(report.notes.length, 1, report.notes.join('\n'));
		assert.match(report.notes[0] ?? '', note);
		assert.deepEqual(report.unusableLevels, unusable);
		await broker.publish(message('purchase.confirmed', 'x', 'email_exchange'));
		assert.equal(await next(broker, QUEUE), 'x');
	});
}

test('a classic delay queue that leads back through the default exchange is used', async (t) => {
	const { broker } = await connected(t);
	const back = { durable: true, messageTtl: 100, deadLetterExchange: '', deadLetterRoutingKey: QUEUE };
	await broker.withChannel((channel) => channel.assertQueue(`${QUEUE}.retry.short`, back));
	const { notes, unusableLevels } = await ensureMailTopology(broker, TOPOLOGY);
	assert.deepEqual(unusableLevels, []);
	assert.match(
		notes.join('\n'),
		/^[^\n]*it is a classic queue: not replicated, and a broker that dies may lose or double mails\.$/,
	);
	await broker.publish(message(`${QUEUE}.retry.short`, 'back', 'email_retry'));
	assert.equal(await next(broker, QUEUE), 'back');
});

test('an exchange of another type is used, and what that costs is said', async (t) => {
	const { broker } = await connected(t);
	await broker.withChannel((channel) => channel.assertExchange('email_exchange', 'topic'));
	const { notes } = await ensureMailTopology(broker, TOPOLOGY);
	assert.deepEqual(notes, [
		'The exchange "email_exchange" is of type topic, not direct: other messages may reach the queues.',
	]);
});

test('without any right to declare, a missing main queue is an error that says who has to act', async (t) => {
	const rabbit = await sharedBroker();
	const vhost = await rabbit.vhost(t);
	const as = await rabbit.user(t, vhost, { read: '.*' });
	await assert.rejects(ensureMailTopology(client(t, rabbit, vhost, { as }), TOPOLOGY), {
		code: 'AMQP_FORBIDDEN',
		message: `The queue "mails" is missing, and the user "${as.user}" may not declare it: an administrator has to.`,
	});
});

test('without any right to declare, what exists is used, and what cannot be seen or had is said', async (t) => {
	const rabbit = await sharedBroker();
	const { broker, vhost } = await connected(t);
	await ensureMailTopology(broker, TOPOLOGY);
	await broker.withChannel((channel) => channel.deleteQueue(`${QUEUE}.retry.long`));
	const as = await rabbit.user(t, vhost, { read: '.*', write: '^email_retry$' });
	const limited = client(t, rabbit, vhost, { as });
	const { notes, unusableLevels } = await ensureMailTopology(limited, TOPOLOGY);
	const text = notes.join('\n');
	assert.match(
		text,
		/How queue "mails\.parked", queue "mails" and queue "mails\.retry\.short" are declared cannot be seen/,
	);
	assert.match(
		text,
		/The queue "mails" cannot be bound to "email_exchange" under the key "purchase\.confirmed" \(the user/,
	);
	assert.match(text, /The queue "mails\.retry\.long" is missing, and the user ".*" may not declare it/);
	assert.deepEqual(unusableLevels, ['long']);
	await limited.publish(message(QUEUE, 'works', 'email_retry'));
	assert.equal(await next(limited, QUEUE), 'works');
});
