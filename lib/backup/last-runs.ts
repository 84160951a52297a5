/** How the last run of each database ended: what a node says about itself, also after a restart. */

import type { HealthReport } from '../health.ts';
import type { LastRun } from './backup-events.ts';
import type { IncompleteBackup } from './incomplete.ts';
import type { BackupRuns } from './runs.ts';

/** Outcomes after which a file lies in the spool. */
const GOOD: ReadonlySet<string> = new Set(['complete', 'incomplete']);

export function isGood(outcome: string | null): boolean {
	return outcome !== null && GOOD.has(outcome);
}

export class LastRuns {
	readonly #last = new Map<string, LastRun>();

	get all(): LastRun[] {
		return [...this.#last.values()];
	}

	set(run: LastRun): void {
		this.#last.set(run.database, run);
	}

	/**
	 * Reads what an earlier process wrote; what this one knows already stays.
	 * @param incomplete those that wait for a person: others were accepted
	 */
	async remember(
		runs: Pick<BackupRuns, 'list' | 'last'>,
		incomplete: readonly IncompleteBackup[],
		isOurs: (target: string) => boolean,
	): Promise<void> {
		const list = (await runs.list()).filter(({ target }) => isOurs(target));
		// The list is by the clock: a run of a day on which it was ahead would be the last one for as long.
		const last = await Promise.all([...new Set(list.map(({ target }) => target))].map((target) => runs.last(target)));
		for (const run of [...last, ...list]) {
			if (!run || run.outcome === null || run.finishedAt === null || this.#last.has(run.database)) continue;
			const { id, database, outcome, finishedAt, bytes, reason, reasonText } = run;
			const accepted = outcome === 'incomplete' && incomplete.every(({ claim }) => claim.id !== id);
			const shown = accepted ? 'complete' : outcome;
			this.set({ database, outcome: shown, finishedAt, bytes, code: reason, text: reasonText });
		}
	}

	/** @param incomplete those that still wait for a person */
	accepted(incomplete: readonly IncompleteBackup[]): void {
		const waiting = new Set(incomplete.map(({ claim }) => claim.database));
		for (const last of this.all) {
			if (last.outcome === 'incomplete' && !waiting.has(last.database)) this.set({ ...last, outcome: 'complete' });
		}
	}

	/** A failed backup is no failure of the hub: its sign of life goes on, and the alarm asks Drive. */
	get report(): HealthReport {
		const bad = this.all.filter(({ outcome }) => !isGood(outcome));
		const text = bad.map(({ database, text, outcome }) => `${database}: ${text ?? outcome}`).join(' ');
		return { state: bad.length > 0 ? 'degraded' : 'ok', text };
	}
}
