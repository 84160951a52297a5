/** Brings a topic's tables up to date; safe when several processes do it at once. */

import { type Kysely, sql, type Transaction } from 'kysely';
import { HubError } from '../errors.ts';
import type { StoreDialect, Topic } from './store.ts';

interface MigrationTables {
	hub_migration: { topic: string; name: string; applied_at: number };
}

/** Any fixed number would do: it names the lock that only migrations of this package take. */
const MIGRATION_LOCK = 7_203_118_001;

/**
 * Applies what is missing in one transaction: all of it or nothing.
 * @param where the store's address for messages
 * @throws HubError `STORE_VERSION` when the topic holds steps that this version does not know
 */
export async function migrate(
	database: Kysely<unknown>,
	dialect: StoreDialect,
	topic: Topic,
	where: string,
): Promise<void> {
	const tables = database as unknown as Kysely<MigrationTables>;
	await tables.transaction().execute(async (transaction) => {
		await lockMigrations(transaction, dialect);
		const applied = await appliedSteps(transaction, topic);
		const steps = Object.keys(topic.migrations).sort();
		refuseNewer(applied, steps, topic, where);
		for (const name of steps) {
			if (applied.has(name)) continue;
			// `steps` are its keys.
			await topic.migrations[name]?.up(transaction as unknown as Kysely<unknown>, dialect);
			await transaction
				.insertInto('hub_migration')
				.values({ topic: topic.name, name, applied_at: Date.now() })
				.execute();
		}
	});
}

/** In SQLite the transaction itself is the lock: it takes the right to write when it begins. */
async function lockMigrations(transaction: Transaction<MigrationTables>, dialect: StoreDialect): Promise<void> {
	if (dialect === 'postgresql') await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
	await transaction.schema
		.createTable('hub_migration')
		.ifNotExists()
		.addColumn('topic', 'text', (column) => column.notNull())
		.addColumn('name', 'text', (column) => column.notNull())
		.addColumn('applied_at', 'bigint', (column) => column.notNull())
		.addPrimaryKeyConstraint('hub_migration_key', ['topic', 'name'])
		.execute();
}

async function appliedSteps(transaction: Transaction<MigrationTables>, topic: Topic): Promise<Set<string>> {
	const rows = await transaction.selectFrom('hub_migration').select('name').where('topic', '=', topic.name).execute();
	return new Set(rows.map((row) => row.name));
}

function refuseNewer(applied: Set<string>, steps: string[], topic: Topic, where: string): void {
	const unknown = [...applied].filter((name) => !steps.includes(name)).sort();
	if (unknown.length === 0) return;
	throw new HubError(
		'STORE_VERSION',
		`The store ${where} was written by a newer version of the hub: "${topic.name}" has the step ${unknown.at(-1)}, which ` +
			'this version does not know. Start the newer version, or restore a copy made before the update.',
	);
}
