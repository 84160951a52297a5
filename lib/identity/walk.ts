/** Reads the whole realm. The walk is believed only where it agrees with itself; whoever is not in it is asked for by id. */
import type { IdentitySource, Memberships, Person, RoleTable } from './model.ts';
import { readPerson } from './person.ts';
import type { IdentitySettings } from './rules.ts';
import { IdentityStopped } from './stopped.ts';

/** Users a call. Keycloak gives 10,000 in 20 calls then, and one page stays far below a second. */
const PAGE = 500;
/** Pages of one walk; more than a million users, or a server that never gives an empty page. */
const MAX_PAGES = 2_000;

export interface Realm {
	people: Person[];
	/** Records that are no users: service accounts, and what could not be read. */
	skipped: number;
	counted: number;
	/** Roles and groups that were looked for and that it does not have. */
	unknown: readonly string[];
}

/** @throws HubError as the source; IDENTITY_STOPPED for a walk without end */
export async function walkRealm(
	source: IdentitySource,
	settings: Pick<IdentitySettings, 'scope'>,
	table: RoleTable,
	{
		signal,
		progress,
	}: { signal?: AbortSignal | undefined; progress?: ((done: number, total: number) => void) | undefined } = {},
): Promise<Realm> {
	const before = await source.count(signal);
	const people = new Map<string, Person>();
	let skipped = 0;
	let first: number | null = 0;
	for (let page = 0; first !== null; page += 1) {
		if (page === MAX_PAGES) throw new IdentityStopped('endless');
		const { users, next }: { users: unknown[]; next: number | null } = await source.page(first, PAGE, signal);
		for (const user of users) {
			const person = readPerson(user);
			// Users move between pages while others are added: seen twice, the later one is the newer one.
			if (person) people.set(person.id, person);
			else skipped += 1;
		}
		progress?.(people.size, before);
		first = next;
	}
	const counted = await source.count(signal);
	const { roles, groups } = neededNames(settings, table);
	const memberships = await source.memberships(roles, groups, signal);
	const all = [...people.values()].map((person) => withMemberships(person, memberships));
	return { people: all, skipped, counted: Math.max(before, counted), unknown: memberships.unknown };
}

/** Names of the roles and groups that decide anything here. */
function neededNames({ scope }: Pick<IdentitySettings, 'scope'>, table: RoleTable) {
	const roles = new Set(scope.roles);
	const groups = new Set(scope.groups);
	for (const { from } of table) {
		if ('role' in from) roles.add(from.role);
		else groups.add(from.group);
	}
	return { roles: [...roles].sort(), groups: [...groups].sort() };
}

function withMemberships(person: Person, { roles, groups }: Memberships): Person {
	const of = (holders: ReadonlyMap<string, ReadonlySet<string>>) =>
		new Set([...holders].filter(([, ids]) => ids.has(person.id)).map(([name]) => name));
	return { ...person, roles: of(roles), groups: of(groups) };
}
