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

/**
 * Turns states into messages: one for each change that a person may want to know of. Numbers alone are none; but each
 * time more mails lie parked than were told of, there is one. That all is well at the start is no news.
 */
export function healthMessages(queue: string): (state: WorkerState) => FlowMessage | undefined {
	let told = essenceOf('ok', [], undefined, 0);
	let parkedTold = 0;
	return (state) => {
		const { phase, pauses, problem, depths, counts, underWay, notes } = state;
		// Starting and closing are not news, and say nothing about mails yet.
		if (phase === 'starting' || phase === 'closing' || phase === 'stopped') return undefined;
		const report = healthOf(state);
		const parked = depths?.parked ?? 0;
		const causes = pauses.map(({ cause }) => cause);
		const essence = essenceOf(report.state, causes, problem?.code, parked);
		const more = parked > parkedTold;
		if (essence === told && !more) {
			parkedTold = Math.min(parkedTold, parked);
			return undefined;
		}
		told = essence;
		parkedTold = parked;
		const { text } = report;
		return {
			topic: report.state,
			payload: { queue, state: report.state, text, phase, pauses, problem, parked, depths, counts, underWay, notes },
		};
	};
}

function essenceOf(state: string, causes: string[], problem: string | undefined, parked: number): string {
	return JSON.stringify([state, causes, problem ?? null, parked > 0]);
}
