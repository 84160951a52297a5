/** A running worker as the sidebar and the node's status show it. */

import type { MailWorker } from '../../lib/mail/worker.ts';
import type { WorkerState } from '../../lib/mail/worker-state.ts';
import { actorWords } from '../runtime/actor.ts';
import type { SourceState } from '../runtime/operator-actions.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';
import type { MailSource } from './operator-topic.ts';
import { label } from './operator-view.ts';

/** How a worker is, in words and numbers: for `status.set` and the sidebar. */
export function workerPhrase({ phase, pauses, problem, depths, underWay, counts }: WorkerState): {
	tone: Tone;
	phrase: Phrase;
} {
	const numbers = {
		sent: counts.sent,
		underWay,
		queued: depths?.queued ?? 0,
		delayed: depths?.delayed ?? 0,
		parked: depths?.parked ?? 0,
	};
	const [automatic] = pauses.filter(({ cause }) => cause !== 'operator');
	if (automatic) return { tone: 'problem', phrase: label(`worker.paused.${automatic.cause}`, numbers) };
	const [pause] = pauses;
	if (pause)
		return { tone: 'paused', phrase: label('worker.paused.operator', { ...numbers, by: actorWords(pause.by) }) };
	if (problem) return { tone: 'waiting', phrase: shared(`error.${problem.code}`) };
	if (phase !== 'consuming') return { tone: 'waiting', phrase: label(`worker.${phase}`, numbers) };
	const calm = underWay > 0 ? 'busy' : 'ready';
	return { tone: numbers.parked > 0 ? 'waiting' : calm, phrase: label('worker.consuming', numbers) };
}

/** What `defineMailTopic(RED).add` takes. */
export function mailSource(worker: MailWorker): MailSource {
	return {
		parked: worker.parked,
		search: (search) => worker.search(search),
		pause: (by) => worker.pause(by),
		resume: (by) => worker.resume(by),
		state: () => sourceState(worker.state),
	};
}

/** Parked mails show in the counts of the worker before the queue is counted again; both change the revision. */
function sourceState(state: WorkerState): SourceState {
	const { tone, phrase } = workerPhrase(state);
	const parked = state.depths?.parked ?? 0;
	const calm = parked > 0 ? 'attention' : 'ok';
	const { sent, discarded } = state.counts;
	return {
		tone: tone === 'ready' || tone === 'busy' ? calm : tone === 'waiting' ? 'attention' : tone,
		phrase,
		revision: [parked, state.counts.parked, sent, discarded].join(' '),
		flags: { paused: state.pauses.length > 0 },
		count: parked,
	};
}
