/** Day one: accounts that were made by hand before, proposed for the people of Keycloak. Pure; a person decides. */
import type { Account, Person, TargetDescription } from './model.ts';
import { skeleton } from './names.ts';
import type { IdentitySettings } from './rules.ts';
import { isPrivileged } from './scope.ts';

/**
 * `exact`: login and address or name agree, and nobody else comes into question. `near`: one thing agrees. `colliding`:
 * several come into question, or one account for several people.
 */
export type Likeness = 'exact' | 'near' | 'colliding';

export interface LinkProposal {
	subject: string;
	username: string;
	/** User name and address in Keycloak: nobody with one of them approves this. */
	names: readonly string[];
	candidates: { account: number; login: string; name: string; active: boolean; privileged: boolean }[];
	likeness: Likeness;
}

export interface LinkInput {
	settings: IdentitySettings;
	target: TargetDescription;
	accounts: readonly Account[];
	/** Those in scope. */
	people: readonly Person[];
}

export function proposeLinks({ settings, target, accounts, people }: LinkInput): LinkProposal[] {
	const linked = new Set(accounts.flatMap(({ provider, uid }) => (provider === target.provider && uid ? [uid] : [])));
	const free = accounts.filter(
		(account) => account.internal && !account.uid && !account.provider && !target.protected.has(account.id),
	);
	const index = indexOf(free);
	const found = people
		.filter(({ id }) => !linked.has(id))
		.map((person) => ({ person, candidates: candidatesOf(person, index) }))
		.filter(({ candidates }) => candidates.length > 0);
	const wanted = new Map<number, number>();
	for (const { candidates } of found) for (const { id } of candidates) wanted.set(id, (wanted.get(id) ?? 0) + 1);
	return found
		.map(({ person, candidates }) => {
			const shared = candidates.some(({ id }) => (wanted.get(id) ?? 0) > 1);
			const [first] = candidates;
			const one = candidates.length === 1 && first && !shared;
			const likeness: Likeness = !one ? 'colliding' : isExact(person, first) ? 'exact' : 'near';
			const privileged = (account: Account) =>
				account.groups.some((group) => isPrivileged(group, target.groups, settings));
			return {
				...{ subject: person.id, username: person.username, likeness },
				names: [person.username, person.email ?? ''].filter(Boolean),
				candidates: candidates.map((account) => ({
					...{ account: account.id, login: account.login, name: account.name, active: account.active },
					privileged: privileged(account),
				})),
			};
		})
		.sort((a, b) => (a.username < b.username ? -1 : 1));
}

/** The same login to the letter, and the address or the name as well; an archived account is never that sure. */
function isExact(person: Person, { login, email, name, active }: Account): boolean {
	const sameLogin = login === person.username || login === person.email;
	const sameEmail = !!person.email && email === person.email;
	return active && sameLogin && (sameEmail || name === fullName(person));
}

function fullName({ firstName = '', lastName = '' }: Person): string {
	return `${firstName} ${lastName}`.trim();
}

type Index = Map<string, Account[]>;

function indexOf(accounts: readonly Account[]): Index {
	const index: Index = new Map();
	const add = (key: string, account: Account) => {
		const there = index.get(key);
		if (!there) index.set(key, [account]);
		else if (!there.includes(account)) there.push(account);
	};
	for (const account of accounts) {
		add(`login ${skeleton(account.login)}`, account);
		if (account.email) add(`login ${skeleton(account.email)}`, account);
		if (account.name.trim()) add(`name ${skeleton(account.name.trim())}`, account);
	}
	return index;
}

function candidatesOf(person: Person, index: Index): Account[] {
	const keys = [`login ${skeleton(person.username)}`];
	if (person.email) keys.push(`login ${skeleton(person.email)}`);
	const byLogin = new Set(keys.flatMap((key) => index.get(key) ?? []));
	if (byLogin.size > 0) return [...byLogin].sort((a, b) => a.id - b.id);
	const name = fullName(person);
	return name ? (index.get(`name ${skeleton(name)}`) ?? []) : [];
}
