/** Users of a real Keycloak, and what a network, a proxy or another realm can make of its answers. */
import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { FaultProxy } from '../../lab/proxy.ts';
import { HubError } from '../../lib/errors.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import type { KeycloakAccount } from '../../lib/keycloak/user.ts';
import { countUsers, findAccount, findUser, userPage } from '../../lib/keycloak/users.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const STAFF = 16;
const FAST = { retry: { minMs: 1, maxMs: 5 } };
const HTML = { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>User not found</h1>' };

const code = (wanted: string, words?: RegExp) => (thrown: unknown) => {
	assert.ok(thrown instanceof HubError, String(thrown));
	assert.equal(thrown.code, wanted, thrown.message);
	assert.doesNotMatch(thrown.message, /secret of/);
	if (words) assert.match(thrown.message, words);
	return true;
};

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after });
const reader = new RealmReader(realm.reader);
const proxied = async (t: TestContext, more = {}) => {
	const proxy = await keycloakProxy(t, keycloak.port);
	return { proxy, reader: new RealmReader({ ...realm.reader, internalUrl: proxy.url, ...FAST, ...more }) };
};
const isWalk = (path: string) => path.startsWith(`/admin/realms/${realm.name}/users?`);

/** Page after page, as the synchronisation asks. */
async function walkUsers(from: RealmReader, { pageSize = 500 } = {}): Promise<KeycloakAccount[]> {
	const walked: KeycloakAccount[] = [];
	for (let first: number | null = 0; first !== null; ) {
		const { people, next }: { people: KeycloakAccount[]; next: number | null } = await userPage(from, first, pageSize);
		walked.push(...people);
		first = next;
	}
	return walked;
}

describe('users of a realm', () => {
	test('are counted and walked without the accounts of clients, with names, address and language', async () => {
		assert.equal(await countUsers(reader), STAFF);
		const people = await walkUsers(reader);
		assert.equal(people.length, STAFF);
		const nuria = people.find(({ username }) => username === 'nuria.bosch');
		assert.deepEqual(
			{ ...nuria, id: '' },
			{
				id: '',
				username: 'nuria.bosch',
				firstName: 'Núria',
				lastName: 'Bosch i Puig',
				email: 'nuria.bosch@clinica.example',
				emailVerified: true,
				enabled: true,
				locale: 'en',
				attributes: { locale: ['en'] },
			},
		);
	});

	test('are walked until an empty page: a page that Keycloak cut after having taken it is not the last', async (t) => {
		const { proxy, reader } = await proxied(t);
		proxy.fault = ({ path }) =>
			isWalk(path) && path.includes('first=5&') ? { change: (page) => (page as unknown[]).slice(0, 2) } : undefined;
		assert.equal((await walkUsers(reader, { pageSize: 5 })).length, STAFF - 3);
		assert.equal(proxy.asked.filter(isWalk).length, 5);
	});

	test('are never taken for gone when Keycloak shows none', async (t) => {
		const { proxy, reader } = await proxied(t);
		proxy.fault = ({ path }) => (isWalk(path) ? { body: '[]' } : undefined);
		await assert.rejects(walkUsers(reader), code('KEYCLOAK_EMPTY', /view-users/));
	});

	test('one that was deleted is told from every other 404', async (t) => {
		assert.equal(await findAccount(reader, NOBODY), undefined);
		assert.equal(await findUser(reader, NOBODY), undefined);
		const { proxy, reader: other } = await proxied(t);
		proxy.fault = ({ path }) => (path.includes(NOBODY) ? HTML : undefined);
		await assert.rejects(findAccount(other, NOBODY), code('KEYCLOAK_REFUSED', /proxy/));
		proxy.fault = ({ path }) =>
			path.includes(NOBODY) ? { status: 404, body: '{"error":"Realm not found."}' } : undefined;
		await assert.rejects(findAccount(other, NOBODY), code('KEYCLOAK_REALM'));
		proxy.fault = ({ path }) =>
			path.includes(NOBODY) ? { body: '{"id":"x","username":"x","enabled":true}' } : undefined;
		await assert.rejects(findAccount(other, NOBODY), code('KEYCLOAK_REFUSED'));
	});

	test('have ids of any form, which never lead to another resource', async (t) => {
		const { proxy, reader } = await proxied(t);
		assert.equal(await findAccount(reader, 'f:uuid:../../a b?x=#ñ'), undefined);
		assert.ok(proxy.asked.some((path) => path.endsWith('/users/f%3Auuid%3A..%2F..%2Fa%20b%3Fx%3D%23%C3%B1')));
		for (const id of ['', '.', '..']) await assert.rejects(findAccount(reader, id), code('CONFIG_INVALID'));
	});

	test('that belong to clients are no people, whatever Keycloak lists', async (t) => {
		const { proxy, reader } = await proxied(t);
		const accounts = [
			{ id: '1', username: 'service-account-odoo', enabled: true },
			{ id: '2', username: 'lector', enabled: true, serviceAccountClientId: 'lector' },
		];
		proxy.fault = ({ path }) =>
			isWalk(path) && path.includes('first=0&')
				? { change: (page) => [...accounts, ...(page as unknown[])] }
				: undefined;
		assert.equal((await walkUsers(reader)).length, STAFF);
	});

	test('without a state are an error, not people who left', async (t) => {
		const { proxy, reader } = await proxied(t);
		proxy.fault = ({ path }) =>
			isWalk(path) && path.includes('first=0&') ? { body: '[{"id":"1","username":"ana"}]' } : undefined;
		await assert.rejects(walkUsers(reader), code('KEYCLOAK_REFUSED', /without id, name or state/));
	});

	test('with attributes of any name keep them as values', async () => {
		const values = { constructor: ['a'], prueba: ['uno', 'dos'] };
		const id = await realm.addUser('raro', { attributes: values });
		const account = await findAccount(reader, id);
		assert.deepEqual((account as KeycloakAccount).attributes, values);
		await realm.request('DELETE', `/users/${id}`);
	});

	test('are read on when a token is refused in the middle, once', async (t) => {
		const { proxy, reader } = await proxied(t);
		let refused = 0;
		proxy.fault = ({ path }) =>
			isWalk(path) && path.includes('first=5&') && refused++ < 1 ? { status: 401, body: '{"error":"no"}' } : undefined;
		assert.equal((await walkUsers(reader, { pageSize: 5 })).length, STAFF);
		assert.equal(proxy.asked.filter((path) => path.endsWith('/token')).length, 2);
		proxy.fault = ({ path }) => (isWalk(path) ? { status: 401, body: '{"error":"no"}' } : undefined);
		await assert.rejects(walkUsers(reader), code('KEYCLOAK_CREDENTIALS'));
	});

	test('are read on after a limit of calls, and not at all where it stays', async (t) => {
		const { proxy, reader } = await proxied(t);
		let busy = 0;
		proxy.fault = ({ path }) =>
			isWalk(path) && path.includes('first=10&') && busy++ < 2
				? { status: 429, headers: { 'retry-after': '0' }, body: '' }
				: undefined;
		assert.equal((await walkUsers(reader, { pageSize: 5 })).length, STAFF);
		proxy.fault = ({ path }) => (isWalk(path) ? { status: 429, body: '' } : undefined);
		await assert.rejects(walkUsers(reader), (thrown) => {
			code('KEYCLOAK_BUSY')(thrown);
			return (thrown as HubError).retryable;
		});
	});

	test('a page in place of JSON is not Keycloak', async (t) => {
		const { proxy, reader } = await proxied(t);
		proxy.fault = ({ path }) =>
			isWalk(path) ? { headers: { 'content-type': 'text/html' }, body: '<html>' } : undefined;
		await assert.rejects(walkUsers(reader), code('KEYCLOAK_REFUSED'));
	});

	test('of another realm than the issuer’s are never read', async (t) => {
		const proxy = await keycloakProxy(t, keycloak.port);
		const issuer = `https://sso.clinica.example/realms/${realm.name}`;
		const stranger = new RealmReader({ ...realm.reader, issuer, internalUrl: proxy.url });
		await assert.rejects(walkUsers(stranger), code('KEYCLOAK_ISSUER', /KC_HOSTNAME/));
		assert.deepEqual(
			proxy.asked.filter((path) => path.startsWith('/admin')),
			[],
		);
		assert.throws(() => new RealmReader({ ...realm.reader, realm: 'otra' }), code('CONFIG_INVALID', /realms\/otra/));
	});

	test('wait for a network that comes back, and say when it does not', async (t) => {
		const network = await FaultProxy.start({ host: '127.0.0.1', port: keycloak.port });
		t.after(() => network.close());
		const options = { ...realm.reader, ...FAST, internalUrl: `http://127.0.0.1:${network.port}`, timeoutMs: 1_000 };
		const reader = new RealmReader(options);
		assert.equal(await countUsers(reader), STAFF);
		network.cut(); // the connection that is kept open
		assert.equal(await countUsers(reader), STAFF);
		network.refuse();
		network.cut();
		await assert.rejects(countUsers(reader), code('KEYCLOAK_UNREACHABLE'));
		await network.forward();
		assert.equal(await countUsers(reader), STAFF);
		network.mute();
		await assert.rejects(countUsers(reader), code('TIMEOUT'));
		await network.forward();
		await assert.rejects(countUsers(reader, AbortSignal.abort()), code('CANCELLED'));
		assert.equal(await countUsers(reader), STAFF);
	});

	test('are refused to a wrong secret, to a client that is off and to one without the right', async () => {
		const wrong = new RealmReader({ ...realm.reader, clientSecret: 'otra' });
		await assert.rejects(countUsers(wrong), code('KEYCLOAK_CREDENTIALS', /Credentials/));
		const nameless = new RealmReader({ ...realm.reader, clientId: 'nadie' });
		await assert.rejects(countUsers(nameless), code('KEYCLOAK_CREDENTIALS'));
		await realm.grantReader('DELETE', 'view-users');
		await assert.rejects(
			walkUsers(new RealmReader(realm.reader)),
			code('KEYCLOAK_FORBIDDEN', /realm-management, view-users/),
		);
		await realm.grantReader('POST', 'view-users');
	});
});
