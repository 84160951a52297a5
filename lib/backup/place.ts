/** An Odoo as backups see it: where it is, which of its databases are meant, and which ways lead to them. */

import { HubError, toHubError } from '../errors.ts';
import { baseAddress } from '../odoo/address.ts';
import type { BackupFormat, BackupSource } from './record.ts';
import type { SourceDescription } from './source.ts';

export interface OdooPlace {
	/** Where people open Odoo. */
	url: string;
	/** Of the database manager; undefined where only the direct way is used. */
	masterPassword?: string;
	/** Null: every one that Odoo shows. */
	databases: readonly string[] | null;
	/** PostgreSQL and the folder of attachments. */
	direct?: DirectWay;
}

export interface DirectWay {
	host: string;
	port: number;
	user: string;
	/** May be empty where the server asks for none. */
	password: string;
	/** Folder that holds one folder a database. */
	filestore: string;
}

/** As PostgreSQL allows them and Odoo's manager does (`DBNAME_PATTERN`); nothing that leads out of a folder. */
const DATABASE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

export function isDatabaseName(name: string): boolean {
	return DATABASE.test(name);
}

/** What a run is about, for the lease and the records: the same database by another address of the same host is another one. */
export function targetOf({ url }: Pick<OdooPlace, 'url'>, database: string): string {
	return `${baseAddress(url)} ${database}`;
}

/** The database of a target, when it lies at this address. */
export function databaseOf({ url }: Pick<OdooPlace, 'url'>, target: string): string | undefined {
	const begin = `${baseAddress(url)} `;
	return target.startsWith(begin) ? target.slice(begin.length) : undefined;
}

/**
 * The databases that a run backs up.
 * @param asked those that a message names; must be among those of the place. Undefined: all of the place
 * @throws HubError BACKUP_NOTHING when there is none, ODOO_DATABASE_UNKNOWN naming those that are asked for and not there,
 * ODOO_MANAGER_OFF when the list is hidden; ODOO_UNREACHABLE, TIMEOUT, CANCELLED
 */
export async function databasesToBackUp(
	place: OdooPlace,
	asked: readonly string[] | undefined,
	signal?: AbortSignal,
): Promise<string[]> {
	const all = place.databases ?? (await shownDatabases(place, signal));
	const unknown = (asked ?? []).filter((name) => !all.includes(name));
	if (unknown.length > 0) {
		throw new HubError(
			'ODOO_DATABASE_UNKNOWN',
			`Not among the databases of this connection: ${unknown.join(', ')}. Correct the name, or add it to the connection.`,
		);
	}
	const chosen = [...(asked ?? all)];
	if (chosen.length > 0) return chosen;
	throw new HubError(
		'BACKUP_NOTHING',
		'There is no database to back up: Odoo shows none. Name them in the connection, or see why Odoo lost them.',
	);
}

/** As Odoo shows them; where it hides them, as PostgreSQL does. */
async function shownDatabases({ url, direct }: OdooPlace, signal: AbortSignal | undefined): Promise<string[]> {
	// Loaded when a run begins: the editor reads only names and types of this file.
	const { managerPage } = await import('../odoo/manager.ts');
	const page = await managerPage(url, signal).catch((thrown: unknown) => {
		if (toHubError(thrown).code === 'ODOO_MANAGER_OFF') return undefined;
		throw thrown;
	});
	if (page?.enabled) return page.databases;
	if (direct) {
		const { listDatabases } = await import('../odoo/databases.ts');
		return listDatabases({ ...direct, database: 'postgres' });
	}
	throw new HubError(
		'ODOO_MANAGER_OFF',
		'Odoo hides the list of its databases (list_db = False), so “all of them” cannot be known. Name them in the connection.',
	);
}

/**
 * How the threads of a backup reach a database.
 * @throws HubError CONFIG_INVALID saying what the connection lacks for this way
 */
export function sourceOf(
	{ url, masterPassword, direct }: OdooPlace,
	{ source, format, database }: { source: BackupSource; format: BackupFormat; database: string },
): SourceDescription {
	if (source === 'manager') {
		if (!masterPassword) throw lacks('the master password, which Odoo’s database manager asks for');
		return { kind: 'manager', address: { url, masterPassword }, database, format };
	}
	if (!direct) throw lacks('PostgreSQL and the folder of attachments, which the direct way needs');
	if (format !== 'zip') {
		throw new HubError('CONFIG_INVALID', 'The direct way makes zip files only: choose the format zip.');
	}
	const { filestore, ...postgres } = direct;
	return { kind: 'direct', postgres: { ...postgres, database }, filestore };
}

function lacks(what: string): HubError {
	return new HubError('CONFIG_INVALID', `The connection to Odoo lacks ${what}. Fill it in and deploy.`);
}
