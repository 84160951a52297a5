/** A topic for the tests of the store. */
import type { Topic } from '../../lib/store/store.ts';

export interface NotesTables {
	note: { id: string; at: number; state: string | null; author: string | null; text: string | null };
}

export const notesTopic: Topic = {
	name: 'notes',
	migrations: {
		'0001-note': {
			async up(db) {
				await db.schema
					.createTable('note')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('at', 'bigint', (column) => column.notNull())
					.addColumn('author', 'text')
					.addColumn('text', 'text')
					.execute();
			},
		},
		'0002-state': {
			async up(db) {
				await db.schema.alterTable('note').addColumn('state', 'text').execute();
			},
		},
	},
	ages: [{ table: 'note', timeColumn: 'at', days: 30, blank: ['author', 'text'] }],
};
