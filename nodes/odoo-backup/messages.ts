/** Messages that leave the node: claim checks on the first output, what happens on the second. */

import type { BackupEvent, LastRun } from '../../lib/backup/backup-events.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import type { RunView } from '../../lib/backup/runs.ts';
import type { FlowMessage } from '../runtime/node-red.ts';

/** Names in a message; the record beside the file holds them all. */
const NAMES_TOLD = 50;

/** Between two messages about the progress of a backup, in ms: what a dashboard can show. */
export const PROGRESS_MESSAGE_MS = 2_000;

/** What a person or a flow is told of a run; times as ISO 8601. */
export function runPayload(run: RunView): Record<string, unknown> {
	const { id, database, trigger, phase, bytes, startedAt, outcome, reason, reasonText } = run;
	const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
	return {
		...{ id, database, trigger, phase, bytes, outcome, reason, reasonText },
		startedAt: iso(startedAt),
		finishedAt: iso(run.finishedAt),
	};
}

export function lastPayload({ finishedAt, ...last }: LastRun): Record<string, unknown> {
	return { ...last, finishedAt: new Date(finishedAt).toISOString() };
}

/** What happened, for the second output; undefined for what only the first one tells. */
export function eventMessage(event: BackupEvent): FlowMessage {
	switch (event.kind) {
		case 'started': {
			const { database, id, trigger } = event;
			return { topic: 'started', payload: { database, id, trigger } };
		}
		case 'progress': {
			const { database, id, progress, expectedBytes } = event;
			return { topic: 'progress', payload: { database, id, ...progress, expectedBytes } };
		}
		case 'made': {
			const { claim, again, damaged, open } = event;
			const { id, database, complete, size, plainSize, startedAt, finishedAt, late, missing } = claim;
			return {
				topic: again ? 'waiting' : open.length > 0 ? 'incomplete' : 'finished',
				payload: {
					...{ id, database, complete, size, plainSize, startedAt, finishedAt },
					late: late.length,
					missing: missing.length,
					damaged: damaged.length,
					// Nobody has accepted these.
					missingNames: open.slice(0, NAMES_TOLD),
				},
			};
		}
		case 'failed': {
			const { database, id, error } = event;
			const { code, message: text, retryable } = error;
			return { topic: code === 'CANCELLED' ? 'cancelled' : 'failed', payload: { database, id, code, text, retryable } };
		}
		case 'busy': {
			const { database, running } = event;
			return { topic: 'running', payload: { database, running: running && runPayload(running) } };
		}
		case 'interrupted':
			return { topic: 'interrupted', payload: runPayload(event.run) };
	}
}

/** The claim check, on the message that asked for it or on one of its own. */
export function claimMessage(message: FlowMessage, claim: ClaimCheck): FlowMessage {
	return { ...message, topic: claim.database, payload: claim };
}
