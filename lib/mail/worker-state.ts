/** What a worker tells about itself: words and numbers for a status, a health report and an operator's screen. */

import type { HubErrorCode } from '../errors.ts';
import type { HealthReport } from '../health.ts';
import type { Pause } from './pauses.ts';

/**
 * - `stopped` → `starting` by `start`.
 * - `starting`: opens the store and connects to the broker, also when a pause has ended → `consuming`, `paused`, `waiting`.
 * - `waiting`: cannot consume, see `problem`; tries by itself → `consuming`, `paused`.
 * - `consuming` → `pausing` when a pause begins, `waiting` when the channel is lost.
 * - `pausing`: takes no new mail, finishes what is under way → `paused`, or `consuming` when the pause ends before.
 * - `paused` → `consuming`, `starting` or `waiting` when the last pause ends.
 * - any → `closing` by `close` → `stopped`.
 */
export type WorkerPhase = 'stopped' | 'starting' | 'waiting' | 'consuming' | 'pausing' | 'paused' | 'closing';

export interface QueueDepths {
	/** In the queue, not handed out. */
	queued: number;
	/** In the delay queues. */
	delayed: number;
	parked: number;
}

/** Since the worker started. */
export interface WorkerCounts {
	sent: number;
	/** Refused for now and put into a delay. */
	retried: number;
	/** Parked, those with an unknown outcome included. */
	parked: number;
	discarded: number;
	/** Came again after they were sent. */
	duplicates: number;
}

export interface WorkerState {
	readonly phase: WorkerPhase;
	/** Why nothing is consumed although nothing is paused. */
	readonly problem: { code: HubErrorCode; text: string } | null;
	readonly pauses: readonly Pause[];
	/** Mails under work now. */
	readonly underWay: number;
	readonly counts: Readonly<WorkerCounts>;
	/** Null until they were read. */
	readonly depths: Readonly<QueueDepths> | null;
	/** Age of the last mail begun, from its AMQP timestamp, in milliseconds; null when it had none. */
	readonly lagMs: number | null;
	/** What a person should know of its set-up; what exists otherwise than asked for, and what that costs; that results cannot be published. */
	readonly notes: readonly string[];
}

/** True when a status made from either would read the same; the age of mails changes all the time and does not count. */
export function sameState(a: WorkerState, b: WorkerState): boolean {
	const essence = ({ lagMs: _, ...rest }: WorkerState): string => JSON.stringify(rest);
	return essence(a) === essence(b);
}

/** In English, for `/health`. */
export function healthOf(state: WorkerState): HealthReport {
	const { phase, problem, pauses, depths, counts } = state;
	const automatic = pauses.find(({ cause }) => cause !== 'operator');
	const details = { phase, ...counts, ...depths, underWay: state.underWay };
	if (automatic) return { state: 'failed', text: `Paused: ${automatic.text}`, details };
	if (problem) return { state: 'failed', text: problem.text, details };
	const [pause] = pauses;
	if (pause) return { state: 'degraded', text: pause.text, details };
	if (depths && depths.parked > 0) {
		const waiting = depths.parked === 1 ? '1 parked mail waits' : `${depths.parked} parked mails wait`;
		return { state: 'degraded', text: `${waiting} for a person.`, details };
	}
	if (phase !== 'consuming') return { state: 'degraded', text: `The worker is ${phase}.`, details };
	return { state: 'ok', text: 'Mails are sent as they come.', details };
}
