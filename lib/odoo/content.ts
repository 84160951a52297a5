/** What a database and its filestore hold, to be compared with what a backup should have restored. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { throwIfCancelled } from '../cancelled.ts';
import { filestoreOf, isFileName, openStored } from './filestore.ts';
import { type PostgresqlAddress, withClient } from './postgresql.ts';

export interface Content {
	/** Rows by table; outside schema `public` as `schema.table`. */
	tables: Record<string, number>;
	/** Files that attachments name, and those that are there and hash to their name. */
	attachments: { named: number; stored: number };
}

/** Files up to this size are read once, larger ones twice; in bytes. */
const WHOLE_BYTES = 1_048_576;

/** Ordinary tables, as pg_dump takes them: without those that belong to extensions. */
const TABLES = `select nspname as schema, relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
	where relkind = 'r' and relpersistence <> 't' and nspname not like 'pg\\_%' and nspname <> 'information_schema'
	and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
	order by 1, 2`;

/** @throws HubError POSTGRESQL_*, FILESTORE_UNAVAILABLE, CANCELLED */
export async function contentOf(
	postgres: PostgresqlAddress,
	filestore: string,
	signal?: AbortSignal,
): Promise<Content> {
	const folder = await filestoreOf(filestore, postgres.database);
	return withClient(
		postgres,
		async (client) => {
			await client.query('begin transaction isolation level repeatable read, read only');
			const tables: Record<string, number> = {};
			for (const { schema, name } of (await client.query<{ schema: string; name: string }>(TABLES)).rows) {
				throwIfCancelled(signal);
				const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
				// Odoo's ir_actions has children, whose rows are dumped with them and not with it.
				const { rows } = await client.query<{ count: string }>(`select count(*) from only ${table}`);
				tables[schema === 'public' ? name : `${schema}.${name}`] = Number(rows[0]?.count);
			}
			const named = await client.query<{ name: string }>(
				'select distinct store_fname as name from ir_attachment where store_fname is not null',
			);
			let stored = 0;
			for (const { name } of named.rows) {
				throwIfCancelled(signal);
				if (await isWhole(folder, name)) stored++;
			}
			return { tables, attachments: { named: named.rows.length, stored } };
		},
		{ signal },
	);
}

/** Odoo names a file by the SHA-1 of its content. */
async function isWhole(folder: string, name: string): Promise<boolean> {
	const file = isFileName(name) ? await openStored(folder, name, WHOLE_BYTES) : undefined;
	if (!file) return false;
	try {
		const hash = createHash('sha1');
		for await (const piece of file.pieces()) hash.update(piece);
		const expected = /^[0-9a-f]{2}\/([0-9a-f]{40})$/.exec(name)?.[1];
		return expected === undefined || hash.digest('hex') === expected;
	} finally {
		await file.close();
	}
}
