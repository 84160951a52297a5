/** Asks by id before anybody loses access: a walk can skip users, and a list can show one as disabled who is not. */
import { setTimeout as delay } from 'node:timers/promises';
import type { IdentitySource, Person } from './model.ts';
import { readPerson } from './person.ts';

/** Between the two questions about one who seems to be gone; an import or a restart of Keycloak is over by then. In ms. */
export const APART_MS = 3_000;

export interface Confirmed {
	people: Person[];
	gone: string[];
	/** Ids whose state is not known: asked, and something else came than a user or a plain no. */
	unknown: string[];
}

/**
 * Asks for each id, once or twice: only two plain noes, apart in time, mean that a user is gone.
 * @throws HubError as the source: where one question fails nothing is known of the others either
 */
export async function confirmById(
	source: IdentitySource,
	ids: Iterable<string>,
	{ apartMs = APART_MS, signal }: { apartMs?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Confirmed> {
	const confirmed: Confirmed = { people: [], gone: [], unknown: [] };
	const missing: string[] = [];
	const ask = async (id: string, onMissing: string[]) => {
		const found = await source.find(id, signal);
		if (found === null) return void onMissing.push(id);
		const person = readPerson(found);
		// The answer to a question for one user is that user, or it is no answer.
		if (person?.id === id) confirmed.people.push(person);
		else confirmed.unknown.push(id);
	};
	for (const id of ids) await ask(id, missing);
	if (missing.length === 0) return confirmed;
	await delay(apartMs, undefined, { ...(signal ? { signal } : {}) });
	for (const id of missing) await ask(id, confirmed.gone);
	return confirmed;
}
