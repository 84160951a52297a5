/** The ledger's tables: what became of every mail, and which queue a person has paused. */

import { agesOf } from '../store/personal-data.ts';
import type { Topic } from '../store/store.ts';

/**
 * - `sending`: an owner may have begun to hand it to the SMTP server.
 * - `sent`: the SMTP server took it.
 * - `waiting`: it was not taken and will be tried again, or a person had it replayed.
 * - `parked`: it lies in the parked queue.
 * - `unknown`: it lies in the parked queue because it may or may not have been taken.
 * - `discarded`: a person gave it up.
 */
export type LedgerState = 'sending' | 'sent' | 'waiting' | 'parked' | 'unknown' | 'discarded';

export interface MailTables {
	mail_ledger: {
		/** Odoo's `database.uuid`; with `id` the key. */
		database_uuid: string;
		/** The message's UUID. */
		id: string;
		state: LedgerState;
		/** Process that wrote `sending` last. */
		owner: string;
		/** Grows with every change of state; a claim names the one it has seen. */
		version: number;
		/** Attempts begun. */
		attempts: number;
		kind: string;
		/** What a person calls it: the order's number. */
		reference: string | null;
		/** Null once blanked for its age. */
		recipient: string | null;
		/** The Message-ID header, with angle brackets. */
		message_id: string;
		/** The SMTP server's last answer; it may name the recipient. Null before the first, and once blanked. */
		response: string | null;
		/** Why it is not sent, as a code; null when it is. */
		reason: string | null;
		/** The same in words; may name the recipient. */
		reason_text: string | null;
		created_at: number;
		updated_at: number;
	};
	mail_switch: {
		/** The queue that it is about, with its virtual host. */
		name: string;
		/** 1 while a person keeps it paused. */
		paused: number;
		by: string | null;
		changed_at: number;
	};
}

export const mailTopic: Topic = {
	name: 'mail',
	migrations: {
		'0001-ledger': {
			async up(db) {
				await db.schema
					.createTable('mail_ledger')
					.addColumn('database_uuid', 'text', (column) => column.notNull())
					.addColumn('id', 'text', (column) => column.notNull())
					.addColumn('state', 'text', (column) => column.notNull())
					.addColumn('owner', 'text', (column) => column.notNull())
					.addColumn('version', 'bigint', (column) => column.notNull())
					.addColumn('attempts', 'bigint', (column) => column.notNull())
					.addColumn('kind', 'text', (column) => column.notNull())
					.addColumn('reference', 'text')
					.addColumn('recipient', 'text')
					.addColumn('message_id', 'text', (column) => column.notNull())
					.addColumn('response', 'text')
					.addColumn('reason', 'text')
					.addColumn('reason_text', 'text')
					.addColumn('created_at', 'bigint', (column) => column.notNull())
					.addColumn('updated_at', 'bigint', (column) => column.notNull())
					.addPrimaryKeyConstraint('mail_ledger_key', ['database_uuid', 'id'])
					.execute();
				await db.schema.createIndex('mail_ledger_reference').on('mail_ledger').column('reference').execute();
				await db.schema.createIndex('mail_ledger_created').on('mail_ledger').column('created_at').execute();
				await db.schema
					.createTable('mail_switch')
					.addColumn('name', 'text', (column) => column.primaryKey())
					.addColumn('paused', 'bigint', (column) => column.notNull())
					.addColumn('by', 'text')
					.addColumn('changed_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
	ages: agesOf('mail'),
};
