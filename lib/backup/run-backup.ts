/**
 * One node's or one command's backups: which databases, one after the other, and what was left by a process that died. Knows
 * no program around it: what happens is told to `onEvent`.
 */

import { HubError, toHubError } from '../errors.ts';
import type { Counter, HealthReport } from '../health.ts';
import { Aftercare } from './aftercare.ts';
import type { BackupEvent, BackupsOptions, BackupsState, DatabaseResult, RunInput } from './backup-events.ts';
import { DatabaseRuns, type Opened } from './database-runs.ts';
import { BackupEvidence } from './evidence.ts';
import { type IncompleteBackup, incompleteBackups } from './incomplete.ts';
import { requireKeys } from './key-use.ts';
import { LastRuns } from './last-runs.ts';
import { databaseOf, databasesToBackUp, targetOf } from './place.ts';
import { BackupRuns, type RunView } from './runs.ts';
import { Spool } from './spool.ts';

export type { BackupEvent, BackupsOptions } from './backup-events.ts';

/** Of a run: two renewals may fail, as while a store restarts; after a power cut nothing begins for so long. In ms. */
const LEASE_MS = 30_000;

/** An upload that failed may go now, as when somebody has made room in Drive; an attempt costs little. In ms. */
const RESEND_MS = 30 * 60_000;

export class Backups {
	readonly #options: BackupsOptions;
	readonly #counter: Counter;
	readonly #closing = new AbortController();
	readonly #last = new LastRuns();
	readonly #aftercare: Aftercare;
	readonly #databases: DatabaseRuns;
	#opened: Promise<Opened> | undefined;
	#cancel: AbortController | undefined;
	#work: Promise<unknown> = Promise.resolve();
	#recovery: NodeJS.Timeout | undefined;

	constructor(options: BackupsOptions) {
		this.#options = options;
		const { plan, log, leaseMs = LEASE_MS, resendMs = RESEND_MS } = options;
		this.#aftercare = new Aftercare({ plan, log, leaseMs, resendMs, isOurs: (target) => this.#isOurs(target) });
		this.#counter = options.health.counter('clinic_hub_backups_total', 'Backups by outcome.');
		this.#databases = new DatabaseRuns({
			...options,
			...{ counter: this.#counter, last: this.#last, closing: this.#closing.signal },
			open: () => this.#open(),
			onEvent: (event) => this.#tell(event),
			onUncertain: () => this.#aftercare.unsettle(),
		});
	}

	get state(): BackupsState {
		return { running: this.#databases.running, last: this.#last.all };
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
			const database = this.#databases.running?.database ?? null;
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
			this.#options.onChange();
		}
	}

	/** @returns false when nothing runs here */
	cancel(actor: string): boolean {
		const { audit, plan } = this.#options;
		const subject = this.#databases.running?.database ?? plan.place.url;
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
	#open(): Promise<Opened> {
		this.#opened ??= (async () => {
			const { store, owner, plan, log, leaseMs = LEASE_MS } = this.#options;
			const opened = await store();
			const runs = await BackupRuns.open(opened, { owner, leaseMs, log });
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
			results.push(await this.#databases.run(database, input, signal));
		}
		return results;
	}

	async #recover(): Promise<void> {
		// Also when the store is away just now: nobody else would come back to it.
		let next = this.#options.resendMs ?? RESEND_MS;
		try {
			const { runs, spool } = await this.#open();
			const { send, again, nextMs } = await this.#aftercare.look(runs, spool);
			next = nextMs;
			for (const claim of send) await this.#databases.sendAgain(claim);
			this.#aftercare.settle();
			// Not awaited: each waits for this recovery itself.
			void this.#beginAgain(again);
			await this.#last.remember(runs, await this.incomplete(), (target) => this.#isOurs(target));
		} finally {
			if (!this.#closing.signal.aborted) this.#recovery = setTimeout(() => this.start(), next).unref();
			this.#options.onChange();
		}
	}

	async #beginAgain(interrupted: readonly RunView[]): Promise<void> {
		for (const run of interrupted) {
			if (this.#aftercare.begins(run.id)) {
				this.#counter.add({ outcome: 'interrupted' });
				this.#tell({ kind: 'interrupted', run });
			}
			try {
				const results = await this.run({ trigger: 'again', actor: 'hub', databases: [run.database], againOf: run.id });
				// Also when it was busy: whether it was begun the store knows.
				if (results.every((result) => result.outcome !== 'failed' || mayPass(result.error)))
					this.#aftercare.postpone(run.id);
			} catch (thrown) {
				if (mayPass(toHubError(thrown))) this.#aftercare.postpone(run.id);
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

	/** Of a run that nobody waits for. */
	tellFailure(thrown: unknown): void {
		if (this.#closing.signal.aborted) return;
		this.#tell({ kind: 'failed', database: null, id: null, error: toHubError(thrown), answered: false });
	}

	#tell(event: BackupEvent): void {
		if (this.#closing.signal.aborted) return;
		this.#options.onEvent(event);
		if (event.kind === 'made') this.#aftercare.told(event.claim.id);
	}
}

/** A wrong setting would be told again and again, and what a person cancelled stays so. */
function mayPass({ code, retryable }: HubError): boolean {
	return retryable && code !== 'CANCELLED';
}
