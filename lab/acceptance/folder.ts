/** The folder in Google Drive, as Drive's API shows it. */
import { Environment } from '../../cli/environment.ts';
import { readCatalogue } from '../../lib/backup/catalogue.ts';
import type { BackupRecord } from '../../lib/backup/record.ts';
import type { DriveClient } from '../../lib/drive/client.ts';
import { downloadFile } from '../../lib/drive/download.ts';
import type { DriveFile } from '../../lib/drive/file.ts';
import { findFiles } from '../../lib/drive/files.ts';
import type { Folder } from '../../lib/drive/folder.ts';
import { HubError } from '../../lib/errors.ts';
import type { BackupTarget } from './target.ts';

/** A backup that lies there, and its signed record. */
export interface StoredBackup {
	file: DriveFile;
	record: BackupRecord;
}

export class DriveFolder {
	readonly #environment: Environment;
	readonly #client: DriveClient;
	readonly #folder: Folder;
	readonly #verifying: readonly string[];

	private constructor(environment: Environment, client: DriveClient, folder: Folder, verifying: readonly string[]) {
		this.#environment = environment;
		this.#client = client;
		this.#folder = folder;
		this.#verifying = verifying;
	}

	/** @throws HubError DRIVE_*, `CONFIG_INVALID` */
	static async open({ drive, verifying }: BackupTarget, signal: AbortSignal): Promise<DriveFolder> {
		const environment = new Environment(drive);
		const { client, folder } = await environment.drive(signal);
		return new DriveFolder(environment, client, folder, verifying);
	}

	get name(): string {
		return this.#folder.name;
	}

	/** Backups of a database that the hub has compared with Drive's checksum, newest first. */
	async files(database: string, signal: AbortSignal): Promise<DriveFile[]> {
		const properties = { kind: 'backup', state: 'verified' };
		const files = await findFiles(this.#client, { folderId: this.#folder.id, properties }, signal);
		return files.filter(
			({ name }) => /^_\d{4}-\d\d-\d\dT/.test(name.slice(database.length)) && name.startsWith(database),
		);
	}

	/**
	 * The backup with its record.
	 * @throws HubError `BACKUP_UNTRUSTED` when it does not count: unsigned, altered, re-dated or incomplete; DRIVE_*, CANCELLED
	 */
	async examine(file: DriveFile, signal: AbortSignal): Promise<StoredBackup> {
		const databaseUuid = file.appProperties['db'] ?? '';
		const question = { folderId: this.#folder.id, verifying: this.#verifying, databaseUuid, signal };
		const { databases, records } = await readCatalogue(this.#client, question);
		const standing = databases.get(databaseUuid)?.find((each) => each.file.id === file.id);
		const record = standing?.record && records.get(standing.record.id);
		if (record && standing.code === 'counts') return { file, record };
		throw new HubError('BACKUP_UNTRUSTED', `${file.name} does not count as a backup: ${standing?.code ?? 'unknown'}.`);
	}

	/** @throws HubError DRIVE_*, CANCELLED; DRIVE_MISMATCH when it is not what Drive's checksum says */
	async download({ file }: StoredBackup, to: string, signal: AbortSignal): Promise<void> {
		await downloadFile(this.#client, file, to, { signal });
	}

	async close(): Promise<void> {
		await this.#environment.close();
	}
}
