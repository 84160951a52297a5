/**
 * A RabbitMQ node of one's own on this machine: the files it starts from and the commands that start it. It shares
 * nothing with a RabbitMQ that the machine may already run: own directory, own ports, own port mapper (epmd), own cookie.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { endpoint, LOOPBACK } from '../endpoint.ts';

/** Loopback TCP ports of one node; all four are taken while it runs. */
export interface RabbitPorts {
	amqp: number;
	/** HTTP: management screen and API. */
	management: number;
	/** Erlang's own protocol between nodes and tools. */
	distribution: number;
	/** Erlang's port mapper. */
	epmd: number;
}

export interface RabbitNodeOptions {
	/** Where everything of the node lies; made if missing. With `root`: as seen from inside it. */
	directory: string;
	ports: RabbitPorts;
	/** Address for AMQP and management. Default 127.0.0.1; the other two never leave loopback. */
	host?: string;
	/** Lines added to rabbitmq.conf, e.g. `load_definitions = …`. */
	settings?: readonly string[];
	/** Files that `settings` name, by their name in `directory`. */
	files?: Readonly<Record<string, string>>;
	/** Erlang settings of the application `rabbit` that rabbitmq.conf has no name for. */
	applicationSettings?: Readonly<Record<string, number>>;
	/** A Debian root that holds another version (`lab/rabbitmq/version4.ts`); default: this machine's own packages. */
	root?: string;
}

/** A command of a node. Each stays in the foreground and is the process to signal. */
export interface RabbitCommand {
	command: string;
	args: string[];
	env: Record<string, string>;
}

export interface RabbitNode {
	readonly ports: RabbitPorts;
	/** Base of the management API, without a slash at the end. */
	readonly managementUrl: string;
	/** Where the directory lies as seen from outside a `root`. */
	readonly directory: string;
	/** Must answer before the server starts. */
	readonly epmd: RabbitCommand;
	/** SIGTERM ends it in order; SIGKILL is what a power cut is. */
	readonly server: RabbitCommand;
	/** rabbitmqctl for this node, e.g. `control('set_disk_free_limit', '50000000')`; its virtual machine takes seconds to start. */
	control(...args: string[]): RabbitCommand;
	/** Writes configuration; keeps data that is already there. */
	write(): Promise<void>;
}

const PROGRAMS = '/usr/lib/rabbitmq/bin';

/**
 * Idle schedulers sleep instead of spinning (several nodes share few cores here), and the distribution port stays on
 * loopback, where RABBITMQ_DIST_PORT alone would open it on every address.
 */
const ERLANG_ARGUMENTS = '+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}';

/** Describes a node; nothing is written or started yet. */
export function rabbitNode({
	directory,
	ports,
	host = LOOPBACK,
	settings = [],
	files = {},
	applicationSettings = {},
	root,
}: RabbitNodeOptions): RabbitNode {
	const outside = root === undefined ? directory : path.join(root, directory);
	const configuration = [
		`listeners.tcp.1 = ${host}:${ports.amqp}`,
		`management.tcp.ip = ${host}`,
		`management.tcp.port = ${ports.management}`,
		'log.console = true',
		'log.console.level = info',
		'log.file = false',
		...settings,
	];
	const application = Object.entries(applicationSettings).map(([key, value]) => `-rabbit ${key} ${value}`);
	const env = {
		HOME: directory, // the cookie is made there
		ERL_EPMD_PORT: String(ports.epmd),
		ERL_EPMD_ADDRESS: '127.0.0.1',
		ERL_CRASH_DUMP_SECONDS: '0',
		RABBITMQ_CONF_ENV_FILE: `${directory}/none`, // else /etc/rabbitmq/rabbitmq-env.conf of the machine's own broker
		RABBITMQ_NODENAME: `hub${ports.amqp}@localhost`,
		RABBITMQ_MNESIA_BASE: `${directory}/data`,
		RABBITMQ_LOG_BASE: `${directory}/log`,
		RABBITMQ_GENERATED_CONFIG_DIR: `${directory}/generated`,
		RABBITMQ_CONFIG_FILE: `${directory}/rabbitmq.conf`,
		RABBITMQ_ADVANCED_CONFIG_FILE: `${directory}/none.config`,
		RABBITMQ_ENABLED_PLUGINS_FILE: `${directory}/enabled_plugins`,
		RABBITMQ_PID_FILE: `${directory}/pid`,
		RABBITMQ_DIST_PORT: String(ports.distribution),
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [ERLANG_ARGUMENTS, ...application].join(' '),
		RABBITMQ_ALLOW_INPUT: '1', // replaces the shell by the server, so that signals reach it; -noinput takes the prompt away
	};
	const inRoot = (command: string, ...args: string[]): RabbitCommand =>
		root === undefined ? { command, args, env } : { ...enter(root, command, args), env };
	return {
		ports,
		managementUrl: endpoint(host, ports.management).url,
		directory: outside,
		epmd: inRoot('epmd', '-port', String(ports.epmd), '-address', '127.0.0.1'),
		server: inRoot(`${PROGRAMS}/rabbitmq-server`, '-noinput'),
		control: (...args) => inRoot(`${PROGRAMS}/rabbitmqctl`, '--quiet', ...args),
		async write() {
			await mkdir(outside, { recursive: true });
			await writeFile(path.join(outside, 'rabbitmq.conf'), `${configuration.join('\n')}\n`, { mode: 0o600 });
			for (const [name, text] of Object.entries(files)) {
				await writeFile(path.join(outside, name), text, { mode: 0o600 });
			}
			await writeFile(path.join(outside, 'enabled_plugins'), '[rabbitmq_management].\n');
		},
	};
}

/** Runs a command inside a Debian root with a /proc of its own, which Erlang reads its memory limits from. Needs root. */
function enter(root: string, command: string, args: string[]): { command: string; args: string[] } {
	const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
	return { command: 'unshare', args: ['--mount', 'sh', '-c', script, root, command, ...args] };
}

/** True when something on loopback takes TCP connections on the port. */
export function isListening(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection(port, '127.0.0.1');
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => resolve(false));
	});
}
