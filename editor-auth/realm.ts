/**
 * Keycloak as the editor's sign-in sees it. All addresses are made from what was configured, none is taken from what a
 * server says of itself; so nothing has to be asked before the first sign-in, and a start without Keycloak is a start.
 */

import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { createRemoteJWKSet, type JWTPayload, customFetch as joseFetch, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { HubError, toHubError } from '../lib/errors.ts';
import { exchange } from '../lib/http.ts';
import { addressesOf, type RealmAddresses } from '../lib/keycloak/address.ts';
import { type Role, rolesIn } from './roles.ts';

export interface RealmOptions {
	/** As browsers see it and as tokens name it. */
	issuer: string;
	/** Base of the hub's own calls, where that is another than the issuer's. */
	internalUrl?: string | undefined;
	clientId: string;
	clientSecret: string;
	/** Where Keycloak sends the browser back to. */
	redirectUri: string;
}

export interface SignInStart {
	url: URL;
	state: string;
	nonce: string;
	verifier: string;
}

/** What Keycloak vouches for. */
export interface Vouched {
	subject: string;
	keycloakSession: string | null;
	username: string;
	name: string;
	roles: Role[];
	refreshToken: string | null;
	idToken: string | null;
}

/** Signed with the realm's private key; anything that a public key could sign is out. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
/** A token endpoint answers in some 50 ms; in ms. */
const CALL_MS = 5_000;
const PROBE_MS = 3_000;
/** Between Keycloak's clock and ours, in seconds. */
const CLOCK_TOLERANCE_S = 30;
/** Keys are asked for at most so often when one is unknown, in ms. */
const KEYS_COOLDOWN_MS = 60_000;

const agents = {
	http: new Agent({ keepAlive: true, proxyEnv: process.env }),
	https: new SecureAgent({ keepAlive: true, proxyEnv: process.env }),
};

export class EditorRealm {
	readonly addresses: RealmAddresses;
	readonly #options: RealmOptions;
	readonly #configuration: oidc.Configuration;
	readonly #keys: ReturnType<typeof createRemoteJWKSet>;

	/** Asks nothing. @throws HubError CONFIG_INVALID */
	constructor(options: RealmOptions) {
		this.#options = options;
		this.addresses = addressesOf({ ...options, realm: realmOf(options.issuer) });
		const { issuer, realm } = this.addresses;
		const configuration = new oidc.Configuration(
			{
				issuer,
				authorization_endpoint: `${issuer}/protocol/openid-connect/auth`,
				end_session_endpoint: `${issuer}/protocol/openid-connect/logout`,
				token_endpoint: `${realm}/protocol/openid-connect/token`,
				jwks_uri: `${realm}/protocol/openid-connect/certs`,
				id_token_signing_alg_values_supported: ALGORITHMS,
				authorization_response_iss_parameter_supported: true,
			},
			options.clientId,
			{ [oidc.clockTolerance]: CLOCK_TOLERANCE_S },
			oidc.ClientSecretBasic(options.clientSecret),
		);
		// In code flow an ID token's signature is otherwise not looked at.
		oidc.enableNonRepudiationChecks(configuration);
		if (realm.startsWith('http:')) oidc.allowInsecureRequests(configuration);
		configuration[oidc.customFetch] = hubFetch;
		configuration.timeout = CALL_MS / 1_000;
		this.#configuration = configuration;
		this.#keys = createRemoteJWKSet(new URL(`${realm}/protocol/openid-connect/certs`), {
			cooldownDuration: KEYS_COOLDOWN_MS,
			timeoutDuration: CALL_MS,
			[joseFetch]: hubFetch,
		});
	}

	/** Whether a browser that is sent there would find this realm. @throws HubError KEYCLOAK_UNREACHABLE, KEYCLOAK_ISSUER */
	async probe(): Promise<void> {
		const { issuer, realm } = this.addresses;
		let answer: Awaited<ReturnType<typeof exchange>>;
		try {
			answer = await exchange({ method: 'GET', url: `${realm}/.well-known/openid-configuration`, timeoutMs: PROBE_MS });
		} catch (thrown) {
			throw new HubError('KEYCLOAK_UNREACHABLE', toHubError(thrown).message, { cause: thrown });
		}
		const found = answer.status === 200 ? issuerIn(answer.body) : undefined;
		if (found === undefined)
			throw new HubError('KEYCLOAK_UNREACHABLE', `Keycloak answers ${answer.status} for the realm ${realm}.`);
		if (found !== issuer)
			throw new HubError('KEYCLOAK_ISSUER', `Keycloak calls itself ${found}, not ${issuer}: correct KEYCLOAK_ISSUER.`);
	}

	/** @param again asks for the password even where Keycloak still knows the browser */
	async begin({ language, again }: { language: string; again: boolean }): Promise<SignInStart> {
		const verifier = oidc.randomPKCECodeVerifier();
		const state = oidc.randomState();
		const nonce = oidc.randomNonce();
		const url = oidc.buildAuthorizationUrl(this.#configuration, {
			redirect_uri: this.#options.redirectUri,
			scope: 'openid',
			state,
			nonce,
			code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
			code_challenge_method: 'S256',
			ui_locales: language,
			...(again ? { prompt: 'login' } : {}),
		});
		return { url, state, nonce, verifier };
	}

	/**
	 * @param query of the callback, as it came
	 * @throws HubError FORBIDDEN when Keycloak does not vouch for it, KEYCLOAK_UNREACHABLE
	 */
	async finish(query: string, { state, nonce, verifier }: Omit<SignInStart, 'url'>): Promise<Vouched> {
		const url = new URL(this.#options.redirectUri);
		url.search = query;
		try {
			const tokens = await oidc.authorizationCodeGrant(this.#configuration, url, {
				pkceCodeVerifier: verifier,
				expectedState: state,
				expectedNonce: nonce,
				idTokenExpected: true,
			});
			return vouchedBy(tokens);
		} catch (thrown) {
			throw failure(thrown);
		}
	}

	/**
	 * Asks whether Keycloak still vouches for somebody, and for which roles.
	 * @throws HubError FORBIDDEN when it does not; KEYCLOAK_UNREACHABLE when it cannot be asked
	 */
	async confirm(refreshToken: string): Promise<Vouched> {
		try {
			return vouchedBy(await oidc.refreshTokenGrant(this.#configuration, refreshToken));
		} catch (thrown) {
			throw failure(thrown);
		}
	}

	/** Where a browser ends Keycloak's session, too. */
	endSessionUrl(idToken: string | null, backTo: string): URL {
		return oidc.buildEndSessionUrl(this.#configuration, {
			post_logout_redirect_uri: backTo,
			client_id: this.#options.clientId,
			...(idToken ? { id_token_hint: idToken } : {}),
		});
	}

	/** A token that a machine or Keycloak itself brings. @throws what `jose` throws */
	async verify(token: string, audience: string, options: { typ?: string; maxAgeS?: number } = {}): Promise<JWTPayload> {
		const { payload } = await jwtVerify(token, this.#keys, {
			issuer: this.addresses.issuer,
			audience,
			algorithms: ALGORITHMS,
			clockTolerance: CLOCK_TOLERANCE_S,
			requiredClaims: ['iat', 'exp'],
			...(options.typ ? { typ: options.typ } : {}),
			...(options.maxAgeS ? { maxTokenAge: options.maxAgeS } : {}),
		});
		return payload;
	}

	get clientId(): string {
		return this.#options.clientId;
	}
}

function realmOf(issuer: string): string {
	const name = /\/realms\/([^/]+)\/*$/.exec(issuer)?.[1];
	if (name) return decodeURIComponent(name);
	throw new HubError(
		'CONFIG_INVALID',
		'KEYCLOAK_ISSUER must be the address of a realm, such as https://sso.example/realms/clinica.',
	);
}

function issuerIn(body: Buffer): string | undefined {
	try {
		const { issuer } = JSON.parse(body.toString('utf8')) as { issuer?: unknown };
		return typeof issuer === 'string' ? issuer : undefined;
	} catch {
		return undefined; // whatever answered, it is no Keycloak
	}
}

type Tokens = Pick<Awaited<ReturnType<typeof oidc.refreshTokenGrant>>, 'claims' | 'refresh_token' | 'id_token'>;

function vouchedBy(tokens: Tokens): Vouched {
	const claims = tokens.claims();
	if (!claims) throw new HubError('FORBIDDEN', 'Keycloak gave no ID token: add the scope openid to its client.');
	const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
	const username = text(claims['preferred_username']) ?? claims.sub;
	return {
		subject: claims.sub,
		keycloakSession: text(claims['sid']) ?? null,
		username,
		name: text(claims['name']) ?? username,
		roles: rolesIn(claims['roles']),
		refreshToken: tokens.refresh_token ?? null,
		idToken: tokens.id_token ?? null,
	};
}

/** What the library throws, in two kinds: Keycloak said no, or it could not be asked. Never the answer's own text. */
function failure(thrown: unknown): HubError {
	if (thrown instanceof HubError) return thrown;
	if (thrown instanceof oidc.AuthorizationResponseError || thrown instanceof oidc.ResponseBodyError) {
		const code = /^[a-z_]{1,40}$/.test(thrown.error) ? thrown.error : 'error';
		if (code === 'temporarily_unavailable' || code === 'server_error')
			return new HubError('KEYCLOAK_UNREACHABLE', `Keycloak cannot sign in now (${code}).`, { cause: thrown });
		return new HubError('FORBIDDEN', `Keycloak does not confirm this sign-in (${code}).`, { cause: thrown });
	}
	const { code } = thrown as { code?: unknown };
	// Everything that the library checks in what came has a code of its own; a network's failure has not.
	if (typeof code === 'string' && code.startsWith('OAUTH_') && !/TIMEOUT|HTTP_REQUEST|RESPONSE_IS_NOT/.test(code))
		return new HubError('FORBIDDEN', `What Keycloak answered does not hold (${code}).`, { cause: thrown });
	return new HubError('KEYCLOAK_UNREACHABLE', 'Keycloak cannot be reached.', { cause: thrown });
}

/** The hub's own way to HTTP: proxies, authorities, bounds. */
async function hubFetch(
	url: string | URL,
	{
		method,
		headers,
		body,
		signal,
	}: { method?: string; headers?: unknown; body?: unknown; signal?: AbortSignal | null },
): Promise<Response> {
	const address = String(url);
	const answer = await exchange({
		method: method === 'POST' ? 'POST' : 'GET',
		url: address,
		headers: Object.fromEntries(new Headers(headers as Record<string, string>)),
		...(body === undefined || body === null ? {} : { body: String(body) }),
		timeoutMs: CALL_MS,
		maxBytes: 512 * 1024,
		agent: address.startsWith('https:') ? agents.https : agents.http,
		...(signal ? { signal } : {}),
	});
	const entries = Object.entries(answer.headers).flatMap(([name, value]) =>
		value === undefined ? [] : [[name, String(value)] as [string, string]],
	);
	return new Response(answer.body.length > 0 ? new Uint8Array(answer.body) : null, {
		status: answer.status,
		headers: entries,
	});
}
