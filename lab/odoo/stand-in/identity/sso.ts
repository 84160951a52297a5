/** The addon `clinic_sso`: its one guarded model, line by line as `odoo-addon/clinic_sso/models` has it. */
import { accessError, RpcError, userError } from '../errors.ts';
import { closed, groupsOf, INTERNAL, isPrivileged, numberOf, SYNC, SYSTEM, USER_IDS } from './groups.ts';
import type { Provider, Providers } from './providers.ts';
import { isShared, type User, type Users, type Values } from './users.ts';

interface Line {
	kind: string;
	subject: string;
	account: number;
	values?: Record<string, string>;
	groups?: string[];
	at?: number;
}

type Result = { ok: true; account: number } | { ok: false; text: string };

/** Kinds in which a batch is done at once. */
const AT_ONCE = ['suspend', 'resume', 'archive', 'restore', 'endSessions', 'create'];
const KINDS = [...AT_ONCE, 'link', 'update', 'addGroups', 'removeGroups'];

/** Fields that the hub may set. */
const VALUES = ['login', 'name', 'email', 'lang'];

export class ClinicSso {
	readonly #users: Users;
	readonly #providers: Providers;

	constructor(users: Users, providers: Providers) {
		this.#users = users;
		this.#providers = providers;
	}

	describe(caller: User): object {
		const provider = this.#provider(caller);
		const all = [...this.#users.all.values()];
		const groups = groupsOf(true);
		const names = new Map(groups.map(({ number, id }) => [number, id]));
		return {
			provider: provider.id,
			protected: [...this.#protected(caller)],
			administrators: all.filter(isAdministrator).map(({ id }) => id),
			linked: all.filter(({ active, provider: of, uid }) => active && of === provider.id && uid).length,
			groups: groups.map(({ number, id, name, implies }) => ({
				...{ number, id, name, implies: implies.map((other) => names.get(other)) },
			})),
			languages: ['en_US'],
			table: this.#providers.table(provider.id).map(({ kind, name, groups: given }) => ({
				...{ kind, name, groups: given.map((number) => names.get(number)).sort() },
			})),
		};
	}

	accounts(caller: User, uids?: readonly string[], logins?: readonly string[]): unknown[] {
		this.#requireRight(caller);
		const [people, lower] = [new Set(uids), new Set(logins?.map((login) => login.toLowerCase()))];
		const some = uids !== undefined || logins !== undefined;
		return [...this.#users.all.values()]
			.filter(({ uid, login }) => !some || people.has(uid ?? '') || lower.has(String(login).toLowerCase()))
			.map((user) => [
				...[user.id, user.login, user.name, user.email || null, user.lang || null, user.active, user.suspended],
				...[user.provider, user.uid, !isShared(user), user.groups],
			]);
	}

	apply(caller: User, id: number, lines: readonly Line[], fence: number): Result[] {
		const provider = this.#provider(caller, id);
		if (fence < provider.fence) {
			throw userError(
				'A later synchronisation has taken over; this one comes late. If the hub has a new store, set Last Run to 0 on ' +
					"the provider's form.",
			);
		}
		this.#providers.write(provider.id, { clinic_sso_fence: fence });
		const results = new Map<Line, Result>();
		for (const [kind, some] of Map.groupBy(lines, (line) => line.kind)) {
			const work = new Work(this.#users, this.#providers, provider, caller, this.#protected(caller));
			for (const [index, result] of applyKind(work, kind, some).entries()) results.set(some[index] as Line, result);
		}
		return lines.map((line) => results.get(line) as Result);
	}

	#provider(caller: User, id?: number): Provider {
		this.#requireRight(caller);
		const followed = this.#providers.followed().filter((provider) => !id || provider.id === id);
		if (followed.length === 1 && followed[0]) return followed[0];
		throw userError("Exactly one OAuth provider must decide on users. Tick it on the provider's form.");
	}

	#requireRight({ groups }: User): void {
		if (!groups.includes(SYNC)) {
			throw accessError('Only the account of the synchronisation with Keycloak may do this.');
		}
	}

	#protected(caller: User): Set<number> {
		return new Set([caller.id, ...Object.values(USER_IDS)]);
	}
}

function isAdministrator({ id, groups, active, suspended }: User): boolean {
	return id !== USER_IDS['user_root'] && groups.includes(SYSTEM) && active && !suspended;
}

function applyKind(work: Work, kind: string, lines: readonly Line[]): Result[] {
	if (!KINDS.includes(kind)) {
		return lines.map(() => ({ ok: false, text: 'This version does not know how to do this.' }));
	}
	const attempt = (some: readonly Line[]): Result[] => {
		try {
			return work.do(kind, some).map((account) => ({ ok: true, account }));
		} catch (thrown) {
			if (!(thrown instanceof RpcError)) throw thrown;
			const [text = ''] = thrown.message.split('\n');
			return some.map(() => ({ ok: false, text }));
		}
	};
	if (AT_ONCE.includes(kind) && lines.length > 1) {
		const results = attempt(lines);
		if (results.every(({ ok }) => ok)) return results;
	}
	return lines.flatMap((line) => attempt([line]));
}

/** Lines of one kind. Everything is checked before anything is changed, so that nothing is left half done. */
class Work {
	readonly #users: Users;
	readonly #providers: Providers;
	readonly #provider: Provider;
	readonly #caller: User;
	readonly #protected: ReadonlySet<number>;

	constructor(users: Users, providers: Providers, provider: Provider, caller: User, taboo: ReadonlySet<number>) {
		this.#users = users;
		this.#providers = providers;
		this.#provider = provider;
		this.#caller = caller;
		this.#protected = taboo;
	}

	/** @returns the accounts */
	do(kind: string, lines: readonly Line[]): number[] {
		if (kind === 'create') return this.#create(lines);
		if (kind === 'link') return this.#link(lines);
		const users = this.#own(lines);
		if (kind === 'update') return this.#update(lines, users);
		if (kind === 'addGroups' || kind === 'removeGroups') return this.#groups(kind, lines, users);
		if (kind === 'suspend' || kind === 'archive') this.#keepAdministrator(users);
		if (kind === 'archive') for (const user of users) this.#users.removeKeys(user);
		const ended = users.map((user) => ({ ...user, epoch: user.epoch + 1, accessToken: null }));
		if (kind === 'endSessions') {
			const due = ended.flatMap((user, index) => {
				const at = Math.trunc(Number(lines[index]?.at) / 1000);
				return user.authAfter >= at ? [] : [{ ...user, authAfter: at }]; // told before: who signed in since then stays
			});
			this.#users.change(due, kind);
		} else if (kind === 'suspend' || kind === 'resume') {
			this.#change(
				ended.map((user) => ({ ...user, suspended: kind === 'suspend' })),
				kind,
			);
		} else
			this.#change(
				ended.map((user) => ({ ...user, active: kind === 'restore' })),
				kind,
			);
		return users.map(({ id }) => id);
	}

	/** Ending the sessions of somebody who is that far already is no effect. */
	#change(users: readonly User[], kind: string): void {
		const same = ({ id, suspended, active }: User) => {
			const before = this.#users.all.get(id);
			return before?.suspended === suspended && before.active === active;
		};
		for (const user of users) {
			if (same(user)) this.#users.all.set(user.id, user);
			else this.#users.change([user], kind);
		}
	}

	#own(lines: readonly Line[]): User[] {
		return lines.map(({ account, subject }) => {
			const user = this.#users.all.get(account);
			if (!user || user.provider !== this.#provider.id || user.uid !== subject) {
				throw userError('This account does not belong to that user of Keycloak.');
			}
			if (this.#protected.has(user.id) || isShared(user)) throw userError('This account is not touched from outside.');
			return user;
		});
	}

	#create(lines: readonly Line[]): number[] {
		const list = lines.map((line): Values => {
			const groups = [...this.#grantable(line.groups ?? []), INTERNAL];
			const identity = { oauth_provider_id: this.#provider.id, oauth_uid: line.subject };
			return { ...valuesOf(line), ...identity, groups_id: [[6, 0, groups]] };
		});
		this.#checkLogins(list);
		return this.#users.create(list);
	}

	#link(lines: readonly Line[]): number[] {
		const users = this.#users.existing(
			lines.map(({ account }) => account),
			this.#caller.id,
		);
		for (const [index, user] of users.entries()) {
			const subject = lines[index]?.subject;
			if (user.uid && (user.provider !== this.#provider.id || user.uid !== subject)) {
				throw userError('This account belongs to another user already.');
			}
			if (this.#protected.has(user.id) || isShared(user) || user.groups.some((group) => isPrivileged(group))) {
				throw userError('An administrator links this account by hand.');
			}
			const values = { oauth_provider_id: this.#provider.id, oauth_uid: String(subject) };
			this.#users.write([user.id], values, this.#caller.id);
		}
		return users.map(({ id }) => id);
	}

	#update(lines: readonly Line[], users: readonly User[]): number[] {
		for (const [index, user] of users.entries()) {
			const values = valuesOf(lines[index] as Line);
			if (values.login !== undefined && values.login !== user.login) this.#checkLogins([values]);
			this.#users.write([user.id], values, this.#caller.id);
		}
		return users.map(({ id }) => id);
	}

	#groups(kind: string, lines: readonly Line[], users: readonly User[]): number[] {
		for (const [index, user] of users.entries()) {
			const names = lines[index]?.groups ?? [];
			const numbers = kind === 'addGroups' ? this.#grantable(names) : this.#takeable(names, user);
			const code = kind === 'addGroups' ? 4 : 3;
			this.#users.write([user.id], { groups_id: numbers.map((number) => [code, number]) }, this.#caller.id);
		}
		return users.map(({ id }) => id);
	}

	#takeable(names: readonly string[], user: User): number[] {
		const numbers = numbersOf(names);
		const decided = this.#providers.decided(this.#provider.id);
		if (numbers.some((number) => !decided.has(number))) {
			throw userError('This group is none of the table; it is taken by hand.');
		}
		if (numbers.includes(SYSTEM)) this.#keepAdministrator([user]);
		return numbers;
	}

	/** A stolen key of the hub grants no more than the table. */
	#grantable(names: readonly string[]): number[] {
		const numbers = numbersOf(names);
		const table = new Set([INTERNAL, ...this.#providers.table(this.#provider.id).flatMap(({ groups }) => groups)]);
		if (numbers.some((number) => !table.has(number))) {
			throw userError("This group is none of the table on the provider's form.");
		}
		const listed = new Set(this.#provider.privileged);
		if (numbers.some((number) => isPrivileged(number) && !listed.has(number))) {
			throw userError("This group is privileged and not listed on the provider's form.");
		}
		return numbers;
	}

	#checkLogins(list: readonly Values[]): void {
		const taken = [...this.#users.all.values()].find(({ login }) => list.some((values) => values.login === login));
		if (taken) throw userError(`The login ${taken.login} has an account already.`);
	}

	#keepAdministrator(users: readonly User[]): void {
		const left = [...this.#users.all.values()].filter(isAdministrator);
		const losing = new Set(users.map(({ id }) => id));
		if (left.some(({ id }) => losing.has(id)) && left.every(({ id }) => losing.has(id))) {
			throw userError('The last administrator stays.');
		}
	}
}

function valuesOf({ values = {} }: Line): Values {
	const kept = Object.fromEntries(Object.entries(values).filter(([name]) => VALUES.includes(name))) as Values;
	if (kept.login === '') throw userError('A user needs a login.');
	return kept;
}

function numbersOf(names: readonly string[]): number[] {
	return names.map((name) => {
		const number = numberOf(name);
		if (number === undefined) throw userError(`Odoo has no group ${name}.`);
		return number;
	});
}

/** Groups of the table with what they bring along, but for being an internal user. */
export function decidedBy(groups: readonly number[]): Set<number> {
	return new Set(closed(groups).filter((number) => !closed([INTERNAL]).includes(number)));
}
