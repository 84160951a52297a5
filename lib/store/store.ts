/**
 * Where the hub keeps what must survive a restart: deliveries, runs, approvals, leases, audit records. SQLite by default,
 * PostgreSQL when several processes share the work. Times are integers (milliseconds since 1970, UTC) and JSON is text,
 * so that both dialects hold the same values.
 */

import type { Kysely } from 'kysely';
import type { Log } from '../log.ts';

export type StoreDialect = 'sqlite' | 'postgresql';

/** One step of a topic's schema. Runs once, inside a transaction; never changed after it was released. */
export interface Migration {
	/** Use `bigint` for times and counts, `text` for JSON; both dialects take both. */
	up(db: Kysely<unknown>, dialect: StoreDialect): Promise<void>;
}

/** When the personal columns of a table are blanked. */
export interface AgeRule {
	table: string;
	/** Column with the time from which the age counts. */
	timeColumn: string;
	/** Age in days after which the columns are blanked. */
	days: number;
	/**
	 * Columns set to NULL; they must be nullable. Ids and states are never listed here. `row` removes the whole row: for
	 * what waits a short time and means nothing without the person.
	 */
	blank: string[] | 'row';
}

/** A part of the hub with tables of its own. */
export interface Topic {
	/** Unique; also the prefix that its tables should have. */
	name: string;
	/** Steps by name, for example `0001-deliveries`; applied in the order of their names. */
	migrations: Record<string, Migration>;
	/** Retention of personal data; see `Store.purge`. */
	ages?: AgeRule[];
}

/** A named right that one owner holds for a bounded time. Times are the database server's, not this machine's. */
export interface Lease {
	readonly name: string;
	/** Fencing token: grows with each taking of the lease, so that a late write of an earlier owner can be told apart. */
	readonly token: number;
	/** Throws `LEASE_LOST` when the lease has expired or another owner has taken it. Call before each outside effect. */
	check(): Promise<void>;
	/** Extends the lease by its full duration from now. Throws `LEASE_LOST` like `check`. */
	renew(): Promise<void>;
	/** Gives the lease back; harmless when it was lost already. */
	release(): Promise<void>;
}

export interface LeaseOptions {
	/** Who asks; unique to a process. The same owner may take its own lease again, which ends the earlier one. */
	owner: string;
	/** How long the lease lasts without `renew`, in milliseconds. */
	ttlMs: number;
}

/** Rows whose personal columns were blanked, or that were removed, by `<topic>.<table>`; tables with nothing to do are absent. */
export interface PurgeReport {
	rows: Record<string, number>;
}

export interface Store {
	readonly dialect: StoreDialect;
	/** True when several processes may use it at once (PostgreSQL). */
	readonly shared: boolean;
	/**
	 * Migrates the topic, once a process, and gives its tables. Every query throws `STORE_UNAVAILABLE` when the database
	 * cannot be reached, read or written; constraint violations come as the driver's own error.
	 * @throws HubError `STORE_VERSION` when a newer version of this package wrote the topic
	 */
	topic<Tables>(topic: Topic): Promise<Kysely<Tables>>;
	/** Takes the lease; null while another owner holds it. */
	lease(name: string, options: LeaseOptions): Promise<Lease | null>;
	/** Applies the ages of every topic opened so far. `now` defaults to the current time. */
	purge(now?: Date): Promise<PurgeReport>;
	/** Closes all connections, within 2 seconds. */
	close(): Promise<void>;
}

export interface StoreOptions {
	/** `postgres://user:password@host:port/database`; without it the store is the SQLite `file`. */
	url?: string | undefined;
	/** Path of the SQLite file, made with mode 0600, or `:memory:`. */
	file?: string | undefined;
	log?: Log | undefined;
	/** Other ages than the rules have, in days by table. */
	ageDays?: Readonly<Record<string, number>> | undefined;
	/**
	 * How long one statement may take on PostgreSQL, in milliseconds. Default 15,000: ours take a few, the purge works in
	 * batches. It ends the wait for a server that went silent without closing the connection.
	 */
	statementTimeoutMs?: number | undefined;
}

/**
 * Opens the store and brings its own tables up to date.
 * @throws HubError `STORE_UNAVAILABLE` (says what to do; a password is never shown), `STORE_VERSION`, `CONFIG_INVALID`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
	// Loaded at first use: the query builder and the drivers cost more time than Node-RED's start may be given.
	const { openDatabaseStore } = await import('./database-store.ts');
	return openDatabaseStore(options);
}
