/** The dialog of `google-drive`: both accounts, the consent at the stand-in, the test, in both languages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DRIVE, driveVariables, serviceConnection, UPLOAD, uploadFlow } from '../drive-flow.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { startDrive } from '../servers/drive.ts';
import { openEditor, startBrowser } from './editor.ts';

/** A name that only this browser knows, as a clinic's own network would have one. */
const PRIVATE_NAME = 'hub.clinica.lan';

const WORDS = {
	'en-US': {
		test: 'Test connection',
		works: 'The connection works',
		folder: 'Folder “Respaldos de Odoo” is reachable.',
		account: 'Signed in as respaldos@clinica.example.',
		none: 'Nobody has consented yet.',
		connect: 'Connect',
		given: 'Consented.',
		done: 'Google Drive is connected',
		again: 'consent is needed again',
		private: 'Google sends nobody back to a name that exists in this network only.',
		denied: 'The consent was denied',
		uploaded: /^uploaded: 1$/,
		help: 'The connection to Google Drive',
	},
	es: {
		test: 'Probar la conexión',
		works: 'La conexión funciona',
		folder: 'La carpeta «Respaldos de Odoo» es accesible.',
		account: 'Conectado como respaldos@clinica.example.',
		none: 'Aún no hay consentimiento.',
		connect: 'Conectar',
		given: 'Consentimiento dado.',
		done: 'Google Drive está conectado',
		again: 'hay que dar de nuevo el consentimiento',
		private: 'Google no devuelve a nadie a un nombre que solo existe en esta red.',
		denied: 'El consentimiento se negó',
		uploaded: /^subidos: 1$/,
		help: 'La conexión con Google Drive',
	},
} as const;

test('the dialog of Google Drive', async (t) => {
	const browser = await startBrowser(t, [`--host-resolver-rules=MAP ${PRIVATE_NAME} 127.0.0.1`]);
	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(`speaks ${language}, tests both accounts and has a person consent`, async (t) => {
			const server = await startDrive();
			t.after(() => server[Symbol.asyncDispose]());
			const flows = uploadFlow({ ...(await serviceConnection(server)), credentials: undefined });
			const nodeRed = await startNodeRed(t, { flows, env: driveVariables(server) });
			const returned = `${nodeRed.url}/clinic-hub/google-drive/return`;
			for (const client of server.drive.records.world.clients) if (client.kind === 'web') client.redirects = [returned];
			const editor = await openEditor(browser, nodeRed.url, { language });
			const { page } = editor;

			let tray = await editor.openConfig(DRIVE);
			assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
			const result = tray.locator('.clinic-hub-test-result');
			const press = () => tray.locator('button', { hasText: words.test }).click();
			await tray.locator('#google-drive-key-file').setInputFiles(server.google.keyFiles.uploader);
			await press();
			await result.getByText(words.works).waitFor();
			await result.getByText(words.folder).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`google-drive-service-${language}`);

			await tray.locator('#node-config-input-accountType').selectOption('consent');
			await tray.locator('#google-drive-consent', { hasText: words.none }).waitFor();
			assert.equal(await tray.locator('#google-drive-redirect').inputValue(), returned);
			assert.equal(await tray.locator('#google-drive-refused').isVisible(), false);
			await tray.locator('#node-config-input-clientId').fill(server.google.web.id);
			await tray.locator('#node-config-input-clientSecret').fill(server.google.web.secret);
			await press();
			await result.getByText(words.again).waitFor();
			const connect = async (decision: 'allow' | 'deny') => {
				const [google] = await Promise.all([
					page.waitForEvent('popup'),
					tray.locator('#google-drive-connect', { hasText: words.connect }).click(),
				]);
				const button = google.locator(`button[value=${decision}]`);
				await button.waitFor();
				if (decision === 'allow') await google.screenshot({ path: pictureOf(`google-consent-${language}`) });
				await button.click();
				return google;
			};
			const refused = await connect('deny');
			await tray.locator('#google-drive-consent', { hasText: words.denied }).waitFor();
			// Chromium was seen to never close a page that is about to be drawn.
			await refused.getByText(words.denied).waitFor();
			await refused.close();
			await editor.picture(`google-drive-denied-${language}`);
			const google = await connect('allow');
			await google.getByText(words.done).waitFor();
			await google.screenshot({ path: pictureOf(`google-drive-returned-${language}`) });
			await google.close();
			await tray.locator('#google-drive-consent', { hasText: words.given }).waitFor();
			await press();
			await result.getByText(words.works).waitFor();
			await result.getByText(words.account).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`google-drive-consent-${language}`);
			await page.locator('#node-config-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			await editor.deploy();
			nodeRed.receive(UPLOAD, { payload: 'hola', filename: 'saludo.txt' });
			await page.locator('.red-ui-flow-node-status-label', { hasText: words.uploaded }).waitFor();

			server.drive.tokens.revokeAll();
			nodeRed.receive(UPLOAD, { payload: 'hola', filename: 'otro.txt' });
			await page.locator('.red-ui-flow-node-status-label', { hasText: words.again }).waitFor();
			await editor.picture(`drive-upload-withdrawn-${language}`);
			tray = await editor.openNode(UPLOAD);
			await editor.picture(`drive-upload-${language}`);
			await page.locator('#node-dialog-cancel').click();
			await tray.waitFor({ state: 'detached' });

			const help = await nodeRed.request('GET', '/nodes', {
				headers: { Accept: 'text/html', 'Accept-Language': language },
			});
			assert.ok(String(help.body).includes(words.help));
			const saved = JSON.stringify(await flowFileOf(nodeRed));
			assert.ok(!saved.includes(server.google.web.secret) && !saved.includes('PRIVATE KEY'));
			assert.deepEqual(editor.errors, []);
			await page.context().close();

			// The same editor by a name of the clinic's own network: said before anybody clicks.
			const inside = await openEditor(browser, nodeRed.url.replace('127.0.0.1', PRIVATE_NAME), { language });
			const dialog = await inside.openConfig(DRIVE);
			await dialog.locator('#google-drive-refused', { hasText: words.private }).waitFor();
			assert.equal(await dialog.locator('#google-drive-connect').isDisabled(), true);
			await inside.picture(`google-drive-private-${language}`);
			await inside.page.context().close();
		});
	}
});

const pictureOf = (name: string) => `test/output/browser/${name}.png`;

test('whoever may deploy but not connect cannot begin a consent', async (t) => {
	const server = await startDrive();
	t.after(() => server[Symbol.asyncDispose]());
	const analyst = { username: 'analyst', password: 'analyst', permissions: ['flows.read', 'flows.write'] };
	const nodeRed = await startNodeRed(t, { users: [analyst], env: driveVariables(server) });
	const token = await nodeRed.signIn(analyst);
	const body = { id: DRIVE, config: {}, credentials: {} };
	assert.equal((await nodeRed.request('POST', '/clinic-hub/google-drive/connect', { body, token })).status, 401);
	assert.equal((await nodeRed.request('POST', '/clinic-hub/google-drive/state', { body, token })).status, 200);
	assert.equal((await nodeRed.request('POST', '/clinic-hub/google-drive/state', { body })).status, 401);
	// The way back asks for no sign-in, for the browser brings none; it does nothing by itself.
	const { status, body: page } = await nodeRed.request('GET', '/clinic-hub/google-drive/return?code=x&state=y');
	assert.equal(status, 400);
	assert.match(String(page), /no está conectado/);
});
