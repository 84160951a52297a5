/** Protections of the shared connection to RabbitMQ, and the rights of its users. */
import type { Mutant } from './mutant.ts';

const connection = (name: string) => ({ file: 'test/integration/amqp-connection.test.ts', name });
const session = (name: string) => ({ file: 'test/integration/amqp-session.test.ts', name });
const publish = (name: string) => ({ file: 'test/integration/amqp-publish.test.ts', name });
const topology = (name: string) => ({ file: 'test/integration/amqp-topology.test.ts', name });
const rights = (name: string) => ({ file: 'test/integration/broker-rights.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A broker that goes silent is noticed',
		file: 'lib/amqp/link.ts',
		find: 'heartbeat: address.heartbeatSeconds,',
		replace: 'heartbeat: 0,',
		test: connection('a broker that goes silent is noticed by its missing heartbeats, and the next message arrives'),
	},
	{
		protection: 'Who waits for a first connection is told why',
		file: 'lib/amqp/connection.ts',
		find: '\t\t\t\tonWaiting?.(error);\n',
		replace: '',
		test: connection('a session that waits for its first connection is told why'),
	},
	{
		protection: 'Refused credentials are tried again slowly',
		file: 'lib/amqp/connection.ts',
		find: 'const pause = refused ? this.#options.retry.refusedMs : backoff.next();',
		replace: 'const pause = backoff.next();',
		test: connection('a wrong password is said in words and tried again after a minute'),
	},
	{
		protection: 'A connection whose other side is silent is cut at the deadline',
		file: 'lib/amqp/link.ts',
		find: 'if (await settledWithin(goodbye, graceMs)) return;',
		replace: 'if (await settledWithin(goodbye, graceMs + 60_000)) return;',
		test: connection(
			'closing takes two seconds at most when the broker went silent, with messages and sessions under way',
		),
	},
	{
		protection: 'A consumer whose queue was deleted is set up again',
		file: 'lib/amqp/session.ts',
		find: "channel.on('cancel', () => {",
		replace: "channel.on('cancelled', () => {",
		test: session('a deleted queue is made again and consumed'),
	},
	{
		protection: 'Publishing to a missing exchange does not end the publications to others',
		file: 'lib/amqp/publisher-pool.ts',
		find: 'const known = publishers.get(exchange);',
		replace: 'const known = [...publishers.values()][0];',
		test: publish('a missing exchange fails its own messages and nobody else’s'),
	},
	{
		protection: 'Mail is not put into a delay from which it would not come back',
		file: 'lib/amqp/topology.ts',
		find: 'if (skipped) this.#unusable.add(spec.name);',
		replace: '',
		test: topology('a delay queue that leads elsewhere is used as it is, and what that costs is said'),
	},
	{
		protection: 'The tap cannot take purchases away from the worker',
		file: 'deploy/rabbitmq/definitions.json',
		find: '"read": "^(email_exchange|email_results|hub-tap(\\\\..+)?)$"',
		replace: '"read": ".*"',
		test: rights('hub-tap may not read purchases away from the worker'),
	},
	{
		protection: 'An Odoo reads its results and nothing else',
		file: 'deploy/rabbitmq/definitions.json',
		find: '"read": "^email_results(\\\\..+)?$"',
		replace: '"read": ".*"',
		test: rights('odoo may not read the queues of a tap'),
	},
	{
		protection: 'An Odoo declares queues of results and nothing else',
		file: 'deploy/rabbitmq/definitions.json',
		find: '"configure": "^email_results\\\\..+$"',
		replace: '"configure": "email_results.*"',
		test: rights('odoo may not delete the exchange of results'),
	},
	{
		protection: 'An Odoo writes purchases and binds its own queue, and makes up no results',
		file: 'deploy/rabbitmq/definitions.json',
		find: '"write": "^(email_exchange|email_results\\\\..+)$"',
		replace: '"write": "^email_.*$"',
		test: rights('odoo may not publish results'),
	},
	{
		protection: 'The sample user publishes samples only',
		file: 'deploy/rabbitmq/definitions.json',
		find: '"write": "^email_exchange$"',
		replace: '"write": ".*"',
		test: rights('hub-sample may not publish to the retries'),
	},
	{
		protection: 'A user of the broker has a password',
		file: 'deploy/rabbitmq/fill.ts',
		find: 'if (missing.length) throw',
		replace: 'if (missing.length > 99) throw',
		test: rights('definitions with a missing or empty password are refused, naming the variable'),
	},
];
