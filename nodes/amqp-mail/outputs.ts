/** Messages that leave the node: outcomes, changes of its health, drafts. */

import type { Draft } from '../../lib/mail/drafts.ts';
import type { MailOutcome, ParkedGarbage } from '../../lib/mail/outcomes.ts';
import { healthOf, type WorkerState } from '../../lib/mail/worker-state.ts';
import type { FlowMessage } from '../runtime/node-red.ts';

export function outcomeMessage(outcome: MailOutcome | ParkedGarbage): FlowMessage {
	return { topic: outcome.outcome, payload: outcome };
}

/** `draft.token` must come back with it; `draft` is what the mail is about, `payload` what may be changed. */
export function draftMessage(token: string, { about, ...content }: Draft): FlowMessage {
	return { topic: 'draft', draft: { ...about, token }, payload: content };
}

/** A broker that restarts is back within this, in milliseconds, and nobody need be told; the status says it at once. */
export const PROBLEM_GRACE_MS = 10_000;

/**
 * Turns states into messages: one for each change that a person may want to know of. Numbers alone are none; but each
 * time more mails lie parked than were told of, there is one. That all is well at the start is no news, nor is a problem
 * of the connection that is over within `PROBLEM_GRACE_MS`.
 */
export class HealthNews {
	readonly #queue: string;
	readonly #tell: (message: FlowMessage) => void;
	#told = essenceOf('ok', [], undefined, 0);
	#parkedTold = 0;
	/** The state that is told of unless it ends before. */
	#pending: { state: WorkerState; timer: NodeJS.Timeout } | undefined;
	/** The present problem has lasted longer than the grace. */
	#lasting = false;

	constructor(queue: string, tell: (message: FlowMessage) => void) {
		this.#queue = queue;
		this.#tell = tell;
	}

	/** To be called with each new state. */
	take(state: WorkerState): void {
		const { phase, problem, pauses } = state;
		const ends = phase === 'closing' || phase === 'stopped';
		// A pause that began by itself is news at once, and its words count before those of a problem.
		if (problem && !ends && !this.#lasting && pauses.every(({ cause }) => cause === 'operator')) {
			this.#wait(state);
			return;
		}
		clearTimeout(this.#pending?.timer);
		this.#pending = undefined;
		this.#lasting = problem !== null;
		// Starting and closing are not news, and say nothing about mails yet.
		if (!ends && phase !== 'starting') this.#consider(state);
	}

	#wait(state: WorkerState): void {
		const timer = this.#pending?.timer ?? setTimeout(() => this.#graceOver(), PROBLEM_GRACE_MS).unref();
		this.#pending = { state, timer };
	}

	#graceOver(): void {
		const { state } = this.#pending ?? {};
		this.#lasting = true;
		if (state) this.take(state);
	}

	#consider(state: WorkerState): void {
		const { phase, pauses, problem, depths, counts, underWay, notes } = state;
		const report = healthOf(state);
		const parked = depths?.parked ?? 0;
		const causes = pauses.map(({ cause }) => cause);
		const essence = essenceOf(report.state, causes, problem?.code, parked);
		const more = parked > this.#parkedTold;
		if (essence === this.#told && !more) {
			this.#parkedTold = Math.min(this.#parkedTold, parked);
			return;
		}
		this.#told = essence;
		this.#parkedTold = parked;
		const { text } = report;
		const queue = this.#queue;
		this.#tell({
			topic: report.state,
			payload: { queue, state: report.state, text, phase, pauses, problem, parked, depths, counts, underWay, notes },
		});
	}
}

function essenceOf(state: string, causes: string[], problem: string | undefined, parked: number): string {
	return JSON.stringify([state, causes, problem ?? null, parked > 0]);
}
