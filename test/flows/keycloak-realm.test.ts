/** The connection `keycloak-realm` in a real Node-RED, against a real Keycloak. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { sharedKeycloak } from '../keycloak.ts';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'test' };

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after });
const proxy = await keycloakProxy({ after }, keycloak.port);
const { issuer, clientId, clientSecret } = realm.reader;
const config = { issuer, realm: realm.name, internalUrl: '', clientId };
const nodeRed = await startNodeRed(
	{ after: (end: unknown) => after(end as () => void) },
	{ env: { KEYCLOAK_READER_SECRET: clientSecret } },
);
const ask = async (more: object, secret: string, id = 'realm') => {
	const body = { id, config: { ...config, ...more }, credentials: { clientSecret: secret } };
	const answer = await nodeRed.request('POST', '/clinic-hub/test/keycloak-realm', { body });
	return answer as { status: number; body: { ok: boolean; code?: string; findings?: { level: string }[] } };
};

describe('the connection to a realm', () => {
	test('is tested with what stands in the dialog, before anything is deployed', async () => {
		const { body } = await ask({}, clientSecret, 'new');
		assert.equal(body.ok, true);
		assert.deepEqual(
			body.findings?.map(({ level }) => level),
			['ok', 'ok', 'ok', 'ok'],
		);
		assert.equal((await ask({}, `\${KEYCLOAK_READER_SECRET}`, 'new')).body.ok, true);
		assert.equal((await ask({}, 'otra', 'new')).body.ok, false);
	});

	test('lists what is missing or contradicts itself', async () => {
		const text = JSON.stringify((await ask({ realm: 'otra' }, '', 'new')).body);
		assert.match(text, /keycloak-realm\.label\.issuer/);
		assert.match(text, /keycloak-realm\.label\.clientSecret/);
		assert.match(text, /problem\.issuer/);
	});

	test('never sends a saved secret to another address', async () => {
		await nodeRed.deploy([TAB, { id: 'realm', type: 'keycloak-realm', ...config, credentials: { clientSecret } }]);
		assert.equal((await ask({}, '__PWRD__')).body.ok, true);
		const elsewhere = await ask({ internalUrl: proxy.url }, '__PWRD__');
		assert.deepEqual([elsewhere.status, elsewhere.body.code], [409, 'SECRET_RETYPE']);
		assert.deepEqual(proxy.asked, []);
		assert.equal((await ask({ internalUrl: proxy.url }, clientSecret)).body.ok, true);
		assert.ok(!nodeRed.log.includes(clientSecret));
	});
});
