/** That a download is whole or fails, and is taken up where it broke. */
import assert from 'node:assert/strict';
import { access, type FileHandle, open, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Fault } from '../../lab/drive/faults.ts';
import { downloadFile, downloadStream } from '../../lib/drive/download.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { startDrive } from '../servers/drive.ts';

const SIZE = 1_500_001;

async function uploaded(size = SIZE) {
	const server = await startDrive();
	const client = await server.service('uploader', { idleMs: 500 });
	const parcel = await server.parcel(size);
	const file = await uploadFile(client, parcel, { save: async () => {} });
	return { server, client, file, content: await readFile(parcel.path), target: path.join(server.directory, 'target') };
}

describe('a download', () => {
	for (const size of [0, 1, SIZE]) {
		it(`of ${size} bytes is what was uploaded`, async () => {
			const { server, client, file, content, target } = await uploaded(size);
			await using _ = server;
			await downloadFile(client, file, target);
			assert.deepEqual(await readFile(target), content);
			assert.deepEqual(await buffer(downloadStream(client, file)), content);
		});
	}

	const survived: [string, Fault][] = [
		['503', { kind: 'status', status: 503 }],
		['429', { kind: 'status', status: 429 }],
		['an expired token', { kind: 'status', status: 401, reason: 'authError' }],
		['a cut at the start', { kind: 'cut' }],
		['a cut in the middle', { kind: 'cut', afterBytes: 700_000 }],
		['silence', { kind: 'silent' }],
	];
	for (const [title, fault] of survived) {
		it(`survives ${title}`, async () => {
			const { server, client, file, content } = await uploaded();
			await using _ = server;
			server.drive.faults.add('media', fault, 2);
			assert.deepEqual(await buffer(downloadStream(client, file)), content);
			assert.equal(server.drive.faults.happened.length, 2);
		});
	}

	it('takes up what an earlier process left', async () => {
		const { server, client, file, content, target } = await uploaded();
		await using _ = server;
		await writeFile(`${target}.part`, content.subarray(0, 1_000_000));
		let bytes = 0;
		await downloadFile(client, file, target, {
			onProgress: (progress) => {
				bytes ||= progress.bytes;
			},
		});
		assert.ok(bytes > 1_000_000, 'only the rest was fetched');
		assert.deepEqual(await readFile(target), content);
		await assert.rejects(access(`${target}.part`));
	});

	it('that differs from its checksum is an error, and nothing is left of it', async () => {
		const { server, client, file, target } = await uploaded();
		await using _ = server;
		server.drive.faults.add('media', { kind: 'spoil' }, 2);
		await assert.rejects(downloadFile(client, file, target), {
			code: 'DRIVE_MISMATCH',
			message: `${file.name} in Drive is not what its checksum says. Use another backup.`,
		});
		await assert.rejects(access(target));
		await assert.rejects(access(`${target}.part`));
		await assert.rejects(buffer(downloadStream(client, file)), { code: 'DRIVE_MISMATCH' });
	});

	it('of what an earlier process left spoilt is an error once, and right the next time', async () => {
		const { server, client, file, content, target } = await uploaded();
		await using _ = server;
		await writeFile(`${target}.part`, Buffer.alloc(1_000));
		await assert.rejects(downloadFile(client, file, target), { code: 'DRIVE_MISMATCH' });
		await downloadFile(client, file, target);
		assert.deepEqual(await readFile(target), content);
	});

	it('whose system writes less than it is given is whole', async (t) => {
		const { server, client, file, content, target } = await uploaded();
		await using _ = server;
		const handle = await open(target, 'w');
		const { write } = handle;
		t.mock.method(Object.getPrototypeOf(handle), 'write', function (this: FileHandle, ...args: unknown[]) {
			const [bytes, from, length, at] = args as [Buffer, number, number, number];
			return Reflect.apply(write, this, [bytes, from, Math.min(length, 10_000), at]);
		});
		await handle.close();
		await downloadFile(client, file, target);
		// Compared as a whole: a difference of so many bytes cannot be drawn.
		assert.ok((await readFile(target)).equals(content));
	});

	it('says what to do when the disk is full, and when the folder cannot be written', async () => {
		const { server, client, file, target } = await uploaded();
		await using _ = server;
		const folder = path.dirname(target);
		await symlink('/dev/full', `${target}.part`);
		await assert.rejects(downloadFile(client, file, target), {
			code: 'SPOOL_FULL',
			message: `The disk of ${folder} became full. Make room there, or name another folder; then begin again.`,
		});
		const nowhere = path.join(folder, 'nowhere', 'file');
		await assert.rejects(downloadFile(client, file, nowhere), {
			code: 'SPOOL_UNAVAILABLE',
			message: /file\.part cannot be written \(ENOENT\)\. See that .*nowhere is a folder in which/,
		});
	});

	it('is given up at once while what an earlier process left is looked at', async () => {
		const { server, client, file, target } = await uploaded();
		await using _ = server;
		const size = 512 * 1024 ** 2;
		await writeFile(`${target}.part`, '');
		await truncate(`${target}.part`, size);
		// Read to its end it would be another file than the one in Drive.
		const signal = AbortSignal.timeout(50);
		await assert.rejects(downloadFile(client, { ...file, size }, target, { signal }), { code: 'CANCELLED' });
	});

	it('is given up when it is cancelled, and when the file does not exist', async () => {
		const { server, client, file, target } = await uploaded();
		await using _ = server;
		const cancel = new AbortController();
		const options = { signal: cancel.signal, onProgress: () => cancel.abort() };
		await assert.rejects(downloadFile(client, file, target, options), { code: 'CANCELLED' });
		await assert.rejects(downloadFile(client, { ...file, id: 'none' }, target), { code: 'DRIVE_NOT_FOUND' });
	});
});
