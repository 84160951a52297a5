/** RabbitMQ with the users, rights and queues of a deployment; its administrator is admin/admin on loopback only. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fillDefinitions, TEMPLATE_FILE } from '../../deploy/rabbitmq/fill.ts';
import { management } from '../rabbitmq/management.ts';
import { type RabbitNode, rabbitNode } from '../rabbitmq/node.ts';
import type { LabContext, LabProcess, System, Text } from '../system.ts';

const ADMIN = { user: 'admin', password: 'admin' };

/** Users of the definitions: the variable of the password, the variable of the name, and the lab's secret behind it. */
const USERS = [
	{ user: 'hub-worker', name: 'AMQP_USER', password: 'AMQP_PASSWORD', secret: 'amqp-worker' },
	{ user: 'odoo', name: 'AMQP_ODOO_USER', password: 'AMQP_ODOO_PASSWORD', secret: 'amqp-odoo' },
	{ user: 'hub-sample', name: 'AMQP_SAMPLE_USER', password: 'AMQP_SAMPLE_PASSWORD', secret: 'amqp-sample' },
	{ user: 'hub-tap', name: 'AMQP_TAP_USER', password: 'AMQP_TAP_PASSWORD', secret: 'amqp-tap' },
] as const;

const MAPPER_LISTENS: Text = { en: "Erlang's port mapper listens", es: 'El asignador de puertos de Erlang escucha' };
const TAKES_CONNECTIONS: Text = { en: 'RabbitMQ takes connections', es: 'RabbitMQ acepta conexiones' };
const LOOK: Text = { en: 'Queues: watch purchases go by', es: 'Colas: vea pasar las compras' };
const SCREEN: Text = { en: "RabbitMQ's management", es: 'Administración de RabbitMQ' };

class RabbitSystem implements System {
	readonly name = 'rabbitmq';
	readonly ports = { amqp: 5672, management: 15672, distribution: 25672, epmd: 14369 };
	readonly packages = ['rabbitmq-server'];
	readonly commands = ['rabbitmq-server', 'epmd'];
	#server: LabProcess | undefined;
	#mapper: LabProcess | undefined;

	async ensure(ctx: LabContext): Promise<void> {
		const passwords = Object.fromEntries(USERS.map(({ password, secret }) => [password, ctx.secret(secret)]));
		const template = await readFile(TEMPLATE_FILE, 'utf8');
		await this.#node(ctx).write();
		await writeFile(
			this.#definitions(ctx),
			fillDefinitions(template, { ...passwords, AMQP_ADMIN_PASSWORD: ADMIN.password }),
			{ mode: 0o600 },
		);
	}

	async start(ctx: LabContext): Promise<void> {
		const { epmd, server } = this.#node(ctx);
		const mapper = await ctx.run({ name: 'rabbitmq-epmd', ...epmd });
		this.#mapper = mapper;
		// A server that finds no port mapper starts one that outlives it.
		await ctx.until(MAPPER_LISTENS, () => answers(ctx.port('rabbitmq', 'epmd')), { process: mapper, timeoutMs: 5_000 });
		this.#server = await ctx.run({ name: 'rabbitmq', ...server });
	}

	async ready(ctx: LabContext): Promise<void> {
		const { managementUrl } = this.#node(ctx);
		const api = management({ url: managementUrl, ...ADMIN });
		const check = `health/checks/port-listener/${ctx.port('rabbitmq', 'amqp')}`;
		await ctx.until(
			TAKES_CONNECTIONS,
			async () => (await api.request('GET', check)) !== undefined,
			this.#server === undefined ? {} : { process: this.#server },
		);
	}

	async stop(): Promise<void> {
		await this.#server?.stop({ graceMs: 10_000 });
		await this.#mapper?.stop();
	}

	variables(ctx: LabContext): Record<string, string> {
		const users = USERS.flatMap(({ user, name, password, secret }) => [
			[name, user],
			[password, ctx.secret(secret)],
		]);
		return {
			AMQP_HOST: ctx.reach,
			AMQP_PORT: String(ctx.port('rabbitmq', 'amqp')),
			AMQP_VHOST: '/',
			AMQP_MANAGEMENT_URL: this.#node(ctx).managementUrl,
			AMQP_ADMIN_USER: ADMIN.user,
			AMQP_ADMIN_PASSWORD: ADMIN.password,
			...Object.fromEntries(users),
		};
	}

	addresses(ctx: LabContext): { what: Text; url: string; user: string; password: string; hint: Text }[] {
		const url = `http://localhost:${ctx.port('rabbitmq', 'management')}/#/queues`;
		return [{ what: SCREEN, url, ...ADMIN, hint: LOOK }];
	}

	#node(ctx: LabContext): RabbitNode {
		const port = (name: keyof RabbitSystem['ports']) => ctx.port('rabbitmq', name);
		return rabbitNode({
			directory: path.join(ctx.directory, 'node'),
			host: ctx.host,
			ports: {
				amqp: port('amqp'),
				management: port('management'),
				distribution: port('distribution'),
				epmd: port('epmd'),
			},
			settings: [
				`load_definitions = ${this.#definitions(ctx)}`,
				'collect_statistics_interval = 1000', // the screen's numbers follow within a second, not five; in ms
			],
		});
	}

	#definitions(ctx: LabContext): string {
		return path.join(ctx.directory, 'definitions.json');
	}
}

function answers(port: number): Promise<boolean> {
	return Promise.reject(new Error(String(port)));
}

export const rabbitmq: System = new RabbitSystem();
