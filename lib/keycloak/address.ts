/** Where a realm of Keycloak is: the public issuer, compared with `iss`, and the address that the hub itself calls. */
import { HubError } from '../errors.ts';
import { isHttpUrl } from '../http.ts';

export interface RealmPlace {
	/** As people's browsers see it and as tokens name it, such as `https://sso.example/realms/clinica`. */
	issuer: string;
	realm: string;
	/** Base of the hub's own calls, such as `http://keycloak:8080`, where that is another than the issuer's. */
	internalUrl?: string | undefined;
}

export interface RealmAddresses {
	/** Without a slash at the end. */
	issuer: string;
	/** `…/realms/<realm>` for the hub's own calls. */
	realm: string;
	/** `…/admin/realms/<realm>` for the hub's own calls. */
	admin: string;
}

/**
 * Every address is made from what was configured, never taken from what the discovery document says: whoever can change
 * that document would otherwise be sent the client's secret.
 * @throws HubError CONFIG_INVALID
 */
export function addressesOf({ issuer, realm, internalUrl }: RealmPlace): RealmAddresses {
	const own = issuer.replace(/\/+$/, '');
	const path = `/realms/${segment(realm)}`;
	if (!isHttpUrl(own) || !own.endsWith(path)) {
		throw new HubError(
			'CONFIG_INVALID',
			`The issuer must be the address of the realm “${realm}”, ending in ${path}. Correct the issuer or the realm.`,
		);
	}
	const base = (internalUrl || own.slice(0, -path.length)).replace(/\/+$/, '');
	if (!isHttpUrl(base))
		throw new HubError('CONFIG_INVALID', 'The internal address must begin with https:// or http://.');
	return { issuer: own, realm: `${base}${path}`, admin: `${base}/admin${path}` };
}

/**
 * One part of a path. An id may hold anything (`f:<component>:<id>` of federated users).
 * @throws HubError CONFIG_INVALID for what a path would resolve to another resource
 */
export function segment(text: string): string {
	if (text === '' || text === '.' || text === '..')
		throw new HubError('CONFIG_INVALID', 'An empty name, “.” or “..” is no name.');
	return encodeURIComponent(text);
}
