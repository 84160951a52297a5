/** One upload in a process of its own, as a hub does it; prints what it took as JSON. `upload-hub.ts <UploadTask as JSON>` */
import { randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type * as header from '../../lib/backup/age-header.ts';
import type * as encrypted from '../../lib/backup/encrypted-file.ts';
import type * as clients from '../../lib/drive/client.ts';
import type * as uploads from '../../lib/drive/upload.ts';
import { built } from './built.ts';

export interface UploadTask {
	/** Path of what is to be encrypted and uploaded. */
	plain: string;
	/** Folder. */
	spool: string;
	/** `age1…` */
	recipient: string;
	folderId: string;
	/** Path of a service account's key. */
	keyFile: string;
}

export interface UploadFigures {
	/** From the plain file to the synced one in the spool. */
	encryptMs: number;
	/** From there to the file in Drive, compared and marked. */
	uploadMs: number;
	/** User and system, of all threads, of both. */
	cpuMs: number;
}

/** As a backup is handed on while it is fetched, in bytes. */
const PIECE_BYTES = 1_048_576;

const { beginAge } = await built<typeof header>('lib/backup/age-header.js');
const { EncryptedFile } = await built<typeof encrypted>('lib/backup/encrypted-file.js');
const { openDrive } = await built<typeof clients>('lib/drive/client.js');
const { uploadFile } = await built<typeof uploads>('lib/drive/upload.js');

const { plain, spool, recipient, folderId, keyFile } = JSON.parse(process.argv[2] ?? '{}') as UploadTask;
const client = await openDrive({ account: { kind: 'service-account', key: await readFile(keyFile, 'utf8') } });
const id = randomUUID();
const target = path.join(spool, id);

const cpu = process.cpuUsage();
const begin = performance.now();
const digest = await encrypt();
const encryptedAt = performance.now();
const parcel = { path: target, name: `${id}.zip.age`, folderId, ...digest, id, kind: 'backup' } as const;
await uploadFile(client, parcel, { save: async () => undefined });
const uploadedAt = performance.now();
const { user, system } = process.cpuUsage(cpu);
await rm(target);
const figures: UploadFigures = {
	encryptMs: encryptedAt - begin,
	uploadMs: uploadedAt - encryptedAt,
	cpuMs: (user + system) / 1_000,
};
console.log(JSON.stringify(figures));

async function encrypt(): Promise<{ size: number; sha256: string }> {
	const source = await open(plain);
	const file = await EncryptedFile.create(target, await beginAge([recipient]));
	const piece = Buffer.allocUnsafe(PIECE_BYTES);
	for (;;) {
		const { bytesRead } = await source.read(piece);
		if (bytesRead === 0) break;
		await file.write(piece.subarray(0, bytesRead));
	}
	const written = await file.finish();
	await file.close();
	await source.close();
	return written;
}
