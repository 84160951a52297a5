/** The tables of backups: every run, what a person accepted, and what was proven. */

import { agesOf } from '../store/personal-data.ts';
import type { Topic } from '../store/store.ts';

/** How a run ended. `interrupted`: the process ended before it did. */
export type RunOutcome = 'complete' | 'incomplete' | 'failed' | 'cancelled' | 'interrupted';

/** What began a run. `again`: an interrupted one is begun again. */
export type RunTrigger = 'schedule' | 'hand' | 'command' | 'again';

export interface BackupTables {
	backup_run: {
		/** The backup's id, a UUID. */
		id: string;
		/** What is backed up, address and database: one run at a time each. */
		target: string;
		database: string;
		/** Null until Odoo was asked. */
		database_uuid: string | null;
		source: string;
		format: string;
		trigger: RunTrigger;
		/** Who pressed the button; null otherwise, and once blanked for its age. */
		by: string | null;
		/** The interrupted run that this one repeats; unique. */
		again_of: string | null;
		/** Process that runs it. */
		owner: string;
		/** Of the lease; grows with each run of a target. */
		token: number;
		phase: string;
		/** Received so far. */
		bytes: number;
		started_at: number;
		updated_at: number;
		finished_at: number | null;
		/** Null while it runs. */
		outcome: RunOutcome | null;
		/** Code of the failure; null without one. */
		reason: string | null;
		reason_text: string | null;
		/** The claim check, JSON; null before there is one. */
		claim: string | null;
		/** When its file was seen whole in the folder, and the spool let go. */
		released_at: number | null;
	};
	backup_accepted: {
		database_uuid: string;
		/** Of an attachment, as in the filestore. */
		name: string;
		accepted_at: number;
	};
	backup_drill: {
		id: string;
		/** The backup that was restored. */
		backup: string;
		database_uuid: string;
		finished_at: number;
		/** 1 when it agreed with its record. */
		passed: number;
		/** JSON of the comparison; of a drill that did not come so far, code and text of its failure. */
		result: string;
	};
	backup_key_check: {
		/** Public half of the key. */
		recipient: string;
		checked_at: number;
		/** The backup that it opened; null for the test file of the set-up. */
		backup: string | null;
	};
}

export const backupTopic: Topic = {
	name: 'backup',
	migrations: {
		'0001-runs': {
			async up(db) {
				await db.schema
					.createTable('backup_run')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('target', 'text', (column) => column.notNull())
					.addColumn('database', 'text', (column) => column.notNull())
					.addColumn('database_uuid', 'text')
					.addColumn('source', 'text', (column) => column.notNull())
					.addColumn('format', 'text', (column) => column.notNull())
					.addColumn('trigger', 'text', (column) => column.notNull())
					.addColumn('by', 'text')
					.addColumn('again_of', 'text')
					.addColumn('owner', 'text', (column) => column.notNull())
					.addColumn('token', 'bigint', (column) => column.notNull())
					.addColumn('phase', 'text', (column) => column.notNull())
					.addColumn('bytes', 'bigint', (column) => column.notNull())
					.addColumn('started_at', 'bigint', (column) => column.notNull())
					.addColumn('updated_at', 'bigint', (column) => column.notNull())
					.addColumn('finished_at', 'bigint')
					.addColumn('outcome', 'text')
					.addColumn('reason', 'text')
					.addColumn('reason_text', 'text')
					.addColumn('claim', 'text')
					.addColumn('released_at', 'bigint')
					.execute();
				await db.schema
					.createIndex('backup_run_target')
					.on('backup_run')
					.columns(['target', 'token'])
					.unique()
					.execute();
				// An interrupted run is begun again once, whoever notices it.
				await db.schema.createIndex('backup_run_again').on('backup_run').column('again_of').unique().execute();
				await db.schema
					.createTable('backup_accepted')
					.addColumn('database_uuid', 'text', (column) => column.notNull())
					.addColumn('name', 'text', (column) => column.notNull())
					.addColumn('accepted_at', 'bigint', (column) => column.notNull())
					.addPrimaryKeyConstraint('backup_accepted_key', ['database_uuid', 'name'])
					.execute();
				await db.schema
					.createTable('backup_drill')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('backup', 'text', (column) => column.notNull())
					.addColumn('database_uuid', 'text', (column) => column.notNull())
					.addColumn('finished_at', 'bigint', (column) => column.notNull())
					.addColumn('passed', 'bigint', (column) => column.notNull())
					.addColumn('result', 'text', (column) => column.notNull())
					.execute();
				await db.schema
					.createTable('backup_key_check')
					.addColumn('recipient', 'text', (column) => column.primaryKey())
					.addColumn('checked_at', 'bigint', (column) => column.notNull())
					.addColumn('backup', 'text')
					.execute();
			},
		},
	},
	ages: agesOf('backup'),
};
