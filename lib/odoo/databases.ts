/** Databases as PostgreSQL sees them: made, renamed, dropped, and their sessions ended. */
import pg from 'pg';
import { HubError, toHubError } from '../errors.ts';
import { type PostgresqlAddress, withClient } from './postgresql.ts';

/** Exists on every server and can be joined by every role. */
const MAINTENANCE = 'postgres';

const elsewhere = (address: PostgresqlAddress): PostgresqlAddress => ({ ...address, database: MAINTENANCE });

/** Of Odoo databases that the role owns or may read, by name. @throws HubError POSTGRESQL_* */
export async function listDatabases(address: PostgresqlAddress): Promise<string[]> {
	return withClient(elsewhere(address), async (client) => {
		const { rows } = await client.query<{ datname: string }>(
			"select datname from pg_database where not datistemplate and datallowconn and datname <> 'postgres' order by 1",
		);
		return rows.map(({ datname }) => datname);
	});
}

export async function databaseExists(address: PostgresqlAddress): Promise<boolean> {
	return withClient(elsewhere(address), async (client) => {
		const { rowCount } = await client.query('select from pg_database where datname = $1', [address.database]);
		return rowCount === 1;
	});
}

/**
 * Empty, as Odoo makes it.
 * @param comment says on the database whose it is
 * @param hidden Odoo does not see it; see `hideDatabase`
 * @throws HubError ODOO_DATABASE_EXISTS, POSTGRESQL_*
 */
export async function createDatabase(address: PostgresqlAddress, comment: string, hidden = false): Promise<void> {
	await withClient(elsewhere(address), async (client) => {
		const name = pg.escapeIdentifier(address.database);
		await client.query(
			`create database ${name} encoding 'UTF8' lc_collate 'C' template template0 is_template ${hidden}`,
		);
		await client.query(`comment on database ${name} is ${pg.escapeLiteral(comment)}`);
	});
}

/**
 * Odoo lists no templates (`odoo.service.db.list_dbs`), so it neither opens such a database nor runs jobs of it; whoever
 * asks for it by its name still gets in.
 */
export async function hideDatabase(address: PostgresqlAddress, hidden: boolean): Promise<void> {
	await withClient(elsewhere(address), (client) =>
		client.query(`alter database ${pg.escapeIdentifier(address.database)} is_template ${hidden}`),
	);
}

/** With its sessions; one that is not there is no error. */
export async function dropDatabase(address: PostgresqlAddress): Promise<void> {
	await withClient(elsewhere(address), async (client) => {
		const name = pg.escapeIdentifier(address.database);
		const { rows } = await client.query<{ hidden: boolean }>(
			'select datistemplate as hidden from pg_database where datname = $1',
			[address.database],
		);
		// A template cannot be dropped.
		if (rows[0]?.hidden) await client.query(`alter database ${name} is_template false`);
		await client.query(`drop database if exists ${name} with (force)`);
	});
}

/**
 * Odoo connects again within a second; closed first, it cannot come between ending and renaming. It is open again afterwards
 * under whichever name it has, also when the connection broke and nobody was told whether it was renamed.
 */
export async function renameDatabase(address: PostgresqlAddress, name: string): Promise<void> {
	const failure = await closeAndRename(address, name).then(() => undefined, toHubError);
	const unheard = failure?.code === 'POSTGRESQL_UNREACHABLE' || failure?.code === 'TIMEOUT';
	try {
		const renamed = !failure || (unheard && !(await databaseExists(address)));
		await open(address, renamed ? name : address.database);
		if (!renamed) throw failure;
	} catch (thrown) {
		throw failure ?? thrown;
	}
}

async function closeAndRename(address: PostgresqlAddress, name: string): Promise<void> {
	await withClient(elsewhere(address), async (client) => {
		const [from, to] = [pg.escapeIdentifier(address.database), pg.escapeIdentifier(name)];
		await client.query(`alter database ${from} allow_connections false`);
		await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [address.database]);
		await untilAlone(client, address.database);
		await client.query(`alter database ${from} rename to ${to}`);
	});
}

async function open(address: PostgresqlAddress, name: string): Promise<void> {
	await withClient(elsewhere(address), (client) =>
		client.query(`alter database ${pg.escapeIdentifier(name)} allow_connections true`),
	);
}

/** A session that was told to end is gone within moments; in ms, and how often it is looked. */
const ALONE_MS = 100;
const ALONE_TRIES = 50;

async function untilAlone(client: pg.Client, database: string): Promise<void> {
	for (let tries = 0; tries < ALONE_TRIES; tries++) {
		const { rowCount } = await client.query('select from pg_stat_activity where datname = $1', [database]);
		if (!rowCount) return;
		await new Promise((resolve) => setTimeout(resolve, ALONE_MS));
	}
	throw new HubError('POSTGRESQL_FAILED', `Sessions of “${database}” do not end. Stop Odoo, then try again.`);
}
