/** Brings a finished backup and its record to the Drive folder, and lets the spool go only when both were compared there. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DriveClient } from '../drive/client.ts';
import type { DriveFile } from '../drive/file.ts';
import { type Parcel, type UploadProgress, type UploadState, uploadFile } from '../drive/upload.ts';
import type { StoredSecrets } from '../store/secrets.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRuns } from './runs.ts';
import type { Spool } from './spool.ts';

export interface ParcelOptions {
	client: DriveClient;
	/** Where the sessions of uploads are kept: the `passing` ones. */
	sessions: StoredSecrets;
	signal?: AbortSignal;
	onProgress?: (progress: UploadProgress) => void;
	/** Default no limit. */
	bytesPerSecond?: number;
	/** As in `UploadOptions`. */
	chunkBytes?: number;
}

export interface SendOptions extends ParcelOptions {
	folderId: string;
	runs: Pick<BackupRuns, 'release'>;
	spool: Pick<Spool, 'release'>;
}

export interface SentBackup {
	file: DriveFile;
	record: DriveFile;
}

/**
 * The record goes first: from the moment in which the file is verified the backup counts.
 * @throws HubError DRIVE_*, `STORE_UNAVAILABLE`, `CANCELLED`; the spool is untouched then, and another call goes on
 */
export async function sendBackup(claim: ClaimCheck, options: SendOptions): Promise<SentBackup> {
	const { folderId, runs, spool } = options;
	const content = await readFile(claim.record);
	const common = { folderId, id: claim.id, databaseUuid: claim.databaseUuid };
	const record = await sendParcel(
		{
			...common,
			kind: 'record',
			path: claim.record,
			name: path.basename(claim.record),
			size: content.length,
			sha256: createHash('sha256').update(content).digest('hex'),
			mimeType: 'application/json',
		},
		{ ...options, onProgress: () => undefined },
	);
	const file = await sendParcel(
		{
			...common,
			kind: 'backup',
			path: claim.file,
			name: path.basename(claim.file),
			size: claim.size,
			sha256: claim.sha256,
		},
		options,
	);
	// In this order: of a process that dies in between, the next start removes the file.
	await runs.release(claim.id);
	await spool.release(claim.file);
	return { file, record };
}

/** One file; its session is kept, so that another process goes on where this one died. @throws as `uploadFile` */
export async function sendParcel(parcel: Parcel, options: ParcelOptions): Promise<DriveFile> {
	const { client, sessions, signal, onProgress, bytesPerSecond, chunkBytes } = options;
	const key = sessionKey(parcel);
	const kept = await sessions.get(key);
	return uploadFile(client, parcel, {
		state: kept === undefined ? undefined : (JSON.parse(kept) as UploadState),
		save: (state) => (state ? sessions.set(key, JSON.stringify(state)) : sessions.delete(key)),
		...(signal ? { signal } : {}),
		...(onProgress ? { onProgress } : {}),
		...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
		...(chunkBytes === undefined ? {} : { chunkBytes }),
	});
}

/** One folder and another are two uploads of the same file. */
function sessionKey({ id, kind, folderId }: Parcel): string {
	return `upload/${folderId}/${id}/${kind}`;
}
