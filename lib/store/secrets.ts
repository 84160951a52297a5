/** Named secrets in the store, encrypted: what a person consented to once and the hub needs again, on every machine. */

import type { Sealer } from './sealed.ts';
import type { Store, Topic } from './store.ts';

interface SecretTables {
	hub_secret: { name: string; sealed: string; changed_at: number };
}

const secretsTopic: Topic = {
	name: 'secrets',
	migrations: {
		'0001-secrets': {
			async up(db) {
				await db.schema
					.createTable('hub_secret')
					.addColumn('name', 'text', (column) => column.primaryKey())
					.addColumn('sealed', 'text', (column) => column.notNull())
					.addColumn('changed_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
};

export interface StoredSecrets {
	/** Undefined when there is none. @throws HubError `STORE_KEY`, `STORE_UNAVAILABLE` */
	get(name: string): Promise<string | undefined>;
	/** Replaces what was there. @throws HubError `STORE_UNAVAILABLE` */
	set(name: string, text: string): Promise<void>;
	/** Harmless when there is none. @throws HubError `STORE_UNAVAILABLE` */
	delete(name: string): Promise<void>;
}

/** @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION` */
export async function storedSecrets(store: Store, sealer: Sealer): Promise<StoredSecrets> {
	const db = await store.topic<SecretTables>(secretsTopic);
	const place = (name: string) => `secret/${name}`;
	return {
		async get(name) {
			const row = await db.selectFrom('hub_secret').select('sealed').where('name', '=', name).executeTakeFirst();
			return row && sealer.open(row.sealed, place(name));
		},
		async set(name, text) {
			const values = { sealed: sealer.seal(text, place(name)), changed_at: Date.now() };
			await db
				.insertInto('hub_secret')
				.values({ name, ...values })
				.onConflict((conflict) => conflict.column('name').doUpdateSet(values))
				.execute();
		},
		async delete(name) {
			await db.deleteFrom('hub_secret').where('name', '=', name).execute();
		},
	};
}
