/** What "Test connection" says about a real Keycloak. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { checkRealm, type RealmCheck } from '../../lib/keycloak/check.ts';
import type { ReaderOptions } from '../../lib/keycloak/reader.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const keys = ({ findings }: RealmCheck, level?: string) =>
	findings.filter((finding) => !level || finding.level === level).map(({ key }) => key);

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after });
const ask = async (more: Partial<ReaderOptions> = {}) => {
	const result = await checkRealm({ ...realm.reader, ...more });
	assert.doesNotMatch(JSON.stringify(result), /secret of/);
	for (const { text } of result.findings) {
		assert.doesNotMatch(`${text.en} ${text.es}`, /\{\w+\}/);
	}
	return result;
};
const text = (result: RealmCheck, key: string) => result.findings.find((finding) => finding.key === key)?.text;

describe('the check of a realm', () => {
	test('finds nothing wrong with the realm as it is deployed', async () => {
		const result = await ask();
		assert.deepEqual([result.ok, keys(result)], [true, ['issuer', 'client', 'users', 'events']]);
		assert.match(text(result, 'users')?.es ?? '', /Ve 16 usuarios/);
	});

	for (const role of ['view-users', 'view-events', 'view-realm'] as const) {
		test(`names the step where the role ${role} lacks, and still looks at the rest`, async () => {
			await realm.grantReader('DELETE', role);
			const result = await ask();
			await realm.grantReader('POST', role);
			assert.deepEqual([result.ok, keys(result, 'failed')], [false, ['roleMissing']]);
			for (const words of Object.values(text(result, 'roleMissing') ?? {})) {
				assert.match(words, new RegExp(`Clients, hub-reader, .*Assign role.*realm-management ${role}`));
			}
		});
	}

	test('warns of what the client may do needlessly', async () => {
		await realm.grantReader('POST', 'manage-users');
		const result = await ask();
		await realm.grantReader('DELETE', 'manage-users');
		assert.deepEqual([result.ok, keys(result, 'warning')], [true, ['needless']]);
		assert.match(text(result, 'needless')?.en ?? '', /: manage-users\./);
	});

	test('names the switch for events that are not stored, or kept for ever', async () => {
		await realm.request('PUT', '/events/config', {
			...{ adminEventsEnabled: false, eventsEnabled: true, eventsExpiration: 0 },
			enabledEventTypes: ['LOGIN', 'UPDATE_PROFILE'],
		});
		const off = await ask();
		assert.deepEqual(
			[keys(off, 'failed'), keys(off, 'warning')],
			[['adminEventsOff'], ['userEventsForever', 'typesMissing']],
		);
		assert.match(text(off, 'typesMissing')?.en ?? '', /DELETE_ACCOUNT/);
		await realm.request('PUT', '/events/config', {
			adminEventsEnabled: true,
			adminEventsDetailsEnabled: false,
			eventsEnabled: false,
		});
		assert.deepEqual(keys(await ask(), 'warning'), ['detailsOff', 'userEventsOff']);
		await realm.request('PUT', '/events/config', {
			...{ adminEventsEnabled: true, adminEventsDetailsEnabled: true, eventsEnabled: true, eventsExpiration: 60 },
			enabledEventTypes: [],
		});
	});

	test('warns of a lockout that strangers could use against people', async () => {
		await realm.request('PUT', '', { permanentLockout: true });
		assert.deepEqual(keys(await ask(), 'warning'), ['permanentLockout']);
		await realm.request('PUT', '', {
			permanentLockout: false,
			bruteForceProtected: false,
			attributes: { adminEventsExpiration: '' },
		});
		assert.deepEqual(keys(await ask(), 'warning'), ['adminEventsForever', 'bruteForceOff']);
	});

	test('sends no secret to a realm that is another one than was meant', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const internalUrl = proxy.url;
		const foreign = await ask({ issuer: `https://sso.clinica.example/realms/${realm.name}`, internalUrl });
		assert.deepEqual([foreign.ok, keys(foreign)], [false, ['issuerOther']]);
		assert.match(text(foreign, 'issuerOther')?.en ?? '', /KC_HOSTNAME/);
		const unknown = await ask({ issuer: `${keycloak.url}/realms/nada`, realm: 'nada', internalUrl });
		assert.deepEqual([unknown.ok, keys(unknown)], [false, ['realmUnknown']]);
		const master = await ask({ issuer: `${keycloak.url}/realms/master`, realm: 'master', internalUrl });
		assert.deepEqual([master.ok, keys(master, 'failed')], [false, ['master']]);
		assert.equal(proxy.asked.filter((path) => path.endsWith('/token')).length, 0);
	});

	test('says where the secret stands, and which box a service account needs', async () => {
		const wrong = await ask({ clientSecret: 'otra' });
		assert.deepEqual([wrong.ok, keys(wrong)], [false, ['issuer', 'clientRefused']]);
		const odoo = await ask({ clientId: 'odoo', clientSecret: 'secret of KEYCLOAK_ODOO_SECRET' });
		assert.match(text(odoo, 'clientRefused')?.en ?? '', /no service account.*switch on/);
	});

	test('tells clocks that differ', async (t) => {
		t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
		const result = await ask();
		assert.match(text(result, 'clock')?.en ?? '', /by (59|60|61) s/);
	});

	test('warns of addresses over which the secret would travel in the clear', async () => {
		const result = await ask({
			issuer: 'http://sso.clinica.invalid/realms/x',
			realm: 'x',
			retry: { minMs: 1, maxMs: 1 },
		});
		assert.deepEqual([keys(result), result.error?.code], [['plainHttp'], 'KEYCLOAK_UNREACHABLE']);
	});
});
