/** That the client of Drive waits as long as Drive asks for, and never longer than its own bound. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Operation } from '../../lab/drive/faults.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';

const SIZE = 3 * 256 * 1024;
const OPTIONS = { chunkBytes: 256 * 1024, save: async () => {} };

/** In s; the header knows no less. Pauses of the client's own end after some ms here. */
const ASKED = 1;

/** Refuses the first such call with `Retry-After`; gives what passed from the refusal to the next one, in ms. */
function refusedOnce({ drive }: DriveServer, refused: Operation, retryAfter: number): () => number {
	const times: number[] = [];
	drive.faults.random = (operation) => {
		if (operation !== refused && !(refused === 'chunk' && operation === 'ask')) return undefined;
		times.push(performance.now());
		return times.length === 1 ? { kind: 'status', status: 429, retryAfter } : undefined;
	};
	return () => (times[1] ?? Number.NaN) - (times[0] ?? Number.NaN);
}

describe('Retry-After', () => {
	for (const operation of ['list', 'session', 'chunk'] as const) {
		it(`is waited for at ${operation}`, async () => {
			await using server = await startDrive();
			const client = await server.service('uploader', { patience: { minMs: 1, maxMs: 60_000, failures: 3 } });
			const waited = refusedOnce(server, operation, ASKED);
			await uploadFile(client, await server.parcel(SIZE), OPTIONS);
			// A timer may fire a fraction of a millisecond early.
			assert.ok(waited() >= ASKED * 1_000 - 2, `${waited()} ms`);
		});
	}

	it('of an hour is cut to the longest pause', { timeout: 30_000 }, async () => {
		await using server = await startDrive();
		const waited = refusedOnce(server, 'session', 3_600);
		await uploadFile(await server.service(), await server.parcel(SIZE), OPTIONS);
		assert.ok(waited() > 0);
	});
});
