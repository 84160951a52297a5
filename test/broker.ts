/**
 * Real RabbitMQ for tests: `sharedBroker()` for whoever needs a virtual host of its own, `startBroker()` for tests that
 * kill it. Both end, and take their directory away, with the process that asked for them, however that ends.
 * RABBITMQ_VERSION=4 runs the same tests on RabbitMQ 4 (`lab/rabbitmq/version4.ts`).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../lab/ports.ts';
import { type Management, management } from '../lab/rabbitmq/management.ts';
import {
	isListening,
	type RabbitCommand,
	type RabbitNode,
	type RabbitPorts,
	rabbitNode,
} from '../lab/rabbitmq/node.ts';
import { rabbitmq4Root } from '../lab/rabbitmq/version4.ts';

const execute = promisify(execFile);

/** A start takes 5 s alone and was seen to take 25 s on two cores that others load; in ms. */
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 50;

/** Names the ports of a broker that the test run started for all its files, as JSON. */
const SHARED_VARIABLE = 'TEST_RABBITMQ_PORTS';

/** The administrator of every test broker. */
export const ADMIN = { user: 'admin', password: 'admin' } as const;

export interface TestUser {
	user: string;
	password: string;
}

export class TestBroker {
	readonly host = '127.0.0.1';
	readonly port: number;
	readonly ports: RabbitPorts;
	readonly management: Management;

	constructor(ports: RabbitPorts) {
		this.ports = ports;
		this.port = ports.amqp;
		this.management = management({ url: `http://127.0.0.1:${ports.management}`, ...ADMIN });
	}

	/** A virtual host of the test's own, with all rights for the administrator; deleted after the test. */
	async vhost(t: Pick<TestContext, 'after'>, name: string = `test-${randomUUID().slice(0, 8)}`): Promise<string> {
		await this.management.request('PUT', `vhosts/${encodeURIComponent(name)}`, {});
		t.after(async () => {
			await this.management.request('DELETE', `vhosts/${encodeURIComponent(name)}`);
		});
		return name;
	}

	/** A user with these rights (regular expressions, default none) in one virtual host; deleted after the test. */
	async user(
		t: Pick<TestContext, 'after'>,
		vhost: string,
		options: { user?: string; password?: string; configure?: string; write?: string; read?: string } = {},
	): Promise<TestUser> {
		const { user = `user-${randomUUID().slice(0, 8)}`, password = 'secret', ...rights } = options;
		await this.management.request('PUT', `users/${encodeURIComponent(user)}`, { password, tags: '' });
		await this.management.request('PUT', this.management.of('permissions', vhost, user), {
			configure: rights.configure ?? '^$',
			write: rights.write ?? '^$',
			read: rights.read ?? '^$',
		});
		t.after(async () => {
			await this.management.request('DELETE', `users/${encodeURIComponent(user)}`);
		});
		return { user, password };
	}

	/** What `new Broker(…)` needs to reach a virtual host, as the administrator unless told otherwise. */
	options(vhost: string, user: TestUser = ADMIN): { host: string; port: number; vhost: string } & TestUser {
		return { host: this.host, port: this.port, vhost, user: user.user, password: user.password };
	}
}

/** A broker that its test may stop, kill and start again; its data survives that. */
export class OwnBroker extends TestBroker {
	readonly #node: RabbitNode;
	readonly #watchdog: ChildProcess;
	readonly #children = new Map<'epmd' | 'server', ChildProcess>();

	constructor(node: RabbitNode) {
		super(node.ports);
		this.#node = node;
		// Reads the pids as they change; its input ends with this process, however that ends.
		const script = 'while read -r line; do pids=$line; done; kill -9 $pids 2>/dev/null; sleep 0.2; rm -rf "$0"';
		this.#watchdog = spawn('sh', ['-c', script, node.directory], {
			detached: true,
			stdio: ['pipe', 'ignore', 'ignore'],
		});
		this.#watchdog.unref();
		unrefStream(this.#watchdog.stdin);
	}

	/** Starts it and waits until it takes AMQP connections. */
	async start(): Promise<void> {
		await this.#node.write();
		if (!this.#children.has('epmd')) {
			await this.#spawn('epmd', this.#node.epmd);
			await this.#until('epmd listens', () => isListening(this.ports.epmd));
		}
		await this.#spawn('server', this.#node.server);
		await this.#until('RabbitMQ takes connections', async () => {
			const answer = await this.management
				.request('GET', `health/checks/port-listener/${this.port}`)
				.catch(() => undefined);
			return answer !== undefined;
		});
	}

	/** SIGKILL, as in a power cut; resolves when it is gone. */
	async kill(): Promise<void> {
		await this.#end('server', 'SIGKILL');
	}

	/** Stops it in order; its data stays for `start`. */
	async stop(): Promise<void> {
		await this.#end('server', 'SIGTERM');
	}

	/** Runs rabbitmqctl, e.g. `control('set_disk_free_limit', '100000000000000')`, which raises an alarm. */
	async control(...args: string[]): Promise<void> {
		const { command, args: all, env } = this.#node.control(...args);
		await execute(command, all, { env: environment(env) });
	}

	/** Freezes or thaws the process: connections stay open and say nothing. */
	signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
		this.#children.get('server')?.kill(signal);
	}

	async #spawn(name: 'epmd' | 'server', { command, args, env }: RabbitCommand): Promise<void> {
		const log = await open(this.#log(name), 'a');
		const child = spawn(command, args, {
			env: environment(env),
			detached: true,
			stdio: ['ignore', log.fd, log.fd],
		});
		child.unref();
		await once(child, 'spawn');
		await log.close();
		this.#children.set(name, child);
		child.once('exit', () => this.#forget(name, child));
		this.#tellWatchdog();
	}

	#forget(name: 'epmd' | 'server', child: ChildProcess): void {
		if (this.#children.get(name) === child) this.#children.delete(name);
		this.#tellWatchdog();
	}

	#tellWatchdog(): void {
		this.#watchdog.stdin?.write(`${[...this.#children.values()].map(({ pid }) => pid).join(' ')}\n`);
	}

	async #end(name: 'epmd' | 'server', signal: NodeJS.Signals): Promise<void> {
		const child = this.#children.get(name);
		if (child === undefined) return;
		const exited = once(child, 'exit');
		child.ref();
		child.kill(signal);
		await exited;
	}

	async #until(what: string, check: () => Promise<boolean>): Promise<void> {
		for (const deadline = Date.now() + START_TIMEOUT_MS; ; await delay(POLL_MS)) {
			if (await check()) return;
			const ended = !this.#children.has('epmd') || (what.startsWith('RabbitMQ') && !this.#children.has('server'));
			if (!ended && Date.now() < deadline) continue;
			const log = (await readFile(this.#log('server'), 'utf8').catch(() => '')).split('\n').slice(-30).join('\n');
			throw new Error(`${ended ? 'It ended' : 'Time is up'} before ${what}:\n${log}`);
		}
	}

	#log(name: string): string {
		return path.join(this.#node.directory, `${name}.log`);
	}
}

export interface StartOptions {
	/** Further lines of rabbitmq.conf; `directory` is where `files` lie as the broker sees them. */
	settings?: (directory: string) => string[];
	files?: Record<string, string>;
}

/** A broker of the test's own, started. */
export async function startBroker(options: StartOptions = {}): Promise<OwnBroker> {
	const root = process.env['RABBITMQ_VERSION'] === '4' ? await rabbitmq4Root() : undefined;
	const made = await mkdtemp(path.join(root ? path.join(root, 'srv') : tmpdir(), 'hub-rabbitmq-'));
	const directory = root ? path.join('/', path.relative(root, made)) : made;
	const ports = {
		amqp: await freePort(),
		management: await freePort(),
		distribution: await freePort(),
		epmd: await freePort(),
	};
	const settings = [
		`default_user = ${ADMIN.user}`,
		`default_pass = ${ADMIN.password}`,
		'collect_statistics_interval = 500', // queue lengths in the management API follow this, in ms
		...(options.settings?.(directory) ?? []),
	];
	const broker = new OwnBroker(
		rabbitNode({
			directory,
			ports,
			settings,
			files: options.files ?? {},
			...(root ? { root } : {}),
			// How long a dead letter that found no queue waits before it is tried again: 180,000 ms unless told otherwise.
			applicationSettings: { dead_letter_worker_publisher_confirm_timeout: 1_000 },
		}),
	);
	await broker.start();
	return broker;
}

/** Starts the broker that all files of this test run share; it ends with this process. */
export async function shareBroker(): Promise<void> {
	process.env[SHARED_VARIABLE] = JSON.stringify((await startBroker()).ports);
}

let shared: Promise<TestBroker> | undefined;

/** The broker of this test run, or of this process where no run started one. Use a virtual host of your own; never kill it. */
export function sharedBroker(): Promise<TestBroker> {
	const ports = process.env[SHARED_VARIABLE];
	shared ??= ports === undefined ? startBroker() : Promise.resolve(new TestBroker(JSON.parse(ports) as RabbitPorts));
	return shared;
}

function environment(env: Record<string, string>): NodeJS.ProcessEnv {
	return { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LANG: 'C.UTF-8', ...env };
}

function unrefStream(stream: unknown): void {
	(stream as { unref?: () => void } | null)?.unref?.();
}
