/** What lies in the Drive folder, database by database, each file with what it is worth. */

import type { DriveClient } from '../drive/client.ts';
import { downloadStream } from '../drive/download.ts';
import type { DriveFile } from '../drive/file.ts';
import { findFiles } from '../drive/files.ts';
import { toHubError } from '../errors.ts';
import type { BackupRecord } from './record.ts';
import { parseSigned, verifyRecord } from './signature.ts';
import { type Standing, standings } from './standing.ts';

export interface CatalogueQuestion {
	folderId: string;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Narrows to one database, by Odoo's `database.uuid`. */
	databaseUuid?: string;
	/** Names of attachments that are accepted to be missing, by database. */
	accepted?: (databaseUuid: string) => Promise<ReadonlySet<string>>;
	signal?: AbortSignal;
}

export interface Catalogue {
	/** As Drive lists them, what lies in the trash left out. */
	files: DriveFile[];
	/** Records whose signature holds, by the id of their file. */
	records: Map<string, BackupRecord>;
	/** By `database.uuid`, newest first. */
	databases: Map<string, Standing[]>;
}

/** A record names every table and every missing attachment; a larger file is none. In bytes. */
const RECORD_MAX_BYTES = 16 * 1_048_576;

/** @throws HubError DRIVE_*, CANCELLED; `KEY_INVALID` when a given key is none */
export async function readCatalogue(client: DriveClient, question: CatalogueQuestion): Promise<Catalogue> {
	const { folderId, verifying, databaseUuid, accepted, signal } = question;
	const properties: Record<string, string> = databaseUuid === undefined ? {} : { db: databaseUuid };
	const files = await findFiles(client, { folderId, properties }, signal);
	const records = new Map<string, BackupRecord>();
	for (const file of files) {
		if (file.appProperties['kind'] !== 'record' || file.size > RECORD_MAX_BYTES) continue;
		const record = await readRecord(client, file, verifying, signal);
		if (record) records.set(file.id, record);
	}
	const databases = new Map<string, Standing[]>();
	for (const uuid of new Set(files.map(({ appProperties }) => appProperties['db'] ?? ''))) {
		if (uuid === '') continue;
		const its = files.filter(({ appProperties }) => appProperties['db'] === uuid);
		const names = (await accepted?.(uuid)) ?? new Set<string>();
		databases.set(uuid, standings({ files: its, records, databaseUuid: uuid, accepted: names }));
	}
	return { files, records, databases };
}

/** Null for one that is not believed: its backup then counts for nothing, and is said to be `unsigned`, or `unverified` while Drive does not tell its checksum. */
async function readRecord(
	client: DriveClient,
	file: DriveFile,
	verifying: readonly string[],
	signal: AbortSignal | undefined,
): Promise<BackupRecord | null> {
	const chunks: Buffer[] = [];
	try {
		for await (const chunk of downloadStream(client, file, signal ? { signal } : {})) chunks.push(chunk as Buffer);
		return verifyRecord(parseSigned(Buffer.concat(chunks).toString('utf8')), verifying);
	} catch (thrown) {
		// Removed between listing and reading, or changed by somebody: both mean that it cannot be believed.
		if (['BACKUP_UNTRUSTED', 'DRIVE_NOT_FOUND', 'DRIVE_MISMATCH'].includes(toHubError(thrown).code)) return null;
		throw thrown;
	}
}
