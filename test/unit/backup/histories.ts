/** Folders with made-up histories of backups, for tests of the rules. */
import type { SignedFacts, StoredFile } from '../../../lib/backup/standing.ts';

export const DATABASE = '5f0c1a52-0000-4000-8000-000000000001';
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface BackupOptions {
	/** When Drive saw it. */
	at: number;
	/** What the hub's clock was ahead of Drive's. */
	aheadMs?: number;
	format?: 'zip' | 'dump';
	missing?: string[];
	file?: Partial<StoredFile>;
	properties?: Record<string, string>;
	/** Changes the signed content; `null`: there is no record that could be trusted. */
	signed?: Partial<SignedFacts> | null;
}

export class Folder {
	readonly files: StoredFile[] = [];
	readonly records = new Map<string, SignedFacts>();
	#count = 0;

	/** Lays a backup and its record into the folder; returns the backup's id, which is also that of its file. */
	add(options: BackupOptions): string {
		const { at, aheadMs = 0, format = 'zip', missing = [] } = options;
		const id = `b${String(this.#count++).padStart(4, '0')}`;
		const startedAt = new Date(at - HOUR_MS + aheadMs).toISOString();
		const name = `clinica_${startedAt.slice(0, 19).replaceAll(':', '-')}Z.${format}.age`;
		const properties = { hub: 'clinic-hub', backup: id, db: DATABASE };
		const content = { size: 1_000, sha256: `sha-of-${id}` };
		const createdTime = new Date(at).toISOString();
		this.files.push({
			id,
			name,
			...content,
			createdTime,
			trashed: false,
			description: '',
			...options.file,
			appProperties: { ...properties, kind: 'backup', state: 'verified', ...options.properties },
		});
		if (options.signed === null) return id;
		const record = `${id}-record`;
		this.files.push({
			id: record,
			name: `${name}.json`,
			size: 10,
			sha256: `sha-of-${record}`,
			createdTime,
			trashed: false,
			description: '',
			appProperties: { ...properties, kind: 'record', state: 'verified' },
		});
		this.records.set(record, {
			id,
			database: 'clinica',
			databaseUuid: DATABASE,
			format,
			encryption: 'age',
			startedAt,
			finishedAt: new Date(at - HOUR_MS / 2 + aheadMs).toISOString(),
			...content,
			attachments: { missing },
			...options.signed,
		});
		return id;
	}

	remove(ids: readonly string[]): void {
		for (const id of ids) {
			const index = this.files.findIndex((file) => file.id === id);
			if (index >= 0) this.files.splice(index, 1);
			this.records.delete(id);
		}
	}
}
