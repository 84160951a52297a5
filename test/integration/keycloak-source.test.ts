/** What the synchronisation is told by a real Keycloak. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import { readPerson } from '../../lib/identity/person.ts';
import { eventsFrom, findSuspects } from '../../lib/identity/suspects.ts';
import { walkRealm } from '../../lib/identity/walk.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm(
	{ after },
	{
		change(clinic) {
			Object.assign(clinic, { failureFactor: 1, quickLoginCheckMilliSeconds: 0 });
			(clinic['groups'] as object[]).push(
				{ name: 'Hospital', subGroups: [{ name: 'Noche', realmRoles: ['compras'] }] },
				{ name: 'Hospital/Norte' }, // a name that looks like a path
			);
			(clinic['users'] as object[]).push({ username: 'guardia', enabled: true, groups: ['/Hospital/Noche'] });
		},
	},
);
const source = new KeycloakSource(new RealmReader(realm.reader));
const NOBODY = '00000000-0000-4000-8000-000000000000';
const groupId = async (name: string) => {
	const groups = (await realm.request('GET', '/groups')) as { id: string; name: string }[];
	return String(groups.find((group) => group.name === name)?.id);
};

describe('Keycloak as the source of identities', () => {
	test('gives the same person by the walk and by id, with the groups above', async () => {
		const scope = { roles: ['compras'], groups: ['/Hospital', '/Hospital/Noche'] };
		const { people, counted, skipped } = await walkRealm(source, { scope }, []);
		assert.deepEqual([people.length, counted, skipped], [17, 17, 0]);
		const walked = people.find(({ username }) => username === 'guardia');
		assert.deepEqual([...(walked?.groups ?? [])].sort(), scope.groups);
		const found = readPerson(await source.find(walked?.id ?? ''));
		assert.deepEqual([...(found?.groups ?? [])].sort(), scope.groups);
		assert.ok(walked?.roles?.has('compras') && found?.roles?.has('compras'));
	});

	test('does not take a slash in the name of a group for the group above', async () => {
		const id = await realm.addUser('norte');
		await realm.request('PUT', `/users/${id}/groups/${await groupId('Hospital/Norte')}`);
		const found = readPerson(await source.find(id));
		assert.equal(found?.groups?.has('/Hospital'), false);
		const { groups } = await source.memberships([], ['/Hospital']);
		assert.equal(groups.get('/Hospital')?.has(id), false);
	});

	test('says that nobody has an id only when Keycloak says so itself', async (t) => {
		assert.equal(await source.find(NOBODY), null);
		const clients = (await realm.request('GET', `/clients?clientId=${realm.reader.clientId}`)) as { id: string }[];
		const account = (await realm.request('GET', `/clients/${clients[0]?.id}/service-account-user`)) as { id: string };
		const client = await source.find(account.id);
		assert.notEqual(client, null);
		assert.equal(readPerson(client), null);
		const proxy = await keycloakProxy(t, keycloak.port);
		const other = new KeycloakSource(new RealmReader({ ...realm.reader, internalUrl: proxy.url }));
		proxy.fault = ({ path }) => (path.includes(NOBODY) ? { status: 404, body: '<h1>User not found</h1>' } : undefined);
		await assert.rejects(other.find(NOBODY), { code: 'KEYCLOAK_REFUSED' });
	});

	test('says which roles and groups the realm does not have', async () => {
		const { unknown } = await source.memberships(['compras', 'clinic-hub:hub-admin'], ['/Compras', '/Nadie']);
		assert.deepEqual(unknown, ['clinic-hub:hub-admin', '/Nadie']);
	});

	test('asks two questions where nothing has changed', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const other = new KeycloakSource(new RealmReader({ ...realm.reader, internalUrl: proxy.url }));
		await other.events(Date.now());
		proxy.asked.length = 0;
		await other.events(Date.now());
		assert.deepEqual(
			proxy.asked.map((path) => path.replace(/\?.*|^.*\//gs, '')),
			['admin-events', 'events'],
		);
	});

	test('names those whom a changed group or role concerns', async () => {
		const id = await realm.idOf('guardia');
		assert.deepEqual(await source.members({ type: 'group', id: await groupId('Hospital') }), [id]);
		assert.ok((await source.members({ type: 'role', name: 'compras' })).includes(id));
		assert.deepEqual(await source.members({ type: 'group', id: NOBODY }), []);
		assert.deepEqual(await source.members({ type: 'role', name: 'nunca' }), []);
	});

	test('tells changes once, with its clock and how long it keeps them', async () => {
		const before = await source.events(0);
		assert.ok(before.recording && Math.abs(before.serverTime - Date.now()) < 5_000);
		assert.ok(before.retentionMs !== null && before.retentionMs > 60_000);
		const { cursor } = findSuspects(before, null, new Set(), Date.now());
		const id = await realm.addUser('temporal');
		await realm.request('PUT', `/users/${id}/reset-password`, { type: 'password', value: 'doce-caracteres' });
		await realm.request('DELETE', `/users/${id}`);
		const seen = new Set(before.events.map(({ key }) => key));
		const { fresh, full } = findSuspects(await source.events(eventsFrom(cursor, 0)), cursor, seen, Date.now());
		assert.deepEqual(
			fresh.map(({ kind, subject }) => [kind, subject]),
			['changed', 'passwordReset', 'deleted'].map((kind) => [kind, { type: 'user', id }]),
		);
		assert.equal(full, null);
	});

	test('tells an event once that comes late with an earlier time, and both of one millisecond', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const other = new KeycloakSource(new RealmReader({ ...realm.reader, internalUrl: proxy.url }));
		const now = Date.now();
		const event = (id: string, time: number) => ({
			...{ id, time, operationType: 'UPDATE', resourceType: 'USER', resourcePath: `users/${id}` },
		});
		const stored = [event('late', now - 60_000), event('a', now), event('b', now)];
		proxy.fault = ({ path }) => {
			if (path.includes('/events?')) return { body: '[]' };
			return path.includes('/admin-events') ? { body: JSON.stringify(stored) } : undefined;
		};
		const seen = new Set(['admin:a']);
		const { fresh } = findSuspects(await other.events(now - 300_000), { at: now, newest: now }, seen, now);
		assert.deepEqual(
			fresh.map(({ key }) => key),
			['admin:late', 'admin:b'],
		);
	});

	test('names everybody each time while there are more events than are read one by one', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const other = new KeycloakSource(new RealmReader({ ...realm.reader, internalUrl: proxy.url }));
		const now = Date.now();
		const event = { time: now, operationType: 'UPDATE', resourceType: 'USER', resourcePath: `users/${NOBODY}` };
		const body = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ ...event, id: `event-${index}` })));
		proxy.fault = ({ path }) => (path.includes('/admin-events') ? { body } : undefined);
		const cursor = { at: now, newest: now };
		const { fresh } = findSuspects(await other.events(now - 300_000), cursor, new Set(), now);
		const seen = new Set(fresh.map(({ key }) => key));
		const again = findSuspects(await other.events(now - 300_000), cursor, seen, now);
		assert.equal(again.full, 'realm', 'what comes after those that are read would be missed otherwise');
	});

	test('tells a lockout that passes to nobody, for it leaves the user enabled', async () => {
		const id = await realm.idOf('teresa.lozano');
		const login = { grant_type: 'password', client_id: 'admin-cli', username: 'teresa.lozano', password: 'x' };
		for (let count = 0; count < 3; count += 1) {
			const body = new URLSearchParams(login);
			await fetch(`${realm.issuer}/protocol/openid-connect/token`, { method: 'POST', body });
		}
		const stored = (await realm.request('GET', '/events?type=USER_DISABLED_BY_TEMPORARY_LOCKOUT')) as unknown[];
		assert.ok(stored.length > 0);
		const { events } = await source.events(0);
		assert.ok(events.every(({ subject }) => subject.type !== 'user' || subject.id !== id));
		assert.equal(readPerson(await source.find(id))?.enabled, true);
	});

	test('tells events that were cleared, and that none are kept', async () => {
		await realm.addUser('olvidada');
		const answer = await source.events(0);
		const { cursor } = findSuspects(answer, null, new Set(), Date.now());
		await realm.request('DELETE', '/admin-events');
		const cleared = await source.events(eventsFrom(cursor, 0));
		assert.equal(findSuspects(cleared, cursor, new Set(), Date.now()).full, 'purged');
		await realm.request('PUT', '/events/config', { adminEventsEnabled: false });
		const asking = new KeycloakSource(new RealmReader(realm.reader), { configMs: 0 });
		assert.equal((await asking.events(0)).recording, false);
	});
});
