/** Who did something, as records keep it, and in words for people. */

import { type Phrase, shared } from './phrase.ts';

/** Who acts where the editor has no sign-in (it then listens on loopback only). */
export const NO_SIGN_IN = 'editor without sign-in';

/** A message at a node's input; the id of that node follows. */
const FLOW = 'flow:';

/** A person's name as it is; the others in the reader's language. */
export function actorWords(actor: string | null | undefined): string | Phrase {
	if (!actor) return shared('actor.unknown');
	if (actor === NO_SIGN_IN) return shared('actor.noSignIn');
	return actor.startsWith(FLOW) ? shared('actor.flow') : actor;
}
