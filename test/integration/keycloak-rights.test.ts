/** Which roles count for whom, read by role and by group of a real Keycloak. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readHolders, type Wanted } from '../../lib/keycloak/holders.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { findUser, userPage } from '../../lib/keycloak/users.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm(
	{ after },
	{
		change(clinic) {
			const { realm: roles } = clinic['roles'] as { realm: unknown[] };
			roles.push(
				{ name: 'guardia', composite: true, composites: { realm: ['farmacia', 'a/b?c'] } },
				{ name: 'a/b?c', composite: true, composites: { realm: ['guardia'] } }, // a circle
				{ name: 'constructor' },
				{ name: '__proto__' },
			);
			const groups = clinic['groups'] as { name: string; subGroups?: unknown[] }[];
			groups.push({
				name: 'Hospital',
				realmRoles: ['constructor'],
				subGroups: [{ name: 'Noche', realmRoles: ['guardia'] }],
			} as never);
			const users = clinic['users'] as unknown[];
			const account = (username: string, more: object) => users.push({ username, enabled: true, ...more });
			account('directo', { realmRoles: ['compras', '__proto__'] });
			account('compuesto', { realmRoles: ['guardia'] });
			account('heredado', { groups: ['/Hospital/Noche'] });
			account('arriba', { groups: ['/Hospital'] });
			account('nada', {});
		},
	},
);
const reader = new RealmReader(realm.reader);
const all = { roles: new Set<string>(), groups: new Set<string>() };
const role = async (path: string) => (await realm.request('GET', path)) as { name: string }[];
for (const { name } of await role('/roles')) all.roles.add(name);
for (const { name } of await role('/groups')) all.groups.add(`/${name}`);
all.groups.add('/Hospital/Noche');

async function everybody(from: RealmReader, wanted: Wanted = all) {
	const { people } = await userPage(from, 0, 500);
	const { rolesOf, groupsOf } = await readHolders(from, people.length, wanted);
	return people.map((one) => ({
		...one,
		...{ roles: [...(rolesOf.get(one.id) ?? [])].sort(), groups: [...(groupsOf.get(one.id) ?? [])].sort() },
	}));
}

const circle = ['a/b?c', 'farmacia', 'guardia'];

describe('roles and groups of a realm', () => {
	test('count directly, by composites in a circle, by a group and by those above it', async () => {
		const users = await everybody(reader);
		const rights = (name: string) => {
			const user = users.find(({ username }) => username === name);
			return [user?.roles, user?.groups];
		};
		assert.deepEqual(rights('directo'), [['__proto__', 'compras'], []]);
		assert.deepEqual(rights('compuesto'), [circle, []]);
		assert.deepEqual(rights('heredado'), [[...circle, 'constructor'].sort(), ['/Hospital', '/Hospital/Noche']]);
		assert.deepEqual(rights('arriba'), [['constructor'], ['/Hospital']]);
		assert.deepEqual(rights('nada'), [[], []]);
		assert.deepEqual(rights('beatriz.leon')[1], ['/Farmacia']);
		assert.equal(users.length, 21);
	});

	test('are the same read for one user', async () => {
		for (const user of await everybody(reader)) assert.deepEqual(await findUser(reader, user.id), user);
	});

	test('of a table are read by a call a role and a group, however many users there are', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const counted = new RealmReader({ ...realm.reader, internalUrl: proxy.url });
		const wanted = { roles: new Set(['farmacia', 'compras']), groups: new Set(['/Informática']) };
		const users = await everybody(counted, wanted);
		const byName = new Map(users.map(({ username, roles, groups }) => [username, { roles, groups }]));
		assert.deepEqual(byName.get('heredado'), { roles: ['farmacia'], groups: [] });
		assert.deepEqual(byName.get('elena.marquez'), { roles: ['compras'], groups: [] });
		assert.deepEqual(byName.get('ana.vazquez'), { roles: [], groups: ['/Informática'] });
		const calls = proxy.asked.filter((path) => path.includes('/users?') && path.includes('/roles/'));
		assert.deepEqual(calls.length, 4); // the two, and those that include one of them
		assert.equal(proxy.asked.filter((path) => path.includes('/members')).length, 4);
		assert.equal(proxy.asked.filter((path) => /\/users\/[0-9a-f-]{36}/.test(path)).length, 0);
	});

	test('are not granted by what vanishes while it is read', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		proxy.fault = ({ path }) =>
			path.includes('/members') ? { status: 404, body: '{"error":"Could not find group by id"}' } : undefined;
		await assert.rejects(everybody(new RealmReader({ ...realm.reader, internalUrl: proxy.url })), {
			code: 'NOT_FOUND',
			retryable: true,
		});
	});
});
