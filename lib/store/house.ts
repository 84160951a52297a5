/** The store's own tables: leases and audit records. */

import { agesOf } from './personal-data.ts';
import type { Topic } from './store.ts';

export interface HouseTables {
	hub_lease: { name: string; token: number; owner: string; expires_at: number };
	hub_audit: {
		id: string;
		at: number;
		action: string;
		/** Null once it was blanked for its age. */
		actor: string | null;
		subject: string;
		outcome: string;
		/** JSON; null when there is none or it was blanked for its age. */
		details: string | null;
	};
}

export const houseTopic: Topic = {
	name: 'house',
	migrations: {
		'0001-leases-and-audit': {
			async up(db) {
				await db.schema
					.createTable('hub_lease')
					.addColumn('name', 'text', (column) => column.primaryKey())
					.addColumn('token', 'bigint', (column) => column.notNull())
					.addColumn('owner', 'text', (column) => column.notNull())
					.addColumn('expires_at', 'bigint', (column) => column.notNull())
					.execute();
				await db.schema
					.createTable('hub_audit')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('at', 'bigint', (column) => column.notNull())
					.addColumn('action', 'text', (column) => column.notNull())
					.addColumn('actor', 'text')
					.addColumn('subject', 'text', (column) => column.notNull())
					.addColumn('outcome', 'text', (column) => column.notNull())
					.addColumn('details', 'text')
					.execute();
				await db.schema.createIndex('hub_audit_at').on('hub_audit').column('at').execute();
			},
		},
	},
	ages: agesOf('house'),
};
