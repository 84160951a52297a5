/** Logout tokens: only what Keycloak signed for this hub, new, and meant as one, ends a session. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { BACKCHANNEL_PATH, BackchannelLogout } from '../../../editor-auth/backchannel.ts';
import { EditorRealm } from '../../../editor-auth/realm.ts';
import { Sessions } from '../../../editor-auth/session.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const { publicKey, privateKey } = await generateKeyPair('RS256');
const other = await generateKeyPair('RS256');
const now = () => Math.floor(Date.now() / 1_000);

const sessions = new Sessions({ idleMs: 60_000, maxMs: 60_000 });
let issuer: string;
let address: string;
let number = 0;

const server = createServer((request, response) => {
	if (request.url?.endsWith('/certs')) {
		void exportJWK(publicKey).then((key) => {
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify({ keys: [{ ...key, kid: 'clinic', alg: 'RS256', use: 'sig' }] }));
		});
	} else if (!logout.routes(request, response, request.url ?? '')) response.writeHead(404).end();
});
let logout: BackchannelLogout;

function begin(): ReturnType<Sessions['start']>['session'] {
	number += 1;
	const username = `persona.${number}`;
	const roles = ['hub-auditor'] as const;
	const keycloakSession = `sid-${number}`;
	const tokens = { refreshToken: null, idToken: null };
	return sessions.start({
		...{ subject: `sub-${number}`, keycloakSession, username, name: username, roles: [...roles] },
		...tokens,
	}).session;
}

const holds = (key: string) => sessions.byKey(key) !== undefined;

interface Signed {
	claims?: JWTPayload;
	typ?: string;
	key?: typeof privateKey;
	kid?: string;
}

function sign({ claims = {}, typ = 'logout+jwt', key = privateKey, kid = 'clinic' }: Signed): Promise<string> {
	const usual = { iss: issuer, aud: 'clinic-hub', iat: now(), exp: now() + 120, jti: crypto.randomUUID() };
	return new SignJWT({ ...usual, events: EVENTS, ...claims }).setProtectedHeader({ alg: 'RS256', typ, kid }).sign(key);
}

async function post(token: string): Promise<number> {
	const body = new URLSearchParams({ logout_token: token });
	return (await fetch(`${address}${BACKCHANNEL_PATH}`, { method: 'POST', body })).status;
}

describe('a logout token', { timeout: 60_000 }, () => {
	before(async () => {
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		issuer = `${address}/realms/clinica`;
		const client = { clientId: 'clinic-hub', clientSecret: 'secret of the test' };
		const realm = new EditorRealm({ issuer, redirectUri: `${address}/callback`, ...client });
		logout = new BackchannelLogout({ realm, sessions, audit: () => {} });
	});
	after(() => {
		server.close();
		server.closeAllConnections();
	});

	test('ends the session that it names, and no other', async () => {
		const [meant, beside] = [begin(), begin()];
		const claims = { sub: meant.subject, sid: meant.keycloakSession };
		assert.equal(await post(await sign({ claims })), 200);
		assert.ok(!holds(meant.key));
		assert.ok(holds(beside.key));
	});

	test('of a foreign session ends none', async () => {
		const [one, two] = [begin(), begin()];
		assert.equal(await post(await sign({ claims: { sub: one.subject, sid: 'sid-of-elsewhere' } })), 200);
		assert.equal(await post(await sign({ claims: { sub: one.subject, sid: two.keycloakSession } })), 200);
		assert.ok(holds(one.key) && holds(two.key));
	});

	test('holds once', async () => {
		const session = begin();
		const claims = { sub: session.subject, sid: 'another-session', jti: 'once' };
		assert.equal(await post(await sign({ claims })), 200);
		assert.equal(await post(await sign({ claims: { ...claims, sid: session.keycloakSession } })), 400);
		assert.ok(holds(session.key));
	});

	for (const [what, changes] of [
		['that is old', { claims: { iat: now() - 3_600 } }],
		['that has expired', { claims: { exp: now() - 3_600 } }],
		['with a nonce', { claims: { nonce: 'n' } }],
		['without events', { claims: { events: undefined } }],
		['with other events', { claims: { events: { other: {} } } }],
		['without an identifier', { claims: { jti: undefined } }],
		['for another client', { claims: { aud: 'odoo' } }],
		['of another realm', { claims: { iss: 'https://evil.example/realms/clinica' } }],
		['of another type', { typ: 'JWT' }],
		['signed by another key', { key: other.privateKey }],
		['of an unknown key', { kid: 'unknown' }],
	] as [string, Signed][]) {
		test(`${what} is refused`, async () => {
			const session = begin();
			const named = { sub: session.subject, sid: session.keycloakSession };
			const token = await sign({ ...changes, claims: { ...named, ...changes.claims } });
			assert.equal(await post(token), 400);
			assert.ok(holds(session.key));
		});
	}

	test('that nobody signed is refused', async () => {
		const session = begin();
		const [, body] = (await sign({ claims: { sub: session.subject, sid: session.keycloakSession } })).split('.');
		const head = Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url');
		assert.equal(await post(`${head}.${body}.`), 400);
		assert.ok(holds(session.key));
	});
});
