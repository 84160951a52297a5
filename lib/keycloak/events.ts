/**
 * What Keycloak remembers of changes. Events only say where to look: what is decided is decided on what is read afterwards.
 * Two kinds: admin events (console, API) and user events (what people do themselves).
 */
import { HubError } from '../errors.ts';
import type { Query, RealmReader } from './reader.ts';
import { listOf } from './users.ts';

export interface AdminEvent {
	kind: 'admin';
	id: string;
	/** ms since 1970, by Keycloak's clock. */
	time: number;
	/** `CREATE`, `UPDATE`, `DELETE` or `ACTION`. */
	operation: string;
	/** `USER`, `GROUP_MEMBERSHIP`, `REALM_ROLE_MAPPING` and others. */
	resource: string;
	/** Such as `users/<id>/role-mappings/realm`. */
	path: string;
	/** Set when the operation failed: nothing changed. */
	error?: string;
}

export interface UserEvent {
	kind: 'user';
	id: string;
	time: number;
	/** `UPDATE_PROFILE`, `DELETE_ACCOUNT` and others. */
	type: string;
	userId?: string;
	error?: string;
}

export type RealmEvent = AdminEvent | UserEvent;
type Kind = RealmEvent['kind'];

/** Keycloak gives 100 unless asked for more; 500 took 60 ms. */
const PAGE = 500;
const MAX_PAGES = 200;

const KINDS = ['admin', 'user'] as const;

/** Kinds of resources by which users, their rights or their state change. */
const RESOURCES = [
	...['USER', 'USER_LOGIN_FAILURE', 'USER_PROFILE', 'USER_FEDERATION_PROVIDER', 'USER_FEDERATION_MAPPER', 'COMPONENT'],
	...['GROUP', 'GROUP_MEMBERSHIP', 'REALM_ROLE', 'REALM_ROLE_MAPPING', 'CLIENT_ROLE', 'CLIENT_ROLE_MAPPING', 'REALM'],
] as const;

/** What people do that changes them. */
const TYPES = [
	...['REGISTER', 'UPDATE_PROFILE', 'UPDATE_EMAIL', 'DELETE_ACCOUNT', 'RESET_PASSWORD', 'UPDATE_CREDENTIAL'],
	...['USER_DISABLED_BY_PERMANENT_LOCKOUT', 'USER_DISABLED_BY_TEMPORARY_LOCKOUT'],
] as const;

export interface EventsConfig {
	adminEvents: boolean;
	/** Whether admin events keep what was sent. */
	details: boolean;
	userEvents: boolean;
	/** Seconds after which user events go; 0 for never. */
	userExpiration: number;
	/** User events that matter here and are not stored. */
	missingTypes: string[];
}

/** @throws HubError as `RealmReader.get` */
export async function eventsConfig(reader: RealmReader, signal?: AbortSignal): Promise<EventsConfig> {
	const config = (await reader.get('/events/config', {}, signal)) as Record<string, unknown>;
	// An empty list means every type.
	const stored = Array.isArray(config['enabledEventTypes']) ? config['enabledEventTypes'].map(String) : [];
	return {
		adminEvents: config['adminEventsEnabled'] === true,
		details: config['adminEventsDetailsEnabled'] === true,
		userEvents: config['eventsEnabled'] === true,
		userExpiration: Number(config['eventsExpiration'] ?? 0),
		missingTypes: stored.length > 0 ? TYPES.filter((type) => !stored.includes(type)) : [],
	};
}

export interface StoredEvents {
	/** By Keycloak's order within admin and user events. */
	events: RealmEvent[];
	/** True when there are more than can be read one by one. */
	more: boolean;
}

/** Events of that time (ms) and later: one call a kind while they are few. @throws HubError as `RealmReader.get` */
export async function storedEvents(reader: RealmReader, from: number, signal?: AbortSignal): Promise<StoredEvents> {
	const events: RealmEvent[] = [];
	let more = false;
	for (const kind of KINDS) {
		const read = await eventsFrom(reader, kind, from, signal);
		events.push(...read.events);
		more ||= read.more;
	}
	return { events, more };
}

/** How long both kinds are kept, in ms; null for ever. @throws HubError as `RealmReader.get` */
export async function retention(
	reader: RealmReader,
	{ userEvents, userExpiration }: EventsConfig,
	signal?: AbortSignal,
): Promise<number | null> {
	const { attributes } = (await reader.get('', {}, signal)) as { attributes?: { adminEventsExpiration?: unknown } };
	const seconds = [Number(attributes?.adminEventsExpiration ?? 0), userEvents ? userExpiration : 0];
	const kept = seconds.filter((one) => one > 0);
	return kept.length > 0 ? Math.min(...kept) * 1_000 : null;
}

async function eventsFrom(
	reader: RealmReader,
	kind: Kind,
	since: number,
	signal: AbortSignal | undefined,
): Promise<{ events: RealmEvent[]; more: boolean }> {
	const events = new Map<string, RealmEvent>();
	for (let number = 0; number < MAX_PAGES; number += 1) {
		const query = { dateFrom: since, direction: 'asc', first: number * PAGE, max: PAGE };
		const found = await page(reader, kind, query, signal);
		for (const event of found) events.set(event.id, event);
		if (found.length < PAGE) return { events: [...events.values()], more: false };
	}
	return { events: [...events.values()], more: true };
}

async function page(
	reader: RealmReader,
	kind: Kind,
	query: Query,
	signal: AbortSignal | undefined,
): Promise<RealmEvent[]> {
	if (kind === 'admin') {
		const records = await reader.get('/admin-events', { ...query, resourceTypes: RESOURCES }, signal);
		return listOf(records).map(adminEvent);
	}
	return listOf(await reader.get('/events', { ...query, type: TYPES }, signal)).map(userEvent);
}

function adminEvent(record: Record<string, unknown>): AdminEvent {
	const { operationType, resourceType, resourcePath, error } = record;
	return {
		kind: 'admin',
		...identityOf(record),
		operation: String(operationType),
		resource: String(resourceType),
		path: String(resourcePath ?? ''),
		...(error ? { error: String(error) } : {}),
	};
}

function userEvent(record: Record<string, unknown>): UserEvent {
	const { type, userId, error } = record;
	return {
		kind: 'user',
		...identityOf(record),
		type: String(type),
		...(userId ? { userId: String(userId) } : {}),
		...(error ? { error: String(error) } : {}),
	};
}

/** Versions before 26.1 give admin events no id: then what it says is what it is. */
function identityOf({ id, time, ...rest }: Record<string, unknown>): { id: string; time: number } {
	if (typeof time !== 'number') throw new HubError('KEYCLOAK_REFUSED', 'Keycloak gave an event without a time.');
	const told = JSON.stringify([time, rest['operationType'], rest['type'], rest['resourcePath'], rest['userId']]);
	return { id: typeof id === 'string' ? id : told, time };
}
