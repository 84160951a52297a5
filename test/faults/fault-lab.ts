/** Workers as processes that are killed, and an SMTP server that knows how many mails it has in DATA at this moment. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../lab/smtp-script.ts';
import { parkedQueue, retryQueue } from '../../lib/amqp/mail-queues.ts';
import { Ledger } from '../../lib/mail/ledger.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import type { WorkerState } from '../../lib/mail/worker-state.ts';
import { openStore } from '../../lib/store/store.ts';
import { aMessage, type MailLab, receivedIds, to, until } from '../mail-lab.ts';
import { full } from '../seed.ts';
import type { WorkerProcessOptions } from './worker-process.ts';

/** Connections of every worker here; at most so many mails may be doubtful after a kill. */
export const POOL = 10;

/** What a relay takes to answer the final dot, in ms. */
const DOT_MS = 50;

export const someIds = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

/** Orders to many domains, so that a row of refusals would show. */
export const orders = (ids: string[]): JsonObject[] =>
	ids.map((id, index) => aMessage(id, to(`a@supplier${index % 50}.test`)));

/** Counts the mails whose final dot has come and that were not answered yet. */
export class Gauge {
	inData = 0;

	readonly dot: Step = async () => {
		this.inData++;
		await delay(DOT_MS);
		this.inData--;
		return '250 2.0.0 Ok: queued as LAB1';
	};
}

export class WorkerProcess {
	readonly #child: ChildProcess;
	/** As told last. */
	state: Pick<WorkerState, 'phase' | 'underWay' | 'problem' | 'counts'>;

	constructor(options: WorkerProcessOptions) {
		this.#child = fork(path.join(import.meta.dirname, 'worker-process.ts'), [JSON.stringify(options)], {
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		});
		const counts = { sent: 0, retried: 0, parked: 0, discarded: 0, duplicates: 0 };
		this.state = { phase: 'stopped', underWay: 0, problem: null, counts };
		this.#child.on('message', (state: WorkerState) => {
			this.state = state;
		});
	}

	get running(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** Stands still from now on, with all its connections open, or goes on. */
	signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
		this.#child.kill(signal);
	}

	/** SIGKILL at this very moment; resolves when the process is gone. */
	async kill(): Promise<void> {
		if (!this.running) return;
		const exited = once(this.#child, 'exit');
		this.#child.kill('SIGKILL');
		await exited;
	}
}

export interface Workers {
	/** Starts one more; `way` is the worker's own way to the broker, through a proxy for example. */
	start(way?: Partial<WorkerProcessOptions['broker']>): WorkerProcess;
	ledgerCounts(): ReturnType<Ledger['counts']>;
}

/** Starts workers on the lab; what still runs at the end of the test is killed. */
export async function workerProcesses(
	t: TestContext,
	lab: MailLab,
	options: Pick<WorkerProcessOptions, 'onUnknown' | 'leaseMs'> & { pool?: number; storeUrl?: string },
): Promise<Workers> {
	const directory = await mkdtemp(path.join(tmpdir(), 'hub-faults-'));
	const started: WorkerProcess[] = [];
	t.after(async () => {
		await Promise.all(started.map((worker) => worker.kill()));
		await rm(directory, { recursive: true, force: true });
	});
	const storeOptions = options.storeUrl ? { url: options.storeUrl } : { file: path.join(directory, 'store.sqlite') };
	const ledgerCounts = async () => {
		const store = await openStore(storeOptions);
		try {
			return await (await Ledger.open(store)).counts();
		} finally {
			await store.close();
		}
	};
	const start = (way: Partial<WorkerProcessOptions['broker']> = {}) => {
		const worker = new WorkerProcess({
			broker: { ...lab.test.options(lab.vhost), ...way },
			topology: lab.topology,
			smtpPort: lab.smtp.port,
			pool: options.pool ?? POOL,
			store: storeOptions,
			onUnknown: options.onUnknown,
			...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
		});
		started.push(worker);
		return worker;
	};
	return { start, ledgerCounts };
}

/** Mails that lie parked, by key and reason. */
export async function parkedIds(lab: MailLab): Promise<{ id: string; reason: string }[]> {
	const reader = await lab.parkedReader();
	const { mails } = await reader.list({ limit: 1_000 });
	return mails.map(({ key, reason }) => ({ id: key.slice(key.indexOf('/') + 1), reason }));
}

export interface Figures {
	/** Mails that arrived more often than once, each further copy counted. */
	duplicates: number;
	/** Parked because it is not known whether they went out. */
	unknown: number;
	/** Neither arrived nor parked. */
	lost: number;
}

/** What became of these mails, also printed beside the test. */
export async function figures(t: TestContext, lab: MailLab, ids: string[], kills = 0): Promise<Figures> {
	const received = receivedIds(lab.smtp).filter((id) => ids.includes(id));
	const parked = await parkedIds(lab);
	const found = new Set([...received, ...parked.map(({ id }) => id)]);
	const result: Figures = {
		duplicates: received.length - new Set(received).size,
		unknown: parked.filter(({ reason }) => reason === 'SMTP_UNKNOWN').length,
		lost: ids.filter((id) => !found.has(id)).length,
	};
	const { duplicates, unknown, lost } = result;
	t.diagnostic(
		`mails ${ids.length}, kills ${kills}, duplicates ${duplicates}, parked as unknown ${unknown}, lost ${lost}`,
	);
	return result;
}

/** Twice what the slowest case takes: the full counts, and a broker that looks for a missing queue every 180 s; in ms. */
const SETTLE_TIMEOUT_MS = full(400_000, 60_000);

/** So long must nothing change before all counts as settled, in ms: a message on its way between two queues is in neither. */
const STABLE_MS = 700;

/** Resolves when every one of these mails has arrived or is parked, and nothing is under way any more. */
export async function settled(
	lab: MailLab,
	worker: { state: Pick<WorkerState, 'underWay'> },
	ids: string[],
): Promise<void> {
	const { queue, levels } = lab.topology;
	const queues = [queue, ...levels.map(({ name }) => retryQueue(queue, name))];
	const quiet = async (): Promise<boolean> => {
		const arrived = new Set(receivedIds(lab.smtp));
		const parked = await lab.depth(parkedQueue(queue));
		const depths = await Promise.all(queues.map((name) => lab.depth(name)));
		const open = ids.filter((id) => !arrived.has(id)).length;
		return open <= parked && worker.state.underWay === 0 && depths.every((depth) => depth === 0);
	};
	let since = Date.now();
	const stable = async (): Promise<boolean> => {
		// A broker or a queue that is not back yet cannot be asked.
		if (!(await quiet().catch(() => false))) since = Date.now();
		return Date.now() - since >= STABLE_MS;
	};
	await until('all mails have found their place', stable, SETTLE_TIMEOUT_MS);
}
