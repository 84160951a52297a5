/** What the synchronisation keeps: where it stands, what it saw, what it changed, and what waits for a person. */
import { agesOf } from '../store/personal-data.ts';
import type { Topic } from '../store/store.ts';

/** `waiting` → `approved` → `applied`, or `waiting` → `rejected` | `stale`. An approved plan goes stale by its age, too. */
export type PlanState = 'waiting' | 'approved' | 'applied' | 'rejected' | 'stale';

export interface IdentityTables {
	identity_state: {
		/** A realm and an Odoo: issuer and database. */
		pair: string;
		issuer: string;
		/** JSON of the cursor; null before the first run. */
		cursor: string | null;
		/** Users that the last full run counted; null before it. */
		counted: number | null;
		full_at: number | null;
	};
	identity_event: {
		pair: string;
		key: string;
		/** In Keycloak's time. */
		at: number;
		kind: string;
		/** Keycloak's id of whom it named; empty for a group, a role, the realm. */
		subject: string;
	};
	identity_change: {
		pair: string;
		/** As `changedKey`. */
		changed: string;
		at: number;
	};
	identity_plan: {
		id: string;
		pair: string;
		hash: string;
		created_at: number;
		state: PlanState;
		/** JSON; null once it was blanked for its age. */
		lines: string | null;
		decided_by: string | null;
		decided_at: number | null;
	};
	identity_link: {
		pair: string;
		/** Keycloak's id. */
		subject: string;
		account: number;
		approved_by: string | null;
		approved_at: number;
	};
	identity_setup: {
		pair: string;
		/** JSON of a `Setup`; no secret. */
		setup: string;
		saved_at: number;
	};
}

export const identityTopic: Topic = {
	name: 'identity',
	migrations: {
		'0001-identity': {
			async up(db) {
				await db.schema
					.createTable('identity_state')
					.addColumn('pair', 'text', (column) => column.primaryKey())
					.addColumn('issuer', 'text', (column) => column.notNull())
					.addColumn('cursor', 'text')
					.addColumn('counted', 'bigint')
					.addColumn('full_at', 'bigint')
					.execute();
				await db.schema
					.createTable('identity_event')
					.addColumn('pair', 'text', (column) => column.notNull())
					.addColumn('key', 'text', (column) => column.notNull())
					.addColumn('at', 'bigint', (column) => column.notNull())
					.addColumn('kind', 'text', (column) => column.notNull())
					.addColumn('subject', 'text', (column) => column.notNull())
					.addPrimaryKeyConstraint('identity_event_key', ['pair', 'key'])
					.execute();
				await db.schema.createIndex('identity_event_at').on('identity_event').columns(['pair', 'at']).execute();
				await db.schema
					.createTable('identity_change')
					.addColumn('pair', 'text', (column) => column.notNull())
					.addColumn('changed', 'text', (column) => column.notNull())
					.addColumn('at', 'bigint', (column) => column.notNull())
					.addPrimaryKeyConstraint('identity_change_key', ['pair', 'changed'])
					.execute();
				await db.schema
					.createTable('identity_plan')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('pair', 'text', (column) => column.notNull())
					.addColumn('hash', 'text', (column) => column.notNull())
					.addColumn('created_at', 'bigint', (column) => column.notNull())
					.addColumn('state', 'text', (column) => column.notNull())
					.addColumn('lines', 'text')
					.addColumn('decided_by', 'text')
					.addColumn('decided_at', 'bigint')
					.execute();
				await db.schema.createIndex('identity_plan_pair').on('identity_plan').columns(['pair', 'state']).execute();
				await db.schema
					.createTable('identity_link')
					.addColumn('pair', 'text', (column) => column.notNull())
					.addColumn('subject', 'text', (column) => column.notNull())
					.addColumn('account', 'bigint', (column) => column.notNull())
					.addColumn('approved_by', 'text')
					.addColumn('approved_at', 'bigint', (column) => column.notNull())
					.addPrimaryKeyConstraint('identity_link_key', ['pair', 'subject'])
					.execute();
				// An account belongs to one person at most.
				await db.schema
					.createIndex('identity_link_account')
					.on('identity_link')
					.columns(['pair', 'account'])
					.unique()
					.execute();
			},
		},
		'0002-setup': {
			async up(db) {
				await db.schema
					.createTable('identity_setup')
					.addColumn('pair', 'text', (column) => column.primaryKey())
					.addColumn('setup', 'text', (column) => column.notNull())
					.addColumn('saved_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
	ages: agesOf('identity'),
};
