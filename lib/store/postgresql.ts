/** PostgreSQL through `pg`: a pool whose failures are said in words and which drops connections that broke. */

import {
	type PostgresCursor,
	PostgresDialect,
	type PostgresPool,
	type PostgresPoolClient,
	type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { HubError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Backend } from './database-store.ts';
import { postgresqlFailure } from './failures.ts';

/** Connections a process holds at most; above it callers wait. Ten hubs stay below PostgreSQL's default of 100. */
const POOL_SIZE = 8;

/** How long making or waiting for a connection may take, in milliseconds; longer, and a mail waits with no word said. */
const CONNECT_TIMEOUT_MS = 5_000;

/** See `StoreOptions.statementTimeoutMs`. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** How long the server lets a transaction of ours lie idle, in milliseconds; a stopped process must not hold locks. */
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000;

/** `int8` (https://www.postgresql.org/docs/current/catalog-pg-type.html); a string by default, a number in SQLite. */
const INT8_OID = 20;

const numbers: pg.CustomTypesConfig = {
	getTypeParser: (oid, format) => {
		if (oid === INT8_OID && format !== 'binary') return Number;
		return pg.types.getTypeParser(oid, format);
	},
};

class StoreClient implements PostgresPoolClient {
	readonly #client: pg.PoolClient;
	readonly #where: string;
	#broken = false;

	constructor(client: pg.PoolClient, where: string) {
		this.#client = client;
		this.#where = where;
	}

	get processID(): number {
		return (this.#client as pg.PoolClient & { processID: number }).processID;
	}

	query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
	query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
	query(sql: unknown, parameters: readonly unknown[] = []): unknown {
		// Kysely passes a cursor only to a dialect that was given the class for it; ours was not.
		return this.#run(sql as string, parameters);
	}

	async #run(sql: string, parameters: readonly unknown[]): Promise<unknown> {
		try {
			return await this.#client.query(sql, [...parameters]);
		} catch (thrown) {
			// After a time-out the answer may still come, and would be taken for that of the next statement.
			if (!(thrown instanceof pg.DatabaseError)) this.#broken = true;
			throw postgresqlFailure(thrown, this.#where);
		}
	}

	release(destroy?: boolean): void {
		this.#client.release(destroy || this.#broken);
	}
}

class StorePool implements PostgresPool {
	readonly options: object;
	readonly #pool: pg.Pool;
	readonly #where: string;
	readonly #clients = new WeakMap<pg.PoolClient, StoreClient>();

	constructor(pool: pg.Pool, where: string) {
		this.#pool = pool;
		this.#where = where;
		this.options = pool.options;
	}

	async connect(): Promise<StoreClient> {
		try {
			const client = await this.#pool.connect();
			let wrapped = this.#clients.get(client);
			if (!wrapped) {
				wrapped = new StoreClient(client, this.#where);
				this.#clients.set(client, wrapped);
			}
			return wrapped;
		} catch (thrown) {
			throw postgresqlFailure(thrown, this.#where);
		}
	}

	end(): Promise<void> {
		return this.#pool.end();
	}
}

/**
 * @param url `postgres://user:password@host:port/database`, also with `?host=/socket/folder` or `?sslmode=…`
 * @param timeoutMs see `StoreOptions.statementTimeoutMs`
 * @throws HubError `CONFIG_INVALID` when the URL cannot be read
 */
export function postgresqlBackend(url: string, log: Log, timeoutMs = STATEMENT_TIMEOUT_MS): Backend {
	const where = addressOf(url);
	const pool = new pg.Pool({
		connectionString: url,
		max: POOL_SIZE,
		connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
		query_timeout: timeoutMs,
		statement_timeout: timeoutMs,
		idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
		keepAlive: true,
		application_name: 'clinic-hub',
		types: numbers,
	});
	// Without a listener a connection that breaks while nobody uses it ends the process.
	pool.on('error', (thrown) => {
		const failure = postgresqlFailure(thrown, where);
		log.debug(failure instanceof Error ? failure.message : String(failure));
	});
	const connections = new Set<pg.PoolClient>();
	pool.on('connect', (client) => connections.add(client));
	pool.on('remove', (client) => connections.delete(client));
	return {
		dialect: 'postgresql',
		where,
		database: new PostgresDialect({ pool: new StorePool(pool, where) }),
		cut: () => {
			for (const client of connections) {
				// `end` of a client that is busy destroys its socket.
				(client as pg.PoolClient & Pick<pg.Client, 'end'>).end().catch((thrown) => log.debug(`Store: ${thrown}`));
			}
		},
	};
}

function addressOf(url: string): string {
	// `URL.parse` because the error of `new URL` carries its input, the password included.
	const parsed = URL.parse(url);
	if (parsed?.protocol !== 'postgres:' && parsed?.protocol !== 'postgresql:') {
		throw new HubError(
			'CONFIG_INVALID',
			'HUB_STORE_URL is not of the form postgres://user:password@host:port/database. Special characters in user and ' +
				'password must be percent-encoded.',
		);
	}
	const host = parsed.searchParams.get('host') ?? parsed.host;
	return `postgres://${parsed.username ? `${parsed.username}@` : ''}${host}${parsed.pathname}`;
}
