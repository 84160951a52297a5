/** RabbitMQ with the users, rights and queues of a deployment; its administrator is admin/admin. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fillDefinitions, TEMPLATE_FILE } from '../../deploy/rabbitmq/fill.ts';
import { writePrivate } from '../children.ts';
import { management } from '../rabbitmq/management.ts';
import { isListening, type RabbitNode, type RabbitPorts, rabbitNode } from '../rabbitmq/node.ts';
import type { LabContext, LabProcess, System } from '../system.ts';

const ADMIN = { user: 'admin', password: 'admin' };

/** Erlang's usual 4369 is left to a broker that the machine may already run. */
const PORTS: Readonly<Record<keyof RabbitPorts, number>> = {
	amqp: 5672,
	management: 15672,
	distribution: 25672,
	epmd: 14369,
};

/** RabbitMQ was measured to take 6 s to end in order, in ms. */
const STOP_GRACE_MS = 10_000;

/** Users of the definitions: the variable of the password, the variable of the name, and the lab's secret behind it. */
const USERS = [
	{ user: 'hub-worker', name: 'AMQP_USER', password: 'AMQP_PASSWORD', secret: 'amqp-worker' },
	{ user: 'odoo', name: 'AMQP_ODOO_USER', password: 'AMQP_ODOO_PASSWORD', secret: 'amqp-odoo' },
	{ user: 'hub-sample', name: 'AMQP_SAMPLE_USER', password: 'AMQP_SAMPLE_PASSWORD', secret: 'amqp-sample' },
	{ user: 'hub-tap', name: 'AMQP_TAP_USER', password: 'AMQP_TAP_PASSWORD', secret: 'amqp-tap' },
] as const;

/**
 * The numbers on the screen are a second old: with RabbitMQ's own intervals (5 s to count, to count quorum queues, and to
 * sample) they were seen to be 10 s behind. The sampling policies are its own but for that.
 */
const FRESH_NUMBERS = [
	'collect_statistics_interval = 1000',
	...[
		'global.minute = 5',
		'global.hour = 60',
		'global.day = 1200',
		'basic.minute = 1',
		'basic.hour = 60',
		'detailed.10 = 1',
	].map((policy) => `management.sample_retention_policies.${policy}`),
];

interface Running {
	server: LabProcess | undefined;
	mapper: LabProcess | undefined;
}

/** A system of its own for each lab, because it remembers its processes. */
export function rabbitmq(): System {
	const running: Running = { server: undefined, mapper: undefined };
	return {
		name: 'rabbitmq',
		ports: PORTS,
		loopback: ['distribution', 'epmd'],
		packages: ['rabbitmq-server'],
		commands: ['rabbitmq-server', 'epmd'],
		async ensure(context) {
			await nodeOf(context).write();
			const passwords = Object.fromEntries(USERS.map(({ password, secret }) => [password, context.secret(secret)]));
			const template = await readFile(TEMPLATE_FILE, 'utf8');
			const filled = fillDefinitions(template, { ...passwords, AMQP_ADMIN_PASSWORD: ADMIN.password });
			await writePrivate(definitionsOf(context), filled);
		},
		async start(context) {
			const { epmd, server, ports } = nodeOf(context);
			const mapper = await context.run({ name: 'rabbitmq-epmd', ...epmd });
			running.mapper = mapper;
			// A server that finds no port mapper starts one of its own, which would outlive it.
			await context.until(
				{ en: "Erlang's port mapper listening", es: 'Que el asignador de puertos de Erlang escuche' },
				() => isListening(ports.epmd),
				{ process: mapper },
			);
			running.server = await context.run({ name: 'rabbitmq', ...server });
		},
		async ready(context) {
			const { server } = running;
			const api = management({ url: nodeOf(context).managementUrl, ...ADMIN });
			const check = `health/checks/port-listener/${context.port('rabbitmq', 'amqp')}`;
			await context.until(
				{ en: 'RabbitMQ taking connections', es: 'Que RabbitMQ acepte conexiones' },
				async () => (await api.request('GET', check)) !== undefined,
				server ? { process: server } : {},
			);
		},
		async stop() {
			await running.server?.stop({ graceMs: STOP_GRACE_MS });
			await running.mapper?.stop();
			running.server = undefined;
			running.mapper = undefined;
		},
		variables(context) {
			return {
				AMQP_HOST: context.endpoint('rabbitmq', 'amqp').host,
				AMQP_PORT: String(context.port('rabbitmq', 'amqp')),
				AMQP_VHOST: '/',
				AMQP_MANAGEMENT_URL: nodeOf(context).managementUrl,
				AMQP_ADMIN_USER: ADMIN.user,
				AMQP_ADMIN_PASSWORD: ADMIN.password,
				...Object.fromEntries(USERS.map(({ name, user }) => [name, user])),
				...Object.fromEntries(USERS.map(({ password, secret }) => [password, context.secret(secret)])),
			};
		},
		addresses(context) {
			return [
				{
					what: { en: "RabbitMQ's management", es: 'Administración de RabbitMQ' },
					url: context.endpoint('rabbitmq', 'management').openUrl,
					...ADMIN,
					hint: { en: 'Queues: watch the purchases pass', es: 'Queues: vea pasar las compras' },
				},
			];
		},
	};
}

function nodeOf(context: LabContext): RabbitNode {
	const names = Object.keys(PORTS) as (keyof RabbitPorts)[];
	return rabbitNode({
		directory: path.join(context.directory, 'node'),
		host: context.endpoint('rabbitmq', 'amqp').listen,
		ports: Object.fromEntries(names.map((name) => [name, context.port('rabbitmq', name)])) as unknown as RabbitPorts,
		settings: [`load_definitions = ${definitionsOf(context)}`, ...FRESH_NUMBERS],
		applicationSettings: { quorum_tick_interval: 1_000 },
	});
}

function definitionsOf(context: LabContext): string {
	return path.join(context.directory, 'definitions.json');
}
