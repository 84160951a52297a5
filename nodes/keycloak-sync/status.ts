/** How a synchronisation is, in words and numbers. */

import type { HubError } from '../../lib/errors.ts';
import type { FollowerState } from '../../lib/identity/follower-state.ts';
import { IdentityStopped } from '../../lib/identity/stopped.ts';
import { type Phrase, phraseOf } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';

export interface Said {
	tone: Tone;
	phrase: Phrase;
}

/** @param follows whether it asks for changes by itself */
export function syncStatus(state: FollowerState, follows: boolean): Said {
	const say = (tone: Tone, key: string, values: Phrase['values'] = {}): Said => ({
		tone,
		phrase: { key: `keycloak-sync.status.${key}`, values },
	});
	const { working, trouble, held, warnings, elsewhere, last, begun } = state;
	if (working) return say('busy', working.phase, { done: working.done, total: working.total });
	if (trouble) {
		const { error } = trouble;
		const passing = error.retryable && error.code !== 'IDENTITY_STOPPED';
		return say(passing ? 'waiting' : 'problem', passing ? 'down' : 'stopped', {
			reason: reasonOf(error),
			since: clock(trouble.since),
		});
	}
	if (held) return say('waiting', held.lines.length === 1 ? 'heldOne' : 'held', { count: held.lines.length });
	if (warnings.some(({ code }) => code === 'noEvents')) return say('waiting', 'blind');
	if (elsewhere) return say('ready', 'elsewhere');
	if (!follows) return last ? say('ready', 'done', doneOf(last)) : say('ready', 'ready');
	if (!begun) return say('busy', 'starting');
	return last ? say('ready', 'followed', doneOf(last)) : say('ready', 'following');
}

function doneOf({ at, done, failed }: NonNullable<FollowerState['last']>): NonNullable<Phrase['values']> {
	return { done, failed, at: clock(at) };
}

function reasonOf(error: HubError): Phrase {
	return error instanceof IdentityStopped ? { key: `keycloak-sync.stop.${error.stop}` } : phraseOf(error);
}

/** Local time without its zone: a status has little room, and the editor's people know where the clinic is. */
function clock(time: number): string {
	return new Date(time).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
}
