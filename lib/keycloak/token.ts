/** What an access token of the service account says. It came from Keycloak's own endpoint, so its signature proves nothing more. */
import { HubError } from '../errors.ts';
import { unfit } from './failure.ts';

export interface AccessToken {
	/** Secret. */
	value: string;
	/** By `performance.now()`: from then on a new one is asked for. */
	freshUntil: number;
	/** Client roles of `realm-management` that it carries; undefined where tokens are kept short and do not say. */
	managementRoles: string[] | undefined;
	/** Realm roles that it carries. */
	realmRoles: string[];
	/** Keycloak's clock less this machine's, in ms; about half a second is rounding. */
	clockSkewMs: number;
}

/** A token is replaced so long before its end, in ms: a call may wait in a queue. */
const EARLY_MS = 20_000;

/**
 * @param answer of the token endpoint
 * @param askedAt `Date.now()` when it was asked
 * @throws HubError KEYCLOAK_ISSUER when another realm, or this one under another address, has given it
 */
export function readToken(answer: unknown, issuer: string, askedAt: number): AccessToken {
	const { access_token: value, expires_in: seconds } = (answer ?? {}) as Record<string, unknown>;
	const claims = typeof value === 'string' ? claimsOf(value) : undefined;
	if (typeof value !== 'string' || claims === undefined || typeof seconds !== 'number') throw unfit(200);
	if (claims['iss'] !== issuer) throw otherIssuer(String(claims['iss']), issuer);
	const now = Date.now();
	const lifeMs = seconds * 1_000;
	const access = claims['resource_access'] as Record<string, unknown> | undefined;
	return {
		value,
		freshUntil: performance.now() + Math.max(lifeMs / 2, lifeMs - EARLY_MS),
		managementRoles: access === undefined ? undefined : rolesIn(access['realm-management']),
		realmRoles: rolesIn(claims['realm_access']),
		// `iat` has whole seconds, cut off.
		clockSkewMs: Math.round(Number(claims['iat']) * 1_000 + 500 - (askedAt + now) / 2),
	};
}

/** The error for an issuer that is not the configured one. */
export function otherIssuer(found: string, expected: string): HubError {
	return new HubError(
		'KEYCLOAK_ISSUER',
		`Keycloak calls itself ${found}, not ${expected}. Either the address leads to another realm, or Keycloak does not know ` +
			'its public name: start it with KC_HOSTNAME, and with KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true where the hub uses an ' +
			'internal address.',
	);
}

function claimsOf(token: string): Record<string, unknown> | undefined {
	try {
		return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
	} catch {
		return undefined; // the caller says that this is no token
	}
}

function rolesIn(access: unknown): string[] {
	const { roles } = (access ?? {}) as { roles?: unknown };
	return Array.isArray(roles) ? roles.map(String) : [];
}
