/**
 * One node's or one command's backups: which databases, one run each, what becomes of them, what was left by a process that
 * died. Knows no program around it: what happens is told to `events`.
 */

import type { Audit } from '../audit.ts';
import { HubError, toHubError } from '../errors.ts';
import type { Counter, Health, HealthReport } from '../health.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { Aftercare } from './aftercare.ts';
import type { BackupEvent, BackupPlan, BackupsState, DatabaseResult, RunInput } from './backup-events.ts';
import { BackupEvidence } from './evidence.ts';
import { type IncompleteBackup, incompleteBackups, openNames } from './incomplete.ts';
import { requireKeys } from './key-use.ts';
import { isGood, LastRuns } from './last-runs.ts';
import { makeBackup } from './pipeline.ts';
import { databaseOf, databasesToBackUp, sourceOf, targetOf } from './place.ts';
import type { BackupRun } from './run.ts';
import { BackupRuns, type RunView } from './runs.ts';
import { Spool } from './spool.ts';

export type { BackupEvent } from './backup-events.ts';

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

/** Of a run: two renewals may fail, as while a store restarts; after a power cut nothing begins for so long. In ms. */
const LEASE_MS = 30_000;

/** An upload that failed may go now, as when somebody has made room in Drive; an attempt costs little. In ms. */
const RESEND_MS = 30 * 60_000;

/** Runs of a target that are looked through for the size of the last good one. */
const HISTORY = 10;

export class Backups {
	readonly #options: BackupsOptions;
	readonly #counter: Counter;
	readonly #closing = new AbortController();
	readonly #last = new LastRuns();
	readonly #aftercare: Aftercare;
	#opened: Promise<{ runs: BackupRuns; evidence: BackupEvidence; spool: Spool }> | undefined;
	#cancel: AbortController | undefined;
	#running: BackupsState['running'] = null;
	#work: Promise<unknown> = Promise.resolve();
	#recovery: NodeJS.Timeout | undefined;

	constructor(options: BackupsOptions) {
		this.#options = options;
		const { plan, log, leaseMs = LEASE_MS, resendMs = RESEND_MS } = options;
		this.#aftercare = new Aftercare({ plan, log, leaseMs, resendMs, isOurs: (target) => this.#isOurs(target) });
		this.#counter = options.health.counter('clinic_hub_backups_total', 'Backups by outcome.');
	}

	get state(): BackupsState {
		return { running: this.#running, last: this.#last.all };
	}

	get report(): HealthReport {
		return this.#last.report;
	}

	/**
	 * Looks after what an earlier process left: sends its claim checks again, begins its interrupted runs again. Comes back to
	 * it from time to time, for an upload may fail in this process, too.
	 */
	start(): void {
		clearTimeout(this.#recovery);
		this.#enqueue(() => this.#recover()).catch((thrown: unknown) => this.tellFailure(thrown));
	}

	/**
	 * Backs up, one database after the other. One that fails keeps no other from its turn.
	 * @throws HubError when nothing could be begun: BACKUP_NOTHING, ODOO_DATABASE_UNKNOWN, KEY_UNPROVEN, KEY_DEMO, …
	 */
	async run(input: RunInput): Promise<DatabaseResult[]> {
		if (this.#cancel) {
			const database = this.#running?.database ?? null;
			this.#tell({ kind: 'busy', database, running: database ? await this.#lastOf(database) : null });
			return [{ database: database ?? '', outcome: 'busy', running: null }];
		}
		this.#cancel = new AbortController();
		const signal = AbortSignal.any([this.#cancel.signal, this.#closing.signal]);
		try {
			// The claim checks of before go first.
			return await this.#enqueue(() => this.#runAll(input, signal));
		} finally {
			this.#cancel = undefined;
			this.#running = null;
			this.#options.onChange();
		}
	}

	/** @returns false when nothing runs here */
	cancel(actor: string): boolean {
		const { audit, plan } = this.#options;
		const subject = this.#running?.database ?? plan.place.url;
		if (!this.#cancel) return false;
		this.#cancel.abort(new HubError('CANCELLED', 'The backup was cancelled.'));
		audit({ action: 'backup.cancel', actor, subject, outcome: 'done' });
		return true;
	}

	/** Backups of this plan that lack files of the source and wait for a person, newest first. */
	async incomplete(): Promise<IncompleteBackup[]> {
		const { runs, evidence } = await this.#open();
		return incompleteBackups(runs, evidence, (target) => this.#isOurs(target));
	}

	/** A person accepts that these files are gone: in these backups, and in every later one. */
	async accept(backups: readonly IncompleteBackup[]): Promise<void> {
		const { evidence } = await this.#open();
		for (const { claim, open } of backups) {
			await evidence.acceptMissing(claim.databaseUuid, open);
		}
		this.#last.accepted(await this.incomplete());
		this.#options.onChange();
	}

	/** What runs now is recorded as interrupted, and begun again at the next start. */
	async close(): Promise<void> {
		clearTimeout(this.#recovery);
		this.#closing.abort(
			new HubError('CANCELLED', 'The hub is being stopped; the backup is begun again at its next start.'),
		);
		await this.#work.catch(() => undefined);
	}

	/** Opened at the first need; a failure is not remembered. */
	#open() {
		this.#opened ??= (async () => {
			const { store, owner, plan, leaseMs = LEASE_MS } = this.#options;
			const opened = await store();
			const runs = await BackupRuns.open(opened, { owner, leaseMs });
			return { runs, evidence: await BackupEvidence.open(opened), spool: await Spool.open(plan.spool) };
		})();
		this.#opened.catch(() => {
			this.#opened = undefined;
		});
		return this.#opened;
	}

	/** One thing after the other: two would fill the spool and the line at the same time. */
	#enqueue<T>(work: () => Promise<T>): Promise<T> {
		const next = this.#work.catch(() => undefined).then(work);
		this.#work = next.catch(() => undefined);
		return next;
	}

	async #runAll({ databases, ...input }: RunInput, signal: AbortSignal): Promise<DatabaseResult[]> {
		const { plan } = this.#options;
		const { evidence } = await this.#open();
		await requireKeys(plan, evidence);
		const results: DatabaseResult[] = [];
		for (const database of await databasesToBackUp(plan.place, databases, signal)) {
			signal.throwIfAborted();
			results.push(await this.#runOne(database, input, signal));
		}
		return results;
	}

	async #runOne(database: string, input: RunInput, signal: AbortSignal): Promise<DatabaseResult> {
		const { plan } = this.#options;
		const { runs } = await this.#open();
		const target = targetOf(plan.place, database);
		const { source, format } = plan;
		const begun = await runs.begin({
			...{ target, database, source, format, trigger: input.trigger, by: input.actor },
			...(input.againOf === undefined ? {} : { againOf: input.againOf }),
		});
		if (!('run' in begun)) {
			this.#tell({ kind: 'busy', database, running: begun.running });
			return { database, outcome: 'busy', running: begun.running };
		}
		const { run } = begun;
		this.#tell({ kind: 'started', database, id: run.id, trigger: input.trigger });
		try {
			const { claim, open } = await this.#make(run, database, input, signal);
			const outcome = open.length > 0 ? 'incomplete' : 'complete';
			this.#ended(input, { database, outcome, bytes: claim.plainSize });
			return { database, outcome: 'made', claim };
		} catch (thrown) {
			const error = reasonOf(thrown, run, signal);
			await this.#endRun(run, error);
			const bytes = this.#running?.progress?.bytes ?? 0;
			const outcome = this.#closing.signal.aborted
				? 'interrupted'
				: error.code === 'CANCELLED'
					? 'cancelled'
					: 'failed';
			this.#ended(input, { database, outcome, bytes, error });
			this.#tell({ kind: 'failed', database, id: run.id, error, answered: input.onMade !== undefined });
			return { database, outcome: 'failed', error };
		}
	}

	async #make(run: BackupRun, database: string, input: RunInput, signal: AbortSignal) {
		const { plan } = this.#options;
		const { spool, evidence } = await this.#open();
		const expectedBytes = await this.#sizeOfLast(database);
		this.#running = { database, progress: null, expectedBytes };
		this.#options.onChange();
		await run.check();
		const { source, format, encryption, signingKey, bytesPerSecond, firstByteMs, idleMs } = plan;
		const { claim, damaged } = await makeBackup(
			{
				id: run.id,
				...{ database, format, encryption, signingKey, spool, bytesPerSecond, firstByteMs, idleMs },
				source: sourceOf(plan.place, { source, format, database }),
				sourceName: source,
				expectedBytes: expectedBytes ?? 0,
			},
			{
				signal: AbortSignal.any([signal, run.signal]),
				onProgress: (progress) => {
					run.progress(progress.phase, progress.bytes);
					this.#running = { database, progress, expectedBytes };
					this.#tell({ kind: 'progress', database, id: run.id, progress, expectedBytes });
					this.#options.onChange();
				},
			},
		);
		try {
			await run.finish(claim);
		} catch (thrown) {
			// Nobody will ever be told of this file.
			await spool.release(claim.file);
			throw thrown;
		}
		const open = await openNames(claim, evidence);
		input.onMade?.(claim);
		this.#tellMade({ claim, again: false, answered: input.onMade !== undefined, damaged, open });
		return { claim, open };
	}

	#tellMade(made: Omit<Extract<BackupEvent, { kind: 'made' }>, 'kind'>): void {
		this.#aftercare.told(made.claim.id);
		this.#tell({ kind: 'made', ...made });
	}

	/** A failure to write it down must not hide what happened. */
	async #endRun(run: BackupRun, error: HubError): Promise<void> {
		try {
			await (this.#closing.signal.aborted ? run.interrupt() : run.fail(error));
		} catch (thrown) {
			this.#options.log.warn(`The end of a backup could not be written down: ${toHubError(thrown).message}`);
		}
	}

	#ended(
		{ actor, trigger }: RunInput,
		{ database, outcome, bytes, error }: { database: string; outcome: string; bytes: number; error?: HubError },
	): void {
		this.#counter.add({ outcome });
		this.#last.set({
			...{ database, outcome, bytes },
			finishedAt: Date.now(),
			code: error?.code ?? null,
			text: error?.message ?? null,
		});
		this.#options.audit({
			action: 'backup.run',
			actor,
			subject: database,
			outcome: isGood(outcome) ? 'done' : 'failed',
			details: { trigger, outcome, bytes, ...(error ? { code: error.code } : {}) },
		});
		this.#running = null;
		this.#options.onChange();
	}

	async #recover(): Promise<void> {
		// Also when the store is away just now: nobody else would come back to it.
		let next = this.#options.resendMs ?? RESEND_MS;
		try {
			const { runs, evidence, spool } = await this.#open();
			const { send, again, nextMs } = await this.#aftercare.look(runs, spool);
			next = nextMs;
			for (const claim of send) {
				const open = await openNames(claim, evidence);
				this.#tellMade({ claim, again: true, answered: false, damaged: [], open });
			}
			await this.#last.remember(runs, await this.incomplete(), (target) => this.#isOurs(target));
			// Not awaited: each waits for this recovery itself.
			void this.#beginAgain(again);
		} finally {
			if (!this.#closing.signal.aborted) this.#recovery = setTimeout(() => this.start(), next).unref();
			this.#options.onChange();
		}
	}

	async #beginAgain(interrupted: readonly RunView[]): Promise<void> {
		for (const run of interrupted) {
			this.#counter.add({ outcome: 'interrupted' });
			this.#tell({ kind: 'interrupted', run });
			try {
				await this.run({ trigger: 'again', actor: 'hub', databases: [run.database], againOf: run.id });
			} catch (thrown) {
				this.tellFailure(thrown);
			}
		}
	}

	#isOurs(target: string): boolean {
		const { place } = this.#options.plan;
		const database = databaseOf(place, target);
		return database !== undefined && (place.databases === null || place.databases.includes(database));
	}

	async #lastOf(database: string): Promise<RunView | null> {
		const { runs } = await this.#open();
		return (await runs.last(targetOf(this.#options.plan.place, database))) ?? null;
	}

	/** Bytes of the last backup that was made whole; null when there is none. */
	async #sizeOfLast(database: string): Promise<number | null> {
		const { runs } = await this.#open();
		const history = await runs.list({ target: targetOf(this.#options.plan.place, database), limit: HISTORY });
		return history.find(({ outcome }) => isGood(outcome))?.bytes ?? null;
	}

	/** Of a run that nobody waits for. */
	tellFailure(thrown: unknown): void {
		if (this.#closing.signal.aborted) return;
		this.#tell({ kind: 'failed', database: null, id: null, error: toHubError(thrown), answered: false });
	}

	#tell(event: BackupEvent): void {
		if (!this.#closing.signal.aborted) this.#options.onEvent(event);
	}
}

/** Threads say "cancelled" whatever the reason was. */
function reasonOf(thrown: unknown, run: BackupRun, signal: AbortSignal): HubError {
	if (run.signal.aborted) return toHubError(run.signal.reason);
	if (signal.aborted) return toHubError(signal.reason);
	return toHubError(thrown);
}
