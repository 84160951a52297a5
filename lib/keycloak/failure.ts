/** What Keycloak's refusals mean, and the step in its administration console that helps. */
import { HubError, type HubErrorCode } from '../errors.ts';

/** Answers to GET that pass by themselves: a restart behind a proxy, or a limit of calls. */
const PASSING = [408, 429, 502, 503, 504];

export interface Answer {
	status: number;
	/** Parsed; undefined where it is no JSON. */
	json: unknown;
}

/** True when the same question may be answered a moment later. */
export function isPassing(status: number): boolean {
	return PASSING.includes(status);
}

/** The role of `realm-management` that a path below the realm's administration needs. */
export function roleFor(path: string): 'view-users' | 'view-events' | 'view-realm' {
	if (/^\/(admin-events|events)\b/.test(path)) return 'view-events';
	return /^\/(roles|roles-by-id)\b/.test(path) || path === '' ? 'view-realm' : 'view-users';
}

/** Where that role is given. */
export function stepFor(role: string, client: string): string {
	return (
		`In Keycloak: Clients, ${client}, “Service accounts roles”, Assign role, client roles, ` +
		`realm-management, ${role}.`
	);
}

/** The error for an answer of the administration that is no 2xx. */
export function adminFailure({ status, json }: Answer, path: string, client: string): HubError {
	const said = errorOf(json);
	if (status === 401) {
		return new HubError(
			'KEYCLOAK_CREDENTIALS',
			'Keycloak does not accept a token that it gave a moment ago. See its log.',
		);
	}
	if (status === 403) {
		const role = roleFor(path);
		return new HubError('KEYCLOAK_FORBIDDEN', `The client ${client} lacks the role ${role}. ${stepFor(role, client)}`);
	}
	if (status === 404 && /^realm not found/i.test(said)) return noRealm();
	if (status === 404 && said !== '') {
		return new HubError('NOT_FOUND', 'Something was removed in Keycloak while it was read. Run again.', {
			retryable: true,
		});
	}
	return unfit(status);
}

/** The error for an answer of the token endpoint that is no 2xx; RFC 6749, 5.2. */
export function tokenFailure({ status, json }: Answer, client: string): HubError {
	const said = errorOf(json);
	if (said === 'invalid_client' || (status === 401 && said !== '' && said !== 'unauthorized_client')) {
		return credentials(`Keycloak refuses the client id or the secret. In Keycloak: Clients, ${client}, Credentials.`);
	}
	if (said === 'unauthorized_client') {
		if (/service account/i.test(descriptionOf(json))) {
			return credentials(
				`The client ${client} has no service account. In Keycloak: Clients, ${client}, Settings, switch on ` +
					'“Client authentication” and “Service accounts roles”.',
			);
		}
		return credentials(
			`Keycloak refuses the client ${client}: its secret is wrong, or it is switched off. In Keycloak: Clients, ` +
				`${client}, Credentials; and look whether it is enabled.`,
		);
	}
	if (said === 'invalid_request' && /https required/i.test(descriptionOf(json))) {
		return new HubError(
			'KEYCLOAK_REFUSED',
			'Keycloak wants https:// from this network. Use it, or in Keycloak: Realm settings, General, “Require SSL”.',
		);
	}
	if (said !== '' && /realm/i.test(said)) return noRealm();
	return unfit(status);
}

/** The error for what Keycloak itself never answers, such as a proxy's page. */
export function unfit(status: number): HubError {
	if (status === 429) return new HubError('KEYCLOAK_BUSY', 'Keycloak, or a proxy before it, asks for fewer calls.');
	if (status >= 500)
		return new HubError('KEYCLOAK_UNREACHABLE', `Keycloak fails by itself (HTTP ${status}). See its log.`);
	return new HubError(
		'KEYCLOAK_REFUSED',
		`What answers there is not Keycloak's administration (HTTP ${status}). Correct the address, or let the proxy before it ` +
			'pass /admin and /realms.',
	);
}

function noRealm(): HubError {
	return new HubError('KEYCLOAK_REALM', 'Keycloak does not know the realm, or it is switched off. Correct the name.');
}

function credentials(text: string): HubError {
	return new HubError('KEYCLOAK_CREDENTIALS', text);
}

/** `error` of the token endpoint and of most refusals; `errorMessage` of others. Empty where there is none. */
export function errorOf(json: unknown): string {
	const { error, errorMessage } = (json ?? {}) as { error?: unknown; errorMessage?: unknown };
	return String(error ?? errorMessage ?? '');
}

function descriptionOf(json: unknown): string {
	return String((json as { error_description?: unknown }).error_description ?? '');
}

/** A network failure under Keycloak's own code. */
export function unreachable(thrown: HubError): HubError {
	const codes: Partial<Record<HubErrorCode, HubErrorCode>> = { HTTP_UNREACHABLE: 'KEYCLOAK_UNREACHABLE' };
	const code = codes[thrown.code];
	return code ? new HubError(code, `Keycloak: ${thrown.message}`, { cause: thrown }) : thrown;
}
