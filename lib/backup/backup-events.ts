/** What a run is asked to do, and what is told of it. */

import type { Audit } from '../audit.ts';
import type { HubError } from '../errors.ts';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { BackupProgress, Encryption } from './pipeline.ts';
import type { OdooPlace } from './place.ts';
import type { BackupFormat, BackupSource, ClaimCheck } from './record.ts';
import type { RunTrigger, RunView } from './runs.ts';

export interface BackupPlan {
	place: OdooPlace;
	source: BackupSource;
	format: BackupFormat;
	encryption: Encryption;
	/** `clinic-hub-sign-…`. */
	signingKey: string;
	/** Folder of the spool. */
	spool: string;
	/** Upper bound for the fetch, bytes a second; 0 for none. */
	bytesPerSecond: number;
	firstByteMs: number;
	idleMs: number;
	/** The published recovery key is accepted: a laboratory. */
	demoKeys: boolean;
}

/** What is told while runs go on; the node makes messages of it. */
export type BackupEvent =
	| { kind: 'started'; database: string; id: string; trigger: RunTrigger }
	| { kind: 'progress'; database: string; id: string; progress: BackupProgress; expectedBytes: number | null }
	/**
	 * The file waits in the spool. `again`: an earlier process told that, too. `answered`: the caller of `run` was told; here
	 * and below.
	 */
	| {
			kind: 'made';
			claim: ClaimCheck;
			again: boolean;
			answered: boolean;
			damaged: readonly string[];
			/** Of the missing files, those that nobody has accepted. */
			open: readonly string[];
	  }
	| { kind: 'failed'; database: string | null; id: string | null; error: HubError; answered: boolean }
	/** Somebody else's run, or an earlier one of this node, goes on. */
	| { kind: 'busy'; database: string | null; running: RunView | null }
	/** What was found at the start: begun again now. */
	| { kind: 'interrupted'; run: RunView };

export interface RunInput {
	trigger: RunTrigger;
	/** For the audit record. */
	actor: string;
	/** Of those of the connection; default all of them. */
	databases?: readonly string[];
	againOf?: string;
	/** Given by a caller who waits; told of each backup at once, while the next database has its turn. */
	onMade?(claim: ClaimCheck): void;
}

export type DatabaseResult =
	| { database: string; outcome: 'made'; claim: ClaimCheck }
	| { database: string; outcome: 'busy'; running: RunView | null }
	| { database: string; outcome: 'failed'; error: HubError };

/** How the last run of a database ended. */
export interface LastRun {
	database: string;
	outcome: string;
	finishedAt: number;
	/** Of the plain backup; of one that failed, received until then. */
	bytes: number;
	code: string | null;
	text: string | null;
}

export interface BackupsState {
	/** Null while nothing runs. */
	running: { database: string; progress: BackupProgress | null; expectedBytes: number | null } | null;
	last: readonly LastRun[];
}

export interface BackupsOptions {
	plan: BackupPlan;
	store(): Promise<Store>;
	/** Unique to the process. */
	owner: string;
	health: Health;
	audit: Audit;
	log: Log;
	onEvent(event: BackupEvent): void;
	/** Called whenever `state` may have changed. */
	onChange(): void;
	/** How long a run's lease lasts without its process, in ms; default 30,000. */
	leaseMs?: number;
	/** Between two looks at what nobody has verified the upload of, in ms; default half an hour. */
	resendMs?: number;
}
