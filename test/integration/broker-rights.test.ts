/** The users of a deployment on a real broker that started from its definitions: what each may, and what each may not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import type { Channel } from 'amqplib';
import { fillDefinitions, TEMPLATE_FILE } from '../../deploy/rabbitmq/fill.ts';
import type { Broker } from '../../lib/amqp/broker.ts';
import { ensureMailTopology, type MailTopology } from '../../lib/amqp/topology.ts';
import { ADMIN, type OwnBroker, startBroker } from '../broker.ts';
import { client, message } from '../brokers.ts';

const PASSWORDS = {
	AMQP_ADMIN_PASSWORD: ADMIN.password,
	AMQP_ODOO_PASSWORD: 'odoo: @/#%?ñ€',
	AMQP_PASSWORD: 'worker "secret"',
	AMQP_SAMPLE_PASSWORD: 'sample',
	AMQP_TAP_PASSWORD: 'tap',
};
const USERS = {
	odoo: PASSWORDS.AMQP_ODOO_PASSWORD,
	'hub-worker': PASSWORDS.AMQP_PASSWORD,
	'hub-sample': PASSWORDS.AMQP_SAMPLE_PASSWORD,
	'hub-tap': PASSWORDS.AMQP_TAP_PASSWORD,
};
type User = keyof typeof USERS;

const QUEUE = 'purchase_confirmation_queue';
const RESULTS = 'email_results.0a1b2c3d';

const TOPOLOGY: MailTopology = {
	exchange: 'email_exchange',
	routingKey: 'purchase.confirmed',
	queue: QUEUE,
	retryExchange: 'email_retry',
	levels: [
		{ name: '10s', delayMs: 10_000 },
		{ name: '6h', delayMs: 21_600_000 },
	],
	resultsExchange: 'email_results',
	deliveryLimit: 20,
};

let rabbit: OwnBroker;
before(async () => {
	const own = await readFile(path.join(path.dirname(TEMPLATE_FILE), 'rabbitmq.conf'), 'utf8');
	// The deployment's settings but for addresses, and for the disk that a test machine may not have.
	const lines = own.split('\n').filter((line) => /^(?!#|listeners|management|load_def|log|disk)./.test(line));
	rabbit = await startBroker({
		settings: (directory) => [...lines, `load_definitions = ${directory}/definitions.json`],
		files: { 'definitions.json': fillDefinitions(await readFile(TEMPLATE_FILE, 'utf8'), PASSWORDS) },
	});
});

function as(t: TestContext, user: User): Broker {
	return client(t, rabbit, '/', { as: { user, password: USERS[user] } });
}

test('the worker finds its main queue as it would declare it, and declares the rest with its own rights', async (t) => {
	assert.deepEqual(await ensureMailTopology(as(t, 'hub-worker'), TOPOLOGY), { notes: [], unusableLevels: [] });
});

test('the worker makes the queues of another kind of mail with its own rights', async (t) => {
	const other = { ...TOPOLOGY, queue: 'mail.reminder', routingKey: 'reminder.due' };
	assert.deepEqual(await ensureMailTopology(as(t, 'hub-worker'), other), { notes: [], unusableLevels: [] });
});

const publish = (exchange: string, key: string) => (broker: Broker) => broker.publish(message(key, 'x', exchange));
const onChannel = (use: (channel: Channel) => Promise<unknown>) => (broker: Broker) => broker.withChannel(use);
const consume = (queue: string) => onChannel((channel) => channel.consume(queue, () => {}));
const declare = (queue: string) => onChannel((channel) => channel.assertQueue(queue, { durable: true }));
const bind = (queue: string, exchange: string) => onChannel((channel) => channel.bindQueue(queue, exchange, 'key'));

const unbind = (queue: string, exchange: string) => onChannel((channel) => channel.unbindQueue(queue, exchange, 'key'));
/** Passed where it is the same already, so it tells whether one may, not whether it differs. */
const declareExchange = (exchange: string) =>
	onChannel((channel) => channel.assertExchange(exchange, 'direct', { durable: true }));

/** In this order: some need what those before made. */
const ALLOWED: [user: User, what: string, act: (broker: Broker) => Promise<unknown>][] = [
	['odoo', 'publish purchases', publish('email_exchange', 'purchase.confirmed')],
	['odoo', 'declare the queue of its results', declare(RESULTS)],
	['odoo', 'bind it', bind(RESULTS, 'email_results')],
	['odoo', 'read it', consume(RESULTS)],
	['hub-worker', 'read purchases', consume(QUEUE)],
	['hub-worker', 'read parked mail', consume(`${QUEUE}.parked`)],
	['hub-worker', 'put mail into a delay', publish('email_retry', `${QUEUE}.retry.6h`)],
	['hub-worker', 'park mail', publish('email_retry', `${QUEUE}.parked`)],
	['hub-worker', 'declare the exchange of results', declareExchange('email_results')],
	['hub-worker', 'publish results', publish('email_results', 'key')],
	['odoo', 'take its queue off the exchange again', unbind(RESULTS, 'email_results')],
	[
		'hub-worker',
		'keep other workers out',
		onChannel((channel) => channel.assertQueue(`${QUEUE}.worker`, { exclusive: true })),
	],
	['hub-sample', 'publish samples', publish('email_exchange', 'purchase.confirmed')],
	['hub-tap', 'declare its own queue', declare('hub-tap.look')],
	['hub-tap', 'have purchases copied to it', bind('hub-tap.look', 'email_exchange')],
	['hub-tap', 'have results copied to it', bind('hub-tap.look', 'email_results')],
	['hub-tap', 'read it', consume('hub-tap.look')],
	['hub-tap', 'declare its own exchange', onChannel((channel) => channel.assertExchange('hub-tap.try', 'fanout'))],
	['hub-tap', 'bind to it', bind('hub-tap.look', 'hub-tap.try')],
	['hub-tap', 'publish to it', publish('hub-tap.try', 'key')],
];

for (const [user, what, act] of ALLOWED) {
	test(`${user} may ${what}`, async (t) => {
		await act(as(t, user));
	});
}

const REFUSED: [user: User, what: string, act: (broker: Broker) => Promise<unknown>][] = [
	['odoo', 'read purchases', consume(QUEUE)],
	['odoo', 'empty the queue of purchases', onChannel((channel) => channel.purgeQueue(QUEUE))],
	['odoo', 'delete the queue of purchases', onChannel((channel) => channel.deleteQueue(QUEUE))],
	['odoo', 'declare other queues', declare('odoo-queue')],
	['odoo', 'read parked mail', consume(`${QUEUE}.parked`)],
	['odoo', 'publish to the retries', publish('email_retry', `${QUEUE}.parked`)],
	['odoo', 'publish results', publish('email_results', 'key')],
	['odoo', 'delete the exchange of purchases', onChannel((channel) => channel.deleteExchange('email_exchange'))],
	['odoo', 'publish to any queue by its name', publish('', QUEUE)],
	['odoo', 'have purchases copied to its queue', bind(RESULTS, 'email_exchange')],
	['odoo', 'have retries copied to its queue', bind(RESULTS, 'email_retry')],
	['odoo', 'lead results into the queue of purchases', bind(QUEUE, 'email_results')],
	['odoo', 'publish to the queue of its results by its name', publish('', RESULTS)],
	['odoo', 'declare the exchange of results', declareExchange('email_results')],
	['odoo', 'delete the exchange of results', onChannel((channel) => channel.deleteExchange('email_results'))],
	['odoo', 'declare a queue whose name only resembles its own', declare('email_resultsx')],
	['odoo', 'declare a queue whose name only holds its own', declare(`other.${RESULTS}`)],
	['odoo', 'read the queues of a tap', consume('hub-tap.look')],
	['hub-worker', 'publish purchases', publish('email_exchange', 'purchase.confirmed')],
	['hub-worker', 'delete the exchange of purchases', onChannel((channel) => channel.deleteExchange('email_exchange'))],
	['hub-worker', 'publish to any queue by its name', publish('', QUEUE)],
	['hub-worker', 'declare other queues', declare('other')],
	['hub-worker', 'read the results of an Odoo', consume(RESULTS)],
	['hub-worker', 'have results copied to its own queue', bind(`${QUEUE}.parked`, 'email_results')],
	['hub-worker', 'declare the queue of an Odoo', declare('email_results.other')],
	['hub-worker', 'empty the queue of an Odoo', onChannel((channel) => channel.purgeQueue(RESULTS))],
	['hub-worker', 'delete the queue of an Odoo', onChannel((channel) => channel.deleteQueue(RESULTS))],
	['hub-worker', 'read the queues of a tap', consume('hub-tap.look')],
	['hub-sample', 'publish to the retries', publish('email_retry', QUEUE)],
	['hub-sample', 'publish results', publish('email_results', 'key')],
	['hub-sample', 'publish to any queue by its name', publish('', QUEUE)],
	['hub-sample', 'read purchases', consume(QUEUE)],
	['hub-sample', 'read the results of an Odoo', consume(RESULTS)],
	['hub-sample', 'declare a queue', declare('sample')],
	['hub-sample', 'delete the queue of purchases', onChannel((channel) => channel.deleteQueue(QUEUE))],
	['hub-tap', 'read purchases away from the worker', consume(QUEUE)],
	['hub-tap', 'take one purchase', onChannel((channel) => channel.get(QUEUE))],
	['hub-tap', 'read parked mail', consume(`${QUEUE}.parked`)],
	['hub-tap', 'read the results of an Odoo away from it', consume(RESULTS)],
	['hub-tap', 'publish purchases', publish('email_exchange', 'purchase.confirmed')],
	['hub-tap', 'publish to the retries', publish('email_retry', QUEUE)],
	['hub-tap', 'publish results', publish('email_results', 'key')],
	['hub-tap', 'publish to any queue by its name', publish('', QUEUE)],
	[
		'hub-tap',
		'unbind the queue of purchases',
		onChannel((channel) => channel.unbindQueue(QUEUE, 'email_exchange', 'purchase.confirmed')),
	],
	['hub-tap', 'delete the queue of purchases', onChannel((channel) => channel.deleteQueue(QUEUE))],
];

for (const [user, what, act] of REFUSED) {
	test(`${user} may not ${what}`, async (t) => {
		await assert.rejects(act(as(t, user)), { code: 'AMQP_FORBIDDEN', message: /refused/ });
	});
}

for (const user of Object.keys(USERS) as User[]) {
	test(`${user} may not use the management`, async () => {
		const authorization = `Basic ${Buffer.from(`${user}:${USERS[user]}`).toString('base64')}`;
		const { status } = await fetch(`http://127.0.0.1:${rabbit.ports.management}/api/whoami`, {
			headers: { authorization },
		});
		assert.equal(status, 401);
	});
}

test('nobody else exists, not even guest', async () => {
	const users = (await rabbit.management.request<{ name: string }[]>('GET', 'users')) ?? [];
	assert.deepEqual(users.map(({ name }) => name).sort(), ['admin', 'hub-sample', 'hub-tap', 'hub-worker', 'odoo']);
});

test('definitions with a missing or empty password are refused, naming the variable', async () => {
	const template = await readFile(TEMPLATE_FILE, 'utf8');
	const { AMQP_ODOO_PASSWORD: _none, ...others } = PASSWORDS;
	assert.throws(() => fillDefinitions(template, { ...others, AMQP_TAP_PASSWORD: '' }), {
		message: 'Missing for the definitions of RabbitMQ: AMQP_ODOO_PASSWORD, AMQP_TAP_PASSWORD',
	});
});
