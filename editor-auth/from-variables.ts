/** The sign-in as variables describe it. */

import type { HubValues } from '../lib/config/read.ts';
import { HubError } from '../lib/errors.ts';
import { isHttpUrl } from '../lib/http.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { EditorAuthOptions } from './editor-auth.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/**
 * @param environment for what flows read as well: the realm and its reader
 * @returns null where no sign-in is configured
 * @throws HubError CONFIG_INVALID for half of one
 */
export function signInOptions(
	values: HubValues,
	environment: Readonly<Record<string, string | undefined>>,
): EditorAuthOptions | null {
	const secret = values.KEYCLOAK_HUB_SECRET;
	const hash = values.HUB_EMERGENCY_HASH ?? null;
	if (!secret) {
		if (hash) throw invalid('HUB_EMERGENCY_HASH is for days without Keycloak: set KEYCLOAK_HUB_SECRET, too.');
		return null;
	}
	const url = needed('HUB_URL', values.HUB_URL);
	const issuer = needed('KEYCLOAK_ISSUER', environment['KEYCLOAK_ISSUER']);
	if (!isHttpUrl(url) || new URL(url).pathname !== '/')
		throw invalid('HUB_URL must be the address of the hub alone, such as https://hub.example.');
	const { protocol, hostname } = new URL(url);
	if (protocol === 'http:' && !isLoopback(hostname))
		throw invalid(
			`HUB_URL must begin with https://: over plain http anybody between could take the session of ${hostname}.`,
		);
	if (hash !== null && !BCRYPT.test(hash))
		throw invalid('HUB_EMERGENCY_HASH is no hash of bcrypt: make one with node-red admin hash-pw.');
	const [readerId, readerSecret] = [environment['KEYCLOAK_READER_ID'], environment['KEYCLOAK_READER_SECRET']];
	return {
		url,
		issuer,
		internalUrl: environment['KEYCLOAK_INTERNAL_URL'] || undefined,
		clientId: values.KEYCLOAK_HUB_ID,
		clientSecret: secret,
		...(readerId && readerSecret ? { reader: { clientId: readerId, clientSecret: readerSecret } } : {}),
		limits: { idleMs: values.HUB_SESSION_IDLE_MINUTES * MINUTE_MS, maxMs: values.HUB_SESSION_HOURS * HOUR_MS },
		graceMs: values.HUB_SESSION_GRACE_MINUTES * MINUTE_MS,
		openPaths: pathsIn(values.HUB_OPEN_PATHS ?? ''),
		contact: values.HUB_CONTACT ?? null,
		trustedProxies: values.HUB_TRUSTED_PROXIES,
		breakGlassHash: hash,
		cspAdditions: values.HUB_CSP ?? '',
	};
}

function pathsIn(list: string): string[] {
	const paths = list.split(',').map((path) => path.trim());
	return paths.filter(Boolean).map((path) => {
		// The root with all below it would be the editor.
		if (/^\/[^/*?#\s]+(\/[^/*?#\s]+)*(\/\*)?$/.test(path) && !path.startsWith('/clinic-hub')) return path;
		throw invalid(`HUB_OPEN_PATHS lists ${path}; it takes paths such as /orders or /public/*.`);
	});
}

function needed(name: string, value: string | undefined): string {
	if (value) return value;
	throw invalid(`${name} is missing: the sign-in needs HUB_URL, KEYCLOAK_ISSUER and KEYCLOAK_HUB_SECRET.`);
}

function invalid(text: string): HubError {
	return new HubError('CONFIG_INVALID', text);
}
