/** The processes of the mail bench: a real broker, the sink, and the worker that is measured. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'amqplib';
import { ADMIN, type TestBroker } from '../../test/broker.ts';
import type { WorkerOptions } from './setting.ts';
import type { SinkOptions, SinkReport } from './sink.ts';

/** Longer than any measured run takes; in ms. */
const RUN_TIMEOUT_MS = 180_000;
const POLL_MS = 50;

const SAMPLE = join(import.meta.dirname, '../../contracts/vectors/good/purchase-full.json');

export class Sink {
	readonly port: number;
	readonly accepted: { id: string; at: number }[] = [];
	readonly #child: ChildProcess;

	constructor(child: ChildProcess, port: number) {
		this.#child = child;
		this.port = port;
		child.on('message', (report: SinkReport) => {
			if ('accepted' in report) this.accepted.push(...report.accepted);
		});
	}

	static async start(options: SinkOptions): Promise<Sink> {
		const child = fork(join(import.meta.dirname, 'sink.ts'), [JSON.stringify(options)]);
		const [report] = (await once(child, 'message')) as [SinkReport];
		if (!('port' in report)) throw new Error('The sink named no port');
		return new Sink(child, report.port);
	}

	/** Resolves when so many different mails have arrived. */
	async until(count: number): Promise<void> {
		for (const deadline = Date.now() + RUN_TIMEOUT_MS; new Set(this.accepted.map(({ id }) => id)).size < count; ) {
			if (Date.now() > deadline) throw new Error(`${this.accepted.length} of ${count} mails arrived in time`);
			await wait(POLL_MS);
		}
	}

	/** Resolves when nothing has arrived for so long, in ms. */
	async quiet(idleMs: number): Promise<void> {
		for (let seen = -1; this.accepted.length !== seen; ) {
			seen = this.accepted.length;
			await wait(idleMs);
		}
	}

	/** When the last mail was accepted, in ms since epoch. */
	get lastAt(): number {
		return Math.max(...this.accepted.map(({ at }) => at));
	}

	/** How many of these mails never arrived. */
	lost(ids: readonly string[]): number {
		const arrived = new Set(this.accepted.map(({ id }) => id));
		return ids.filter((id) => !arrived.has(id)).length;
	}

	/** Mails a second between the first tenth, in which everything warms up, and the last. */
	rate(): number {
		const times = this.accepted.map(({ at }) => at).toSorted((a, b) => a - b);
		const skipped = Math.floor(times.length / 10);
		const seconds = ((times.at(-1) ?? 0) - (times[skipped] ?? 0)) / 1000;
		return (times.length - 1 - skipped) / seconds;
	}

	stop(): void {
		this.#child.kill('SIGKILL');
	}
}

export function startWorker(script: string, options: WorkerOptions): ChildProcess {
	return fork(join(import.meta.dirname, script), [JSON.stringify(options)]);
}

/** A queue of the run's own, filled with purchases; gives their ids. */
export async function fillQueue(amqp: string, queue: string, count: number, type = 'quorum'): Promise<string[]> {
	const { message: sample } = JSON.parse(await readFile(SAMPLE, 'utf8')) as { message: Record<string, unknown> };
	const connection = await connect(amqp);
	const channel = await connection.createConfirmChannel();
	await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
	const ids: string[] = [];
	for (let n = 0; n < count; n++) {
		const id = randomUUID();
		ids.push(id);
		channel.sendToQueue(queue, Buffer.from(JSON.stringify({ ...sample, id })), { persistent: true, messageId: id });
	}
	await channel.waitForConfirms();
	await connection.close();
	return ids;
}

/** Calls `use` with a virtual host and a directory of its own. */
export async function inScratch<T>(
	broker: TestBroker,
	use: (scratch: { amqp: string; directory: string }) => Promise<T>,
): Promise<T> {
	const ends: (() => Promise<void> | void)[] = [];
	const directory = await mkdtemp(join(tmpdir(), 'clinic-hub-bench-'));
	try {
		const vhost = await broker.vhost({ after: (end) => void ends.push(end as () => Promise<void>) });
		const { user, password } = ADMIN;
		const amqp = `amqp://${user}:${password}@${broker.host}:${broker.port}/${encodeURIComponent(vhost)}`;
		return await use({ amqp, directory });
	} finally {
		for (const end of ends) await end();
		await rm(directory, { recursive: true, force: true });
	}
}
