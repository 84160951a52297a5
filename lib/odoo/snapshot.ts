/** One moment of a database, which several connections see: PostgreSQL exports it by a name. */
import type pg from 'pg';
import { throwIfCancelled } from '../cancelled.ts';
import { connect, type PostgresqlAddress, postgresqlFailure, requireClient } from './postgresql.ts';

export interface NamedAttachment {
	/** `store_fname`. */
	name: string;
	/** Packing it pays. */
	text: boolean;
}

/** Names at a time: some hundred kB, whatever the database holds. */
const PAGE = 5_000;

/** What Odoo's own manifest says, see `dump_db_manifest` in `odoo/service/db.py`. */
export interface Manifest {
	odoo_dump: '1';
	db_name: string;
	version: string;
	version_info: (number | string)[];
	major_version: string;
	pg_version: string;
	modules: Record<string, string>;
}

export class Snapshot {
	readonly id: string;
	readonly #client: pg.Client;
	readonly #database: string;

	private constructor(client: pg.Client, id: string, database: string) {
		this.#client = client;
		this.id = id;
		this.#database = database;
	}

	/** @throws HubError POSTGRESQL_*, ODOO_DATABASE_UNKNOWN, CANCELLED */
	static async take(address: PostgresqlAddress, pgDump: string, signal?: AbortSignal): Promise<Snapshot> {
		const client = await connect(address, { signal });
		try {
			await requireClient(client, pgDump);
			// It lies idle while attachments are copied and pg_dump works.
			await client.query('set idle_in_transaction_session_timeout = 0');
			await client.query('begin transaction isolation level repeatable read, read only');
			const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
			return new Snapshot(client, rows[0]?.id ?? '', address.database);
		} catch (thrown) {
			await client.end().catch(() => undefined); // the failure that is thrown says more
			throwIfCancelled(signal);
			throw postgresqlFailure(thrown);
		}
	}

	/** Every file that an attachment names, once, by name. */
	async *files(): AsyncGenerator<NamedAttachment> {
		let after = '';
		for (;;) {
			const { rows } = await this.#query<NamedAttachment>(
				`select store_fname as name,
					bool_or(mimetype ~ '^text/|json|xml|javascript|svg|csv|rtf|bmp|postscript') is true as text
				from ir_attachment where store_fname > $1 group by store_fname order by store_fname limit ${PAGE}`,
				[after],
			);
			yield* rows;
			if (rows.length < PAGE) return;
			after = rows.at(-1)?.name ?? '';
		}
	}

	async manifest(): Promise<Manifest> {
		const { rows } = await this.#query<{ name: string; latest_version: string }>(
			"select name, latest_version from ir_module_module where state = 'installed' order by name",
		);
		const modules = Object.fromEntries(rows.map(({ name, latest_version }) => [name, latest_version]));
		const [major = 0, minor = 0] = (modules['base'] ?? '').split('.').map(Number);
		const version = `${major}.${minor}`;
		const server = await this.#query<{ version: number }>(
			"select current_setting('server_version_num')::int as version",
		);
		const number = server.rows[0]?.version ?? 0;
		return {
			odoo_dump: '1',
			db_name: this.#database,
			version,
			version_info: [major, minor, 0, 'final', 0, ''],
			major_version: version,
			pg_version: `${Math.floor(number / 10_000)}.${number % 10_000}`,
			modules,
		};
	}

	async #query<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<R>> {
		try {
			return await this.#client.query<R>(text, values);
		} catch (thrown) {
			throw postgresqlFailure(thrown);
		}
	}

	/** Ends the transaction and the connection. */
	async release(): Promise<void> {
		await this.#client.end().catch(() => undefined); // a broken one is released already
	}
}
