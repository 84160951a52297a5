/** Changes in a real Keycloak, by its events: each once, none lost, and a word where some may be. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { changesSince, cursorNow, type EventCursor, OVERLAP_MS, type RealmEvent } from '../../lib/keycloak/events.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const said = (events: RealmEvent[]) =>
	events.map((event) => (event.kind === 'admin' ? `${event.operation} ${event.resource}` : event.type));

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm(
	{ after },
	{
		change: (clinic) => Object.assign(clinic, { failureFactor: 1, quickLoginCheckMilliSeconds: 0 }),
	},
);
const reader = new RealmReader(realm.reader);
let cursor: EventCursor = await cursorNow(reader);
const next = async () => {
	const changes = await changesSince(reader, cursor);
	cursor = JSON.parse(JSON.stringify(changes.cursor)) as EventCursor;
	return changes;
};

describe('events of a realm', () => {
	test('tell a change once, with whom it concerns', async () => {
		assert.deepEqual(await next(), { events: [], cursor });
		const id = await realm.idOf('hugo.zuniga');
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		const { events, gap } = await next();
		assert.equal(gap, undefined);
		assert.deepEqual(said(events), ['UPDATE USER']);
		assert.equal((events[0] as { path?: string }).path, `users/${id}`);
		assert.deepEqual((await next()).events, []);
	});

	test('tell roles, groups, passwords and deletions', async () => {
		const id = await realm.addUser('temporal');
		const role = await realm.request('GET', '/roles/compras');
		const [group] = (await realm.request('GET', '/groups?search=Compras')) as { id: string }[];
		await realm.request('POST', `/users/${id}/role-mappings/realm`, [role]);
		await realm.request('PUT', `/users/${id}/groups/${group?.id}`);
		await realm.request('PUT', `/users/${id}/reset-password`, { type: 'password', value: 'doce-caracteres' });
		await realm.request('DELETE', `/users/${id}`);
		assert.deepEqual(said((await next()).events), [
			'CREATE USER',
			'CREATE REALM_ROLE_MAPPING',
			'CREATE GROUP_MEMBERSHIP',
			'ACTION USER',
			'DELETE USER',
		]);
	});

	test('tell a lockout after wrong passwords, which leaves the user enabled', async () => {
		const login = { grant_type: 'password', client_id: 'admin-cli', username: 'teresa.lozano', password: 'x' };
		for (let count = 0; count < 3; count += 1) {
			await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
				method: 'POST',
				body: new URLSearchParams(login),
			});
		}
		const { events } = await next();
		assert.ok(said(events).includes('USER_DISABLED_BY_TEMPORARY_LOCKOUT'), said(events).join());
		const id = await realm.idOf('teresa.lozano');
		assert.ok(events.some((event) => event.kind === 'user' && event.userId === id));
		assert.equal(((await realm.request('GET', `/users/${id}`)) as { enabled: boolean }).enabled, true);
	});

	test('of the same millisecond, and ones stored late with an earlier time, are told each once', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const other = new RealmReader({ ...realm.reader, internalUrl: proxy.url });
		const event = (id: string, time: number) => ({ id, time, operationType: 'UPDATE', resourceType: 'USER' });
		const now = Date.now();
		let stored = [event('a', now), event('b', now)];
		proxy.fault = ({ path }) => {
			if (path.includes('/events?')) return { body: '[]' };
			if (!path.includes('/admin-events')) return undefined;
			const from = Number(new URLSearchParams(path.split('?')[1]).get('dateFrom') ?? 0);
			return { body: JSON.stringify(stored.filter(({ time }) => time >= from)) };
		};
		const ids = ({ events }: { events: RealmEvent[] }) => events.map(({ id }) => id);
		const first = await changesSince(other, { time: now - 1, seen: { admin: [], user: [] } });
		assert.deepEqual(ids(first), ['a', 'b']);
		stored = [event('late', now - OVERLAP_MS + 1_000), ...stored, event('c', now)];
		const second = await changesSince(other, first.cursor);
		assert.deepEqual([ids(second), second.gap], [['late', 'c'], undefined]);
		assert.deepEqual(ids(await changesSince(other, second.cursor)), []);
	});

	test('that were cleared, or restored from a backup, are told as a gap, once', async () => {
		await realm.request('PUT', `/users/${await realm.idOf('hugo.zuniga')}`, { enabled: false });
		await next();
		await realm.request('DELETE', '/admin-events');
		const { events, gap } = await next();
		assert.deepEqual([events, gap], [[], 'purged']);
		assert.equal((await next()).gap, undefined);
		await realm.request('PUT', `/users/${await realm.idOf('hugo.zuniga')}`, { enabled: true });
		const after = await next();
		assert.deepEqual([said(after.events), after.gap], [['UPDATE USER'], undefined]);
	});

	test('that are not stored are told as a gap', async () => {
		await realm.request('PUT', '/events/config', { adminEventsEnabled: false });
		assert.equal((await next()).gap, 'off');
	});
});
