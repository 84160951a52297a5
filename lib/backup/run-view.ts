/** What is shown of a run, and the columns that it is read from. */

import type { RunOutcome, RunTrigger } from './run-tables.ts';

/** A run as a person or a program sees it; times in milliseconds since 1970. */
export interface RunView {
	id: string;
	target: string;
	database: string;
	databaseUuid: string | null;
	source: string;
	format: string;
	trigger: RunTrigger;
	by: string | null;
	againOf: string | null;
	phase: string;
	bytes: number;
	startedAt: number;
	updatedAt: number;
	finishedAt: number | null;
	/** Null while it runs. */
	outcome: RunOutcome | null;
	reason: string | null;
	reasonText: string | null;
	releasedAt: number | null;
}

export const VIEW_COLUMNS = [
	'id',
	'target',
	'database',
	'database_uuid as databaseUuid',
	'source',
	'format',
	'trigger',
	'by',
	'again_of as againOf',
	'phase',
	'bytes',
	'started_at as startedAt',
	'updated_at as updatedAt',
	'finished_at as finishedAt',
	'outcome',
	'reason',
	'reason_text as reasonText',
	'released_at as releasedAt',
] as const;
