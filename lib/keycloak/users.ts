/** Users of a realm: counted, walked, and one by one. */
import { HubError } from '../errors.ts';
import { segment } from './address.ts';
import type { RealmReader } from './reader.ts';
import { accountOf, isPerson, type KeycloakAccount, type KeycloakUser } from './user.ts';

/** Records a page; larger ones are hardly quicker (2,000: a fifth) and hold a thread of Keycloak for longer. */
const PAGE = 500;
/** A walk that never meets an empty page is ended here; two million users. */
const MAX_PAGES = 4_000;
/** A user is in few groups; a list of more than this is no list of groups. */
const MAX_GROUPS = 10_000;

const USER_MISSING = /^user not found$/i;

/** People in the realm, as Keycloak counts them now. @throws HubError as `RealmReader.get` */
export async function countUsers(reader: RealmReader, signal?: AbortSignal): Promise<number> {
	const count = await reader.get('/users/count', {}, signal);
	if (!Number.isInteger(count)) throw new HubError('KEYCLOAK_REFUSED', 'Keycloak gave no number of users.');
	return count as number;
}

export interface UserPage {
	/** People only. */
	people: KeycloakAccount[];
	/** Where the next page begins; null after the last one. */
	next: number | null;
}

/**
 * One page of the realm's users, in Keycloak's order. Keycloak filters a page after having cut it, so that only an empty
 * one is the last (#37614).
 * @throws HubError KEYCLOAK_EMPTY when there is nobody at all: that is a right that was lost; and as `RealmReader.get`
 */
export async function userPage(
	reader: RealmReader,
	first: number,
	max: number,
	signal?: AbortSignal,
): Promise<UserPage> {
	const records = listOf(await reader.get('/users', { first, max, briefRepresentation: true }, signal));
	if (first === 0 && records.length === 0) throw nobody(reader);
	return { people: records.filter(isPerson).map(accountOf), next: records.length === 0 ? null : first + max };
}

export interface WalkOptions {
	/** Default 500. */
	pageSize?: number;
	/** People seen so far, after each page. */
	onProgress?: (seen: number) => void;
	signal?: AbortSignal | undefined;
}

/**
 * Every person of the realm once, in Keycloak's order. Pages are asked one after the other until an empty one: Keycloak
 * filters a page after having cut it, so that a short one is not the last (#37614). Users may be missing that exist, for
 * changes meanwhile shift the pages: absence here proves nothing, see `findUser`.
 * @throws HubError KEYCLOAK_EMPTY when there is nobody at all: that is a right that was lost; and as `RealmReader.get`
 */
export async function walkUsers(
	reader: RealmReader,
	{ pageSize = PAGE, onProgress, signal }: WalkOptions = {},
): Promise<KeycloakAccount[]> {
	const people = new Map<string, KeycloakAccount>();
	let first: number | null = 0;
	for (let page = 0; page < MAX_PAGES && first !== null; page += 1) {
		const found: UserPage = await userPage(reader, first, pageSize, signal);
		// Whoever comes twice was read later in the second record.
		for (const account of found.people) people.set(account.id, account);
		first = found.next;
		if (first !== null) onProgress?.(people.size);
	}
	if (first !== null) throw new HubError('KEYCLOAK_REFUSED', 'Keycloak’s list of users has no end. See its log.');
	return [...people.values()];
}

/** In place of the account of a client, which exists and is no person. */
export const NO_PERSON = 'service account';

/**
 * The person with that id as it is now; undefined only when Keycloak itself says that there is none. A page of a proxy, a
 * lost right or another realm are errors.
 * @throws HubError as `RealmReader.get`
 */
export async function findAccount(
	reader: RealmReader,
	id: string,
	signal?: AbortSignal,
): Promise<KeycloakAccount | typeof NO_PERSON | undefined> {
	const record = await reader.find(`/users/${segment(id)}`, USER_MISSING, {}, signal);
	if (record === undefined) return undefined;
	if (!isPerson(record)) return NO_PERSON;
	const account = accountOf(record);
	if (account.id !== id) throw new HubError('KEYCLOAK_REFUSED', 'Keycloak gave another user than was asked for.');
	return account;
}

/** As `findAccount`, with roles and groups: three calls, and one for each group above. For few users. */
export async function findUser(
	reader: RealmReader,
	id: string,
	signal?: AbortSignal,
): Promise<KeycloakUser | typeof NO_PERSON | undefined> {
	const account = await findAccount(reader, id, signal);
	if (account === undefined || account === NO_PERSON) return account;
	const path = `/users/${segment(id)}`;
	const roles = await reader.find(`${path}/role-mappings/realm/composite`, USER_MISSING, {}, signal);
	const groups = await reader.find(`${path}/groups`, USER_MISSING, { first: 0, max: MAX_GROUPS }, signal);
	if (roles === undefined || groups === undefined) return undefined;
	const names = listOf(roles).map(({ name }) => String(name));
	return { ...account, roles: names.sort(), groups: await withThoseAbove(reader, listOf(groups), signal) };
}

/** Asked for, not cut from the path: a group's name may hold a slash, and then the path looks like another group's. */
async function withThoseAbove(
	reader: RealmReader,
	groups: readonly Record<string, unknown>[],
	signal: AbortSignal | undefined,
): Promise<string[]> {
	const paths = new Map<string, string>();
	for (const group of groups) {
		let one = group;
		while (!paths.has(String(one['id']))) {
			paths.set(String(one['id']), String(one['path']));
			if (!one['parentId']) break;
			one = (await reader.get(`/groups/${segment(String(one['parentId']))}`, {}, signal)) as Record<string, unknown>;
		}
	}
	return [...paths.values()].sort();
}

function nobody({ clientId }: RealmReader): HubError {
	return new HubError(
		'KEYCLOAK_EMPTY',
		'Keycloak shows no user at all, so nothing is concluded from it. Either the reader has lost the right to see users ' +
			`(Clients, ${clientId}, “Service accounts roles”: view-users), or this is not the realm that was meant.`,
	);
}

/** @throws HubError KEYCLOAK_REFUSED for what is no list */
export function listOf(answer: unknown): Record<string, unknown>[] {
	if (Array.isArray(answer)) return answer as Record<string, unknown>[];
	throw new HubError('KEYCLOAK_REFUSED', 'Keycloak gave something else than a list.');
}
