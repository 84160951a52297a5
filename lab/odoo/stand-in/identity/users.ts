/** Users as Odoo keeps them: what it refuses, in its words, and what a write brings along. */
import { createHash, randomBytes } from 'node:crypto';
import { accessDenied, constraintError, missingError, RpcError, userError, validationError } from '../errors.ts';
import type { Records } from '../records.ts';
import { closed, DEFAULT_GROUPS, groupsOf, INTERNAL, TYPES } from './groups.ts';

/** Purchases know their buyers by a table of their own; accounts stand beside them. */
const STORED = 'stand-in.user';
const KEYS = 'res.users.apikeys';

const ROOT = 1;

export interface User {
	id: number;
	login: string | null;
	name: string | null;
	email: string;
	lang: string;
	active: boolean;
	provider: number | null;
	uid: string | null;
	groups: number[];
	password: string | null;
	suspended: boolean;
	/** Parts of every session's token. */
	epoch: number;
	accessToken: string | null;
	/** Second from which on a sign-in counts; 0 without one. */
	authAfter: number;
}

export type Command = [code: number, id: number, value?: unknown];

/** By RPC's names. */
export interface Values {
	login?: string | false;
	name?: string | false;
	email?: string | false;
	lang?: string | false;
	active?: boolean;
	password?: string;
	oauth_provider_id?: number | false;
	oauth_uid?: string | false;
	groups_id?: Command[];
}

const WRITABLE = [
	'login',
	'name',
	'email',
	'lang',
	'active',
	'password',
	'oauth_provider_id',
	'oauth_uid',
	'groups_id',
];

export class Users {
	readonly all = new Map<number, User>();
	/** Lines of what changed something: kind and account, for tests that count effects. */
	readonly effects: string[] = [];
	readonly #records: Records;

	constructor(records: Records) {
		this.#records = records;
		for (const { id, data } of records.search(STORED)) this.all.set(id, JSON.parse(String(data)) as User);
	}

	/** Adds a user without a question. */
	seed(login: string, name: string, more: Partial<User> = {}): void {
		const groups = closed(DEFAULT_GROUPS);
		this.#save({ ...blank(this.all.size + 1), login, name, groups, ...more, id: this.all.size + 1 });
	}

	/** @param secret password or API key; keys open no page */
	whoIs(login: string, secret: string, { page = false } = {}): User | undefined {
		const user = [...this.all.values()].find((each) => each.login === login && each.active && !each.suspended);
		return user && this.#opens(user, secret, page) ? user : undefined;
	}

	/** @throws RpcError AccessDenied */
	caller(id: unknown, secret: unknown): User {
		const user = this.all.get(Number(id));
		if (!user?.active || user.suspended || !this.#opens(user, String(secret), false)) throw accessDenied();
		return user;
	}

	#opens(user: User, secret: string, page: boolean): boolean {
		if (user.password !== null && user.password === secret) return true;
		if (page) return false;
		return this.#records.search(KEYS, [['user_id', '=', user.id]]).some(({ key }) => key === secret);
	}

	makeKey(user: User, name: string): string {
		const key = randomBytes(20).toString('hex');
		this.#records.create(KEYS, { name, scope: null, user_id: user.id, expiration_date: null, key });
		return key;
	}

	removeKeys(user: User): void {
		for (const { id } of this.#records.search(KEYS, [['user_id', '=', user.id]])) this.#records.remove(KEYS, id);
	}

	/** Changes with any of these, every session with it ends. */
	token({ id, login, password, active, epoch, accessToken }: User): string {
		const fields = JSON.stringify([id, login, password, active, epoch, accessToken]);
		return createHash('sha256').update(fields).digest('hex');
	}

	/** A list is created as a whole or not at all. */
	create(list: readonly Values[]): number[] {
		const made = list.map((values, index) => {
			const user = { ...blank(Math.max(...this.all.keys()) + 1 + index), groups: closed(DEFAULT_GROUPS) };
			return this.#changed(user, values.groups_id ? values : { ...values, groups_id: [] });
		});
		for (const user of made) if (user.login === null) throw mandatory('Login', 'login');
		this.#checkUnique(made);
		this.#records.transaction(() => {
			for (const user of made) this.#save(user);
		});
		this.effects.push(...made.map(({ id }) => `create ${id}`));
		return made.map(({ id }) => id);
	}

	/** @param by the number of who asks */
	write(ids: readonly number[], values: Values, by: number): void {
		const users = this.existing(ids, by);
		if (values.active === false && ids.includes(by)) {
			throw userError("You cannot deactivate the user you're currently logged in as.");
		}
		if (values.active === true && ids.includes(ROOT)) throw userError('You cannot activate the superuser.');
		const changed = users.map((user) => this.#changed(user, values));
		this.#checkUnique(changed);
		this.change(changed, Object.keys(values).join());
	}

	/** @throws RpcError MissingError */
	existing(ids: readonly number[], by: number): User[] {
		return ids.map((id) => {
			const user = this.all.get(id);
			if (!user) throw missingError('res.users', id, by);
			return user;
		});
	}

	/** Stores what was changed, without a question. */
	change(users: readonly User[], what: string): void {
		this.#records.transaction(() => {
			for (const user of users) {
				const before = JSON.stringify(this.all.get(user.id));
				if (before !== JSON.stringify(user)) this.effects.push(`${what} ${user.id}`);
				this.#save(user);
			}
		});
	}

	#changed(user: User, values: Values): User {
		const unknown = Object.keys(values).find((field) => !WRITABLE.includes(field));
		if (unknown) throw new RpcError('builtins.ValueError', `Invalid field '${unknown}' on model 'res.users'`);
		if (Object.values(values).some((value) => typeof value === 'string' && value.includes('\0'))) {
			throw new RpcError('builtins.ValueError', 'A string literal cannot contain NUL (0x00) characters.');
		}
		const next = { ...user };
		if (values.login !== undefined) next.login = values.login || '';
		if (values.name !== undefined) next.name = values.name === false ? null : values.name;
		if (values.email !== undefined) next.email = values.email || '';
		if (values.lang !== undefined) next.lang = values.lang || '';
		if (values.active !== undefined) next.active = values.active;
		if (values.password !== undefined) next.password = values.password;
		if (values.oauth_provider_id !== undefined) next.provider = values.oauth_provider_id || null;
		if (values.oauth_uid !== undefined) next.uid = values.oauth_uid || null;
		if (values.groups_id) next.groups = commanded(user.groups, values.groups_id);
		if (next.name === null) throw constraintError('Contacts require a name');
		return next;
	}

	#checkUnique(changed: readonly User[]): void {
		const after = new Map(this.all);
		for (const user of changed) after.set(user.id, user);
		const logins = new Set<string>();
		const people = new Set<string>();
		for (const { login, provider, uid } of after.values()) {
			if (logins.has(String(login))) throw constraintError('You can not have two users with the same login!');
			logins.add(String(login));
			if (provider === null || uid === null) continue;
			if (people.has(`${provider} ${uid}`)) throw constraintError('OAuth UID must be unique per provider');
			people.add(`${provider} ${uid}`);
		}
	}

	#save(user: User): void {
		const isNew = !this.all.has(user.id);
		this.all.set(user.id, user);
		const data = { data: JSON.stringify(user) };
		if (isNew) this.#records.create(STORED, data);
		else this.#records.write(STORED, user.id, data);
	}
}

function blank(id: number): User {
	return {
		...{ id, login: null, name: null, email: '', lang: 'en_US', active: true, provider: null, uid: null, groups: [] },
		...{ password: null, suspended: false, epoch: 0, accessToken: null, authAfter: 0 },
	};
}

/** Adding brings along what is implied; taking takes that group alone. */
function commanded(groups: readonly number[], commands: readonly Command[]): number[] {
	const known = new Set(groupsOf(true).map(({ number }) => number));
	let held = [...groups];
	for (const [code, id, value] of commands) {
		if (code === 6) held = value as number[];
		else if (code === 4) held = [...held, id];
		else if (code === 3) held = held.filter((each) => each !== id);
		if (code === 6 || code === 4) held = closed(held);
	}
	if (held.some((number) => !known.has(number))) {
		throw constraintError('another model requires the record being deleted. If possible, archive it instead.');
	}
	if (held.filter((number) => TYPES.includes(number)).length > 1) {
		throw validationError('The user cannot have more than one user types.');
	}
	return held;
}

/** A portal or public user. */
export const isShared = ({ groups }: User): boolean => !groups.includes(INTERNAL);

function mandatory(label: string, field: string): RpcError {
	const text =
		'\n- Create/update: a mandatory field is not set.\n- Delete: another model requires the record being deleted.';
	return constraintError(
		`${text} If possible, archive it instead.\n\nModel: User (res.users)\nField: ${label} (${field})\n`,
	);
}
