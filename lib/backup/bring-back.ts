/** Brings a backup from the folder to this machine, still encrypted: believed only by its checksum and its signed record. */

import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DriveClient } from '../drive/client.ts';
import { downloadFile } from '../drive/download.ts';
import { diskFailure } from '../drive/target-file.ts';
import { HubError } from '../errors.ts';
import { readCatalogue } from './catalogue.ts';
import { type BackupRecord, recordFileName } from './record.ts';
import { parseSigned, verifyFile } from './signature.ts';
import type { Standing } from './standing.ts';

export interface Wanted {
	/** Name or id of the backup, or its id in Drive; undefined for the newest that counts. */
	backup?: string | undefined;
	/** Name or `database.uuid`; undefined where only one database lies in the folder. */
	database?: string | undefined;
}

export interface BringBackRequest {
	open(signal?: AbortSignal): Promise<{ client: DriveClient; folderId: string }>;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Names of attachments that a person accepted to be missing, by `database.uuid`: a backup that lacks only these counts. */
	accepted(databaseUuid: string): Promise<ReadonlySet<string>>;
	wanted: Wanted;
	/** Where file and record are put. */
	directory: string;
	signal: AbortSignal;
	onProgress?: (progress: { name: string; bytes: number; total: number }) => void;
	/** Default no limit. */
	bytesPerSecond?: number;
}

/** What lies on this machine now; plain JSON. */
export interface BroughtBack {
	/** Path; still encrypted. */
	file: string;
	/** Path of its signed record, beside it. */
	record: string;
	id: string;
	database: string;
	databaseUuid: string;
	format: BackupRecord['format'];
	encryption: BackupRecord['encryption'];
	startedAt: string;
	size: number;
	sha256: string;
	/** False for a dump and where attachments are missing that nobody accepted. */
	counts: boolean;
}

/** Encrypted or not, it is nobody else's. */
const FOLDER_MODE = 0o700;

/**
 * The bytes are compared with Drive's checksum and with the record; nothing of it is decrypted.
 * @throws HubError NOT_FOUND, BACKUP_UNTRUSTED saying why it is not believed, DRIVE_*, SPOOL_*, CANCELLED
 */
export async function bringBack(request: BringBackRequest): Promise<BroughtBack> {
	const { wanted, verifying, directory, signal, onProgress, bytesPerSecond } = request;
	const { client, databases } = await catalogueOf(request);
	const { file: chosen, record: its, code } = chooseBackup([...databases.values()].flat(), wanted);
	if (!its) throw new HubError('BACKUP_UNTRUSTED', `No record that could be believed lies beside ${chosen.name}.`);
	await mkdir(directory, { recursive: true, mode: FOLDER_MODE }).catch((thrown: unknown) => {
		throw diskFailure(thrown, path.join(directory, chosen.name));
	});
	// The name is the one that the signed record gives: nothing of it leads out of the directory.
	const file = path.join(directory, chosen.name);
	const recordFile = recordFileName(file);
	try {
		await downloadFile(client, its, recordFile, { signal });
		const { name } = chosen;
		await downloadFile(client, chosen, file, {
			signal,
			...(bytesPerSecond ? { bytesPerSecond } : {}),
			onProgress: ({ bytes, total }) => onProgress?.({ name, bytes, total }),
		});
		const { size, sha256, appProperties } = chosen;
		const { backup, db } = appProperties;
		const seen = { name, size, sha256, ...(backup ? { id: backup } : {}), ...(db ? { databaseUuid: db } : {}) };
		const record = verifyFile(parseSigned(await readFile(recordFile, 'utf8')), verifying, seen);
		const { id, database, databaseUuid, format, encryption, startedAt } = record;
		return {
			...{ file, record: recordFile, id, database, databaseUuid, format, encryption, startedAt, size, sha256 },
			counts: code === 'counts',
		};
	} catch (thrown) {
		// What broke off goes on next time; what is not believed does not stay.
		if (thrown instanceof HubError && thrown.code === 'BACKUP_UNTRUSTED') await discard(file);
		throw thrown;
	}
}

/** Of each database that has a backup that counts, its `database.uuid`. @throws HubError NOT_FOUND when there is none, DRIVE_*, CANCELLED */
export async function databasesInFolder(request: Omit<BringBackRequest, 'wanted' | 'directory'>): Promise<string[]> {
	const { databases } = await catalogueOf(request);
	const counting = [...databases].filter(([, standings]) => standings.some(({ code }) => code === 'counts'));
	if (counting.length > 0) return counting.map(([uuid]) => uuid);
	throw new HubError('NOT_FOUND', 'No backup that counts lies in the folder.');
}

async function catalogueOf(request: Pick<BringBackRequest, 'open' | 'verifying' | 'accepted' | 'signal'>) {
	const { verifying, accepted, signal } = request;
	const { client, folderId } = await request.open(signal);
	return { client, ...(await readCatalogue(client, { folderId, verifying, accepted, signal })) };
}

/** Removes a backup that was brought, and its record. */
export async function discard(file: string): Promise<void> {
	await rm(file, { force: true });
	await rm(recordFileName(file), { force: true });
}

/**
 * One that is named may be incomplete or database only; it must be this hub's own in any case.
 * @throws HubError NOT_FOUND, BACKUP_UNTRUSTED
 */
function chooseBackup(all: readonly Standing[], { backup, database }: Wanted): Standing {
	const backups = all
		.filter(({ code, file, signed }) => {
			if (code === 'record') return false;
			const named = backup !== undefined && [file.name, file.id, signed?.id].includes(backup);
			if (named || database === undefined) return true;
			return [file.appProperties['db'], signed?.database].includes(database);
		})
		.toSorted((a, b) => b.createdAt - a.createdAt);
	if (backup !== undefined) return named(backups, backup);
	const counting = backups.filter(({ code }) => code === 'counts');
	const [newest] = counting;
	if (!newest) {
		const standing = backups.map(({ file, code }) => `${file.name}: ${code}`).slice(0, 3);
		const lying = standing.length > 0 ? ` What lies there does not count: ${standing.join('; ')}.` : '';
		throw new HubError('NOT_FOUND', `No backup that counts lies in the folder.${lying}`);
	}
	const names = new Set(counting.map(({ signed }) => signed?.database));
	if (names.size > 1) {
		throw new HubError('CONFIG_INVALID', `Say which database: backups of ${[...names].join(', ')} lie in the folder.`);
	}
	return newest;
}

function named(backups: readonly Standing[], backup: string): Standing {
	const found = backups.find(({ file, signed }) => [file.name, file.id, signed?.id].includes(backup));
	if (!found) throw new HubError('NOT_FOUND', `No such backup lies in the folder: ${backup}.`);
	if (found.signed && found.code !== 'rejected' && found.code !== 'duplicate') return found;
	throw new HubError(
		'BACKUP_UNTRUSTED',
		`${found.file.name} is not to be trusted: ${found.code}. Nothing of it was opened.`,
	);
}
