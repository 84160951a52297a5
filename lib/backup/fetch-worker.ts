/** Thread: receives a backup, hands it to the thread that proves it, encrypts it and writes it. */
import { workerData } from 'node:worker_threads';
import { Pace } from '../pace.ts';
import { EncryptedFile } from './encrypted-file.ts';
import { SlotWriter } from './slots.ts';
import { openWatched } from './watched.ts';
import { workerBody } from './worker-body.ts';
import type { Fetched, FetchTask } from './worker-messages.ts';

/** Between two words about the progress, ms: nobody reads faster. */
const PROGRESS_MS = 250;

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
	const output = await EncryptedFile.create(task.target, task.age);
	try {
		const source = await openWatched(task.source, { signal, firstByteMs: task.firstByteMs, idleMs: task.idleMs });
		const plainSize = await pump(source, writer, output, signal, received);
		return { ...(await output.finish()), plainSize };
	} finally {
		await output.close();
	}
}

/** Fills slots; each full one is proven there and encrypted here at the same time. */
async function pump(
	source: AsyncIterable<Buffer>,
	writer: SlotWriter,
	output: EncryptedFile,
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
		const flushed = used;
		bytes += flushed;
		used = 0;
		if (Date.now() - toldAt >= PROGRESS_MS) {
			toldAt = Date.now();
			received(bytes);
		}
		await pace.take(flushed, signal);
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
