/** Thread: encrypts a file into the spool, as a backup is while it arrives. */
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { AgeBeginning } from '../../lib/backup/age-header.ts';
import type * as encrypted from '../../lib/backup/encrypted-file.ts';
import { built } from './built.ts';

export interface EncryptTask {
	plain: string;
	/** Does not exist yet. */
	target: string;
	age: AgeBeginning;
}

/** As a backup is handed on, in bytes. */
const PIECE_BYTES = 1_048_576;

const { EncryptedFile } = await built<typeof encrypted>('lib/backup/encrypted-file.js');
const { plain, target, age } = workerData as EncryptTask;
const source = openSync(plain, 'r');
const file = await EncryptedFile.create(target, age);
const piece = Buffer.allocUnsafe(PIECE_BYTES);
for (;;) {
	const bytesRead = readSync(source, piece);
	if (bytesRead === 0) break;
	await file.write(piece.subarray(0, bytesRead));
}
parentPort?.postMessage(await file.finish());
await file.close();
closeSync(source);
