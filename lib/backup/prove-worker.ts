/** Thread: hashes and proves what the other thread receives. */
import { createHash, type Hash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { proveDump, proveZip } from './proof.ts';
import { readSlots } from './slots.ts';
import { workerBody } from './worker-body.ts';
import type { Proven, ProveTask } from './worker-messages.ts';

const { format, startedAt, pgRestore, slots, port } = workerData as ProveTask;

await workerBody<Proven>(async (signal) => {
	const hash = createHash('sha256');
	const prove = format === 'zip' ? proveZip : proveDump;
	const proof = await prove(hashed(readSlots(slots, port), hash), { startedAt, pgRestore, signal });
	return { ...proof, plainSha256: hash.digest('hex') };
});

async function* hashed(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
	for await (const chunk of source) {
		hash.update(chunk);
		yield chunk;
	}
}
