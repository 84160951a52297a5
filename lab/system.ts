/** What a system of the lab is, and what the lab lends it. One file a system in `lab/systems/`, listed in `lab/systems.ts`. */
import type { Log } from '../lib/log.ts';
import type { Endpoint } from './endpoint.ts';

/** A sentence for the person at the terminal, in both languages. */
export interface Text {
	en: string;
	es: string;
}

/** A row of the table that closes the start: where a person looks. */
export interface Address {
	what: Text;
	/** As a person opens it, see `LabContext.endpoint`. */
	url: string;
	user?: string;
	password?: string;
	/** What to do there; short. */
	hint?: Text;
}

export interface System {
	/** Unique, lower case with hyphens; what `--only` names. */
	readonly name: string;
	/** Systems that must be ready before this one starts. Default none: it starts beside the others. */
	readonly needs?: readonly string[];
	/** TCP ports by name, before `--port-offset`; checked to be free before anything starts. */
	readonly ports: Readonly<Record<string, number>>;
	/** Names of the ports that stay on loopback whatever `--host` says. Default none. */
	readonly loopback?: readonly string[];
	/** Debian packages without which `ensure` cannot do its work. Default none. */
	readonly packages?: readonly string[];
	/** Commands (looked up on the PATH and in /usr/sbin) that stand for the packages on other systems than Debian. */
	readonly commands?: readonly string[];
	/** Modules of Python that stand for the packages there, too. Default none. */
	readonly modules?: readonly string[];
	/** Makes configuration and data. Idempotent and, the second time, fast. Nothing runs when it returns. */
	ensure(ctx: LabContext): Promise<void>;
	/** Starts the processes; does not wait until they answer. */
	start(ctx: LabContext): Promise<void>;
	/** Waits until the system does its work (not only listens); throws `TIMEOUT` naming its log. */
	ready(ctx: LabContext): Promise<void>;
	/** Ends what `start` began, gracefully; whatever is left in its process groups is killed by the lab afterwards. */
	stop(ctx: LabContext): Promise<void>;
	/** Environment variables by which the hub and the acceptance test reach it (`AMQP_PORT`, `SMTP_HOST`, …). Called after `ensure`. */
	variables?(ctx: LabContext): Record<string, string>;
	/** Rows of the closing table. */
	addresses?(ctx: LabContext): Address[];
}

export interface RunOptions {
	/** Names log (`log/<name>.log`) and pid file (`run/<name>.json`); default the system's name. */
	name?: string;
	command: string;
	args?: readonly string[];
	/** Added to the lab's own environment (PATH, HOME, LANG and the mark by which the lab finds what it started). */
	env?: Record<string, string>;
	/** Default: the root of the checkout. */
	cwd?: string;
	/** Only as root: the account that the process runs as, e.g. `postgres`. */
	user?: string;
}

export interface LabProcess {
	readonly pid: number;
	readonly logFile: string;
	/** Settles when it has ended. */
	readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
	/** Signals the process, waits, then kills its whole group. Default SIGTERM and 5,000 ms. */
	stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<void>;
}

export interface LabContext {
	/** Root of the checkout. */
	readonly root: string;
	/** This system's own directory below the lab's (`.lab/<name>`); exists. */
	readonly directory: string;
	/** The lab's directory, `.lab` or HUB_LAB_DIR. */
	readonly labDirectory: string;
	readonly log: Log;
	/** Aborted when the lab is asked to end; every wait honours it. */
	readonly signal: AbortSignal;
	/** What the lab was called with. */
	readonly options: { fresh: boolean; language: 'en' | 'es' };
	/** The port of a system with the offset added: `port('rabbitmq', 'amqp')`. */
	port(system: string, name: string): number;
	/** Where that port is: on loopback unless `--host` opens it. */
	endpoint(system: string, name: string): Endpoint;
	/** A random password (URL-safe, 24 characters) made once a lab and kept in it (mode 0600). */
	secret(name: string): string;
	/** Variables of every system of this start, see `System.variables`; complete once the systems that one `needs` are ready. */
	variables(): Record<string, string>;
	/** One line for the person at the terminal. */
	progress(text: Text): void;
	/** The text in the person's language; for messages of errors. */
	words(text: Text): string;
	/** Starts a process in a group of its own, its output in its log; it is ended with the lab. */
	run(options: RunOptions): Promise<LabProcess>;
	/** Runs a command to its end and gives its output; throws `INTERNAL` with the tail of what it said. Default at most 60,000 ms. */
	execute(options: RunOptions & { timeoutMs?: number; input?: string }): Promise<{ stdout: string; stderr: string }>;
	/** Polls until `check` gives something other than undefined or false; names the log when time is up. A throw counts as "not yet". */
	until<T>(
		what: Text,
		check: (signal: AbortSignal) => Promise<T | undefined | false>,
		options?: { timeoutMs?: number; process?: LabProcess },
	): Promise<T>;
	/** A directory that `user` owns and can reach, below the lab's where possible (a checkout in /root is closed to others). */
	directoryFor(user: string, name: string): Promise<string>;
}
