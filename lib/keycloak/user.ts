/** A user as the hub knows one, of what the administration says. */
import { HubError } from '../errors.ts';

/** What one record of a user says. An absent name, address or attribute is unknown (the user profile may hide it), never empty. */
export interface KeycloakAccount {
	/** `sub` of its tokens; not always a UUID. */
	id: string;
	/** As Keycloak compares it: lower case. */
	username: string;
	firstName?: string;
	lastName?: string;
	email?: string;
	emailVerified: boolean;
	enabled: boolean;
	/** Language, such as `es`. */
	locale?: string;
	/** Each with all its values. Read with `Object.hasOwn`: an attribute may be called `constructor`. */
	attributes: Record<string, string[]>;
}

/** With everything that decides its rights. */
export interface KeycloakUser extends KeycloakAccount {
	/** Names of the realm roles that count, sorted: held directly, by a composite role, by a group or by a group above it. */
	roles: string[];
	/** Paths of its groups and of those above them, sorted, such as `/Farmacia` and `/Farmacia/Guardia`. */
	groups: string[];
}

/** Name of the user behind a client. */
const SERVICE_ACCOUNT = /^service-account-/;

/** True for a person, not for the account of a client. A server-side filter is no way: several return such accounts (#38532). */
export function isPerson(record: unknown): boolean {
	const { username, serviceAccountClientId } = record as Record<string, unknown>;
	return !serviceAccountClientId && !SERVICE_ACCOUNT.test(String(username));
}

/** @throws HubError KEYCLOAK_REFUSED for what is no user */
export function accountOf(record: unknown): KeycloakAccount {
	const { id, username, enabled, emailVerified, attributes, ...rest } = (record ?? {}) as Record<string, unknown>;
	// Without a word on `enabled` nothing may be concluded, least of all that somebody left.
	if (typeof id !== 'string' || id === '' || typeof username !== 'string' || typeof enabled !== 'boolean') {
		throw new HubError(
			'KEYCLOAK_REFUSED',
			'Keycloak gave a user without id, name or state. Nothing was concluded from it.',
		);
	}
	const kept = attributesOf(attributes);
	const locale = Object.hasOwn(kept, 'locale') ? kept['locale']?.[0] : undefined;
	return {
		id,
		username,
		...textsOf(rest, ['firstName', 'lastName', 'email']),
		emailVerified: emailVerified === true,
		enabled,
		...(locale ? { locale } : {}),
		attributes: kept,
	};
}

function textsOf<const K extends string>(
	record: Record<string, unknown>,
	names: readonly K[],
): Partial<Record<K, string>> {
	const texts = names.flatMap((name) => (typeof record[name] === 'string' ? [[name, record[name]] as const] : []));
	return Object.fromEntries(texts) as Partial<Record<K, string>>;
}

function attributesOf(attributes: unknown): Record<string, string[]> {
	if (typeof attributes !== 'object' || attributes === null) return {};
	const lists = Object.entries(attributes).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
	return Object.fromEntries(lists.map(([name, values]) => [name, values.map(String)]));
}
