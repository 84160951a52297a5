import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { EncryptedFile } from '../../../lib/backup/encrypted-file.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-encrypted-file-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const PIECE = Buffer.alloc(1_048_576, 'x');
/** More than what is brought to the disk at once. */
const PIECES = 40;

async function write(name: string): Promise<{ size: number; sha256: string }> {
	const file = await EncryptedFile.create(path.join(directory, name), null);
	try {
		for (let piece = 0; piece < PIECES; piece++) await file.write(PIECE);
		return await file.finish();
	} finally {
		await file.close();
	}
}

test('a disk that fails while a backup is still being written fails the backup', async (context) => {
	const handle = await open(path.join(directory, 'any'), 'w');
	const prototype = Object.getPrototypeOf(handle) as typeof handle;
	await handle.close();
	// As of Linux: the failure is told once, to whoever asks first; the sync at the end succeeds.
	const datasync = context.mock.method(prototype, 'datasync', () =>
		Promise.reject(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })),
	);
	await assert.rejects(write('failing'), { code: 'SPOOL_UNAVAILABLE', message: /EIO/ });
	assert.equal(datasync.mock.callCount(), 1);
});

test('what is brought to the disk in parts is one whole file', async () => {
	const { size } = await write('whole');
	assert.equal(size, PIECES * PIECE.length);
	assert.ok(readFileSync(path.join(directory, 'whole')).equals(Buffer.alloc(size, 'x')));
});

test('memory that is given back after a write is nobody else’s', async () => {
	const before = Buffer.from('before it');
	const file = await EncryptedFile.create(path.join(directory, 'small'), null);
	await file.write(Buffer.from('small'));
	await file.finish();
	await file.close();
	assert.equal(before.toString(), 'before it');
	assert.equal(Buffer.from('behind it').toString(), 'behind it');
});
