/** That the client of Drive waits as long as Drive asks for, and never longer than its own bound. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Operation } from '../../lab/drive/faults.ts';
import { failureOf } from '../../lib/drive/failure.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';

const SIZE = 3 * 256 * 1024;
const OPTIONS = { chunkBytes: 256 * 1024, save: async () => {} };

/** In s; the header knows no less. Pauses of the client's own end after some ms here. */
const ASKED = 1;

/** Refuses the first such call with `Retry-After`; gives what passed from the refusal to the next one, in ms. */
function refusedOnce({ drive }: DriveServer, refused: Operation, retryAfter: () => number | string): () => number {
	const times: number[] = [];
	drive.faults.random = (operation) => {
		if (operation !== refused && !(refused === 'chunk' && operation === 'ask')) return undefined;
		times.push(performance.now());
		return times.length === 1 ? { kind: 'status', status: 429, retryAfter: retryAfter() } : undefined;
	};
	return () => (times[1] ?? Number.NaN) - (times[0] ?? Number.NaN);
}

describe('Retry-After', () => {
	for (const operation of ['list', 'session', 'chunk'] as const) {
		it(`is waited for at ${operation}`, async () => {
			await using server = await startDrive();
			const client = await server.service('uploader', { patience: { minMs: 1, maxMs: 60_000, failures: 3 } });
			const waited = refusedOnce(server, operation, () => ASKED);
			await uploadFile(client, await server.parcel(SIZE), OPTIONS);
			// A timer may fire a fraction of a millisecond early.
			assert.ok(waited() >= ASKED * 1_000 - 2, `${waited()} ms`);
		});
	}

	it('is waited for when it is a date', async () => {
		await using server = await startDrive();
		const client = await server.service('uploader', { patience: { minMs: 1, maxMs: 60_000, failures: 3 } });
		const waited = refusedOnce(server, 'session', () => new Date(Date.now() + 2_000).toUTCString());
		await uploadFile(client, await server.parcel(SIZE), OPTIONS);
		// A date knows whole seconds only.
		assert.ok(waited() >= 1_000 - 2, `${waited()} ms`);
	});

	it('that is a date of the past, or nothing of the kind, asks for no pause', () => {
		const asked = (retryAfter: string) => failureOf({ status: 429, body: null, retryAfter }).retryAfterMs;
		assert.equal(asked('Sun, 06 Nov 1994 08:49:37 GMT'), 0);
		for (const nothing of ['', '-1', 'soon', 'GMT', '1e3']) assert.equal(asked(nothing), undefined, nothing);
	});

	it('of an hour is cut to the longest pause', { timeout: 30_000 }, async () => {
		await using server = await startDrive();
		const waited = refusedOnce(server, 'session', () => 3_600);
		await uploadFile(await server.service(), await server.parcel(SIZE), OPTIONS);
		assert.ok(waited() > 0);
	});
});
