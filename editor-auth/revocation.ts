/**
 * Ends sessions that Keycloak no longer vouches for. Every two seconds, while anybody is signed in, its events are asked
 * for, in two calls however many are; whom they concern is asked about by the session's own refresh token. What leaves no
 * event (a directory behind Keycloak) is found by asking about everybody in turn.
 */

import type { Audit } from '../lib/audit.ts';
import { toHubError } from '../lib/errors.ts';
import { type RealmEvent, storedEvents } from '../lib/keycloak/events.ts';
import type { RealmReader } from '../lib/keycloak/reader.ts';
import type { Log } from '../lib/log.ts';
import type { EditorRealm } from './realm.ts';
import type { Session, SessionEnd, Sessions } from './session.ts';

export interface RevocationOptions {
	realm: EditorRealm;
	/** Reads events; without it, sessions are only asked about in turn. */
	reader: RealmReader | undefined;
	sessions: Sessions;
	audit: Audit;
	log: Log;
	/** How long sessions hold while Keycloak cannot be asked, in ms. */
	graceMs: number;
	/** Between questions for events. Default 1,500 ms: with the calls themselves an end is seen within 5 s. */
	pollMs?: number;
	/** Within which everybody is asked about. Default 5 minutes, in ms. */
	roundMs?: number;
}

const POLL_MS = 1_500;
const ROUND_MS = 5 * 60_000;
/** Keycloak writes an event after the change; a late one is still found. In ms. */
const OVERLAP_MS = 15_000;
/** Questions at once. */
const AT_ONCE = 10;

export class Revocation {
	readonly #options: RevocationOptions;
	readonly #seen = new Map<string, number>();
	/** Keys of sessions to ask about, until Keycloak has answered. */
	readonly #suspects = new Set<string>();
	#since = 0;
	#unreachableSince: number | undefined;
	#timer: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(options: RevocationOptions) {
		this.#options = options;
	}

	start(): void {
		// Whoever was signed in before a restart may have left meanwhile.
		for (const { key } of this.#options.sessions.all()) this.#suspects.add(key);
		this.#again();
	}

	stop(): void {
		this.#stopped = true;
		clearTimeout(this.#timer);
	}

	#again(): void {
		if (this.#stopped) return;
		this.#timer = setTimeout(() => void this.#round().finally(() => this.#again()), this.#options.pollMs ?? POLL_MS);
		this.#timer.unref();
	}

	/** Never throws. */
	async #round(): Promise<void> {
		const { sessions, log, graceMs } = this.#options;
		sessions.sweep();
		const asked = sessions.all().filter(({ keycloakSession }) => keycloakSession !== null);
		if (asked.length === 0) {
			this.#since = 0;
			this.#unreachableSince = undefined;
			this.#suspects.clear();
			return;
		}
		try {
			await this.#readEvents(asked);
			this.#takeTurns(asked);
			await this.#confirmSuspects();
			this.#unreachableSince = undefined;
		} catch (thrown) {
			if (this.#unreachableSince === undefined) log.warn(`Keycloak cannot be asked: ${toHubError(thrown).message}`);
			this.#unreachableSince ??= Date.now();
			if (Date.now() - this.#unreachableSince < graceMs) return;
			log.warn('Keycloak could not be asked for too long: all who signed in with it are signed out.');
			for (const session of asked) this.#end(session, 'keycloakUnreachable');
		}
	}

	async #readEvents(asked: readonly Session[]): Promise<void> {
		const { reader } = this.#options;
		if (!reader) return;
		const { clockSkewMs } = await reader.token();
		const now = Date.now() + clockSkewMs;
		const from = this.#since === 0 ? Math.min(now, ...asked.map(({ confirmedAt }) => confirmedAt)) : this.#since;
		const { events, more } = await storedEvents(reader, from - OVERLAP_MS);
		for (const event of events) {
			if (this.#seen.has(event.id)) continue;
			this.#seen.set(event.id, event.time);
			this.#suspect(event, asked, clockSkewMs);
		}
		if (more) for (const { key } of asked) this.#suspects.add(key);
		this.#since = now;
		for (const [id, time] of this.#seen) if (time < now - 2 * OVERLAP_MS) this.#seen.delete(id);
	}

	#suspect(event: RealmEvent, asked: readonly Session[], clockSkewMs: number): void {
		if (event.error !== undefined) return;
		const subject = event.kind === 'user' ? event.userId : /^users\/([^/]+)/.exec(event.path)?.[1];
		const isReset = event.kind === 'admin' && /^users\/[^/]+\/reset-password$/.test(event.path);
		for (const session of asked) {
			// An event of a group, a role or the realm may concern everybody.
			if (subject !== undefined && decodeURIComponent(subject) !== session.subject) continue;
			// Keycloak's own sessions outlive a new password, so a question would not end this one.
			if (isReset && session.startedAt + clockSkewMs < event.time) this.#end(session, 'passwordReset');
			else this.#suspects.add(session.key);
		}
	}

	/** Those who were confirmed longest ago, so many that all have their turn within a round. */
	#takeTurns(asked: readonly Session[]): void {
		const { roundMs = ROUND_MS, pollMs = POLL_MS } = this.#options;
		const due = Date.now() - roundMs + 10 * pollMs;
		for (const session of asked) if (session.confirmedAt < due) this.#suspects.add(session.key);
	}

	async #confirmSuspects(): Promise<void> {
		const { sessions } = this.#options;
		const keys = [...this.#suspects];
		let failure: unknown;
		for (let at = 0; at < keys.length; at += AT_ONCE) {
			await Promise.all(
				keys.slice(at, at + AT_ONCE).map(async (key) => {
					const session = sessions.byKey(key);
					if (session) failure ??= await this.#confirm(session);
					if (failure === undefined) this.#suspects.delete(key);
				}),
			);
			if (failure !== undefined) throw failure;
		}
	}

	/** @returns the error when Keycloak could not be asked */
	async #confirm(session: Session): Promise<unknown> {
		const { realm, sessions, audit } = this.#options;
		if (session.keycloakSession === null) return undefined;
		if (session.refreshToken === null) {
			this.#end(session, 'refused');
			return undefined;
		}
		try {
			const { subject, roles, name, username, refreshToken, idToken } = await realm.confirm(session.refreshToken);
			if (subject !== session.subject) this.#end(session, 'refused');
			else if (roles.length === 0) this.#end(session, 'noRole');
			else {
				const before = session.roles.join();
				Object.assign(session, { roles, name, username, confirmedAt: Date.now() });
				session.refreshToken = refreshToken ?? session.refreshToken;
				session.idToken = idToken ?? session.idToken;
				sessions.changed(session);
				if (before !== roles.join())
					audit({ action: 'editor.roles', actor: 'keycloak', subject: username, outcome: 'done', details: { roles } });
			}
			return undefined;
		} catch (thrown) {
			if (toHubError(thrown).code !== 'FORBIDDEN') return thrown;
			this.#end(session, 'refused');
			return undefined;
		}
	}

	#end(session: Session, why: SessionEnd): void {
		const { sessions, audit } = this.#options;
		sessions.end(session.key, why);
		this.#suspects.delete(session.key);
		const details = { why };
		audit({ action: 'editor.session-end', actor: 'keycloak', subject: session.username, outcome: 'done', details });
	}
}
