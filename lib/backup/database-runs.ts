/** The backup of one database: its run, what becomes of it, and what is told of it. */

import { type HubError, toHubError } from '../errors.ts';
import type { Counter } from '../health.ts';
import type { BackupsOptions, BackupsState, DatabaseResult, RunInput } from './backup-events.ts';
import type { BackupEvidence } from './evidence.ts';
import { openNames } from './incomplete.ts';
import { isGood, type LastRuns } from './last-runs.ts';
import { type BackupMade, makeBackup } from './pipeline.ts';
import { sourceOf, targetOf } from './place.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRun } from './run.ts';
import type { BackupRuns } from './runs.ts';
import type { Spool } from './spool.ts';

export interface Opened {
	runs: BackupRuns;
	evidence: BackupEvidence;
	spool: Spool;
}

export interface DatabaseRunsOptions extends Pick<BackupsOptions, 'plan' | 'audit' | 'log' | 'onEvent' | 'onChange'> {
	open(): Promise<Opened>;
	/** Aborted when the hub stops: a run is interrupted then, and begun again at the next start. */
	closing: AbortSignal;
	counter: Counter;
	last: LastRuns;
	/** Told when nobody knows whether a claim check was kept. */
	onUncertain(): void;
}

/** Runs of a target that are looked through for the size of the last good one. */
const HISTORY = 10;

export class DatabaseRuns {
	readonly #options: DatabaseRunsOptions;
	#running: BackupsState['running'] = null;

	constructor(options: DatabaseRunsOptions) {
		this.#options = options;
	}

	get running(): BackupsState['running'] {
		return this.#running;
	}

	/** Never throws: what fails is the result, so that the next database has its turn. */
	async run(database: string, input: RunInput, signal: AbortSignal): Promise<DatabaseResult> {
		const { plan, onEvent } = this.#options;
		const { source, format } = plan;
		let run: BackupRun | undefined;
		let made: BackupMade;
		try {
			const { runs } = await this.#options.open();
			const begun = await runs.begin({
				...{ target: targetOf(plan.place, database), database, source, format },
				...{ trigger: input.trigger, by: input.actor },
				...(input.againOf === undefined ? {} : { againOf: input.againOf }),
			});
			if (!('run' in begun)) {
				onEvent({ kind: 'busy', database, running: begun.running });
				return { database, outcome: 'busy', running: begun.running };
			}
			run = begun.run;
			onEvent({ kind: 'started', database, id: run.id, trigger: input.trigger });
			made = await this.#make(run, database, signal);
		} catch (thrown) {
			return this.#failed(run, database, input, reasonOf(thrown, run, signal));
		}
		// From here on there is a backup, whatever fails.
		const { claim, damaged } = made;
		const open = await this.#openNames(claim);
		input.onMade?.(claim);
		onEvent({ kind: 'made', claim, again: false, answered: input.onMade !== undefined, damaged, open });
		this.#ended(input, { database, outcome: open.length > 0 ? 'incomplete' : 'complete', bytes: claim.plainSize });
		return { database, outcome: 'made', claim };
	}

	/** Tells of a backup that was made before, and whose upload nobody has seen. */
	async sendAgain(claim: ClaimCheck): Promise<void> {
		const open = await this.#openNames(claim);
		this.#options.onEvent({ kind: 'made', claim, again: true, answered: false, damaged: [], open });
	}

	async #make(run: BackupRun, database: string, signal: AbortSignal): Promise<BackupMade> {
		const { plan, onEvent, onChange } = this.#options;
		const { spool } = await this.#options.open();
		const expectedBytes = await this.#sizeOfLast(database);
		this.#running = { database, progress: null, expectedBytes };
		onChange();
		await run.check();
		const { source, format, encryption, signingKey, bytesPerSecond, firstByteMs, idleMs } = plan;
		const made = await makeBackup(
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
					onEvent({ kind: 'progress', database, id: run.id, progress, expectedBytes });
					onChange();
				},
			},
		);
		await this.#keep(run, made.claim, spool);
		return made;
	}

	async #keep(run: BackupRun, claim: ClaimCheck, spool: Spool): Promise<void> {
		try {
			await run.finish(claim);
		} catch (thrown) {
			// Nobody will ever be told of this file. Of a store that went away in between nobody knows; its records tell later.
			if (toHubError(thrown).code === 'LEASE_LOST') await spool.release(claim.file);
			else this.#options.onUncertain();
			throw thrown;
		}
	}

	async #failed(
		run: BackupRun | undefined,
		database: string,
		input: RunInput,
		error: HubError,
	): Promise<DatabaseResult> {
		const { closing, onEvent } = this.#options;
		if (run) await this.#endRun(run, error);
		const outcome = closing.aborted ? 'interrupted' : error.code === 'CANCELLED' ? 'cancelled' : 'failed';
		this.#ended(input, { database, outcome, bytes: this.#running?.progress?.bytes ?? 0, error });
		onEvent({ kind: 'failed', database, id: run?.id ?? null, error, answered: input.onMade !== undefined });
		return { database, outcome: 'failed', error };
	}

	/** A failure to write it down must not hide what happened. */
	async #endRun(run: BackupRun, error: HubError): Promise<void> {
		const { closing, log } = this.#options;
		try {
			await (closing.aborted ? run.interrupt() : run.fail(error));
		} catch (thrown) {
			log.warn(`The end of a backup could not be written down: ${toHubError(thrown).message}`);
		}
	}

	/** Who does not know what was accepted counts every missing file: a backup is told rather too carefully than not at all. */
	async #openNames(claim: ClaimCheck): Promise<readonly string[]> {
		try {
			return await openNames(claim, (await this.#options.open()).evidence);
		} catch (thrown) {
			this.#options.log.warn(`Which missing files were accepted is not known now: ${toHubError(thrown).message}`);
			return claim.missing;
		}
	}

	#ended(
		{ actor, trigger }: RunInput,
		{ database, outcome, bytes, error }: { database: string; outcome: string; bytes: number; error?: HubError },
	): void {
		const { counter, last, audit, onChange } = this.#options;
		counter.add({ outcome });
		last.set({
			...{ database, outcome, bytes },
			finishedAt: Date.now(),
			code: error?.code ?? null,
			text: error?.message ?? null,
		});
		audit({
			action: 'backup.run',
			actor,
			subject: database,
			outcome: isGood(outcome) ? 'done' : 'failed',
			details: { trigger, outcome, bytes, ...(error ? { code: error.code } : {}) },
		});
		this.#running = null;
		onChange();
	}

	/** Bytes of the last backup that was made whole; null when there is none. */
	async #sizeOfLast(database: string): Promise<number | null> {
		const { plan, open } = this.#options;
		const { runs } = await open();
		const history = await runs.list({ target: targetOf(plan.place, database), limit: HISTORY });
		return history.find(({ outcome }) => isGood(outcome))?.bytes ?? null;
	}
}

/** Threads say "cancelled" whatever the reason was. */
function reasonOf(thrown: unknown, run: BackupRun | undefined, signal: AbortSignal): HubError {
	if (run?.signal.aborted) return toHubError(run.signal.reason);
	if (signal.aborted) return toHubError(signal.reason);
	return toHubError(thrown);
}
