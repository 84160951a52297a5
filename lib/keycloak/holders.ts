/** Who holds which role and is in which group, without a call a user: by role and by group. */
import { segment } from './address.ts';
import { groupsOf, type RealmGroup } from './groups.ts';
import type { RealmReader } from './reader.ts';
import { type RoleGraph, roleGraph } from './roles.ts';
import { listOf } from './users.ts';

/** What a table of roles and groups is about; what it does not name is not read. */
export interface Wanted {
	/** Names of realm roles. */
	roles: ReadonlySet<string>;
	/** Paths of groups, as `/Farmacia`. */
	groups: ReadonlySet<string>;
}

export interface Holders {
	/** By the user's id: wanted roles that count, and paths of groups with those above them. */
	rolesOf: ReadonlyMap<string, ReadonlySet<string>>;
	groupsOf: ReadonlyMap<string, ReadonlySet<string>>;
	/** Wanted names that the realm does not have. */
	unknown: string[];
}

/** Members a call where the realm has more users than this; below, one call is sure to hold them all. 10,000 took 1 s. */
const PAGE = 25_000;
const MAX_PAGES = 1_000;

/**
 * @param users how many the realm has: a page that could hold them all is complete, so no empty one must follow
 * @throws HubError NOT_FOUND (retryable) when a role or group vanished meanwhile, and as `RealmReader.get`
 */
export async function readHolders(
	reader: RealmReader,
	users: number,
	wanted: Wanted,
	signal?: AbortSignal,
): Promise<Holders> {
	const roles = await roleGraph(reader, signal);
	const groups = await groupsOf(reader, signal);
	const found = { roles: new Map<string, Set<string>>(), groups: new Map<string, Set<string>>() };
	for (const role of roles.names) {
		const given = relevant(roles.includedIn(role), wanted);
		if (given.length === 0) continue;
		for (const id of await idsOf(reader, `/roles/${segment(role)}/users`, users, signal)) add(found.roles, id, given);
	}
	for (const group of groups) {
		const given = relevant(rolesOfGroup(group, roles), wanted);
		const paths = chainOf(group)
			.map(({ path }) => path)
			.filter((path) => wanted.groups.has(path));
		if (given.length === 0 && paths.length === 0) continue;
		for (const id of await idsOf(reader, `/groups/${segment(group.id)}/members`, users, signal)) {
			add(found.roles, id, given);
			add(found.groups, id, paths);
		}
	}
	const paths = new Set(groups.map(({ path }) => path));
	const unknown = [
		...[...wanted.roles].filter((role) => !roles.names.includes(role)),
		...[...wanted.groups].filter((path) => !paths.has(path)),
	];
	return { rolesOf: found.roles, groupsOf: found.groups, unknown };
}

/** Ids of the members of a group and of those below it: all whom a change of it concerns. None when it is not there any more. */
export async function membersBelow(
	reader: RealmReader,
	group: string,
	users: number,
	signal?: AbortSignal,
): Promise<string[]> {
	const concerned = (await groupsOf(reader, signal)).filter((one) => chainOf(one).some(({ id }) => id === group));
	const ids = new Set<string>();
	for (const { id } of concerned) {
		for (const member of await idsOf(reader, `/groups/${segment(id)}/members`, users, signal)) ids.add(member);
	}
	return [...ids];
}

/** The group and those above it. */
function chainOf(group: RealmGroup): RealmGroup[] {
	return group.above ? [group, ...chainOf(group.above)] : [group];
}

/** What its members hold by it: its own roles and those of the groups above, each with what it includes. */
function rolesOfGroup(group: RealmGroup, roles: RoleGraph): string[] {
	const own = group.roles.flatMap((role) => roles.includedIn(role));
	return group.above ? [...own, ...rolesOfGroup(group.above, roles)] : own;
}

function relevant(roles: readonly string[], wanted: Wanted): string[] {
	return roles.filter((role) => wanted.roles.has(role));
}

async function idsOf(reader: RealmReader, path: string, users: number, signal?: AbortSignal): Promise<Set<string>> {
	// One more than there are: users that came meanwhile shall not hide others.
	const max = Math.min(users + 1, PAGE);
	const complete = users < max;
	const ids = new Set<string>();
	for (let page = 0; page < MAX_PAGES; page += 1) {
		const query = { first: page * max, max, briefRepresentation: true };
		const records = listOf(await reader.get(path, query, signal));
		for (const { id } of records) ids.add(String(id));
		if (records.length === 0 || (complete && records.length < max)) break;
	}
	return ids;
}

function add(to: Map<string, Set<string>>, id: string, names: readonly string[]): void {
	const held = to.get(id) ?? new Set();
	for (const name of names) held.add(name);
	to.set(id, held);
}
