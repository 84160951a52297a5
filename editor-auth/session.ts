/** Who is signed in: one session a sign-in, told apart by a secret that only the browser's cookie holds. */

import { createHash, randomBytes } from 'node:crypto';
import type { Role } from './roles.ts';

export interface Session {
	/** Hash of the cookie's secret: names the session inside the hub, and opens nothing from outside. */
	readonly key: string;
	/** Keycloak's id of the person; `local:<name>` for the break-glass administrator. */
	readonly subject: string;
	/** Keycloak's id of its own session; null for the break-glass administrator. */
	readonly keycloakSession: string | null;
	username: string;
	name: string;
	roles: readonly Role[];
	/** ms since 1970. */
	readonly startedAt: number;
	usedAt: number;
	/** When Keycloak last vouched for it, ms since 1970. */
	confirmedAt: number;
	/** Secrets, for asking Keycloak again and for signing out there. */
	refreshToken: string | null;
	idToken: string | null;
}

export interface SessionLimits {
	/** Without a request for so long, a session ends; in ms. */
	idleMs: number;
	/** However busy; in ms. */
	maxMs: number;
}

/** Bytes of a cookie's secret. */
const SECRET_BYTES = 32;
/** More at once is no clinic; the longest unused one ends. */
const MAX_SESSIONS = 5_000;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export type SessionEnd =
	| 'signedOut'
	| 'idle'
	| 'expired'
	| 'refused'
	| 'noRole'
	| 'passwordReset'
	| 'keycloakLogout'
	| 'keycloakUnreachable'
	| 'tooMany';

/** Kept over restarts; the store holds no secret in the clear. */
export interface SessionKeeper {
	load(): Promise<Session[]>;
	save(session: Session): void;
	remove(key: string): void;
}

export class Sessions {
	readonly #limits: SessionLimits;
	readonly #sessions = new Map<string, Session>();
	readonly #ended = new Set<(session: Session, why: SessionEnd) => void>();
	#keeper: SessionKeeper | undefined;

	constructor(limits: SessionLimits) {
		this.#limits = limits;
	}

	/** Takes up what an earlier run left; sessions that ended meanwhile are removed. */
	async keepIn(keeper: SessionKeeper): Promise<void> {
		this.#keeper = keeper;
		for (const session of await keeper.load())
			if (!this.#sessions.has(session.key)) this.#sessions.set(session.key, session);
		this.sweep();
	}

	/** @returns the session and the secret for its cookie, which is kept nowhere */
	start(who: Omit<Session, 'key' | 'startedAt' | 'usedAt' | 'confirmedAt'>): { session: Session; secret: string } {
		if (this.#sessions.size >= MAX_SESSIONS) {
			const [oldest] = [...this.#sessions.values()].sort((a, b) => a.usedAt - b.usedAt);
			if (oldest) this.end(oldest.key, 'tooMany');
		}
		const secret = randomBytes(SECRET_BYTES).toString('base64url');
		const now = Date.now();
		const session = { ...who, key: keyOf(secret), startedAt: now, usedAt: now, confirmedAt: now };
		this.#sessions.set(session.key, session);
		this.#keeper?.save(session);
		return { session, secret };
	}

	/**
	 * The session of a cookie, if it still holds.
	 * @param isUse false for what a page asks by itself: an editor left open must not keep its session for ever
	 */
	bySecret(secret: string | null | undefined, isUse = true): Session | undefined {
		if (typeof secret !== 'string' || !SECRET.test(secret)) return undefined;
		const session = this.byKey(keyOf(secret));
		if (session && isUse) session.usedAt = Date.now();
		return session;
	}

	byKey(key: string): Session | undefined {
		const session = this.#sessions.get(key);
		if (!session) return undefined;
		const over = this.#overdue(session);
		if (!over) return session;
		this.end(key, over);
		return undefined;
	}

	all(): Session[] {
		return [...this.#sessions.values()];
	}

	/** After roles or tokens of a session were changed. */
	changed(session: Session): void {
		if (this.#sessions.get(session.key) === session) this.#keeper?.save(session);
	}

	/** A key that has ended never opens anything again. */
	end(key: string, why: SessionEnd): void {
		const session = this.#sessions.get(key);
		if (!session) return;
		this.#sessions.delete(key);
		this.#keeper?.remove(key);
		for (const tell of this.#ended) tell(session, why);
	}

	onEnd(tell: (session: Session, why: SessionEnd) => void): void {
		this.#ended.add(tell);
	}

	/** Ends what has run out without being asked for. */
	sweep(): void {
		for (const session of this.all()) this.byKey(session.key);
	}

	#overdue({ startedAt, usedAt }: Session): SessionEnd | undefined {
		const now = Date.now();
		if (now - startedAt > this.#limits.maxMs) return 'expired';
		return now - usedAt > this.#limits.idleMs ? 'idle' : undefined;
	}
}

export function keyOf(secret: string): string {
	return createHash('sha256').update(secret).digest('base64url');
}
