/** The realm that `deploy/keycloak` describes, as a real Keycloak imports it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { sharedKeycloak } from '../keycloak.ts';

const SHIFT_S = 12 * 3600;

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after });
const settings = (await realm.request('GET', '')) as Record<string, unknown>;
const clientId = async (name: string) =>
	((await realm.request('GET', `/clients?clientId=${name}`)) as { id: string }[])[0]?.id ?? '';
/** The claims that a person's access token for the client has. */
const claims = async (client: string, username: string) => {
	const user = await realm.idOf(username);
	const route = `/clients/${await clientId(client)}/evaluate-scopes/generate-example-access-token?scope=openid&userId=${user}`;
	return (await realm.request('GET', route)) as { aud: string | string[]; roles?: string[] };
};
const authorize = (client: string, redirect: string, more: Record<string, string> = {}, headers = {}) => {
	const query = {
		client_id: client,
		redirect_uri: redirect,
		response_type: 'code',
		scope: 'openid',
		state: 's',
		...more,
	};
	const url = `${realm.issuer}/protocol/openid-connect/auth?${new URLSearchParams(query)}`;
	return fetch(url, { redirect: 'manual', headers });
};
const pkce = () => ({
	code_challenge_method: 'S256',
	code_challenge: createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url'),
});
const EDITOR = 'http://localhost:1880/clinic-hub/auth/callback';
const ODOO = 'http://localhost:8069/auth_oauth/signin';

describe('the realm of the clinic', () => {
	test('ends sessions with the shift, locks out for a while only, and keeps events for 30 days', () => {
		const { ssoSessionIdleTimeout, ssoSessionMaxLifespan, bruteForceProtected, permanentLockout } = settings;
		assert.deepEqual([ssoSessionIdleTimeout, ssoSessionMaxLifespan], [SHIFT_S, SHIFT_S]);
		assert.deepEqual([bruteForceProtected, permanentLockout], [true, false]);
		const { eventsEnabled, adminEventsEnabled, adminEventsDetailsEnabled, eventsExpiration, attributes } = settings;
		assert.deepEqual([eventsEnabled, adminEventsEnabled, adminEventsDetailsEnabled], [true, true, true]);
		assert.deepEqual(
			[eventsExpiration, (attributes as Record<string, string>)['adminEventsExpiration']],
			[2592000, '2592000'],
		);
	});

	test('puts the roles of a department’s people into the tokens for Odoo, and only Odoo’s audience', async () => {
		const doctor = await claims('odoo', 'lucia.ferrer');
		assert.deepEqual(
			doctor.roles?.filter((role) => !/default|offline|uma/.test(role)),
			['medicina'],
		);
		assert.ok([doctor.aud].flat().includes('odoo'));
		assert.ok(![doctor.aud].flat().includes('clinic-hub'));
	});

	test('puts the roles for the editor into the editor’s tokens, of those who have any', async () => {
		const technician = await claims('clinic-hub', 'sergio.ibarra');
		assert.deepEqual(technician.roles?.toSorted(), ['hub-admin', 'hub-analyst', 'hub-operator']);
		assert.ok([technician.aud].flat().includes('clinic-hub'));
		assert.deepEqual((await claims('clinic-hub', 'teresa.lozano')).roles, ['hub-auditor']);
		assert.deepEqual((await claims('clinic-hub', 'lucia.ferrer')).roles ?? [], []);
	});

	for (const [client, redirect] of [
		['odoo', ODOO],
		['clinic-hub', EDITOR],
	] as const) {
		test(`lets nobody sign in to ${client} without PKCE, nor to another address`, async () => {
			const without = await authorize(client, redirect);
			assert.match(without.headers.get('location') ?? '', /error=invalid_request.*code_challenge/);
			assert.equal((await authorize(client, redirect, pkce())).status, 200);
			assert.equal((await authorize(client, 'http://localhost:9/x', pkce())).status, 400);
		});
	}

	test('speaks Spanish by default, and English where it is chosen', async () => {
		const page = async (more: object, headers = {}) =>
			(await authorize('odoo', ODOO, { ...pkce(), ...more }, headers)).text();
		assert.match(await page({}), /<html[^>]* lang="es"/);
		assert.match(await page({ ui_locales: 'en' }), /<html[^>]* lang="en"/);
	});

	test('gives people no way to change their name, address or attributes, and nobody but IT a new account', async () => {
		assert.equal(settings['registrationAllowed'], false);
		const { attributes } = (await realm.request('GET', '/users/profile')) as {
			attributes: { name: string; permissions: { edit: string[] } }[];
		};
		assert.deepEqual(
			attributes.flatMap(({ permissions }) => permissions.edit),
			attributes.map(() => 'admin'),
		);
	});

	test('has no client that takes passwords or gives offline tokens for people', async () => {
		for (const name of ['odoo', 'clinic-hub', 'hub-reader']) {
			const client = (await realm.request('GET', `/clients/${await clientId(name)}`)) as Record<string, unknown>;
			assert.deepEqual(
				[client['directAccessGrantsEnabled'], client['implicitFlowEnabled'], client['optionalClientScopes']],
				[false, false, []],
				name,
			);
		}
	});
});
