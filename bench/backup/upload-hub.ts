/** One upload in a process of its own, as a hub does it; prints what it took as JSON. `upload-hub.ts <UploadTask as JSON>` */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as header from '../../lib/backup/age-header.ts';
import type * as threads from '../../lib/backup/threads.ts';
import type * as clients from '../../lib/drive/client.ts';
import type * as uploads from '../../lib/drive/upload.ts';
import { built } from './built.ts';
import type { EncryptTask } from './encrypt-worker.ts';

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

const { beginAge } = await built<typeof header>('lib/backup/age-header.js');
const { THREAD_LIMITS } = await built<typeof threads>('lib/backup/threads.js');
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
	const workerData: EncryptTask = { plain, target, age: await beginAge([recipient]) };
	const worker = new Worker(new URL('./encrypt-worker.ts', import.meta.url), {
		workerData,
		resourceLimits: THREAD_LIMITS,
	});
	const [written] = await once(worker, 'message');
	return written as { size: number; sha256: string };
}
