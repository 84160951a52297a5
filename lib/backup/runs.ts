/**
 * Runs of backups in the store: one a target at a time by a lease, every outcome kept, claim checks kept until their file
 * was seen in the folder.
 */

import { randomUUID } from 'node:crypto';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Log } from '../log.ts';
import type { Lease, Store } from '../store/store.ts';
import { BackupRun, type Claim, storable } from './run.ts';
import { type BackupTables, backupTopic, type RunTrigger } from './run-tables.ts';
import { type RunView, VIEW_COLUMNS } from './run-view.ts';

export type { RunOutcome, RunTrigger } from './run-tables.ts';
export type { RunView } from './run-view.ts';

export interface RunRequest {
	/** What is backed up, address and database. */
	target: string;
	database: string;
	source: 'manager' | 'direct';
	format: 'zip' | 'dump';
	trigger: RunTrigger;
	/** Name of who pressed the button. */
	by?: string;
	/** Id of the interrupted run that this one repeats. */
	againOf?: string;
}

export interface RunsOptions {
	/** Unique to the process; begins with the name of the machine and a colon. */
	owner: string;
	/** How long a run's lease lasts without its process, in ms; default 60,000. */
	leaseMs?: number;
	log?: Log;
}

export interface Recovery {
	/** Interrupted, to be begun again now, each once: with its `id` as `againOf`. */
	again: RunView[];
	/** Without an outcome, but their lease still holds: they run elsewhere, or died less than a lease ago. */
	running: RunView[];
}

export interface Waiting<C> {
	claim: C;
	target: string;
	/** Made on this machine, as far as its name tells: another one's spool may have the same path. */
	here: boolean;
}

/** Long enough for a store that restarts, short enough that a dead run does not keep people waiting. */
const LEASE_MS = 60_000;

/** Rows that a list gives at most. */
const LIST_LIMIT = 200;

export class BackupRuns {
	readonly #store: Store;
	readonly #db: Kysely<BackupTables>;
	readonly #owner: string;
	readonly #leaseMs: number;
	readonly #log: Log | undefined;

	private constructor(store: Store, db: Kysely<BackupTables>, { owner, leaseMs = LEASE_MS, log }: RunsOptions) {
		this.#store = store;
		this.#db = db;
		this.#owner = owner;
		this.#leaseMs = leaseMs;
		this.#log = log;
	}

	/** @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION`; every method throws the first */
	static async open(store: Store, options: RunsOptions): Promise<BackupRuns> {
		return new BackupRuns(store, await store.topic<BackupTables>(backupTopic), options);
	}

	/**
	 * Begins a run, or says which one goes on already. What an earlier process left of this target is then `interrupted`.
	 * @returns `running` is null when that run has not been written yet, or when `againOf` was begun again already
	 */
	async begin(request: RunRequest): Promise<{ run: BackupRun } | { running: RunView | null }> {
		const id = randomUUID();
		const askedAt = performance.now();
		const lease = await this.#takeLease(request.target, id);
		if (!lease) return { running: await this.#open(request.target) };
		try {
			await this.#markInterrupted(request.target);
			const now = Date.now();
			const inserted = await this.#db
				.insertInto('backup_run')
				.values({
					id,
					target: request.target,
					database: request.database,
					database_uuid: null,
					source: request.source,
					format: request.format,
					trigger: request.trigger,
					by: request.by ?? null,
					again_of: request.againOf ?? null,
					owner: this.#owner,
					token: lease.token,
					phase: 'starting',
					bytes: 0,
					started_at: now,
					updated_at: now,
					finished_at: null,
					outcome: null,
					reason: null,
					reason_text: null,
					claim: null,
					released_at: null,
				})
				.onConflict((conflict) => conflict.column('again_of').doNothing())
				.returning('id')
				.executeTakeFirst();
			if (inserted) {
				return { run: new BackupRun(this.#db, id, { lease, ttlMs: this.#leaseMs, askedAt, log: this.#log }) };
			}
		} catch (thrown) {
			await lease.release().catch(() => undefined); // the failure that is thrown says more
			throw thrown;
		}
		await lease.release();
		return { running: null };
	}

	/**
	 * To be called at start, and again after a lease's duration while `running` names runs of a process that is gone.
	 */
	async recover(): Promise<Recovery> {
		const open = await this.#db.selectFrom('backup_run').select(VIEW_COLUMNS).where('outcome', 'is', null).execute();
		const running: RunView[] = [];
		for (const run of open) {
			const lease = await this.#takeLease(run.target, randomUUID());
			if (!lease) {
				running.push(run);
				continue;
			}
			await this.#markInterrupted(run.target);
			await lease.release();
		}
		const newest = await this.#newestOfEach();
		// One that was itself a repetition is left to the next regular run: what broke two in a row would break a third.
		const again = newest.filter(({ outcome, againOf }) => outcome === 'interrupted' && againOf === null);
		return { again, running };
	}

	/** The last run of a target, going on or not. Ordered by the lease's token: a clock that was changed confuses nothing. */
	async last(target: string): Promise<RunView | undefined> {
		return this.#views().where('target', '=', target).orderBy('token', 'desc').limit(1).executeTakeFirst();
	}

	/** Newest first. */
	async list(search: { target?: string; limit?: number } = {}): Promise<RunView[]> {
		let query = this.#views();
		if (search.target !== undefined) query = query.where('target', '=', search.target);
		return query
			.orderBy('started_at', 'desc')
			.orderBy('token', 'desc')
			.limit(Math.min(search.limit ?? LIST_LIMIT, LIST_LIMIT))
			.execute();
	}

	async find(id: string): Promise<RunView | undefined> {
		return this.#views().where('id', '=', id).executeTakeFirst();
	}

	/** Runs whose backup lacks files of the source, newest first, with their claim checks: for a person to look at. */
	async incomplete<C extends Claim>(): Promise<{ run: RunView; claim: C }[]> {
		const rows = await this.#db
			.selectFrom('backup_run')
			.select([...VIEW_COLUMNS, 'claim'])
			.where('outcome', '=', 'incomplete')
			.where('claim', 'is not', null)
			.orderBy('started_at', 'desc')
			.orderBy('token', 'desc')
			.limit(LIST_LIMIT)
			.execute();
		return rows.map(({ claim, ...run }) => ({ run, claim: JSON.parse(claim ?? '') as C }));
	}

	/**
	 * Claim checks of finished runs whose file was not seen in the folder yet, oldest first: to be sent on again.
	 * @param isOurs says whose target it is; default all
	 */
	async unreleased<C extends Claim>(isOurs: (target: string) => boolean = () => true): Promise<C[]> {
		return (await this.waiting<C>()).filter(({ target }) => isOurs(target)).map(({ claim }) => claim);
	}

	/** The same, with what is known of their runs. */
	async waiting<C extends Claim>(): Promise<Waiting<C>[]> {
		const rows = await this.#db
			.selectFrom('backup_run')
			.select(['claim', 'target', 'owner'])
			.where('claim', 'is not', null)
			.where('released_at', 'is', null)
			.where('outcome', 'in', ['complete', 'incomplete'])
			.orderBy('finished_at')
			.orderBy('token')
			.execute();
		return rows.map(({ claim, target, owner }) => ({
			...{ claim: JSON.parse(claim ?? '') as C, target },
			here: !this.#store.shared || machineOf(owner) === machineOf(this.#owner),
		}));
	}

	/**
	 * The file lies in the folder and was compared: the spool may go.
	 * @returns false when that was said before, or the run is unknown
	 */
	async release(id: string): Promise<boolean> {
		const row = await this.#db
			.updateTable('backup_run')
			.set({ released_at: Date.now() })
			.where('id', '=', id)
			.where('claim', 'is not', null)
			.where('released_at', 'is', null)
			.returning('id')
			.executeTakeFirst();
		return row !== undefined;
	}

	/**
	 * The spooled file is gone before it was uploaded: the run brought nothing after all.
	 * @returns false when it was uploaded meanwhile
	 */
	async spoolLost(id: string, reasonText: string): Promise<boolean> {
		const row = await this.#db
			.updateTable('backup_run')
			.set({ outcome: 'failed', reason: 'NOT_FOUND', reason_text: storable(reasonText), claim: null })
			.where('id', '=', id)
			.where('released_at', 'is', null)
			.where('claim', 'is not', null)
			.returning('id')
			.executeTakeFirst();
		return row !== undefined;
	}

	#views(): SelectQueryBuilder<BackupTables, 'backup_run', RunView> {
		return this.#db.selectFrom('backup_run').select(VIEW_COLUMNS);
	}

	async #newestOfEach(): Promise<RunView[]> {
		return this.#views()
			.where(({ eb, selectFrom, ref }) =>
				eb(
					'token',
					'=',
					selectFrom('backup_run as other')
						.select(({ fn }) => fn.max<number>('other.token').as('newest'))
						.where('other.target', '=', ref('backup_run.target')),
				),
			)
			.orderBy('started_at')
			.execute();
	}

	async #open(target: string): Promise<RunView | null> {
		const row = await this.#views()
			.where('target', '=', target)
			.where('outcome', 'is', null)
			.orderBy('token', 'desc')
			.executeTakeFirst();
		return row ?? null;
	}

	/** Its owner is the run, not the process: within one process, too, only one may run. */
	#takeLease(target: string, run: string): Promise<Lease | null> {
		return this.#store.lease(`backup ${target}`, { owner: `${this.#owner}/${run}`, ttlMs: this.#leaseMs });
	}

	/** Only while the lease is held: then whoever wrote these rows has lost it. */
	async #markInterrupted(target: string): Promise<void> {
		await this.#db
			.updateTable('backup_run')
			.set({ outcome: 'interrupted', finished_at: Date.now() })
			.where('target', '=', target)
			.where('outcome', 'is', null)
			.execute();
	}
}

const machineOf = (owner: string) => owner.split(':', 1)[0];
