/** What a `Follower` says of itself and of what happens. */
import type { HubError } from '../errors.ts';
import type { HeldPlan } from './held-plans.ts';
import type { RunReport, Warning } from './report.ts';

export type FollowerEvent =
	/** Something was asked for, or something was done, refused or left out. */
	| { kind: 'report'; report: RunReport; actor: string; answered: boolean }
	/** Another plan than before waits for a person. */
	| { kind: 'held'; plan: HeldPlan }
	| { kind: 'progress'; phase: 'reading' | 'applying'; done: number; total: number }
	/** It cannot read or change; told once, and not before it has lasted where it may pass by itself. */
	| { kind: 'failed'; error: HubError; since: number }
	| { kind: 'recovered'; since: number }
	/** A run was asked for while one that was asked for works. */
	| { kind: 'busy' };

export interface FollowerState {
	/** Null while nothing is read or changed; questions to Keycloak that find nothing are no work. */
	working: { phase: 'reading' | 'applying'; done: number; total: number } | null;
	/** Why it waits. */
	trouble: { error: HubError; since: number } | null;
	held: HeldPlan | null;
	warnings: readonly Warning[];
	/** Another hub did the last one. */
	elsewhere: boolean;
	/** The last run that changed something, or was to. */
	last: { at: number; done: number; failed: number } | null;
	/** False before the first answer of both sides. */
	begun: boolean;
	/** Grows when other links may be proposed than before. */
	proposalsRead: number;
}

export const BEGINNING: FollowerState = {
	...{ working: null, trouble: null, held: null, warnings: [], elsewhere: false, last: null },
	...{ begun: false, proposalsRead: 0 },
};
