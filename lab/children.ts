/**
 * The processes of one lab: started in groups of their own with a log and a pid file each, found again by a later lab
 * when this one was killed, ended together.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../lib/errors.ts';
import { accountOf } from './accounts.ts';
import {
	endAll,
	groupMembers,
	identify,
	isRunning,
	MARK,
	marked,
	type ProcessIdentity,
	signalTo,
} from './processes.ts';
import type { LabProcess, RunOptions } from './system.ts';

/** What a process may take to end after SIGTERM, in ms; RabbitMQ closes its queues in about 2 s on a slow machine. */
const STOP_GRACE_MS = 5_000;

/** What a command of `execute` may take unless it says otherwise, in ms. */
const EXECUTE_TIMEOUT_MS = 60_000;

/** How much of a log's end is shown when something fails, in lines. */
const TAIL_LINES = 15;

/** Output of `execute` beyond this many bytes is dropped from the front: it only serves to explain a failure. */
const OUTPUT_LIMIT = 1024 * 1024;

/** The last lines of a log, for the message of an error; empty when there is none. */
export async function tailOf(file: string, lines = TAIL_LINES): Promise<string> {
	const text = await readFile(file, 'utf8').catch(() => '');
	return text.trimEnd().split('\n').slice(-lines).join('\n');
}

export class Children {
	readonly #root: string;
	readonly #labDirectory: string;
	readonly #running = new Set<LabProcess>();
	/** Told when a process ends that nobody asked to end. */
	onLoss: ((loss: { name: string; how: string; logFile: string }) => void) | undefined;

	/** @param labDirectory absolute; its value marks the environment of every process started here */
	constructor(root: string, labDirectory: string) {
		this.#root = root;
		this.#labDirectory = labDirectory;
	}

	get #runDirectory(): string {
		return path.join(this.#labDirectory, 'run');
	}

	#environment(options: RunOptions, home: string | undefined): NodeJS.ProcessEnv {
		return {
			PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
			LANG: process.env.LANG ?? 'C.UTF-8',
			HOME: home ?? process.env.HOME ?? '/',
			...options.env,
			[MARK]: this.#labDirectory,
		};
	}

	/** Ends what an earlier lab of this directory left running; resolves with how many processes there were. */
	async endLeftovers(): Promise<number> {
		const files = await readdir(this.#runDirectory).catch(() => [] as string[]);
		const groups = new Set<number>();
		for (const file of files.filter((name) => name.endsWith('.json'))) {
			const identity = await readIdentity(path.join(this.#runDirectory, file));
			// A group keeps its number while a member lives, so an ended leader's number cannot be a stranger's group
			// only if the leader itself still runs; members that outlived their leader are found by their mark.
			if (identity !== undefined && (await isRunning(identity))) groups.add(identity.pid);
		}
		const list = async () => [
			...new Set([...(groups.size > 0 ? await groupMembers(groups) : []), ...(await marked(this.#labDirectory))]),
		];
		const ended = await endAll(list, STOP_GRACE_MS);
		for (const file of files) await rm(path.join(this.#runDirectory, file), { force: true });
		return ended;
	}

	/** Starts a process; see `LabContext.run`. */
	async run(options: RunOptions & { name: string }): Promise<LabProcess> {
		const account = options.user === undefined ? undefined : await accountOf(options.user);
		const logFile = path.join(this.#labDirectory, 'log', `${options.name}.log`);
		await mkdir(path.dirname(logFile), { recursive: true });
		await mkdir(this.#runDirectory, { recursive: true });
		const log = await open(logFile, 'w');
		const child = spawn(options.command, options.args ?? [], {
			cwd: options.cwd ?? this.#root,
			env: this.#environment(options, account?.home),
			detached: true,
			stdio: ['ignore', log.fd, log.fd],
			...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
		});
		const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
			child.once('exit', (code, signal) => resolve({ code, signal }));
		});
		try {
			await once(child, 'spawn');
		} catch (thrown) {
			throw cannotStart(options, thrown);
		} finally {
			await log.close();
		}
		const pid = child.pid as number;
		const pidFile = path.join(this.#runDirectory, `${options.name}.json`);
		const identity = await identify(pid);
		if (identity !== undefined) {
			await writeFile(pidFile, `${JSON.stringify({ ...identity, name: options.name, command: options.command })}\n`);
		}
		let asked = false;
		void exited.then(({ code, signal }) => {
			if (!asked) this.onLoss?.({ name: options.name, how: signal ?? `code ${code}`, logFile });
		});
		const stop: LabProcess['stop'] = async ({ signal = 'SIGTERM', graceMs = STOP_GRACE_MS } = {}) => {
			asked = true;
			if (child.exitCode === null && child.signalCode === null) {
				signalTo(pid, signal);
				await Promise.race([exited, delay(graceMs, undefined, { ref: false })]);
			}
			await endAll(() => groupMembers(new Set([pid])), signal === 'SIGKILL' ? 0 : 500);
			await rm(pidFile, { force: true });
			this.#running.delete(started);
		};
		const started: LabProcess = { pid, logFile, exited, stop };
		this.#running.add(started);
		return started;
	}

	/** Runs a command to its end; see `LabContext.execute`. */
	async execute(
		options: RunOptions & { timeoutMs?: number; input?: string; signal?: AbortSignal },
	): Promise<{ stdout: string; stderr: string }> {
		const account = options.user === undefined ? undefined : await accountOf(options.user);
		const timeoutMs = options.timeoutMs ?? EXECUTE_TIMEOUT_MS;
		const child = spawn(options.command, options.args ?? [], {
			cwd: options.cwd ?? this.#root,
			env: this.#environment(options, account?.home),
			detached: true,
			stdio: ['pipe', 'pipe', 'pipe'],
			...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
		});
		const output = { stdout: '', stderr: '' };
		for (const stream of ['stdout', 'stderr'] as const) {
			child[stream].setEncoding('utf8').on('data', (chunk: string) => {
				output[stream] = (output[stream] + chunk).slice(-OUTPUT_LIMIT);
			});
		}
		child.stdin.on('error', () => {}); // a command that does not read its input closes it: EPIPE says nothing new
		child.stdin.end(options.input ?? '');
		let reason = '';
		const end = (why: string) => {
			reason ||= why;
			if (child.pid !== undefined) signalTo(-child.pid, 'SIGKILL');
		};
		const timer = setTimeout(() => end(`took longer than ${timeoutMs} ms`), timeoutMs);
		const cancel = () => end('was cancelled');
		options.signal?.addEventListener('abort', cancel, { once: true });
		try {
			const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
			if (reason === '' && code === 0) return output;
			// Compilers say what is wrong on standard output.
			const said = `${output.stdout}\n${output.stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
			const how = reason || (signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
			throw new HubError('INTERNAL', `${options.command} ${how}${said ? `:\n${said}` : ''}`);
		} catch (thrown) {
			throw thrown instanceof HubError ? thrown : cannotStart(options, thrown);
		} finally {
			clearTimeout(timer);
			options.signal?.removeEventListener('abort', cancel);
		}
	}

	/** Ends everything that still runs, whatever became of the systems' own `stop`. */
	async endAll(graceMs = STOP_GRACE_MS): Promise<void> {
		await Promise.all([...this.#running].map((child) => child.stop({ graceMs })));
		await endAll(() => marked(this.#labDirectory), graceMs);
	}
}

function cannotStart(options: RunOptions, thrown: unknown): HubError {
	const why = thrown instanceof Error ? thrown.message : String(thrown);
	return new HubError('INTERNAL', `${options.command} cannot be started: ${why}`, { cause: thrown });
}

async function readIdentity(file: string): Promise<ProcessIdentity | undefined> {
	try {
		return JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity;
	} catch {
		return undefined; // half-written when the lab was killed: the process is found by its mark
	}
}

/** Writes a file that only its owner can read. */
export async function writePrivate(file: string, text: string): Promise<void> {
	await writeFile(file, text, { mode: 0o600 });
	await chmod(file, 0o600);
}
