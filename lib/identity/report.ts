/** What a run says of itself: plain JSON. */
import type { HeldLine } from './guards.ts';
import type { HeldPlan } from './held-plans.ts';
import type { Conflict, Line, Plan, TargetLimit } from './model.ts';

export interface Warning {
	/** `unknownName`: a role or group of scope or table that the realm does not have. */
	code: 'clockSkew' | 'noEvents' | 'purged' | 'realm' | 'unknownName';
	detail: string;
}

/** Those whom events named, or the whole realm. */
export type RunMode = 'changes' | 'everything';

export interface RunReport {
	/** What was read in the end. */
	mode: RunMode;
	dryRun: boolean;
	/** Another run holds the lease; nothing was done. */
	busy: boolean;
	/** Null when nothing had changed. */
	plan: Plan | null;
	/** Lines that no guard held. */
	now: Line[];
	heldLines: HeldLine[];
	done: Line[];
	failed: { line: Line; text: string }[];
	/** Left out, because it was not true any more when its turn came. */
	skipped: Line[];
	cancelled: boolean;
	conflicts: Conflict[];
	/** What waits for a person now. */
	held: HeldPlan | null;
	/** False: it waited before, and a person was told. */
	heldIsNew: boolean;
	warnings: Warning[];
	/** What this Odoo cannot do. */
	limits: TargetLimit[];
	/** After everybody was read: users of the realm, those who get an account, and accounts that follow. */
	counts: { users: number; inScope: number; linked: number } | null;
	/** Where the table of roles was taken from; null when Odoo was not asked. */
	table: { from: 'odoo' | 'node'; entries: number } | null;
}

export function emptyReport(mode: RunMode, dryRun: boolean): RunReport {
	return {
		...{ mode, dryRun, busy: false, plan: null, now: [], heldLines: [], done: [], failed: [], skipped: [] },
		...{ cancelled: false, conflicts: [], held: null, heldIsNew: false, warnings: [], limits: [] },
		...{ counts: null, table: null },
	};
}
