/** Thread: receives a backup, hands it to the thread that proves it, encrypts it and writes it. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { AgeEncryptor } from './age.ts';
import { SlotWriter } from './slots.ts';
import { spoolFailure } from './spool.ts';
import { openWatched } from './watched.ts';
import { workerBody } from './worker-body.ts';
import type { Fetched, FetchTask } from './worker-messages.ts';

/** Readable by the hub's account only. */
const FILE_MODE = 0o600;

/** Between two words about the progress, ms: nobody reads faster. */
const PROGRESS_MS = 250;

/** What is written: encrypted, hashed, one write at a time behind the next piece's encryption. */
class Output {
	readonly #file: FileHandle;
	readonly #encryptor: AgeEncryptor | null;
	readonly #hash = createHash('sha256');
	#writing: Promise<unknown> = Promise.resolve();
	size = 0;

	constructor(file: FileHandle, encryptor: AgeEncryptor | null) {
		this.#file = file;
		this.#encryptor = encryptor;
	}

	/** `plain` may be changed once the call is through; it waits for the disk when that is slower. */
	async write(plain: Buffer): Promise<void> {
		await this.#put(this.#encryptor ? this.#encryptor.push(plain) : [Buffer.from(plain)]);
	}

	async finish(): Promise<{ size: number; sha256: string }> {
		if (this.#encryptor) await this.#put(this.#encryptor.finish());
		await this.#writing;
		await this.#file.sync().catch(asSpoolFailure);
		return { size: this.size, sha256: this.#hash.digest('hex') };
	}

	async #put(buffers: Buffer[]): Promise<void> {
		for (const buffer of buffers) {
			this.#hash.update(buffer);
			this.size += buffer.length;
		}
		await this.#writing;
		if (buffers.length === 0) return;
		this.#writing = writeAll(this.#file, buffers).catch(asSpoolFailure);
		// Whoever waits for it next gets the failure.
		this.#writing.catch(() => undefined);
	}
}

/** Keeps the mean rate below a bound. */
class Pace {
	readonly #bytesPerMs: number;
	readonly #begin = performance.now();

	/** @param bytesPerSecond 0 for no bound */
	constructor(bytesPerSecond: number) {
		this.#bytesPerMs = bytesPerSecond / 1_000;
	}

	/** Waits until that many bytes may have come. */
	async after(bytes: number, signal: AbortSignal): Promise<void> {
		if (this.#bytesPerMs === 0) return;
		const ahead = this.#begin + bytes / this.#bytesPerMs - performance.now();
		if (ahead > 0) await wait(ahead, undefined, { signal });
	}
}

/** The system may take less than it is given, as it does when the disk becomes full. */
async function writeAll(file: FileHandle, buffers: Buffer[]): Promise<void> {
	const { bytesWritten } = await file.writev(buffers);
	const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
	if (bytesWritten < size) await file.writeFile(Buffer.concat(buffers).subarray(bytesWritten));
}

const task = workerData as FetchTask;

await workerBody<Fetched>(async (cancelled, received) => {
	const writer = new SlotWriter(task.slots, task.port);
	try {
		const result = await fetchAll(writer, cancelled, received);
		writer.end('whole');
		return result;
	} catch (thrown) {
		writer.end('failed');
		throw cancelled.aborted ? cancelled.reason : thrown;
	}
});

async function fetchAll(writer: SlotWriter, signal: AbortSignal, received: (bytes: number) => void): Promise<Fetched> {
	const encryptor = task.age ? new AgeEncryptor(task.age) : null;
	const file = await open(task.target, 'wx', FILE_MODE).catch(asSpoolFailure);
	try {
		const output = new Output(file, encryptor);
		const source = await openWatched(task.source, { signal, firstByteMs: task.firstByteMs, idleMs: task.idleMs });
		const plainSize = await pump(source, writer, output, signal, received);
		return { ...(await output.finish()), plainSize };
	} finally {
		await file.close();
	}
}

/** Fills slots; each full one is proven there and encrypted here at the same time. */
async function pump(
	source: AsyncIterable<Buffer>,
	writer: SlotWriter,
	output: Output,
	signal: AbortSignal,
	received: (bytes: number) => void,
): Promise<number> {
	const pace = new Pace(task.bytesPerSecond);
	let slot = await writer.take(signal);
	let used = 0;
	let bytes = 0;
	let toldAt = 0;
	const flush = async () => {
		writer.send(used);
		await output.write(slot.subarray(0, used));
		bytes += used;
		used = 0;
		if (Date.now() - toldAt >= PROGRESS_MS) {
			toldAt = Date.now();
			received(bytes);
		}
		await pace.after(bytes, signal);
	};
	for await (const chunk of source) {
		for (let at = 0; at < chunk.length; ) {
			if (used === slot.length) {
				await flush();
				slot = await writer.take(signal);
			}
			const count = Math.min(chunk.length - at, slot.length - used);
			slot.set(chunk.subarray(at, at + count), used);
			used += count;
			at += count;
		}
	}
	signal.throwIfAborted();
	if (used > 0) await flush();
	received(bytes);
	return bytes;
}

function asSpoolFailure(thrown: unknown): never {
	throw spoolFailure(thrown);
}
