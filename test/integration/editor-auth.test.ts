/** The editor behind a real Keycloak: who comes in, with which rights, and how soon somebody is out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../lab/ports.ts';
import { Visitor } from '../editor-visitor.ts';
import { sharedKeycloak, type TestRealm } from '../keycloak.ts';
import type { NodeRed } from '../node-red.ts';
import { emptyDirectory, startHub } from '../servers/hub.ts';

const PASSWORD = 'clinica-de-prueba';
/** What a revocation may take, in ms. */
const GONE_MS = 5_000;

const ends: (() => Promise<void> | void)[] = [];
const file = { after: (end: () => Promise<void> | void) => void ends.push(end) };
let realm: TestRealm;
let hub: NodeRed;
let url: string;
let environment: Record<string, string>;

/** A person with roles of the client `clinic-hub`. */
async function person(name: string, ...roles: string[]): Promise<string> {
	const credentials = [{ type: 'password', value: PASSWORD, temporary: false }];
	const profile = { firstName: name, lastName: 'Prueba', email: `${name}@clinica.test`, emailVerified: true };
	const id = await realm.addUser(name, { ...profile, credentials });
	if (roles.length > 0) await grant('POST', id, ...roles);
	return id;
}

async function grant(method: 'POST' | 'DELETE', id: string, ...roles: string[]): Promise<void> {
	const [client] = (await realm.request('GET', '/clients?clientId=clinic-hub')) as { id: string }[];
	const found = await Promise.all(roles.map((role) => realm.request('GET', `/clients/${client?.id}/roles/${role}`)));
	await realm.request(method, `/users/${id}/role-mappings/clients/${client?.id}`, found);
}

async function signedIn(name: string, ...roles: string[]): Promise<{ visitor: Visitor; id: string }> {
	const id = await person(name, ...roles);
	const visitor = new Visitor(url);
	const answer = await visitor.signIn(name, PASSWORD);
	assert.equal(answer.status, 200, answer.text.slice(0, 300));
	assert.equal(answer.url, `${url}/`);
	return { visitor, id };
}

const status = async (visitor: Visitor, where: string, init: RequestInit = {}) =>
	(await visitor.ask(where, init)).status;
const deploy = (visitor: Visitor) =>
	status(visitor, '/flows', {
		method: 'POST',
		body: '[]',
		headers: { 'content-type': 'application/json', 'node-red-deployment-type': 'nodes' },
	});

/** How long until REST refuses, in ms; fails when that is longer than it may take. */
async function untilRefused(visitor: Visitor): Promise<number> {
	const begin = performance.now();
	while ((await status(visitor, '/flows')) !== 401) {
		assert.ok(performance.now() - begin < GONE_MS, 'still in after 5 s');
		await delay(100);
	}
	return performance.now() - begin;
}

describe('the editor behind Keycloak', { timeout: 600_000 }, () => {
	before(async () => {
		const port = await freePort();
		url = `http://localhost:${port}`;
		const keycloak = await sharedKeycloak();
		realm = await keycloak.realm(file, {
			staff: false,
			change: (all) => {
				for (const client of all['clients'] as Record<string, unknown>[]) {
					if (client['clientId'] !== 'clinic-hub') continue;
					client['redirectUris'] = [`${url}/clinic-hub/auth/callback`];
					const attributes = client['attributes'] as Record<string, string>;
					attributes['post.logout.redirect.uris'] = `${url}/*`;
					attributes['backchannel.logout.url'] = `${url}/clinic-hub/backchannel-logout`;
				}
			},
		});
		environment = {
			HUB_PORT: String(port),
			HUB_URL: url,
			HUB_CREDENTIAL_SECRET: 'credentials of the test',
			KEYCLOAK_ISSUER: realm.issuer,
			KEYCLOAK_HUB_SECRET: 'secret of KEYCLOAK_HUB_SECRET',
			KEYCLOAK_READER_SECRET: 'secret of KEYCLOAK_READER_SECRET',
		};
		hub = await startHub(file, {
			userDir: path.join(await emptyDirectory(file), 'hub'),
			env: environment,
		});
	});
	after(async () => {
		for (const end of ends.toReversed()) await end();
	});

	test('nobody is in without signing in', async () => {
		const stranger = new Visitor(url);
		for (const where of ['/flows', '/settings', '/nodes', '/clinic-hub/overview', '/anything'])
			assert.equal(await status(stranger, where), 401, where);
		const page = await stranger.open('/');
		assert.match(page.url, /\/protocol\/openid-connect\/auth/);
		await assert.rejects(stranger.socket(), /401/);
		for (const key of ['__proto__', 'constructor', 'undefined']) {
			assert.equal(await status(stranger, '/flows', { headers: { authorization: `Bearer ${key}` } }), 401);
			assert.equal(await status(stranger, '/flows', { headers: { 'x-clinic-hub-session': key } }), 401);
		}
	});

	test('each role does what it may, and nothing else', async () => {
		const may = { see: [] as string[], deploy: [] as string[] };
		for (const role of ['admin', 'analyst', 'operator', 'auditor']) {
			const { visitor } = await signedIn(`quien.${role}`, `hub-${role}`);
			if ((await status(visitor, '/flows')) === 200) may.see.push(role);
			if ((await deploy(visitor)) < 300) may.deploy.push(role);
			const socket = await visitor.socket();
			socket.close();
		}
		assert.deepEqual(may, { see: ['admin', 'analyst', 'operator', 'auditor'], deploy: ['admin', 'analyst'] });
	});

	test('without a role a page names whom to ask, in the language of the person', async () => {
		await person('sin.rol');
		const visitor = new Visitor(url);
		const answer = await visitor.signIn('sin.rol', PASSWORD);
		assert.equal(answer.status, 403);
		assert.match(answer.text, /ninguno de sus roles abre el hub\. Pida acceso a Informática/);
		assert.equal(await status(visitor, '/flows'), 401);
	});

	for (const [cause, act] of [
		['disabled', (id: string) => realm.request('PUT', `/users/${id}`, { enabled: false })],
		['deleted', (id: string) => realm.request('DELETE', `/users/${id}`)],
		['left without a role', (id: string) => grant('DELETE', id, 'hub-analyst')],
		['logged out in Keycloak', (id: string) => realm.request('POST', `/users/${id}/logout`)],
		[
			'given a new password by IT',
			(id: string) =>
				realm.request('PUT', `/users/${id}/reset-password`, {
					type: 'password',
					value: 'otra-clave-larga',
					temporary: false,
				}),
		],
	] as const) {
		test(`whoever is ${cause} is out within 5 s, on REST and on the websocket`, async (t) => {
			const { visitor, id } = await signedIn(`fuera.${cause.replace(/\W+/g, '-')}`, 'hub-analyst');
			const socket = await visitor.socket();
			const closed = once(socket, 'close');
			// A moment later than the sign-in: Keycloak counts both in whole seconds.
			await delay(1_500);
			await act(id);
			const ms = await untilRefused(visitor);
			await closed;
			t.diagnostic(`${ms.toFixed(0)} ms`);
		});
	}

	test('a downgrade acts within 5 s and leaves the session open', async () => {
		const { visitor, id } = await signedIn('menos.poder', 'hub-analyst', 'hub-auditor');
		assert.ok((await deploy(visitor)) < 300);
		await grant('DELETE', id, 'hub-analyst');
		for (const begin = performance.now(); (await deploy(visitor)) !== 401; await delay(100))
			assert.ok(performance.now() - begin < GONE_MS, 'still deploys after 5 s');
		assert.equal(await status(visitor, '/flows'), 200);
	});

	test('a page of another site neither posts nor opens a websocket', async () => {
		const { visitor } = await signedIn('cruzado', 'hub-admin');
		const foreign = { origin: 'https://evil.example' };
		const post = { method: 'POST', body: '[]', headers: { 'content-type': 'application/json', ...foreign } };
		assert.equal(await status(visitor, '/flows', post), 403);
		await assert.rejects(visitor.socket('https://evil.example'), /403/);
	});

	test('no frame of anyone ends the hub', async () => {
		const { visitor } = await signedIn('tramas', 'hub-auditor');
		for (const frame of [
			'null',
			'5',
			'"x"',
			'[]',
			'{',
			'{"subscribe":5}',
			'{"topic":{}}',
			'{"auth":"__proto__"}',
			'x'.repeat(70_000),
		]) {
			const socket = await visitor.socket();
			socket.on('error', () => undefined);
			socket.send(frame);
			await Promise.race([once(socket, 'close'), delay(300)]);
			socket.terminate();
		}
		assert.equal(await status(visitor, '/flows'), 200);
	});

	test('a callback holds once, for its own browser, and signing out ends Keycloak’s session', async () => {
		const visitor = new Visitor(url);
		await person('una.vez', 'hub-auditor');
		const form = await visitor.open('/');
		const action = /<form[^>]*action="([^"]+)"/.exec(form.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
		const posted = await visitor.ask(action, {
			method: 'POST',
			navigate: true,
			body: new URLSearchParams({ username: 'una.vez', password: PASSWORD, credentialId: '' }),
		});
		const callback = posted.headers.get('location') ?? '';
		assert.match(callback, /\/clinic-hub\/auth\/callback\?/);
		assert.equal((await new Visitor(url).open(callback)).status, 400, 'another browser');
		assert.equal((await visitor.open(callback)).url, `${url}/`);
		assert.equal((await visitor.open(callback)).status, 400, 'a second time');
		assert.equal(await status(visitor, '/flows'), 200);
		const out = await visitor.open('/clinic-hub/auth/sign-out');
		assert.equal(out.url, `${url}/clinic-hub/auth/signed-out`);
		assert.equal(await status(visitor, '/flows'), 401);
		assert.match((await visitor.open('/')).text, /kc-form-login|<form/);
	});

	test('a machine’s token opens what its role opens, and no other token does', async () => {
		const [hubClient] = (await realm.request('GET', '/clients?clientId=clinic-hub')) as { id: string }[];
		const secret = 'secret-of-the-machine';
		for (const [clientId, role] of [
			['metrics', 'hub-auditor'],
			['stranger', undefined],
		] as const) {
			const options = { serviceAccountsEnabled: true, standardFlowEnabled: false, fullScopeAllowed: true };
			const id = await realm.request('POST', '/clients', { clientId, secret, publicClient: false, ...options });
			const account = (await realm.request('GET', `/clients/${String(id)}/service-account-user`)) as { id: string };
			if (role) await grant('POST', account.id, role);
		}
		assert.ok(hubClient);
		const token = async (clientId: string) => {
			const answer = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
				method: 'POST',
				body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: secret }),
			});
			return ((await answer.json()) as { access_token: string }).access_token;
		};
		const asMachine = async (value: string, init: RequestInit = {}) =>
			status(new Visitor(url), '/flows', { ...init, headers: { authorization: `Bearer ${value}`, ...init.headers } });
		const metrics = await token('metrics');
		assert.equal(await asMachine(metrics), 200);
		const post = { method: 'POST', body: '[]', headers: { 'content-type': 'application/json' } };
		assert.equal(await asMachine(metrics, post), 401, 'an auditor deploys nothing');
		assert.equal(await asMachine(await token('stranger')), 401, 'without a role');
		const [head = '', body = '', signature = ''] = metrics.split('.');
		const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
		for (const forged of [`${none}.${body}.`, `${head}.${body}.${signature.slice(0, -4)}AAAA`, `${head}.${body}`])
			assert.equal(await asMachine(forged), 401);
	});

	test('a session outlives a restart of the hub; its secrets lie nowhere in the clear', async () => {
		const { visitor, id } = await signedIn('reinicio', 'hub-auditor');
		const cookie = visitor.cookieHeader().split('=')[1] ?? '';
		await hub.stop();
		for (const name of await readdir(hub.userDir, { recursive: true })) {
			const content = await readFile(path.join(hub.userDir, name)).catch(() => Buffer.alloc(0));
			for (const secret of [cookie, 'secret of KEYCLOAK_HUB_SECRET'])
				assert.ok(!content.includes(secret), `${name} holds a secret`);
		}
		hub = await startHub(file, { userDir: hub.userDir, env: environment });
		assert.equal(await status(visitor, '/flows'), 200);
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await untilRefused(visitor);
	});
});
