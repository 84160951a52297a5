/**
 * Brings a backup with its record, or any other file of a flow, to the Drive folder, by one hub at a time. Only what this hub
 * made itself is taken from the spool, and removed there.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { throwIfCancelled } from '../cancelled.ts';
import type { DriveClient } from '../drive/client.ts';
import type { DriveFile } from '../drive/file.ts';
import { findFiles, markState } from '../drive/files.ts';
import type { Parcel, UploadProgress } from '../drive/upload.ts';
import { HubError } from '../errors.ts';
import { holdLease } from '../store/held-lease.ts';
import type { Sealer } from '../store/sealed.ts';
import { storedSecrets } from '../store/secrets.ts';
import type { Store } from '../store/store.ts';
import type { ClaimCheck } from './record.ts';
import { BackupRuns } from './runs.ts';
import { type ParcelOptions, sendBackup, sendParcel } from './send.ts';
import { Spool } from './spool.ts';
import { uploadPath } from './upload-folders.ts';
import type { FileRequest } from './upload-request.ts';

export interface UploadTools {
	/** The client and the id of the folder, with the account as it is now. */
	open(signal: AbortSignal): Promise<{ client: DriveClient; folderId: string }>;
	store(): Promise<Store>;
	sealer(): Sealer;
	/** Unique to the process. */
	owner: string;
	/** From where files may be taken that are no spooled backups. */
	folders: readonly string[];
	bytesPerSecond?: number;
	chunkBytes?: number;
}

export interface UploadWatch {
	signal: AbortSignal;
	onProgress(progress: UploadProgress): void;
}

/** What lies in the folder now, compared. */
export interface Uploaded {
	/** Of the backup, or of the file. */
	id: string;
	kind: 'backup' | 'file';
	/** In Drive. */
	name: string;
	size: number;
	sha256: string;
	/** Drive's id of the file. */
	driveId: string;
	/** By Drive's clock, ISO 8601. */
	createdTime: string;
	/** True when the spool was released by this upload. */
	released: boolean;
	database?: string;
	databaseUuid?: string;
	complete?: boolean;
}

/** A hub that died holds its files for so long, in ms; another one waits. */
const LEASE_MS = 15_000;
/** Of a made id: enough against chance, short enough for Google. */
const ID_CHARACTERS = 40;

/**
 * @throws HubError `NOT_FOUND` when the spooled file is gone and not in Drive either (its run then failed after all),
 * `FORBIDDEN` for files of a claim check that this hub does not know, DRIVE_*, STORE_*, `CANCELLED`
 */
export async function uploadBackup(tools: UploadTools, claim: ClaimCheck, watch: UploadWatch): Promise<Uploaded> {
	const store = await tools.store();
	return alone(store, `upload backup ${claim.id}`, tools.owner, watch.signal, async (signal) => {
		const runs = await BackupRuns.open(store, { owner: tools.owner });
		const known = (await runs.unreleased<ClaimCheck>()).find(({ id }) => id === claim.id);
		const own = known !== undefined && known.file === claim.file && known.sha256 === claim.sha256;
		const drive = await tools.open(signal);
		const options = { ...drive, ...(await parcelOptions(tools, drive.client, { ...watch, signal })) };
		const { database, databaseUuid, complete } = claim;
		const told = (file: DriveFile) => ({ ...uploaded(claim.id, 'backup', file), database, databaseUuid, complete });
		if (await exists(claim.file)) {
			if (!own) return { ...told(await sendForeign(claim, tools, options)), released: false };
			const spool = await Spool.open(path.dirname(known.file));
			const { file } = await sendBackup(known, { ...options, runs, spool });
			return { ...told(file), released: true };
		}
		const there = await alreadyThere(drive, claim, signal);
		if (there) return { ...told(there), released: own && (await runs.release(claim.id)) };
		const text = `${path.basename(claim.file)} is gone from the spool and not in the folder: make a new backup.`;
		if (own) await runs.spoolLost(claim.id, text);
		throw new HubError('NOT_FOUND', text);
	});
}

/** @throws HubError `NOT_FOUND`, DRIVE_*, STORE_*, `CANCELLED` */
export async function uploadPlainFile(tools: UploadTools, request: FileRequest, watch: UploadWatch): Promise<Uploaded> {
	const { file, mimeType } = request;
	const name = request.name ?? path.basename(file);
	const { size, sha256 } = await digest(file, watch.signal);
	const id = request.id ?? createHash('sha256').update(`${name}\0${sha256}`).digest('hex').slice(0, ID_CHARACTERS);
	const store = await tools.store();
	return alone(store, `upload file ${id}`, tools.owner, watch.signal, async (signal) => {
		const { client, folderId } = await tools.open(signal);
		const parcel: Parcel = { path: file, name, folderId, size, sha256, id, kind: 'file' };
		const options = await parcelOptions(tools, client, { ...watch, signal });
		const sent = await sendParcel(mimeType ? { ...parcel, mimeType } : parcel, options);
		return { ...uploaded(id, 'file', sent), released: false };
	});
}

async function parcelOptions(
	{ store, sealer, bytesPerSecond, chunkBytes }: UploadTools,
	client: DriveClient,
	watch: UploadWatch,
): Promise<ParcelOptions> {
	const { passing } = await storedSecrets(await store(), sealer());
	return {
		...{ client, sessions: passing, ...watch },
		...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
		...(chunkBytes === undefined ? {} : { chunkBytes }),
	};
}

/** Of a claim check that is not in the store anybody may have written the paths: nothing is removed for it. */
async function sendForeign(
	claim: ClaimCheck,
	{ folders }: UploadTools,
	options: ParcelOptions & { folderId: string },
): Promise<DriveFile> {
	const file = await uploadPath(claim.file, folders);
	const record = await uploadPath(claim.record, folders);
	const nothing = { runs: { release: async () => false }, spool: { release: async () => {} } };
	return (await sendBackup({ ...claim, file, record }, { ...options, ...nothing })).file;
}

/** What an earlier attempt brought before its process died. */
async function alreadyThere(
	{ client, folderId }: { client: DriveClient; folderId: string },
	{ id, sha256 }: ClaimCheck,
	signal: AbortSignal,
): Promise<DriveFile | undefined> {
	const properties = { backup: id, kind: 'backup' };
	const found = await findFiles(client, { folderId, properties, rejected: false }, signal);
	const file = found.find((one) => one.sha256 === sha256);
	if (!file || file.appProperties['state'] === 'verified') return file;
	return markState(client, file.id, 'verified', signal);
}

/** One of several hubs, or of several nodes, sends a file at a time; the others wait and find it there. */
function alone<T>(
	store: Store,
	name: string,
	owner: string,
	signal: AbortSignal,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	return holdLease(store, name, { owner, ttlMs: LEASE_MS, signal }, work);
}

function uploaded(
	id: string,
	kind: Uploaded['kind'],
	{ name, size, sha256, id: driveId, createdTime }: DriveFile,
): Omit<Uploaded, 'released'> {
	return { id, kind, name, size, sha256, driveId, createdTime };
}

async function digest(file: string, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
	const hash = createHash('sha256');
	let size = 0;
	try {
		for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>) {
			hash.update(chunk);
			size += chunk.length;
		}
	} catch (thrown) {
		throwIfCancelled(signal);
		const { code = 'no code' } = thrown as NodeJS.ErrnoException;
		throw new HubError('NOT_FOUND', `The file ${path.basename(file)} cannot be read (${code}).`, { cause: thrown });
	}
	return { size, sha256: hash.digest('hex') };
}

async function exists(file: string): Promise<boolean> {
	try {
		await stat(file);
		return true;
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw new HubError('SPOOL_UNAVAILABLE', `The spool cannot be read (${(thrown as NodeJS.ErrnoException).code}).`, {
			cause: thrown,
		});
	}
}
