/** Named secrets in the store, encrypted: what a person consented to once, and what an upload needs to go on. */

import type { Kysely } from 'kysely';
import type { Sealer } from './sealed.ts';
import type { Store, Topic } from './store.ts';

interface SealedRow {
	name: string;
	sealed: string;
	changed_at: number;
}

export interface SecretTables {
	hub_secret: SealedRow;
	hub_session: SealedRow;
}

/** A session of an upload lives a week at Drive; what is older opens nothing and is removed. */
const SESSION_DAYS = 8;

export const secretsTopic: Topic = {
	name: 'secrets',
	migrations: {
		'0001-secrets': {
			async up(db) {
				for (const table of ['hub_secret', 'hub_session']) {
					await db.schema
						.createTable(table)
						.addColumn('name', 'text', (column) => column.primaryKey())
						.addColumn('sealed', 'text', (column) => column.notNull())
						.addColumn('changed_at', 'bigint', (column) => column.notNull())
						.execute();
				}
			},
		},
	},
	ages: [{ table: 'hub_session', timeColumn: 'changed_at', days: SESSION_DAYS, blank: 'row' }],
};

/** Every method throws `STORE_UNAVAILABLE`. */
export interface StoredSecrets {
	/** Undefined when there is none. @throws HubError `STORE_KEY` */
	get(name: string): Promise<string | undefined>;
	/** Replaces what was there. */
	set(name: string, text: string): Promise<void>;
	/** Harmless when there is none. */
	delete(name: string): Promise<void>;
}

/**
 * @returns `lasting` for consent tokens, `passing` for sessions of uploads, which are forgotten after eight days
 * @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION`
 */
export async function storedSecrets(
	store: Store,
	sealer: Sealer,
): Promise<{ lasting: StoredSecrets; passing: StoredSecrets }> {
	const db = await store.topic<SecretTables>(secretsTopic);
	return { lasting: secretsIn(db, 'hub_secret', sealer), passing: secretsIn(db, 'hub_session', sealer) };
}

function secretsIn(db: Kysely<SecretTables>, table: keyof SecretTables, sealer: Sealer): StoredSecrets {
	const place = (name: string) => `${table}/${name}`;
	return {
		async get(name) {
			const row = await db.selectFrom(table).select('sealed').where('name', '=', name).executeTakeFirst();
			return row && sealer.open(row.sealed, place(name));
		},
		async set(name, text) {
			const values = { sealed: sealer.seal(text, place(name)), changed_at: Date.now() };
			await db
				.insertInto(table)
				.values({ name, ...values })
				.onConflict((conflict) => conflict.column('name').doUpdateSet(values))
				.execute();
		},
		async delete(name) {
			await db.deleteFrom(table).where('name', '=', name).execute();
		},
	};
}
