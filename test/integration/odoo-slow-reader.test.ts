/** A backup that is read more slowly than Odoo sends it: nobody is taken for dead because of it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openManagerBackup } from '../../lib/odoo/manager.ts';
import { MASTER_PASSWORD, startManager } from '../servers/odoo-manager.ts';

/** More than the buffers of the sockets and streams between the two hold, so that Odoo has to wait. In bytes. */
const SIZE = 24_000_000;
const IDLE_MS = 300;
/** Pauses of the reader; each is longer than a silence of Odoo may be. */
const PAUSES = 3;

test('a reader that is slow is no server that is silent', async (t) => {
	const odoo = await startManager(t);
	const content = randomBytes(SIZE);
	odoo.databases.content = content;
	const backup = { database: 'clinica', format: 'zip', idleMs: IDLE_MS } as const;
	const stream = await openManagerBackup({ url: odoo.url, masterPassword: MASTER_PASSWORD }, backup);
	const hash = createHash('sha256');
	let [bytes, pauses] = [0, 0];
	for await (const piece of stream as AsyncIterable<Buffer>) {
		hash.update(piece);
		bytes += piece.length;
		if (bytes <= (pauses * SIZE) / PAUSES) continue;
		pauses += 1;
		await delay(2 * IDLE_MS);
	}
	assert.deepEqual([bytes, pauses], [SIZE, PAUSES]);
	assert.equal(hash.digest('hex'), createHash('sha256').update(content).digest('hex'));
});
