/** Starts the threads of one backup, and ends them whatever happens. */
import path from 'node:path';
import { MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import { HubError } from '../errors.ts';
import { sharedSlots } from './slots.ts';
import {
	CANCEL,
	type Fetched,
	type FetchTask,
	type FromWorker,
	type Proven,
	type ProveTask,
	unpackFailure,
} from './worker-messages.ts';

/** For a thread to end by itself after it was asked to, ms: programs that it started are ended before (`KILL_MS`). */
const GRACE_MS = 2_000;

/**
 * Of each thread's garbage collector. Gigabytes pass through buffers that die young and lie outside of what it counts;
 * a small young generation lets go of them before they force it to look through everything: a tenth less CPU and 30 MiB less
 * memory than with Node's own bound (measured).
 */
export const THREAD_LIMITS = { maxYoungGenerationSizeMb: 2 };

export type ThreadsTask = Omit<FetchTask & ProveTask, 'slots' | 'port'>;

export interface ThreadsResult {
	fetched: Fetched;
	proven: Proven;
}

/**
 * Fetches, proves, encrypts and writes: one thread receives, encrypts and writes, the other hashes and proves, and the
 * caller's is left alone. The first failure of either ends both.
 * @param received told a few times a second how many bytes came
 * @throws HubError of whichever failed; when `signal` was aborted, its reason if that is a HubError, otherwise CANCELLED
 */
export async function runThreads(
	task: ThreadsTask,
	signal: AbortSignal | undefined,
	received: (bytes: number) => void,
): Promise<ThreadsResult> {
	if (signal?.aborted) throw cancelled(signal);
	const { port1, port2 } = new MessageChannel();
	const { source, target, age, firstByteMs, idleMs, bytesPerSecond, format, startedAt, pgRestore } = task;
	const slots = sharedSlots();
	const fetchTask = { source, target, age, firstByteMs, idleMs, bytesPerSecond, slots, port: port1 };
	const proveTask = { format, startedAt, pgRestore, slots, port: port2 };
	const threads = [
		new Thread<Fetched>('fetch-worker', fetchTask satisfies FetchTask, [port1], received),
		new Thread<Proven>('prove-worker', proveTask satisfies ProveTask, [port2]),
	] as const;
	const cancel = () => {
		for (const thread of threads) thread.cancel();
	};
	signal?.addEventListener('abort', cancel, { once: true });
	try {
		const [fetching, proving] = [threads[0].result, threads[1].result];
		// A proof without the rest of the stream is ended by the fetch, which says why.
		const proven = proving.catch(async (thrown: HubError) => {
			if (thrown.code === 'CANCELLED') await fetching;
			throw thrown;
		});
		const [fetched, proof] = await Promise.all([fetching, proven]);
		return { fetched, proven: proof };
	} catch (thrown) {
		cancel();
		throw signal?.aborted ? cancelled(signal) : thrown;
	} finally {
		signal?.removeEventListener('abort', cancel);
		await Promise.all(threads.map((thread) => thread.ended()));
	}
}

/** Whoever aborts may say why, as a lost lease does. */
function cancelled({ reason }: AbortSignal): HubError {
	return reason instanceof HubError
		? reason
		: new HubError('CANCELLED', 'The backup was cancelled.', { cause: reason });
}

class Thread<Result> {
	readonly result: Promise<Result>;
	readonly #worker: Worker;
	readonly #exit: Promise<void>;
	#force: NodeJS.Timeout | undefined;

	constructor(name: string, workerData: unknown, transferList: Transferable[], received?: (bytes: number) => void) {
		// The sources run as they are, and built: beside this file lies its neighbour with the same ending.
		const file = new URL(`./${name}${path.extname(import.meta.url)}`, import.meta.url);
		this.#worker = new Worker(file, { name, workerData, transferList, resourceLimits: THREAD_LIMITS });
		this.#exit = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
		this.result = new Promise((resolve, reject) => {
			this.#worker.on('message', (message: FromWorker<Result>) => {
				if (message.kind === 'received') received?.(message.bytes);
				else if (message.kind === 'done') resolve(message.result);
				else reject(unpackFailure(message.failure));
			});
			this.#worker.once('error', (cause) => {
				reject(new HubError('INTERNAL', `The thread of the backup broke: ${(cause as Error).message}`, { cause }));
			});
			this.#worker.once('exit', () =>
				reject(new HubError('INTERNAL', 'The thread of the backup ended without a word.')),
			);
		});
		// The caller waits for both; the one that fails second is not waited for any more.
		this.result.catch(() => undefined);
	}

	/** One that does not hear it, because it waits for something that never comes, is ended by force. */
	cancel(): void {
		this.#worker.postMessage(CANCEL);
		this.#endInTime();
	}

	/** When the thread is gone, by itself or, after a while, by force. */
	async ended(): Promise<void> {
		this.#endInTime();
		await this.#exit;
		clearTimeout(this.#force);
	}

	#endInTime(): void {
		this.#force ??= setTimeout(() => void this.#worker.terminate(), GRACE_MS);
	}
}
