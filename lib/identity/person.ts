/** Reads a user as Keycloak sends it. What has another shape than documented is "not said", never a right. */
import type { Person } from './model.ts';

/** Longer ids are none of Keycloak's; `f:<component>:<id>` is the longest form. */
const ID_CHARACTERS = 255;

/**
 * The person, or null for what is no person: a service account, or something without id and name.
 * @param value anything
 */
export function readPerson(value: unknown): Person | null {
	if (typeof value !== 'object' || value === null) return null;
	// A map, for the value comes from outside: `constructor` and `__proto__` are names like any other there.
	const fields = new Map<string, unknown>(Object.entries(value));
	const id = text(fields.get('id'));
	const username = text(fields.get('username'));
	if (!id || id.length > ID_CHARACTERS || !username) return null;
	if (fields.get('serviceAccountClientId') || username.startsWith('service-account-')) return null;
	const enabled = fields.get('enabled');
	if (typeof enabled !== 'boolean') return null;
	return {
		id,
		username,
		firstName: text(fields.get('firstName')),
		lastName: text(fields.get('lastName')),
		email: text(fields.get('email')),
		enabled,
		locale: text(fields.get('locale')),
		attributes: attributes(fields.get('attributes')),
		roles: names(fields.get('roles')),
		groups: names(fields.get('groups')),
	};
}

function text(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}

/** A single text in place of a list is a token of somebody else's making: it grants nothing and takes nothing. */
function names(value: unknown): ReadonlySet<string> | undefined {
	if (value instanceof Set) return names([...value]);
	if (!Array.isArray(value) || !value.every((entry): entry is string => typeof entry === 'string')) return undefined;
	return new Set(value);
}

function attributes(value: unknown): Person['attributes'] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
	const entries = value instanceof Map ? [...value] : Object.entries(value);
	const read = new Map<string, readonly string[]>();
	for (const [name, list] of entries) {
		if (Array.isArray(list) && list.every((entry) => typeof entry === 'string')) read.set(name, list);
	}
	return read;
}
