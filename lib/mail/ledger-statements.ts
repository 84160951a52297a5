/** The statements that run for every mail, compiled once. */

import type { Kysely } from 'kysely';
import { statement } from '../store/statement.ts';
import type { LedgerEntry } from './ledger.ts';
import type { MailTables } from './ledger-tables.ts';

interface KeyValues {
	database_uuid: string;
	id: string;
}

type Row = MailTables['mail_ledger'];
type InsertValues = Omit<Row, 'version'>;
type UpdateValues = Omit<Row, 'version' | 'created_at' | 'kind' | 'reference'> & { seen: number };

type SentValues = KeyValues & { response: string; updated_at: number };

export const ENTRY_COLUMNS = [
	'state',
	'owner',
	'version',
	'attempts',
	'message_id as messageId',
	'recipient',
	'response',
	'reason',
	'reason_text as reasonText',
	'updated_at as updatedAt',
] as const;

export interface LedgerStatements {
	find: (values: KeyValues) => Promise<LedgerEntry[]>;
	/** Nothing comes back where the row exists. */
	insert: (values: InsertValues) => Promise<{ version: number }[]>;
	/** Nothing comes back where the version is another than the one seen. */
	update: (values: UpdateValues) => Promise<{ version: number }[]>;
	/** Whoever changed the row in between. */
	markSent: (values: SentValues) => Promise<{ version: number }[]>;
}

export function ledgerStatements(database: Kysely<MailTables>): LedgerStatements {
	const compiling = database as unknown as Kysely<never>;
	return {
		find: statement<KeyValues, LedgerEntry>(compiling, ({ database_uuid, id }) =>
			database
				.selectFrom('mail_ledger')
				.select(ENTRY_COLUMNS)
				.where('database_uuid', '=', database_uuid)
				.where('id', '=', id),
		),
		insert: statement<InsertValues, { version: number }>(compiling, (row) =>
			database
				.insertInto('mail_ledger')
				.values({
					database_uuid: row.database_uuid,
					id: row.id,
					state: row.state,
					owner: row.owner,
					version: 1,
					attempts: row.attempts,
					kind: row.kind,
					reference: row.reference,
					recipient: row.recipient,
					message_id: row.message_id,
					response: row.response,
					reason: row.reason,
					reason_text: row.reason_text,
					created_at: row.created_at,
					updated_at: row.updated_at,
				})
				.onConflict((conflict) => conflict.columns(['database_uuid', 'id']).doNothing())
				.returning('version'),
		),
		update: statement<UpdateValues, { version: number }>(compiling, (row) =>
			database
				.updateTable('mail_ledger')
				.set((old) => ({
					state: row.state,
					owner: row.owner,
					version: old('version', '+', 1),
					attempts: row.attempts,
					recipient: row.recipient,
					message_id: row.message_id,
					response: row.response,
					reason: row.reason,
					reason_text: row.reason_text,
					updated_at: row.updated_at,
				}))
				.where('database_uuid', '=', row.database_uuid)
				.where('id', '=', row.id)
				.where('version', '=', row.seen)
				.returning('version'),
		),
		markSent: statement<SentValues, { version: number }>(compiling, ({ database_uuid, id, response, updated_at }) =>
			database
				.updateTable('mail_ledger')
				.set((old) => ({
					state: 'sent',
					version: old('version', '+', 1),
					response,
					reason: null,
					reason_text: null,
					updated_at,
				}))
				.where('database_uuid', '=', database_uuid)
				.where('id', '=', id)
				.returning('version'),
		),
	};
}
