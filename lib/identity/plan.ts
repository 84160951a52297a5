/** What is to be done so that Odoo follows Keycloak. Pure: the same input gives the same plan, line by line. */
import { compare } from './digest.ts';
import { keepLogins } from './keep-logins.ts';
import { orderLogins } from './login-order.ts';
import type {
	Account,
	Conflict,
	ConflictReason,
	Line,
	LineKind,
	Person,
	Plan,
	TargetDescription,
	Values,
} from './model.ts';
import { folded, skeleton } from './names.ts';
import { type IdentitySettings, INTERNAL } from './rules.ts';
import { grantedGroups, groupChange, inScope, isPrivileged } from './scope.ts';
import { installedLanguage, quoted, wantedValues } from './wanted.ts';

export interface PlanInput {
	issuer: string;
	settings: IdentitySettings;
	target: TargetDescription;
	accounts: readonly Account[];
	/** Users that were read. */
	people: readonly Person[];
	/** Ids that Keycloak does not have any more, confirmed by id, and whether an event said so. */
	gone: ReadonlyMap<string, { byEvent: boolean }>;
	/** Ids whose disabling was confirmed by a second reading. */
	disabledConfirmed: ReadonlySet<string>;
	/** Ids that Keycloak itself locked for good after too many wrong passwords. */
	lockedOut: ReadonlySet<string>;
	/** Ids whose password somebody else set, with the time of that. */
	reset: ReadonlyMap<string, number>;
	/** Links that a person approved: Keycloak's id to Odoo's. */
	links: ReadonlyMap<string, number>;
	/** Everything was read; otherwise only those whom an event named, and nobody is archived who can be suspended. */
	full: boolean;
}

/** The order in which lines are applied: what takes rights away first. */
export const ORDER: readonly LineKind[] = [
	...(['suspend', 'endSessions', 'archive', 'removeGroups', 'link', 'resume', 'restore'] as const),
	...(['update', 'addGroups', 'create'] as const),
];

/** @throws nothing; whatever cannot be done is a conflict */
export function makePlan(input: PlanInput): Plan {
	const planner = new Planner(input);
	const people = [...input.people].sort((a, b) => compare(a.id, b.id));
	for (const person of people) planner.person(person);
	for (const [id, { byEvent }] of [...input.gone].sort(([a], [b]) => compare(a, b))) planner.gone(id, byEvent);
	return planner.plan();
}

class Planner {
	readonly #input: PlanInput;
	readonly #linked = new Map<string, Account>();
	readonly #byId = new Map<number, Account>();
	readonly #lines: Line[] = [];
	readonly #conflicts: Conflict[] = [];
	/** Logins that this plan gives away. */
	readonly #claimed = new Map<string, string>();

	constructor(input: PlanInput) {
		this.#input = input;
		for (const account of input.accounts) {
			this.#byId.set(account.id, account);
			if (account.provider === input.target.provider && account.uid) this.#linked.set(account.uid, account);
		}
	}

	plan(): Plan {
		const { issuer, target, settings, accounts } = this.#input;
		const kept = settings.guards.unlinkedLogin
			? keepLogins(this.#lines, accounts)
			: { lines: this.#lines, conflicts: [] };
		const lines = orderLogins(kept.lines, accounts);
		const place = new Map(lines.map((line, index) => [line, index]));
		lines.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (place.get(a) ?? 0) - (place.get(b) ?? 0));
		return { issuer, provider: target.provider, lines, conflicts: [...this.#conflicts, ...kept.conflicts] };
	}

	person(person: Person): void {
		const { settings, target, links, lockedOut, disabledConfirmed, reset } = this.#input;
		const account = this.#linked.get(person.id) ?? this.#approvedLink(person, links.get(person.id));
		if (account && !this.#mayTouch(account, person.id)) return;
		const scope = inScope(person, settings.scope);
		if (!account) {
			if (person.enabled && scope) this.#create(person);
			return;
		}
		const base = { subject: person.id, account: account.id, login: account.login };
		if (!person.enabled) {
			if (!account.active) return;
			if (lockedOut.has(person.id)) {
				this.#conflict(base, 'lockedOut');
				return;
			}
			if (!disabledConfirmed.has(person.id)) {
				this.#conflict(base, 'unconfirmed');
				return;
			}
			this.#leave(account, person.id, 'disabled');
			return;
		}
		if (scope === undefined) {
			this.#conflict(base, 'scopeUnknown');
			return;
		}
		if (!scope) {
			if (account.active) this.#lines.push({ ...base, kind: 'archive', why: 'scope' });
			return;
		}
		if (account.suspended) this.#lines.push({ ...base, kind: 'resume', why: 'enabled' });
		if (!account.active) this.#lines.push({ ...base, kind: 'restore', why: 'enabled' });
		const resetAt = reset.get(person.id);
		if (resetAt !== undefined && !target.limits.includes('endSessions')) {
			this.#lines.push({ ...base, kind: 'endSessions', why: 'reset', at: resetAt });
		}
		this.#update(person, account);
		this.#groups(person, account);
	}

	gone(id: string, byEvent: boolean): void {
		const account = this.#linked.get(id);
		if (!account?.active || !this.#mayTouch(account, id)) return;
		if (byEvent) {
			this.#leave(account, id, 'deleted');
			return;
		}
		this.#lines.push({ subject: id, account: account.id, login: account.login, kind: 'archive', why: 'missing' });
	}

	/** Suspended at once and archived by a later plan; where Odoo cannot suspend, archived. */
	#leave(account: Account, subject: string, why: 'disabled' | 'deleted'): void {
		const base = { subject, account: account.id, login: account.login, why };
		const { target, full } = this.#input;
		if (target.canSuspend && !account.suspended) this.#lines.push({ ...base, kind: 'suspend' });
		if (full || !target.canSuspend) this.#lines.push({ ...base, kind: 'archive' });
	}

	#mayTouch(account: Account, subject: string): boolean {
		const { target, settings } = this.#input;
		const base = { subject, account: account.id, login: account.login };
		if (target.protected.has(account.id)) this.#conflict(base, 'protected');
		else if (settings.neverTouch.some((entry) => isNamed(entry, account))) this.#conflict(base, 'neverTouched');
		else if (!account.internal) this.#conflict(base, 'notInternal');
		else return true;
		return false;
	}

	/** The account that a person approved for this one, while nobody else has it. */
	#approvedLink(person: Person, id: number | undefined): Account | undefined {
		const account = id === undefined ? undefined : this.#byId.get(id);
		if (!account || account.uid || account.provider || !person.enabled) return undefined;
		if (!this.#mayTouch(account, person.id)) return undefined;
		this.#lines.push({ kind: 'link', subject: person.id, account: account.id, login: account.login, why: 'approved' });
		return account;
	}

	#create(person: Person): void {
		const { settings, target } = this.#input;
		const { values, refused } = wantedValues(person, settings, target.languages);
		const base = { subject: person.id, account: 0, login: values.login ?? quoted(person.username) };
		for (const { reason, detail } of refused) this.#conflict(base, reason, detail);
		if (refused.length > 0) return;
		if (values.login === undefined) {
			this.#conflict(base, 'loginInvalid');
			return;
		}
		if (!this.#isFree(values.login, base)) return;
		const granted = this.#granted(person, base);
		if (!granted) {
			this.#conflict(base, 'scopeUnknown');
			return;
		}
		const plain = granted.filter((group) => !isPrivileged(group, target.groups, settings));
		const full: Values = {
			login: values.login,
			name: values.name ?? values.login,
			email: values.email ?? '',
			lang: values.lang ?? installedLanguage(settings.language, target.languages),
		};
		this.#claimed.set(skeleton(values.login), person.id);
		// Privileged groups come by a later plan, which a person approves; the account need not wait for that.
		this.#lines.push({ ...base, kind: 'create', why: 'new', values: full, groups: [INTERNAL, ...plain].sort() });
	}

	#update(person: Person, account: Account): void {
		const { settings, target } = this.#input;
		const { values, refused } = wantedValues(person, settings, target.languages);
		const base = { subject: person.id, account: account.id, login: account.login };
		for (const { reason, detail } of refused) this.#conflict(base, reason, detail);
		const changes: Partial<Values> = {};
		const before: Partial<Values> = {};
		for (const field of ['login', 'name', 'email', 'lang'] as const) {
			const value = values[field];
			if (value === undefined || value === account[field]) continue;
			if (field === 'login' && !this.#isFree(value, base)) continue;
			changes[field] = value;
			before[field] = account[field];
		}
		if (changes.login !== undefined) this.#claimed.set(skeleton(changes.login), person.id);
		if (Object.keys(changes).length === 0) return;
		this.#lines.push({ ...base, kind: 'update', why: 'changed', values: changes, before });
	}

	/** One line for what is privileged and one for the rest, so that the rest need not wait. */
	#groups(person: Person, account: Account): void {
		const { settings, target } = this.#input;
		const base = { subject: person.id, account: account.id, login: account.login };
		const granted = this.#granted(person, base);
		if (!granted) {
			this.#conflict(base, 'scopeUnknown');
			return;
		}
		const wanted = [...granted, INTERNAL];
		const { add, remove } = groupChange(account.groups, wanted, this.#table, target.groups);
		if (remove.length > 0) this.#lines.push({ ...base, kind: 'removeGroups', why: 'changed', groups: remove });
		const privileged = add.filter((group) => isPrivileged(group, target.groups, settings));
		const plain = add.filter((group) => !privileged.includes(group));
		for (const groups of [plain, privileged]) {
			if (groups.length > 0) this.#lines.push({ ...base, kind: 'addGroups', why: 'changed', groups });
		}
	}

	/** What the table grants and may grant. */
	#granted(person: Person, base: Base): string[] | undefined {
		const { settings, target } = this.#input;
		return grantedGroups(person, this.#table)?.filter((group) => {
			if (!target.groups.has(group)) this.#conflict(base, 'groupUnknown', group);
			else if (isPrivileged(group, target.groups, settings) && !settings.allowPrivileged.includes(group)) {
				this.#conflict(base, 'privilegedNotAllowed', group);
			} else return true;
			return false;
		});
	}

	get #table() {
		return this.#input.target.table ?? this.#input.settings.table;
	}

	/** Whether nobody else in this plan gets a login that looks the same. */
	#isFree(login: string, base: Base): boolean {
		if (!this.#input.settings.guards.unlinkedLogin) return true;
		const claimed = this.#claimed.get(skeleton(login));
		if (claimed === undefined || claimed === base.subject) return true;
		this.#conflict(base, 'loginLooksAlike', quoted(login));
		return false;
	}

	#conflict({ subject, account, login }: Base, reason: ConflictReason, detail = ''): void {
		this.#conflicts.push({ subject, account, login, reason, detail });
	}
}

type Base = Pick<Line, 'subject' | 'account' | 'login'>;

function isNamed(entry: string | number, account: Account): boolean {
	return typeof entry === 'number' ? entry === account.id : folded(entry) === folded(account.login);
}
