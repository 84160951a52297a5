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

/** What is marked as done here is marked once it was done: what fails comes up at the next look. */
export class Aftercare {
	readonly #options: AftercareOptions;
	/** Claim checks that this process has told of, and when; by `performance.now`, which no clock that is set changes. */
	readonly #told = new Map<string, number>();
	/** Interrupted runs that this process begins again just now, or has tried to without hope. */
	readonly #taken = new Set<string>();
	readonly #known = new Set<string>();
	/** A run that an earlier process may have left goes on, or nobody has looked yet. */
	#open = true;
	/** What an earlier process left was looked through. */
	#settled = false;

	constructor(options: AftercareOptions) {
		this.#options = options;
	}

	/** The claim check was sent on. */
	told(id: string): void {
		this.#told.set(id, performance.now());
	}

	/** An interrupted run is begun again. @returns false when that was tried before */
	begins(id: string): boolean {
		this.#taken.add(id);
		const first = !this.#known.has(id);
		this.#known.add(id);
		return first;
	}

	/** That failed for a reason that may pass: the next look gives it again, unless the store says that it was begun. */
	postpone(id: string): void {
		this.#taken.delete(id);
	}

	/** Everything that the last look gave was told. */
	settle(): void {
		this.#settled = !this.#open;
	}

	/** Nobody knows what became of a claim check: the spool is looked through again. */
	unsettle(): void {
		this.#settled = false;
	}

	/** @throws HubError `STORE_UNAVAILABLE`, `SPOOL_UNAVAILABLE` */
	async look(runs: BackupRuns, spool: Spool): Promise<Due> {
		const { plan, isOurs, log, leaseMs, resendMs } = this.#options;
		const { again, running } = await runs.recover();
		// A run of a process that died less than a lease ago, or of one that works: the lease tells. What it leaves is then due.
		this.#open = running.some(({ target }) => isOurs(target));
		const tidy = !(this.#settled || this.#open);
		const claims = await claimsToSend({ runs, spool, log, tidy }, isOurs);
		const send = claims.filter(({ id }) => {
			const toldAt = this.#told.get(id);
			// What another hub has made meanwhile is that hub's to send.
			return toldAt === undefined ? !this.#settled : performance.now() - toldAt >= resendMs;
		});
		const due = again.filter(
			({ id, target, source, format }) =>
				isOurs(target) && source === plan.source && format === plan.format && !this.#taken.has(id),
		);
		return { send, again: due, nextMs: this.#open ? Math.min(leaseMs, resendMs) : resendMs };
	}
}
