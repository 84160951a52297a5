/** What is still to be told, and what was told lately. */
import { agesOf } from '../store/personal-data.ts';
import type { Topic } from '../store/store.ts';
import type { Severity } from './notice.ts';

export interface NoticeTables {
	/** One notice to one receiver over one channel; a row goes when it is delivered. */
	notice_outbox: {
		id: string;
		/** Whose notices: the name of a `Notices`. */
		sender: string;
		channel: string;
		target: string | null;
		subject: string;
		text: string;
		severity: Severity;
		about: string | null;
		created_at: number;
		attempts: number;
		/** Not before; also the time until which an attempt under way owns the row. */
		next_at: number;
	};
	/** Open while the same notice is counted instead of sent. */
	notice_window: {
		/** Hash of sender, severity, subject and receivers. */
		key: string;
		sender: string;
		subject: string;
		severity: Severity;
		about: string | null;
		/** JSON list of addresses. */
		receivers: string;
		/** Of the latest repetition. */
		text: string;
		repeats: number;
		opened_at: number;
		last_at: number;
		closes_at: number;
	};
}

export const noticesTopic: Topic = {
	name: 'notices',
	migrations: {
		'0001-outbox': {
			async up(db) {
				await db.schema
					.createTable('notice_outbox')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('sender', 'text', (column) => column.notNull())
					.addColumn('channel', 'text', (column) => column.notNull())
					.addColumn('target', 'text')
					.addColumn('subject', 'text', (column) => column.notNull())
					.addColumn('text', 'text', (column) => column.notNull())
					.addColumn('severity', 'text', (column) => column.notNull())
					.addColumn('about', 'text')
					.addColumn('created_at', 'bigint', (column) => column.notNull())
					.addColumn('attempts', 'bigint', (column) => column.notNull())
					.addColumn('next_at', 'bigint', (column) => column.notNull())
					.execute();
				await db.schema
					.createIndex('notice_outbox_due')
					.on('notice_outbox')
					.columns(['sender', 'channel', 'next_at'])
					.execute();
				await db.schema
					.createTable('notice_window')
					.addColumn('key', 'text', (column) => column.primaryKey())
					.addColumn('sender', 'text', (column) => column.notNull())
					.addColumn('subject', 'text', (column) => column.notNull())
					.addColumn('severity', 'text', (column) => column.notNull())
					.addColumn('about', 'text')
					.addColumn('receivers', 'text', (column) => column.notNull())
					.addColumn('text', 'text', (column) => column.notNull())
					.addColumn('repeats', 'bigint', (column) => column.notNull())
					.addColumn('opened_at', 'bigint', (column) => column.notNull())
					.addColumn('last_at', 'bigint', (column) => column.notNull())
					.addColumn('closes_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
	ages: agesOf('notices'),
};
