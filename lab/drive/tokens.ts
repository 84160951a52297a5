/** Consents, codes and access tokens, and the endpoint that hands them out. */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { TokenRefusal } from './refusal.ts';
import type { Caller, OAuthClient, World } from './world.ts';

/** What a service account's assertion must be addressed to, whatever address it is sent to. */
const AUDIENCE = 'https://oauth2.googleapis.com/token';
/** Life of an access token, in seconds. */
const ACCESS_SECONDS = 3_600;
/** Life of a code, in ms. */
const CODE_MS = 10 * 60_000;
/** Life of a consent to an application in testing, in seconds. */
const TESTING_SECONDS = 7 * 24 * 3_600;
/** Google gives a little for clocks that go wrong, in seconds. */
const SKEW_SECONDS = 300;

interface Grant {
	account: string;
	client: OAuthClient;
	scopes: string[];
	refreshToken: string;
	expiresAt: number;
	revoked: boolean;
}

interface Code {
	client: OAuthClient;
	account: string;
	scopes: string[];
	redirectUri: string;
	challenge: string | undefined;
	method: string;
	offline: boolean;
	madeAt: number;
}

interface AccessToken {
	caller: Caller;
	expiresAt: number;
	grant: Grant | undefined;
}

export class Tokens {
	readonly #world: World;
	readonly #now: () => number;
	readonly #codes = new Map<string, Code>();
	readonly #grants = new Map<string, Grant>();
	readonly #access = new Map<string, AccessToken>();
	/** Life of the access tokens given out from now on, in seconds. */
	accessSeconds = ACCESS_SECONDS;
	/** Access tokens given out. */
	given = 0;

	constructor(world: World, now: () => number) {
		this.#world = world;
		this.#now = now;
	}

	code(values: Omit<Code, 'madeAt'>): string {
		const code = `4/0${randomBytes(40).toString('base64url')}`;
		this.#codes.set(code, { ...values, madeAt: this.#now() });
		return code;
	}

	/** Whoever owns that token, or undefined when it is unknown, outdated or withdrawn. */
	caller(accessToken: string): Caller | undefined {
		const token = this.#access.get(accessToken);
		return token && token.expiresAt > this.#now() && !token.grant?.revoked ? token.caller : undefined;
	}

	/** For `tokeninfo`. */
	info(accessToken: string): unknown {
		const caller = this.caller(accessToken);
		const token = this.#access.get(accessToken);
		if (!caller || !token) throw new TokenRefusal('invalid_token', 'Invalid Value');
		const seconds = Math.floor((token.expiresAt - this.#now()) / 1000);
		return {
			aud: token.grant?.client.id ?? caller.account,
			scope: caller.scopes.join(' '),
			expires_in: String(seconds),
		};
	}

	/** Outdates every access token; consents stay. */
	expireAccess(): void {
		this.#access.clear();
	}

	/** As if every person had removed the application in their account. */
	revokeAll(): void {
		for (const grant of this.#grants.values()) grant.revoked = true;
	}

	revoke(token: string): void {
		const grant = this.#grants.get(token) ?? this.#access.get(token)?.grant;
		if (!grant) throw new TokenRefusal('invalid_token', 'Token expired or revoked');
		grant.revoked = true;
	}

	/** @throws TokenRefusal */
	exchange(form: URLSearchParams): unknown {
		switch (form.get('grant_type')) {
			case 'authorization_code':
				return this.#exchangeCode(form, this.#client(form));
			case 'refresh_token':
				return this.#refresh(form, this.#client(form));
			case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
				return this.#assertion(form.get('assertion') ?? '');
			default:
				throw new TokenRefusal('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
		}
	}

	#client(form: URLSearchParams): OAuthClient {
		const client = this.#world.clients.find(({ id }) => id === form.get('client_id'));
		if (!client) throw new TokenRefusal('invalid_client', 'The OAuth client was not found.', 401);
		if (client.secret !== form.get('client_secret')) {
			throw new TokenRefusal('invalid_client', 'The provided client secret is invalid.', 401);
		}
		return client;
	}

	#exchangeCode(form: URLSearchParams, client: OAuthClient): unknown {
		const text = form.get('code') ?? '';
		const code = this.#codes.get(text);
		this.#codes.delete(text);
		if (!code || code.client.id !== client.id || this.#now() - code.madeAt > CODE_MS) {
			throw new TokenRefusal('invalid_grant', 'Malformed auth code.');
		}
		if (code.redirectUri !== form.get('redirect_uri')) throw new TokenRefusal('redirect_uri_mismatch', 'Bad Request');
		if (code.challenge !== undefined) {
			const verifier = form.get('code_verifier');
			if (!verifier) throw new TokenRefusal('invalid_grant', 'Missing code verifier.');
			const hashed = createHash('sha256').update(verifier).digest('base64url');
			if ((code.method === 'S256' ? hashed : verifier) !== code.challenge) {
				throw new TokenRefusal('invalid_grant', 'Invalid code verifier.');
			}
		}
		const testing = client.publishing === 'testing';
		const grant: Grant = {
			...{ account: code.account, client, scopes: code.scopes, revoked: false },
			refreshToken: `1//0${randomBytes(48).toString('base64url')}`,
			expiresAt: testing ? this.#now() + TESTING_SECONDS * 1000 : Number.POSITIVE_INFINITY,
		};
		if (code.offline) this.#grants.set(grant.refreshToken, grant);
		return {
			...this.#give(this.#callerOf(grant), grant),
			...(code.offline ? { refresh_token: grant.refreshToken } : {}),
			...(code.offline && testing ? { refresh_token_expires_in: TESTING_SECONDS } : {}),
		};
	}

	#refresh(form: URLSearchParams, client: OAuthClient): unknown {
		const grant = this.#grants.get(form.get('refresh_token') ?? '');
		if (!grant || grant.revoked || grant.client.id !== client.id || grant.expiresAt <= this.#now()) {
			throw new TokenRefusal('invalid_grant', 'Token has been expired or revoked.');
		}
		return this.#give(this.#callerOf(grant), grant);
	}

	/** https://developers.google.com/identity/protocols/oauth2/service-account */
	#assertion(assertion: string): unknown {
		const [header = '', payload = '', signature = ''] = assertion.split('.');
		const { alg } = json(header);
		const claims = json(payload);
		const account = this.#world.serviceAccounts.find(({ email }) => email === claims['iss']);
		if (!account) throw new TokenRefusal('invalid_grant', 'Invalid grant: account not found');
		const signed = Buffer.from(`${header}.${payload}`);
		const key = createPublicKey(account.publicKey);
		if (alg !== 'RS256' || !verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
			throw new TokenRefusal('invalid_grant', 'Invalid JWT Signature.');
		}
		if (claims['aud'] !== AUDIENCE) throw new TokenRefusal('invalid_grant', 'Invalid JWT: Failed audience check.');
		const [now, iat, exp] = [this.#now() / 1000, Number(claims['iat']), Number(claims['exp'])];
		const fits = iat <= now + SKEW_SECONDS && exp > now - SKEW_SECONDS && exp > iat && exp - iat <= ACCESS_SECONDS;
		if (!fits) {
			const asked = 'Token must be a short-lived token (60 minutes) and in a reasonable timeframe.';
			throw new TokenRefusal('invalid_grant', `Invalid JWT: ${asked} Check your iat and exp values in the JWT claim.`);
		}
		const scopes = String(claims['scope'] ?? '')
			.split(' ')
			.filter(Boolean);
		if (scopes.length === 0)
			throw new TokenRefusal('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
		return this.#give({ account: account.email, project: account.project, scopes, service: true }, undefined);
	}

	#callerOf({ account, client, scopes }: Grant): Caller {
		return { account, project: client.project, scopes, service: false };
	}

	#give(caller: Caller, grant: Grant | undefined): Record<string, unknown> {
		const token = `ya29.${randomBytes(60).toString('base64url')}`;
		this.#access.set(token, { caller, grant, expiresAt: this.#now() + this.accessSeconds * 1000 });
		this.given += 1;
		const scope = caller.scopes.join(' ');
		return { access_token: token, expires_in: this.accessSeconds, scope, token_type: 'Bearer' };
	}
}

function json(part: string): Record<string, unknown> {
	try {
		return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
	} catch {
		throw new TokenRefusal('invalid_grant', 'Invalid JWT: must be a JSON Web Signature.');
	}
}
