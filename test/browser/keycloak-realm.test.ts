/** The dialog of `keycloak-realm` in both languages, tested against a real Keycloak before the first deploy. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sharedKeycloak } from '../keycloak.ts';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import { openEditor, startBrowser } from './editor.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'Identidad' };

const WORDS = {
	'en-US': { issuer: 'Issuer', test: 'Test connection', seen: 'It sees 16 users.', role: 'The role view-events lacks' },
	'es-CL': { issuer: 'Emisor', test: 'Probar la conexión', seen: 'Ve 16 usuarios.', role: 'Falta el rol view-events' },
} as const;

test('the dialog of a realm', async (t) => {
	const keycloak = await sharedKeycloak();
	const realm = await keycloak.realm(t);
	const browser = await startBrowser(t);
	const { issuer, clientId, clientSecret } = realm.reader;
	const node = {
		id: 'realm',
		type: 'keycloak-realm',
		version: 1,
		issuer,
		realm: realm.name,
		internalUrl: '',
		clientId,
	};
	const nodeRed = await startNodeRed(t, { flows: [TAB, node] });

	for (const [language, words] of Object.entries(WORDS)) {
		await t.test(`speaks ${language} and says what was found and what lacks`, async () => {
			const editor = await openEditor(browser, nodeRed.url, { language });
			const tray = await editor.openConfig('realm');
			assert.equal((await tray.locator('label[for=node-config-input-issuer]').textContent())?.trim(), words.issuer);
			assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
			await tray.locator('#node-config-input-clientSecret').fill(clientSecret);
			const result = tray.locator('.clinic-hub-test-result');
			const press = () => tray.locator('button', { hasText: words.test }).click();
			await press();
			await result.getByText(words.seen).waitFor();
			await editor.picture(`keycloak-realm-${language}`);
			await realm.grantReader('DELETE', 'view-events');
			await press();
			await result.getByText(words.role).waitFor();
			await editor.picture(`keycloak-realm-missing-${language}`);
			await realm.grantReader('POST', 'view-events');
			assert.deepEqual(editor.errors, []);
			await editor.page.context().close();
		});
	}
});
