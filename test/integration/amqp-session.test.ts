/** What a session does when its channel is lost although the connection is not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfirmChannel } from 'amqplib';
import type { Broker, SessionOptions } from '../../lib/amqp/broker.ts';
import type { HubError } from '../../lib/errors.ts';
import { sharedBroker } from '../broker.ts';
import { client, Inbox, message } from '../brokers.ts';

const QUEUE = 'letters';

interface Setup {
	channel: ConfirmChannel;
	signal: AbortSignal;
}

async function connected(t: TestContext): Promise<Broker> {
	const rabbit = await sharedBroker();
	return client(t, rabbit, await rabbit.vhost(t));
}

/** A session that tells each setup and each error, and runs `prepare` in between. */
function watched(
	t: TestContext,
	broker: Broker,
	prepare: (channel: ConfirmChannel) => Promise<unknown>,
	options: SessionOptions = {},
) {
	const setups = new Inbox<Setup>();
	const errors = new Inbox<HubError>();
	const session = broker.session(
		'reader',
		async (channel, signal) => {
			await prepare(channel);
			setups.put({ channel, signal });
		},
		{ ...options, onError: (error) => errors.put(error) },
	);
	t.after(() => session.close());
	return { session, setups, errors };
}

function reading(bodies: Inbox<string>) {
	return async (channel: ConfirmChannel) => {
		await channel.assertQueue(QUEUE, { durable: true });
		await channel.consume(QUEUE, (delivery) => {
			if (!delivery) return;
			bodies.put(String(delivery.content));
			channel.ack(delivery);
		});
	};
}

test('a deleted queue is made again and consumed', async (t) => {
	const broker = await connected(t);
	const bodies = new Inbox<string>();
	const { setups, errors } = watched(t, broker, reading(bodies));
	const { signal } = await setups.next();
	await broker.withChannel((channel) => channel.deleteQueue(QUEUE));
	const { code, message: text } = await errors.next();
	assert.equal(code, 'AMQP_NOT_FOUND');
	assert.match(text, /the broker ended the consumer; its queue was deleted or moved/);
	await setups.next();
	assert.equal(signal.aborted, true);
	await broker.publish(message(QUEUE, 'to the new queue'));
	assert.equal(await bodies.next(), 'to the new queue');
});

test('an error of the channel is told in words and a fresh channel taken', async (t) => {
	const broker = await connected(t);
	const bodies = new Inbox<string>();
	const { setups, errors } = watched(t, broker, reading(bodies));
	const { channel } = await setups.next();
	channel.publish('nowhere', '', Buffer.from('x'));
	const { code, message: text } = await errors.next();
	assert.equal(code, 'AMQP_NOT_FOUND');
	assert.match(text, /no exchange 'nowhere'/);
	await setups.next();
	await broker.publish(message(QUEUE, 'to the fresh channel'));
	assert.equal(await bodies.next(), 'to the fresh channel');
});

test('a consumer that throws loses its channel, not its message', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE, { durable: true }));
	const seen = new Inbox<boolean>();
	const { errors } = watched(t, broker, (channel) =>
		channel.consume(QUEUE, (delivery) => {
			if (!delivery) return;
			seen.put(delivery.fields.redelivered);
			if (!delivery.fields.redelivered) throw new TypeError('A mistake of ours');
			channel.ack(delivery);
		}),
	);
	await broker.publish(message(QUEUE, 'x'));
	assert.equal(await seen.next(), false);
	assert.deepEqual((({ code, message }) => ({ code, message }))(await errors.next()), {
		code: 'INTERNAL',
		message: 'A mistake of ours',
	});
	assert.equal(await seen.next(), true);
});

test('a setup that fails is tried again until it works', async (t) => {
	const broker = await connected(t);
	const { setups, errors } = watched(t, broker, (channel) => channel.checkQueue(QUEUE));
	assert.equal((await errors.next()).code, 'AMQP_NOT_FOUND');
	assert.equal((await errors.next()).code, 'AMQP_NOT_FOUND');
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	await setups.next();
});

test('an exclusive consumer is named as the reason, and followed when it leaves', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const consume = (channel: ConfirmChannel) => channel.consume(QUEUE, () => {}, { exclusive: true });
	const first = watched(t, broker, consume);
	await first.setups.next();
	const second = watched(t, broker, consume);
	const { code, message: text } = await second.errors.next();
	assert.equal(code, 'AMQP_EXCLUSIVE');
	assert.match(text, /in exclusive use/);
	await first.session.close();
	await second.setups.next();
});

test('a queue that belongs to another connection is named as the reason', async (t) => {
	const rabbit = await sharedBroker();
	const vhost = await rabbit.vhost(t);
	const owner = watched(t, client(t, rabbit, vhost), (channel) => channel.assertQueue(QUEUE, { exclusive: true }));
	await owner.setups.next();
	const other = watched(t, client(t, rabbit, vhost), (channel) => channel.assertQueue(QUEUE, { exclusive: true }));
	assert.equal((await other.errors.next()).code, 'AMQP_EXCLUSIVE');
});

test('a restart takes a fresh channel at once and gives back what is unacknowledged', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const held = new Inbox<boolean>();
	const { session, setups } = watched(t, broker, (channel) =>
		channel.consume(QUEUE, (delivery) => delivery && held.put(delivery.fields.redelivered)),
	);
	await setups.next();
	await broker.publish(message(QUEUE, 'x'));
	assert.equal(await held.next(), false);
	session.restart();
	await setups.next();
	assert.equal(await held.next(), true);
});

test('prefetch bounds what the broker hands over', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	await Promise.all(['a', 'b', 'c', 'd'].map((body) => broker.publish(message(QUEUE, body))));
	const arrived = new Inbox<() => void>();
	const { setups } = watched(
		t,
		broker,
		(channel) => channel.consume(QUEUE, (delivery) => delivery && arrived.put(() => channel.ack(delivery))),
		{ prefetch: 2 },
	);
	await setups.next();
	const first = await arrived.next();
	await arrived.next();
	const { messageCount } = await broker.withChannel((channel) => channel.checkQueue(QUEUE));
	assert.equal(messageCount, 2);
	first();
	await arrived.next();
});

test('a closed session gives back what is unacknowledged and leaves the connection to others', async (t) => {
	const broker = await connected(t);
	await broker.withChannel((channel) => channel.assertQueue(QUEUE));
	const arrived = new Inbox<string>();
	const { session, setups } = watched(t, broker, (channel) =>
		channel.consume(QUEUE, (delivery) => delivery && arrived.put(String(delivery.content))),
	);
	const { signal } = await setups.next();
	await broker.publish(message(QUEUE, 'x'));
	await arrived.next();
	await session.close();
	assert.equal(signal.aborted, true);
	assert.equal(broker.state.phase, 'connected');
	const again = await broker.withChannel((channel) => channel.get(QUEUE));
	assert.equal(again && String(again.content), 'x');
});

test('short work on a channel rejects with its own error when that is none of the broker’s', async (t) => {
	const broker = await connected(t);
	const own = new Error('A reason of its own');
	await assert.rejects(
		broker.withChannel(() => Promise.reject(own)),
		own,
	);
	await assert.rejects(
		broker.withChannel((channel) => channel.checkQueue('nowhere')),
		{ code: 'AMQP_NOT_FOUND' },
	);
});
