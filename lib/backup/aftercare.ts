/** What earlier processes left, and what failed in this one: claim checks to be sent again, runs to be begun again, and when. */

import type { Log } from '../log.ts';
import type { BackupPlan } from './backup-events.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRuns, RunView } from './runs.ts';
import type { Spool } from './spool.ts';
import { claimsToSend } from './unreleased.ts';

export interface AftercareOptions {
	plan: Pick<BackupPlan, 'source' | 'format'>;
	isOurs(target: string): boolean;
	log: Log;
	/** How long a run's lease lasts without its process, in ms. */
	leaseMs: number;
	/** Between two sendings of the same claim check, in ms. */
	resendMs: number;
}

export interface Due {
	send: ClaimCheck[];
	again: RunView[];
	/** When to look again, in ms. */
	nextMs: number;
}

export class Aftercare {
	readonly #options: AftercareOptions;
	/** Claim checks that this process has told of, and when; by `performance.now`, which no clock that is set changes. */
	readonly #told = new Map<string, number>();
	/** Interrupted runs that this process has begun again, or tried to. */
	readonly #again = new Set<string>();
	/** What an earlier process left was looked through. */
	#tidied = false;

	constructor(options: AftercareOptions) {
		this.#options = options;
	}

	/** The claim check was sent on. */
	told(id: string): void {
		this.#told.set(id, performance.now());
	}

	/** @throws HubError `STORE_UNAVAILABLE`, `SPOOL_UNAVAILABLE` */
	async look(runs: BackupRuns, spool: Spool): Promise<Due> {
		const { plan, isOurs, log, leaseMs, resendMs } = this.#options;
		const { again, running } = await runs.recover();
		const tidy = !this.#tidied;
		const claims = await claimsToSend({ runs, spool, log, tidy }, isOurs);
		const send = claims.filter(({ id }) => {
			const toldAt = this.#told.get(id);
			// What another hub has made meanwhile is that hub's to send.
			return toldAt === undefined ? tidy : performance.now() - toldAt >= resendMs;
		});
		// A run of a process that died less than a lease ago, or of one that works: the lease tells. What it leaves is then due.
		const open = running.some(({ target }) => isOurs(target));
		this.#tidied = !open;
		const due = again.filter(
			({ id, target, source, format }) =>
				isOurs(target) && source === plan.source && format === plan.format && !this.#again.has(id),
		);
		for (const { id } of due) this.#again.add(id);
		return { send, again: due, nextMs: open ? Math.min(leaseMs, resendMs) : resendMs };
	}
}
