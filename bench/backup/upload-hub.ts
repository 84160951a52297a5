/**
 * One upload as a hub that runs does it, in a process of its own that has brought a small file before; prints what it took
 * as JSON. `upload-hub.ts <UploadTask as JSON>`
 */
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
	/** Path of what is to be uploaded. */
	file: string;
	/** Path of a small file that is brought first. */
	before: string;
	/** What a backup's record says of a file that lies in the spool already; undefined: it is encrypted first. */
	spooled?: Spooled;
	/** Folder. */
	spool: string;
	/** `age1…` */
	recipient: string;
	folderId: string;
	/** Path of a service account's key. */
	keyFile: string;
}

export interface Spooled {
	size: number;
	/** Hex. */
	sha256: string;
}

export interface UploadFigures {
	/** From the plain file to the synced one in the spool; 0 for what lies there. */
	encryptMs: number;
	/** From there to the file in Drive, compared and marked. */
	uploadMs: number;
	/** User and system of the whole process meanwhile, in ms: of all its threads, those that ended included. */
	cpuMs: number;
}

const { beginAge } = await built<typeof header>('lib/backup/age-header.js');
const { THREAD_LIMITS } = await built<typeof threads>('lib/backup/threads.js');
const { openDrive } = await built<typeof clients>('lib/drive/client.js');
const { uploadFile } = await built<typeof uploads>('lib/drive/upload.js');

const { file, before, spooled, spool, recipient, folderId, keyFile } = JSON.parse(
	process.argv[2] ?? '{}',
) as UploadTask;

await bring(before);
console.log(JSON.stringify(await bring(file, spooled)));

async function bring(file: string, spooled?: Spooled): Promise<UploadFigures> {
	const id = randomUUID();
	const target = path.join(spool, id);
	const cpu = process.cpuUsage();
	const begin = performance.now();
	const digest = spooled ?? (await encrypt(file, target));
	const encryptedAt = performance.now();
	const client = await openDrive({ account: { kind: 'service-account', key: await readFile(keyFile, 'utf8') } });
	const place = { path: spooled ? file : target, name: `${id}.zip.age`, folderId };
	await uploadFile(client, { ...place, ...digest, id, kind: 'backup' }, { save: async () => undefined });
	const uploadedAt = performance.now();
	await rm(target, { force: true });
	const { user, system } = process.cpuUsage(cpu);
	return { encryptMs: encryptedAt - begin, uploadMs: uploadedAt - encryptedAt, cpuMs: (user + system) / 1_000 };
}

async function encrypt(plain: string, target: string): Promise<Spooled> {
	const workerData: EncryptTask = { plain, target, age: await beginAge([recipient]) };
	const worker = new Worker(new URL('./encrypt-worker.ts', import.meta.url), {
		workerData,
		resourceLimits: THREAD_LIMITS,
	});
	const [written] = await once(worker, 'message');
	return written as Spooled;
}
