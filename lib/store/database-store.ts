/** The store on a database; the two dialects differ in their drivers only. */

import { type Dialect, Kysely } from 'kysely';
import { HubError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { blankAged } from './ages.ts';
import { type HouseTables, houseTopic } from './house.ts';
import { takeLease } from './lease.ts';
import { migrate } from './migrate.ts';
import type { Lease, LeaseOptions, PurgeReport, Store, StoreDialect, StoreOptions, Topic } from './store.ts';

/** After this time `close` no longer waits for running statements, in milliseconds; a deploy must end soon. */
const CLOSE_TIMEOUT_MS = 2_000;

/** See `openStore`. */
export async function openDatabaseStore(options: StoreOptions): Promise<Store> {
	const store = new DatabaseStore(await backendOf(options), options.ageDays ?? {});
	try {
		await store.topic(houseTopic);
	} catch (thrown) {
		await store.close();
		throw thrown;
	}
	return store;
}

/** A database that a store can stand on. */
export interface Backend {
	dialect: StoreDialect;
	/** Its address for messages, without a password. */
	where: string;
	database: Dialect;
	/** Cuts every connection at once, whatever it is doing. */
	cut(): void;
}

async function backendOf({ url, file, log = silentLog, statementTimeoutMs }: StoreOptions): Promise<Backend> {
	if (url) {
		const { postgresqlBackend } = await import('./postgresql.ts');
		return postgresqlBackend(url, log, statementTimeoutMs);
	}
	if (!file) throw new HubError('CONFIG_INVALID', 'The store needs HUB_STORE_URL or the path of an SQLite file.');
	const { sqliteBackend } = await import('./sqlite.ts');
	return sqliteBackend(file);
}

class DatabaseStore implements Store {
	readonly dialect: StoreDialect;
	readonly shared: boolean;
	readonly #database: Kysely<unknown>;
	readonly #backend: Backend;
	readonly #ageDays: Readonly<Record<string, number>>;
	readonly #topics = new Map<string, { topic: Topic; migrated: Promise<void> }>();

	constructor(backend: Backend, ageDays: Readonly<Record<string, number>>) {
		this.dialect = backend.dialect;
		this.shared = backend.dialect === 'postgresql';
		this.#database = new Kysely<unknown>({ dialect: backend.database });
		this.#backend = backend;
		this.#ageDays = ageDays;
	}

	async topic<Tables>(topic: Topic): Promise<Kysely<Tables>> {
		let known = this.#topics.get(topic.name);
		if (!known) {
			known = { topic, migrated: migrate(this.#database, this.dialect, topic, this.#backend.where) };
			this.#topics.set(topic.name, known);
		}
		try {
			await known.migrated;
		} catch (thrown) {
			// The next call tries again: the database may be back by then.
			if (this.#topics.get(topic.name) === known) this.#topics.delete(topic.name);
			throw thrown;
		}
		return this.#database as unknown as Kysely<Tables>;
	}

	lease(name: string, options: LeaseOptions): Promise<Lease | null> {
		return takeLease(this.#database as unknown as Kysely<HouseTables>, this.dialect, name, options);
	}

	async purge(now = new Date()): Promise<PurgeReport> {
		const report: PurgeReport = { rows: {} };
		for (const { topic, migrated } of this.#topics.values()) {
			await migrated;
			for (const rule of topic.ages ?? []) {
				const days = this.#ageDays[rule.table] ?? rule.days;
				const rows = await blankAged(this.#database, this.dialect, { ...rule, days }, now.getTime());
				if (rows > 0) report.rows[`${topic.name}.${rule.table}`] = rows;
			}
		}
		return report;
	}

	async close(): Promise<void> {
		const force = setTimeout(() => this.#backend.cut(), CLOSE_TIMEOUT_MS);
		try {
			await this.#database.destroy();
		} finally {
			clearTimeout(force);
		}
	}
}
