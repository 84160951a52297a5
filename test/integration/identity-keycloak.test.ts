/** The synchronisation between a real Keycloak and an Odoo in memory: what is done there is here after the next run. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { openStore } from '../../lib/store/store.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';
import { TestOdoo } from '../unit/identity/odoo.ts';
import { DIRECTOR } from '../unit/identity/setting.ts';

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after });
const proxy = await keycloakProxy({ after }, keycloak.port);
const store = await openStore({ file: ':memory:' });
after(() => store.close());
const odoo = new TestOdoo();
const sync = await IdentitySync.open({
	source: new KeycloakSource(new RealmReader({ ...realm.reader, internalUrl: proxy.url })),
	...{ target: odoo, store, pair: 'clinica', owner: 'hub', apartMs: 0 },
	settings: identitySettings({
		scope: { groups: ['/Compras', '/Farmacia'] },
		table: [
			{ from: { role: 'compras' }, groups: ['purchase.group_purchase_user'] },
			{ from: { group: '/Farmacia' }, groups: ['stock.group_stock_user'] },
		],
	}),
});
/** What one run over the changes did. */
const changes = async () => (await sync.run('changes')).done.map(({ kind }) => kind);
const group = async (name: string) => {
	const found = (await realm.request('GET', `/groups?search=${name}&exact=true`)) as { id: string }[];
	return String(found[0]?.id);
};

describe('a run after a change in Keycloak', async () => {
	const first = await sync.run('everything');
	if (first.held) await sync.approve(first.held.id, first.held.hash, DIRECTOR);
	let id = '';

	test('does nothing where nothing changed, and asks for no user', async () => {
		await changes();
		proxy.asked.length = 0;
		assert.deepEqual(await changes(), []);
		assert.deepEqual(
			proxy.asked.filter((path) => /\/(users|groups|roles)\b/.test(path)),
			[],
		);
	});

	test('creates who is new, with the groups of the roles', async () => {
		id = await realm.addUser('eva.nueva', { firstName: 'Eva', lastName: 'Nueva', email: 'eva@clinica.example' });
		await realm.request('PUT', `/users/${id}/groups/${await group('Compras')}`);
		assert.ok((await changes()).includes('create'));
		assert.ok(odoo.of(id).groups.includes('purchase.group_purchase_user'));
	});

	test('follows a name, an address and another department', async () => {
		const user = (await realm.request('GET', `/users/${id}`)) as object;
		await realm.request('PUT', `/users/${id}`, { ...user, lastName: 'Renombrada', email: 'eva.r@clinica.example' });
		await realm.request('PUT', `/users/${id}/groups/${await group('Farmacia')}`);
		await realm.request('DELETE', `/users/${id}/groups/${await group('Compras')}`);
		await changes();
		const { name, email, groups } = odoo.of(id);
		assert.deepEqual([name, email], ['Eva Renombrada', 'eva.r@clinica.example']);
		assert.ok(groups.includes('stock.group_stock_user') && !groups.includes('purchase.group_purchase_user'));
	});

	test('suspends who was disabled, and takes that back', async () => {
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await changes();
		assert.deepEqual([odoo.of(id).suspended, odoo.of(id).active], [true, true]);
		await realm.request('PUT', `/users/${id}`, { enabled: true });
		await changes();
		assert.equal(odoo.of(id).suspended, false);
	});

	test('ends the sessions of whom an administrator gave another password', async () => {
		await realm.request('PUT', `/users/${id}/reset-password`, { type: 'password', value: 'doce-caracteres' });
		assert.deepEqual(await changes(), ['endSessions']);
	});

	test('changes nothing while Keycloak is not to be read, and suspends who was deleted meanwhile', async () => {
		await realm.request('DELETE', `/users/${id}`);
		const before = odoo.effects.length;
		proxy.fault = ({ path }) => (path.includes('/admin/') ? { status: 500, body: '' } : undefined);
		await assert.rejects(sync.run('changes'));
		assert.equal(odoo.effects.length, before);
		proxy.fault = () => undefined;
		await changes();
		assert.deepEqual([odoo.of(id).suspended, odoo.of(id).active], [true, true]);
	});
});
