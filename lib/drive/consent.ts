/**
 * A person's consent (OAuth 2, RFC 6749, with PKCE, RFC 7636): each attempt has a state that works once, for ten minutes, and
 * in the browser that began it only.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { HubError } from '../errors.ts';
import { exchange } from '../http.ts';
import { googleAddresses } from './address.ts';
import { failureOf } from './failure.ts';
import { redirectProblem } from './redirect.ts';
import { SCOPES } from './scopes.ts';
import type { DriveAccount } from './sign-in.ts';

export interface OAuthClient {
	id: string;
	secret: string;
}

export interface ConsentRequest {
	client: OAuthClient;
	/** Registered with the client, letter by letter. */
	redirectUri: string;
	/** Kept by this browser only: the value of a cookie that was made for this attempt. */
	browser: string;
	/** Default Google's (`DRIVE_API_URL`). */
	apiUrl?: string;
	/** Of the page for the browser, where it sees another name than the hub does. */
	consentUrl?: string;
	/** In which Google's page speaks. */
	language?: 'en' | 'es';
}

/** What Google's redirect brought along. */
export interface ConsentReturn {
	state: string | null;
	code: string | null;
	error: string | null;
	/** The cookie that came with it. */
	browser: string | null;
}

export type Consent = Extract<DriveAccount, { kind: 'consent' }>;

interface Pending extends ConsentRequest {
	verifier: string;
	expires: number;
}

/** Long enough to sign in and read, in ms. */
const LIFE_MS = 10 * 60_000;
/** Attempts that wait at the same time; more come from a program. */
const MOST_PENDING = 100;
/** Google answers within a second or two, in ms. */
const TIMEOUT_MS = 30_000;

/** The attempts that are under way in this process. */
export class ConsentDesk {
	readonly #pending = new Map<string, Pending>();
	readonly #now: () => number;

	/** @param now ms since 1970 */
	constructor(now: () => number = Date.now) {
		this.#now = now;
	}

	/**
	 * Where to send the browser.
	 * @throws HubError CONFIG_INVALID when Google would refuse the redirect address
	 */
	begin(request: ConsentRequest): string {
		const { client, redirectUri, apiUrl, consentUrl, language } = request;
		const problem = redirectProblem(redirectUri);
		if (problem) throw new HubError('CONFIG_INVALID', problem.text.en);
		if (request.browser.length < 16) throw new HubError('INTERNAL', 'A consent needs a cookie of its own.');
		for (const [state, { expires }] of this.#pending) if (expires <= this.#now()) this.#pending.delete(state);
		for (const state of [...this.#pending.keys()].slice(0, -MOST_PENDING + 1)) this.#pending.delete(state);
		const state = randomBytes(32).toString('base64url');
		const verifier = randomBytes(48).toString('base64url');
		this.#pending.set(state, { ...request, verifier, expires: this.#now() + LIFE_MS });
		const page = new URL(`${googleAddresses(apiUrl, consentUrl).consent}/o/oauth2/v2/auth`);
		page.search = new URLSearchParams({
			response_type: 'code',
			client_id: client.id,
			redirect_uri: redirectUri,
			scope: SCOPES.own,
			state,
			code_challenge: createHash('sha256').update(verifier).digest('base64url'),
			code_challenge_method: 'S256',
			// Without both there is no refresh token the second time.
			access_type: 'offline',
			prompt: 'consent',
			...(language ? { hl: language } : {}),
		}).toString();
		return page.href;
	}

	/**
	 * The consent that came back; its refresh token is a secret.
	 * @throws HubError DRIVE_CONSENT_REFUSED, DRIVE_CONSENT (too little was granted), DRIVE_CREDENTIALS, HTTP_UNREACHABLE
	 */
	async finish({ state, code, error, browser }: ConsentReturn, signal?: AbortSignal): Promise<Consent> {
		const pending = state === null ? undefined : this.#pending.get(state);
		if (state !== null) this.#pending.delete(state);
		if (!pending || pending.expires <= this.#now()) {
			throw refused(
				'This consent was not asked for here, was used already, or waited longer than ten minutes. Connect again.',
			);
		}
		if (!same(pending.browser, browser ?? '')) {
			throw refused('This consent was begun in another browser. Connect again in this one.');
		}
		if (error !== null || code === null) {
			throw refused(
				error === 'access_denied'
					? 'The consent was denied. Connect again and choose “Continue”.'
					: 'Google gave no consent. Connect again.',
			);
		}
		return redeem(pending, code, this.#now(), signal);
	}
}

interface TokenAnswer {
	refresh_token?: string;
	scope?: string;
	/** In seconds; only for consents that end. */
	refresh_token_expires_in?: number;
}

async function redeem(pending: Pending, code: string, now: number, signal?: AbortSignal): Promise<Consent> {
	const { client, redirectUri, verifier, apiUrl } = pending;
	const form = new URLSearchParams({
		grant_type: 'authorization_code',
		code,
		client_id: client.id,
		client_secret: client.secret,
		redirect_uri: redirectUri,
		code_verifier: verifier,
	});
	const { status, body } = await exchange({
		method: 'POST',
		url: `${googleAddresses(apiUrl).tokens}/token`,
		headers: { 'content-type': 'application/x-www-form-urlencoded' },
		body: form.toString(),
		timeoutMs: TIMEOUT_MS,
		...(signal ? { signal } : {}),
	});
	let answer: unknown;
	try {
		answer = JSON.parse(body.toString('utf8'));
	} catch {
		answer = undefined; // a proxy's page; the status says enough
	}
	if (status !== 200) throw failureOf({ status, body: answer });
	const { refresh_token: refreshToken, scope = '', refresh_token_expires_in: seconds } = answer as TokenAnswer;
	if (!scope.split(' ').includes(SCOPES.own)) {
		throw new HubError('DRIVE_CONSENT', 'The box for Google Drive was not ticked. Connect again and leave it ticked.');
	}
	if (!refreshToken) {
		const remedy = 'Remove the hub at myaccount.google.com/connections and connect again.';
		throw new HubError('DRIVE_CONSENT', `Google gave a consent for one hour only. ${remedy}`);
	}
	const ends = seconds === undefined ? {} : { expiresAt: now + seconds * 1_000 };
	return { kind: 'consent', clientId: client.id, clientSecret: client.secret, refreshToken, scope, ...ends };
}

function refused(text: string): HubError {
	return new HubError('DRIVE_CONSENT_REFUSED', text);
}

function same(one: string, other: string): boolean {
	const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
	return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
