/** The whole realm as it is now: every person with roles and groups. */
import { type Holders, readHolders, type Wanted } from './holders.ts';
import type { RealmReader } from './reader.ts';
import type { KeycloakUser } from './user.ts';
import { countUsers, type WalkOptions, walkUsers } from './users.ts';

export interface RealmSnapshot {
	users: KeycloakUser[];
	/** How many Keycloak counted before and after: people came or left meanwhile when they differ. */
	countBefore: number;
	countAfter: number;
	/** Every realm role and group that exists. */
	roleNames: string[];
	groupPaths: string[];
}

export interface SnapshotOptions extends WalkOptions {
	/** Default: every role and group. With it users carry only those. */
	wanted?: Wanted;
}

/**
 * Calls: one for each 500 users, one for each wanted role and for each group that grants one, and some ten more; never one
 * a user. Roles and groups are read after the users, so a right that was taken meanwhile is not given.
 * @throws HubError KEYCLOAK_*, NOT_FOUND (retryable) when a role or group vanished meanwhile, TIMEOUT, CANCELLED
 */
export async function readRealm(reader: RealmReader, options: SnapshotOptions = {}): Promise<RealmSnapshot> {
	const { wanted, signal } = options;
	const countBefore = await countUsers(reader, signal);
	const accounts = await walkUsers(reader, options);
	const holders = await readHolders(reader, Math.max(countBefore, accounts.length), wanted, signal);
	const countAfter = await countUsers(reader, signal);
	return {
		users: accounts.map((account) => ({ ...account, ...rightsOf(account.id, holders) })),
		countBefore,
		countAfter,
		roleNames: holders.roleNames,
		groupPaths: holders.groupPaths,
	};
}

function rightsOf(id: string, { rolesOf, groupsOf }: Holders): Pick<KeycloakUser, 'roles' | 'groups'> {
	return { roles: [...(rolesOf.get(id) ?? [])].sort(), groups: [...(groupsOf.get(id) ?? [])].sort() };
}
