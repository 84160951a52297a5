/** One run of a backup in the store, under its lease. A run that lost its lease can write nothing more. */

import type { Kysely } from 'kysely';
import { HubError, toHubError } from '../errors.ts';
import type { Log } from '../log.ts';
import { HeldLease } from '../store/held-lease.ts';
import type { Lease } from '../store/store.ts';
import type { BackupTables } from './run-tables.ts';

/** What is kept of a claim check; the whole of it is given back. */
export interface Claim {
	id: string;
	databaseUuid: string;
	complete: boolean;
}

/** Between two writes of a run's progress, in ms: a person reads no faster, and each is a transaction. */
const PROGRESS_MS = 2_000;

/** Of a failure's text, in characters. */
const MAX_TEXT = 2_000;

export interface RunLease {
	lease: Lease;
	ttlMs: number;
	/** When it was asked for, by `performance.now`. */
	askedAt: number;
	log?: Log | undefined;
}

const LOST = 'This backup no longer has the right to run; another process may have begun it again.';

/**
 * A run that goes on. Its lease is renewed until one of `finish`, `fail` and `interrupt` ends it; when it is lost,
 * `signal` aborts with `LEASE_LOST` and nothing more is written.
 */
export class BackupRun {
	readonly id: string;
	readonly #db: Kysely<BackupTables>;
	readonly #held: HeldLease;
	readonly #log: Log | undefined;
	#ended = false;
	#phase = '';
	#written = 0;

	constructor(db: Kysely<BackupTables>, id: string, { lease, log, ...held }: RunLease) {
		this.id = id;
		this.#db = db;
		this.#log = log;
		this.#held = new HeldLease(lease, { ...held, lostText: LOST });
	}

	/** Aborts when the run is another's now. */
	get signal(): AbortSignal {
		return this.#held.signal;
	}

	/** To be called before each step that changes something outside. @throws HubError `LEASE_LOST`, `STORE_UNAVAILABLE` */
	check(): Promise<void> {
		return this.#held.check();
	}

	/** Cheap to call often: a new phase is written at once, bytes now and then. A failure to write shows when the run ends. */
	progress(phase: string, bytes: number): void {
		const now = performance.now();
		if (this.#ended || (phase === this.#phase && now - this.#written < PROGRESS_MS)) return;
		this.#phase = phase;
		this.#written = now;
		this.#write({ phase, bytes }).catch((thrown: unknown) => {
			if (!this.#ended && toHubError(thrown).code === 'LEASE_LOST') this.#held.lose(thrown);
		});
	}

	/**
	 * Keeps the claim check; from now on it is given out by `BackupRuns.unreleased` until it is released.
	 * @throws HubError `LEASE_LOST`: it is not kept then; `STORE_UNAVAILABLE`: it may be, and the store tells when it is back
	 */
	async finish(claim: Claim & { plainSize?: number }): Promise<void> {
		await this.#end({
			outcome: claim.complete ? 'complete' : 'incomplete',
			phase: 'spooled',
			database_uuid: claim.databaseUuid,
			claim: JSON.stringify(claim),
			...(claim.plainSize === undefined ? {} : { bytes: claim.plainSize }),
		});
	}

	/** Writes why; `CANCELLED` becomes `cancelled`. Harmless when the lease was lost: the run is `interrupted` then. */
	async fail(thrown: unknown): Promise<void> {
		const { code, message } = toHubError(thrown);
		const outcome = code === 'CANCELLED' ? 'cancelled' : 'failed';
		await this.#endIfHeld({ outcome, reason: code, reason_text: storable(message) });
	}

	/** The process is closing: the run is to be begun again at its next start. */
	async interrupt(): Promise<void> {
		await this.#endIfHeld({ outcome: 'interrupted' });
	}

	async #endIfHeld(values: Partial<BackupTables['backup_run']>): Promise<void> {
		try {
			await this.#end(values);
		} catch (thrown) {
			if (toHubError(thrown).code !== 'LEASE_LOST') throw thrown;
		}
	}

	async #end(values: Partial<BackupTables['backup_run']>): Promise<void> {
		this.#ended = true;
		try {
			this.#held.signal.throwIfAborted();
			await this.#write({ ...values, finished_at: Date.now() });
		} finally {
			await this.#held.release(this.#log);
		}
	}

	async #write(values: Partial<BackupTables['backup_run']>): Promise<void> {
		const row = await this.#db
			.updateTable('backup_run')
			.set({ ...values, updated_at: Date.now() })
			.where('id', '=', this.id)
			.where('token', '=', this.#held.lease.token)
			// Whoever took the lease over has given it an outcome.
			.where('outcome', 'is', null)
			.returning('id')
			.executeTakeFirst();
		if (!row) {
			throw new HubError(
				'LEASE_LOST',
				'This backup was taken for interrupted, because its process was silent for too long.',
			);
		}
	}
}

/** PostgreSQL takes no NUL. */
export function storable(text: string): string {
	return text.replaceAll('\0', '\ufffd').slice(0, MAX_TEXT).toWellFormed();
}
