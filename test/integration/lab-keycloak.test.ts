/** The lab's Keycloak: the realm as Keycloak itself fills it from its environment. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { marked } from '../../lab/processes.ts';
import { keycloak } from '../../lab/systems/keycloak.ts';
import { checkRealm } from '../../lib/keycloak/check.ts';
import { sharedKeycloak } from '../keycloak.ts';

test('the lab starts Keycloak with the staff of the clinic and a reader that may do what it must, and ends it', async (t) => {
	await sharedKeycloak(); // then the distribution is there, and need not be fetched by two at once
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const lab = await Lab.open({ systems: [keycloak()], directory, ports: 'free', host: '127.0.0.2', language: 'en' });
	t.after(() => lab.stop());
	await lab.start();
	const { KEYCLOAK_ISSUER, KEYCLOAK_INTERNAL_URL, KEYCLOAK_REALM, KEYCLOAK_READER_ID, KEYCLOAK_READER_SECRET } =
		lab.variables;
	const { ok, findings } = await checkRealm({
		issuer: KEYCLOAK_ISSUER ?? '',
		internalUrl: KEYCLOAK_INTERNAL_URL,
		realm: KEYCLOAK_REALM ?? '',
		clientId: KEYCLOAK_READER_ID ?? '',
		clientSecret: KEYCLOAK_READER_SECRET ?? '',
	});
	assert.deepEqual([ok, findings.map(({ key }) => key)], [true, ['issuer', 'client', 'users', 'events']]);
	for (const { url } of lab.addresses) assert.equal((await fetch(url)).status, 200, url);
	// A placeholder that nothing fills would be a password that everybody knows.
	const guessed = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'hub-reader' });
	guessed.set('client_secret', `\${KEYCLOAK_READER_SECRET}`);
	const token = `${KEYCLOAK_ISSUER}/protocol/openid-connect/token`;
	assert.equal((await fetch(token, { method: 'POST', body: guessed })).status, 401);
	await lab.stop();
	assert.deepEqual(await marked(lab.directory), []);
});
