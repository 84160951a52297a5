/**
 * Keycloak's own word that a session has ended (OpenID Connect Back-Channel Logout 1.0): a signed token, posted by Keycloak.
 */

import type { ServerResponse } from 'node:http';
import type { Audit } from '../lib/audit.ts';
import { formOf } from './body.ts';
import type { GateRequest } from './gate.ts';
import type { EditorRealm } from './realm.ts';
import type { Sessions } from './session.ts';

/** As the realm of the clinic has it, and `deploy/keycloak/`. */
export const BACKCHANNEL_PATH = '/clinic-hub/backchannel-logout';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** A logout token of Keycloak has some 900 bytes. */
const MAX_BYTES = 16_384;
/** It travels at once; an older one is a copy. In seconds. */
const MAX_AGE_S = 120;
/** Identifiers remembered, so that none is taken twice. */
const REMEMBERED = 10_000;

export class BackchannelLogout {
	readonly #realm: EditorRealm;
	readonly #sessions: Sessions;
	readonly #audit: Audit;
	readonly #seen = new Set<string>();

	constructor(options: { realm: EditorRealm; sessions: Sessions; audit: Audit }) {
		this.#realm = options.realm;
		this.#sessions = options.sessions;
		this.#audit = options.audit;
	}

	readonly routes = (request: GateRequest, response: ServerResponse, path: string): boolean => {
		if (path !== BACKCHANNEL_PATH) return false;
		void this.#answer(request, response).catch(() => {
			if (!response.headersSent) end(response, 400);
		});
		return true;
	};

	async #answer(request: GateRequest, response: ServerResponse): Promise<void> {
		if (request.method !== 'POST') return end(response, 405);
		const form = await formOf(request, MAX_BYTES);
		const token = form?.get('logout_token') ?? '';
		const claims = await this.#realm.verify(token, this.#realm.clientId, { typ: 'logout+jwt', maxAgeS: MAX_AGE_S });
		const { sub, sid, jti, nonce, events } = claims as Record<string, unknown>;
		const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, EVENT);
		const named = typeof sid === 'string' || typeof sub === 'string';
		if (!isLogout || nonce !== undefined || typeof jti !== 'string' || !named || this.#seen.has(jti))
			return end(response, 400);
		this.#seen.add(jti);
		if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value ?? jti);
		for (const session of this.#sessions.all()) {
			const meant = typeof sid === 'string' ? session.keycloakSession === sid : session.subject === sub;
			if (!meant || (typeof sub === 'string' && session.subject !== sub)) continue;
			this.#sessions.end(session.key, 'keycloakLogout');
			this.#audit({ action: 'editor.session-end', actor: 'keycloak', subject: session.username, outcome: 'done' });
		}
		end(response, 200);
	}
}

function end(response: ServerResponse, status: number): void {
	response.writeHead(status, { 'cache-control': 'no-store' });
	response.end();
}
