/** Keycloak's administration as the source of the synchronisation. */
import { type EventsConfig, eventsConfig, retention, storedEvents } from '../keycloak/events.ts';
import { membersBelow, readHolders } from '../keycloak/holders.ts';
import type { RealmReader } from '../keycloak/reader.ts';
import { countUsers, findUser, userPage } from '../keycloak/users.ts';
import { sourceEvent } from './keycloak-events.ts';
import type { EventSubject, IdentitySource, Memberships, SourceEvents } from './model.ts';

/** Whether and how long Keycloak keeps events changes by an administrator's hand only; asked with every poll it was half of its calls. In ms. */
const CONFIG_MS = 60_000;

export class KeycloakSource implements IdentitySource {
	readonly issuer: string;
	readonly #reader: RealmReader;
	readonly #configMs: number;
	#kept: { recording: boolean; retentionMs: number | null; until: number } | undefined;

	/** @param options.configMs how long Keycloak's word on its events is believed, ms; default a minute */
	constructor(reader: RealmReader, { configMs = CONFIG_MS }: { configMs?: number } = {}) {
		this.issuer = reader.addresses.issuer;
		this.#reader = reader;
		this.#configMs = configMs;
	}

	count(signal?: AbortSignal): Promise<number> {
		return countUsers(this.#reader, signal);
	}

	async page(first: number, max: number, signal?: AbortSignal): Promise<{ users: unknown[]; next: number | null }> {
		const { people, next } = await userPage(this.#reader, first, max, signal);
		return { users: people, next };
	}

	async memberships(roles: readonly string[], groups: readonly string[], signal?: AbortSignal): Promise<Memberships> {
		const wanted = { roles: new Set(roles), groups: new Set(groups) };
		const holders = await readHolders(this.#reader, await this.count(signal), wanted, signal);
		return { roles: byName(holders.rolesOf), groups: byName(holders.groupsOf), unknown: holders.unknown };
	}

	/** The account of a client is no person, and yet there: it is given as something that is neither. */
	async find(id: string, signal?: AbortSignal): Promise<unknown> {
		return (await findUser(this.#reader, id, signal)) ?? null;
	}

	/** Nobody for a group or role that is gone: its removal is an event of its own, by which everybody is read. */
	async members(subject: EventSubject, signal?: AbortSignal): Promise<string[]> {
		if (subject.type === 'user') return [subject.id];
		if (subject.type === 'realm') throw new Error('Whom a change of the realm concerns is not asked: everybody');
		const users = await this.count(signal);
		if (subject.type === 'group') return membersBelow(this.#reader, subject.id, users, signal);
		const wanted = { roles: new Set([subject.name]), groups: new Set<string>() };
		const { rolesOf } = await readHolders(this.#reader, users, wanted, signal);
		return [...rolesOf].filter(([, names]) => names.has(subject.name)).map(([id]) => id);
	}

	async events(from: number, signal?: AbortSignal): Promise<SourceEvents> {
		// What happens while Keycloak answers is later than this time, so the next reading has it.
		const { clockSkewMs } = await this.#reader.token(signal);
		const serverTime = Date.now() + clockSkewMs;
		const { recording, retentionMs } = await this.#keeping(signal);
		const { events, more } = await storedEvents(this.#reader, from, signal);
		const told = events.flatMap((event) => sourceEvent(event) ?? []);
		// Too many to read: what the others say is not known, so everybody is read, and again each time until they are old.
		if (more) {
			const at = events.reduce((latest, { time }) => Math.max(latest, time), 0);
			told.push({ key: `more:${serverTime}`, at, kind: 'changed', subject: { type: 'realm' } });
		}
		return { events: told, recording, retentionMs, serverTime };
	}

	async #keeping(signal: AbortSignal | undefined): Promise<{ recording: boolean; retentionMs: number | null }> {
		if (this.#kept && performance.now() < this.#kept.until) return this.#kept;
		const config: EventsConfig = await eventsConfig(this.#reader, signal);
		const retentionMs = await retention(this.#reader, config, signal);
		this.#kept = { recording: config.adminEvents, retentionMs, until: performance.now() + this.#configMs };
		return this.#kept;
	}
}

function byName(namesOf: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
	const holders = new Map<string, Set<string>>();
	for (const [id, names] of namesOf) {
		for (const name of names) {
			const ids = holders.get(name) ?? new Set();
			holders.set(name, ids.add(id));
		}
	}
	return holders;
}
