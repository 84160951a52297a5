/** Access tokens for XOAUTH2: fetched once for all connections of a pool, and again when one is refused or runs out. */
import { HubError } from '../errors.ts';
import { exchange } from '../http.ts';
import type { OAuth2Auth } from './options.ts';

/** For the token endpoint, in ms; within the time that setting up a connection may take. */
const TOKEN_TIMEOUT_MS = 15_000;
/** A token is renewed this long before it runs out, in ms: it must survive the sign-in that it was fetched for. */
const RENEW_EARLY_MS = 60_000;
/** When the endpoint does not say how long a token lives, in seconds (RFC 6749 5.1 only recommends to say it). */
const DEFAULT_LIFETIME_S = 300;

/** A token could not be had; words for a person. */
export class TokenError extends Error {
	/** True when the endpoint may give one later with the same credentials. */
	readonly temporary: boolean;

	constructor(text: string, temporary: boolean) {
		super(text);
		this.name = 'TokenError';
		this.temporary = temporary;
	}
}

export interface Token {
	value: string;
	/** When it runs out, in ms since the epoch. */
	expires: number;
}

export class TokenSource {
	readonly #auth: OAuth2Auth;
	#token: Token | undefined;
	#pending: Promise<Token> | undefined;

	constructor(auth: OAuth2Auth) {
		this.#auth = auth;
	}

	/**
	 * @param renew true when the server refused the last one
	 * @throws TokenError
	 */
	async token(renew: boolean): Promise<Token> {
		if (!renew && this.#token && this.#token.expires - RENEW_EARLY_MS > Date.now()) return this.#token;
		this.#pending ??= this.#fetch().finally(() => {
			this.#pending = undefined;
		});
		this.#token = await this.#pending;
		return this.#token;
	}

	async #fetch(): Promise<Token> {
		const { clientId, clientSecret, refreshToken, accessUrl, scope } = this.#auth;
		const form = new URLSearchParams({
			client_id: clientId,
			client_secret: clientSecret,
			...(refreshToken
				? { grant_type: 'refresh_token', refresh_token: refreshToken }
				: { grant_type: 'client_credentials' }),
			...(scope ? { scope } : {}),
		});
		const { status, body } = await exchange({
			method: 'POST',
			url: accessUrl,
			headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
			body: form.toString(),
			timeoutMs: TOKEN_TIMEOUT_MS,
		}).catch((thrown: unknown) => {
			const temporary = thrown instanceof HubError && thrown.retryable;
			throw new TokenError(`No access token: ${thrown instanceof Error ? thrown.message : 'unknown error'}`, temporary);
		});
		return read(status, body.toString('utf8'));
	}
}

function read(status: number, body: string): Token {
	let answer: { access_token?: unknown; expires_in?: unknown; error?: unknown };
	try {
		answer = (JSON.parse(body) ?? {}) as typeof answer;
	} catch {
		answer = {}; // an error page; the status says enough
	}
	if (status === 200 && typeof answer.access_token === 'string' && answer.access_token !== '') {
		const seconds = Number(answer.expires_in) > 0 ? Number(answer.expires_in) : DEFAULT_LIFETIME_S;
		return { value: answer.access_token, expires: Date.now() + seconds * 1000 };
	}
	// RFC 6749 5.2: only the code of an error is for machines; the description may repeat what we sent.
	const { error } = answer;
	const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `HTTP ${status}`;
	const temporary = status === 429 || status >= 500 || code === 'temporarily_unavailable';
	throw new TokenError(
		temporary
			? `No access token: the token endpoint is not available (${code}).`
			: `No access token: the token endpoint gives none for this client (${code}).`,
		temporary,
	);
}
