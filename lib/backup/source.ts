/** Where a backup comes from, as plain data that can be handed to a thread, and how it is opened. */
import type { Readable } from 'node:stream';
import type { ManagerAddress } from '../odoo/manager.ts';
import type { PostgresqlAddress } from '../odoo/postgresql.ts';

export interface ManagerSource {
	kind: 'manager';
	address: ManagerAddress;
	database: string;
	format: 'zip' | 'dump';
}

/** Always a zip. */
export interface DirectSource {
	kind: 'direct';
	postgres: PostgresqlAddress;
	/** Odoo's folder `filestore`, or the database's own in it. */
	filestore: string;
	/** Default found by PATH. */
	pgDump?: string;
}

export type SourceDescription = ManagerSource | DirectSource;

export interface SourceOptions {
	signal: AbortSignal;
	/** Until the answer begins, ms. A zip is made whole on Odoo's side before its first byte. */
	firstByteMs: number;
	/** Between two pieces, ms. */
	idleMs: number;
}

/**
 * Only the client that is asked for is loaded: a thread starts for each backup.
 * @throws HubError as the client of the source does
 */
export async function openSource(source: SourceDescription, options: SourceOptions): Promise<Readable> {
	switch (source.kind) {
		case 'manager': {
			const { openManagerBackup } = await import('../odoo/manager.ts');
			const { address, database, format } = source;
			return openManagerBackup(address, { database, format, ...options });
		}
		case 'direct': {
			const { openDirectBackup } = await import('../odoo/direct.ts');
			const { postgres, filestore, pgDump } = source;
			return openDirectBackup({ postgres, filestore, pgDump, ...options });
		}
	}
}
