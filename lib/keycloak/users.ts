/** Users of a realm: counted, by pages, and one by one. */
import { HubError } from '../errors.ts';
import { segment } from './address.ts';
import type { RealmReader } from './reader.ts';
import { accountOf, isPerson, type KeycloakAccount, type KeycloakUser } from './user.ts';

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
 * one is the last (#37614). Changes meanwhile shift the pages: who is absent from all of them may exist, see `findUser`.
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
