/** A realm of Keycloak in memory, as strict as `IdentitySource` says, with its faults at a test's command. */
import { HubError } from '../../../lib/errors.ts';
import type {
	EventSubject,
	IdentitySource,
	Memberships,
	SourceEvent,
	SourceEvents,
} from '../../../lib/identity/model.ts';

export interface User {
	id: string;
	username: string;
	firstName?: string;
	lastName?: string;
	email?: string;
	enabled: boolean;
	locale?: string;
	roles: unknown;
	groups: unknown;
	[field: string]: unknown;
}

export class TestRealm implements IdentitySource {
	issuer = 'https://keycloak.example/realms/clinica';
	users = new Map<string, User>();
	stored: SourceEvent[] = [];
	recording = true;
	retentionMs: number | null = null;
	clock: () => number;
	/** Called before each answer; throws to fail, or changes something. */
	before: (call: string, detail: unknown) => void = () => {};
	/** Replaces pages. */
	pages: ((first: number, max: number) => unknown[]) | undefined;
	/** Names of roles and groups that the realm does not have. */
	missing = new Set<string>();
	calls: string[] = [];
	#number = 0;

	constructor(clock: () => number) {
		this.clock = clock;
	}

	add(username: string, change: Partial<User> = {}): User {
		this.#number += 1;
		const user: User = {
			...{ id: `id-${String(this.#number).padStart(5, '0')}`, username, firstName: username, lastName: 'Prueba' },
			...{ email: `${username}@clinica.test`, enabled: true, roles: ['staff'], groups: [], ...change },
		};
		this.users.set(user.id, user);
		this.say('changed', { type: 'user', id: user.id });
		return user;
	}

	change(user: User, change: Partial<User>): void {
		Object.assign(user, change);
		this.say('changed', { type: 'user', id: user.id });
	}

	remove(user: User, silently = false): void {
		this.users.delete(user.id);
		if (!silently) this.say('deleted', { type: 'user', id: user.id });
	}

	say(kind: SourceEvent['kind'], subject: EventSubject, at = this.clock()): void {
		this.stored.push({ key: `event-${this.stored.length}-${Math.trunc(at)}`, at, kind, subject });
	}

	async count(): Promise<number> {
		this.#called('count', null);
		return this.users.size;
	}

	async page(first: number, max: number): Promise<{ users: unknown[]; next: number | null }> {
		this.#called('page', first);
		const sorted = [...this.users.values()].sort((a, b) => (a.username < b.username ? -1 : 1));
		const page = this.pages?.(first, max) ?? sorted.slice(first, first + max);
		const users = page.map((user) => {
			const { roles: _roles, groups: _groups, ...brief } = user as User;
			return brief;
		});
		return { users, next: users.length === 0 ? null : first + max };
	}

	async memberships(roles: readonly string[], groups: readonly string[]): Promise<Memberships> {
		this.#called('memberships', roles);
		const holders = (field: 'roles' | 'groups', name: string) =>
			new Set(
				[...this.users.values()]
					.filter((user) => Array.isArray(user[field]) && user[field].includes(name))
					.map(({ id }) => id),
			);
		return {
			roles: new Map(roles.map((name) => [name, holders('roles', name)])),
			groups: new Map(groups.map((name) => [name, holders('groups', name)])),
			unknown: [...roles, ...groups].filter((name) => this.missing.has(name)),
		};
	}

	async find(id: string): Promise<unknown> {
		this.#called('find', id);
		const user = this.users.get(id);
		return user ? structuredClone(user) : null;
	}

	async members(subject: EventSubject): Promise<string[]> {
		this.#called('members', subject);
		const field = subject.type === 'role' ? 'roles' : 'groups';
		const name = subject.type === 'role' ? subject.name : subject.type === 'group' ? subject.id : '';
		return [...this.users.values()].filter((user) => (user[field] as string[]).includes(name)).map(({ id }) => id);
	}

	async events(from: number): Promise<SourceEvents> {
		this.#called('events', from);
		return {
			events: this.stored.filter(({ at }) => at >= from),
			...{ recording: this.recording, retentionMs: this.retentionMs, serverTime: this.clock() },
		};
	}

	#called(call: string, detail: unknown): void {
		this.calls.push(call);
		this.before(call, detail);
	}
}

export const broken = (text: string) => new HubError('HTTP_UNREACHABLE', text);
