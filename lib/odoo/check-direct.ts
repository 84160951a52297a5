/** The direct way's part of "Test connection": PostgreSQL, its programs, and the folder of attachments. */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { throwIfCancelled } from '../cancelled.ts';
import { toHubError } from '../errors.ts';
import type { Findings } from '../findings.ts';
import type { CheckKey } from './check-words.ts';
import { filestoreOf, isFileName } from './filestore.ts';
import { type PostgresqlAddress, requireClient, withClient } from './postgresql.ts';

export interface DirectAccess extends Omit<PostgresqlAddress, 'database'> {
	/** Odoo's folder `filestore`. */
	filestore: string;
	/** Default found by PATH. */
	pgDump?: string | undefined;
}

/** Of the newest attachments so many are looked for; old ones are often missing for good. */
const SAMPLE = 20;

export async function checkDirect(
	{ filestore, pgDump = 'pg_dump', ...server }: DirectAccess,
	databases: readonly string[],
	findings: Findings<CheckKey>,
	signal: AbortSignal | undefined,
): Promise<void> {
	for (const database of databases) {
		throwIfCancelled(signal);
		let names: string[];
		try {
			names = await withClient(
				{ ...server, database },
				async (client) => {
					const { program, server: version } = await requireClient(client, pgDump);
					await rights(client, database, server.user, findings);
					findings.ok('postgresql', { database, program: String(program), server: String(version) });
					return newest(client);
				},
				{ signal },
			);
		} catch (thrown) {
			throwIfCancelled(signal);
			findings.fail('postgresqlFailed', { database, reason: toHubError(thrown).message });
			continue;
		}
		try {
			await attachments(await filestoreOf(filestore, database), names, database, findings);
		} catch (thrown) {
			findings.fail('filestoreFailed', { database, reason: toHubError(thrown).message });
		}
	}
}

async function rights(client: pg.Client, database: string, user: string, findings: Findings<CheckKey>): Promise<void> {
	const { rows } = await client.query<{ readable: boolean | null; writable: boolean | null }>(
		`select bool_and(has_table_privilege(oid, 'select')) as readable,
			bool_or(relkind = 'r' and has_table_privilege(oid, 'insert')) as writable
		from pg_class where relkind in ('r', 'S') and relnamespace = 'public'::regnamespace`,
	);
	if (rows[0]?.readable === false) findings.fail('cannotRead', { database, user });
	if (rows[0]?.writable) findings.warn('canWrite', { database, user });
}

/** None when the role may not read them, which was said already. */
async function newest(client: pg.Client): Promise<string[]> {
	const readable = await client.query<{ yes: boolean }>("select has_table_privilege('ir_attachment', 'select') as yes");
	if (!readable.rows[0]?.yes) return [];
	const { rows } = await client.query<{ name: string }>(
		`select store_fname as name from ir_attachment where store_fname is not null order by id desc limit ${SAMPLE}`,
	);
	return rows.map(({ name }) => name).filter(isFileName);
}

async function attachments(
	folder: string,
	names: string[],
	database: string,
	findings: Findings<CheckKey>,
): Promise<void> {
	const found = await Promise.all(
		names.map((name) =>
			access(path.join(folder, name), constants.R_OK).then(
				() => true,
				() => false,
			),
		),
	);
	if (names.length > 0 && !found.includes(true)) findings.fail('filestoreOther', { database });
	else findings.ok('filestore', { database });
}
