/** Programs that bring an access token of Keycloak: audience and role decide, as for people. */

import type { Actor } from './gate.ts';
import { actorOf } from './gate.ts';
import type { EditorRealm } from './realm.ts';
import { type Role, rolesIn } from './roles.ts';
import { keyOf } from './session.ts';

interface Machine {
	actor: Actor;
	/** ms since 1970. */
	until: number;
}

/** Tokens that were checked are not checked again until they end; kept at most. */
const KEPT = 1_000;
/** A token's own end is believed for no longer than this: roles and clients change; in ms. */
const BELIEVED_MS = 60_000;
const MAX_TOKEN_CHARACTERS = 16_384;

export class Machines {
	readonly #realm: EditorRealm | undefined;
	readonly #known = new Map<string, Machine>();

	constructor(realm: EditorRealm | undefined) {
		this.#realm = realm;
	}

	/** Never throws. @returns the key under which `actor` knows it; null for a token that does not hold */
	async admit(token: string): Promise<string | null> {
		if (!this.#realm || token.length > MAX_TOKEN_CHARACTERS) return null;
		const key = `machine:${keyOf(token)}`;
		if (this.actor(key)) return key;
		try {
			const claims = await this.#realm.verify(token, this.#realm.clientId);
			const roles = rolesOf(claims, this.#realm.clientId);
			// An ID token, or a token for a person, is no machine's: its holder signs in.
			if (claims['typ'] !== 'Bearer' || claims['sid'] !== undefined || roles.length === 0) return null;
			const name = String(claims['client_id'] ?? claims['azp'] ?? claims.sub).slice(0, 100);
			const until = Math.min((claims.exp ?? 0) * 1_000, Date.now() + BELIEVED_MS);
			this.#known.set(key, { actor: actorOf({ username: `client:${name}`, name, roles }), until });
			if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value ?? key);
			return key;
		} catch {
			return null; // forged, expired, for others, or Keycloak's keys cannot be had: it does not open
		}
	}

	actor(key: string): Actor | null {
		const machine = this.#known.get(key);
		if (!machine) return null;
		if (machine.until > Date.now()) return machine.actor;
		this.#known.delete(key);
		return null;
	}
}

/** As the mapper of the clinic's realm names them, or as Keycloak itself does for another client's token. */
function rolesOf(claims: Readonly<Record<string, unknown>>, clientId: string): Role[] {
	const access = claims['resource_access'] as Record<string, { roles?: unknown }> | undefined;
	const own = access && Object.hasOwn(access, clientId) ? access[clientId]?.roles : undefined;
	return rolesIn(claims['roles'] ?? own);
}
