/** SQLite through Node's own `node:sqlite`: one connection a process, statements prepared once. */

import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
	CompiledQuery,
	type DatabaseConnection,
	type Driver,
	type SqliteDatabase,
	SqliteDialect,
	type SqliteDialectConfig,
	SqliteDriver,
	type SqliteStatement,
	type TransactionSettings,
} from 'kysely';
import type { Backend } from './database-store.ts';
import { sqliteFailure } from './failures.ts';

/**
 * How long a statement waits for another process that writes, in milliseconds. The wait blocks this process, so it must
 * stay well below the broker's heartbeat; shorter, and a command-line tool working beside the hub makes it fail.
 */
const BUSY_TIMEOUT_MS = 2_000;

/** Prepared statements kept; above it the oldest goes. The hub has some dozens; lists in `in (…)` make variants. */
const PREPARED_KEPT = 200;

/** Only the hub's own user reads what may hold addresses of people. */
const FILE_MODE = 0o600;

class PreparedStatement implements SqliteStatement {
	readonly reader: boolean;
	readonly #statement: StatementSync;
	readonly #file: string;

	constructor(statement: StatementSync, file: string) {
		this.#statement = statement;
		this.#file = file;
		this.reader = statement.columns().length > 0;
	}

	all(parameters: readonly unknown[]): unknown[] {
		try {
			// Copied because rows come without a prototype, unlike those of PostgreSQL.
			return this.#statement.all(...(parameters as SQLInputValue[])).map((row) => ({ ...row }));
		} catch (thrown) {
			throw sqliteFailure(thrown, this.#file);
		}
	}

	run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
		try {
			return this.#statement.run(...(parameters as SQLInputValue[]));
		} catch (thrown) {
			throw sqliteFailure(thrown, this.#file);
		}
	}

	iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
		// Read at once: a cached statement must not be left open while another caller runs it.
		return this.all(parameters).values();
	}
}

class PreparingDatabase implements SqliteDatabase {
	readonly #database: DatabaseSync;
	readonly #file: string;
	readonly #prepared = new Map<string, PreparedStatement>();

	constructor(database: DatabaseSync, file: string) {
		this.#database = database;
		this.#file = file;
	}

	prepare(sql: string): PreparedStatement {
		const known = this.#prepared.get(sql);
		if (known) {
			// Moved to the end, so that the first one is always the least recently used.
			this.#prepared.delete(sql);
			this.#prepared.set(sql, known);
			return known;
		}
		const statement = this.#compile(sql);
		this.#prepared.set(sql, statement);
		if (this.#prepared.size > PREPARED_KEPT) {
			const [oldest] = this.#prepared.keys();
			if (oldest !== undefined) this.#prepared.delete(oldest);
		}
		return statement;
	}

	#compile(sql: string): PreparedStatement {
		try {
			return new PreparedStatement(this.#database.prepare(sql), this.#file);
		} catch (thrown) {
			throw sqliteFailure(thrown, this.#file);
		}
	}

	close(): void {
		this.#prepared.clear();
		if (this.#database.isOpen) this.#database.close();
	}
}

/**
 * Takes the write lock when a transaction begins: one that first reads and then writes would otherwise fail at once,
 * without waiting, when another process wrote in between (SQLITE_BUSY_SNAPSHOT).
 */
class ImmediateDriver extends SqliteDriver {
	override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
		const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate';
		await connection.executeQuery(CompiledQuery.raw(begin));
	}

	override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
		try {
			await super.rollbackTransaction(connection);
		} catch (thrown) {
			// A full disk or an I/O error has rolled back already; the error that says so must not be hidden by this one.
			if (!(thrown instanceof Error && /no transaction is active/.test(thrown.message))) throw thrown;
		}
	}
}

class HubSqliteDialect extends SqliteDialect {
	readonly #config: SqliteDialectConfig;

	constructor(config: SqliteDialectConfig) {
		super(config);
		this.#config = config;
	}

	override createDriver(): Driver {
		return new ImmediateDriver(this.#config);
	}
}

/**
 * Opens or makes the file with mode 0600.
 * @param file path, or `:memory:`
 * @throws HubError `STORE_UNAVAILABLE`
 */
export function sqliteBackend(file: string): Backend {
	try {
		if (file !== ':memory:') restrictToOwner(file);
		const database = new DatabaseSync(file);
		// The time-out first: switching to WAL needs the lock too.
		database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
		database.exec('pragma journal_mode = wal');
		// In WAL mode a power cut may lose the last transactions but never damages the file; a process killed loses none.
		database.exec('pragma synchronous = normal');
		database.exec('pragma foreign_keys = on');
		const prepared = new PreparingDatabase(database, file);
		return {
			dialect: 'sqlite',
			where: file,
			database: new HubSqliteDialect({ database: prepared }),
			cut: () => prepared.close(),
		};
	} catch (thrown) {
		throw sqliteFailure(thrown, file);
	}
}

function restrictToOwner(file: string): void {
	mkdirSync(dirname(file), { recursive: true });
	// Made here and not by SQLite, which would use the process's umask; its -wal and -shm files copy this mode.
	closeSync(openSync(file, 'a', FILE_MODE));
	chmodSync(file, FILE_MODE);
}
