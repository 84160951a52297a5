/** The dialogs of `odoo-server` and `odoo-backup`: what is missing, the test, the proof of the key, progress, both languages. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { decryptAge } from '../../lib/backup/age-decrypt.ts';
import { codeIn } from '../../lib/backup/key-proof.ts';
import { createKeys } from '../../lib/backup/keys.ts';
import { BACKUP, backupFlow, ODOO } from '../backup-flow.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { MASTER_PASSWORD, startManager } from '../servers/odoo-manager.ts';
import { backupZip, pieces } from '../unit/backup/proof-files.ts';
import { openEditor, startBrowser, UNTRANSLATED } from './editor.ts';

const WORDS = {
	'en-US': {
		url: 'Address',
		test: 'Test connection',
		works: 'The connection works',
		missing: 'Names is missing',
		wrong: 'master password',
		retype: 'The address was changed',
		none: 'Whoever reaches the folder reads everything',
		unproven: 'Nobody has proven this recovery key yet',
		file: 'Download test file',
		check: 'Check code',
		badCode: 'This is not the code of a test file',
		proven: 'The recovery key works',
		running: /^clinica: waiting for Odoo$/,
		failed: 'Odoo refuses',
		incomplete: 'clinica: incomplete, see the sidebar',
		accept: 'Accept',
		empty: 'No backup waits for a person.',
		help: 'proven complete, encrypted, signed',
	},
	es: {
		url: 'Dirección',
		test: 'Probar la conexión',
		works: 'La conexión funciona',
		missing: 'falta Nombres',
		wrong: 'contraseña maestra',
		retype: 'La dirección cambió',
		none: 'Quien acceda a la carpeta puede leerlo todo',
		unproven: 'Nadie ha probado aún esta clave de recuperación',
		file: 'Descargar archivo de prueba',
		check: 'Comprobar código',
		badCode: 'No es el código de un archivo de prueba',
		proven: 'La clave de recuperación funciona',
		running: /^clinica: esperando a Odoo$/,
		failed: 'Odoo rechaza',
		incomplete: 'clinica: incompleta, véala en la barra lateral',
		accept: 'Aceptar',
		empty: 'Ninguna copia espera a una persona.',
		help: 'comprobadas por completo, cifradas y firmadas',
	},
} as const;

test('the dialogs of backups', async (t) => {
	const browser = await startBrowser(t);
	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(`speak ${language}: connection, keys, progress, failure, a person who accepts`, async (t) => {
			const manager = await startManager(t);
			const { keys, recoveryIdentity } = await createKeys();
			const flows = backupFlow(manager.url, { keys, odoo: { databases: '', credentials: {} } });
			const nodeRed = await startNodeRed(t);
			await nodeRed.deploy(flows);
			const editor = await openEditor(browser, nodeRed.url, { language, size: { width: 1440, height: 1100 } });
			const { page } = editor;

			let tray = await editor.openConfig(ODOO);
			assert.equal((await tray.locator('label[for=node-config-input-url]').textContent())?.trim(), words.url);
			assert.equal(await tray.locator(UNTRANSLATED).count(), 0);
			const result = tray.locator('.clinic-hub-test-result');
			const press = () => tray.locator('button', { hasText: words.test }).click();
			await press();
			await result.getByText(words.missing).waitFor();
			await tray.locator('#node-config-input-databases').fill('clinica');
			await tray.locator('#node-config-input-masterPassword').fill('wrong');
			await press();
			await result.locator('[data-level=failed]', { hasText: words.wrong }).first().waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`odoo-server-wrong-${language}`);
			assert.equal(manager.settings.calls, 0);
			await tray.locator('#node-config-input-masterPassword').fill(MASTER_PASSWORD);
			await press();
			await result.getByText(words.works).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`odoo-server-${language}`);
			await tray.locator('#node-config-input-direct').check();
			await editor.picture(`odoo-server-direct-${language}`);
			await tray.locator('#node-config-input-direct').uncheck();
			await page.locator('#node-config-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			await editor.deploy();

			tray = await editor.openConfig(ODOO);
			await tray.locator('#node-config-input-url').fill(manager.url.replace('127.0.0.1', 'localhost'));
			await press();
			await result.getByText(words.retype).waitFor();
			await page.locator('#node-config-dialog-cancel').click();
			await tray.waitFor({ state: 'detached' });

			tray = await editor.openNode(BACKUP);
			assert.equal(await tray.locator(UNTRANSLATED).count(), 0);
			const proof = tray.locator('#odoo-backup-proof');
			await proof.getByText(words.unproven).waitFor();
			await editor.picture(`odoo-backup-${language}`);
			await tray.locator('#node-input-encryption').selectOption('none');
			await tray.getByText(words.none).waitFor();
			await editor.picture(`odoo-backup-none-${language}`);
			await tray.locator('#node-input-encryption').selectOption('age');
			await tray.locator('#node-input-source').selectOption('direct');
			assert.equal(await tray.locator('#node-input-format').isVisible(), false);
			await tray.locator('#node-input-source').selectOption('manager');
			const saving = page.waitForEvent('download');
			await proof.locator('button', { hasText: words.file }).click();
			const file = await readFile(await (await saving).path());
			const plain: Buffer[] = [];
			for await (const piece of decryptAge(pieces(file), [recoveryIdentity])) plain.push(piece);
			await proof.locator('#odoo-backup-code').fill('AAAA-BBBB-CCCC-DDDD');
			await proof.locator('button', { hasText: words.check }).click();
			await proof.getByText(words.badCode).waitFor();
			await proof.locator('#odoo-backup-code').fill((codeIn(Buffer.concat(plain).toString()) ?? '').toLowerCase());
			await proof.locator('button', { hasText: words.check }).click();
			await proof.getByText(words.proven).waitFor();
			await proof.scrollIntoViewIfNeeded();
			await editor.picture(`odoo-backup-proven-${language}`);
			await page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });

			const status = (text: string | RegExp) =>
				page.locator('.red-ui-flow-node-status-label', { hasText: text }).first().waitFor();
			manager.settings.stallAfter = 4_000;
			nodeRed.receive(BACKUP, {});
			await status(words.running);
			await editor.picture(`odoo-backup-running-${language}`);
			nodeRed.receive(BACKUP, { topic: 'cancel' });
			await nodeRed.until('the end', () =>
				nodeRed.completions(BACKUP).some(({ error }) => error?.code === 'CANCELLED'),
			);
			manager.heal();
			manager.settings.pgDumpFails = true;
			nodeRed.receive(BACKUP, {});
			await status(words.failed);
			await editor.picture(`odoo-backup-failed-${language}`);
			manager.heal();
			manager.databases.content = backupZip({ attachments: [{ content: Buffer.from('lost'), absent: true }] });
			nodeRed.receive(BACKUP, {});
			await status(words.incomplete);
			const sidebar = await editor.openSidebar();
			const row = sidebar.locator('tbody tr', { hasText: 'clinica' });
			await row.waitFor();
			await editor.picture(`odoo-backup-sidebar-${language}`);
			await row.locator('input[type=checkbox]').check();
			await sidebar.getByRole('button', { name: words.accept }).first().click();
			await page.locator('.clinic-hub-dialog').getByRole('button', { name: words.accept }).click();
			await sidebar.getByText(words.empty).waitFor();

			const help = await nodeRed.request('GET', '/nodes', {
				headers: { Accept: 'text/html', 'Accept-Language': language },
			});
			assert.ok(String(help.body).includes(words.help));
			const saved = JSON.stringify(await flowFileOf(nodeRed));
			for (const secret of [MASTER_PASSWORD, keys.signing, ...keys.drill]) assert.equal(saved.includes(secret), false);
			assert.deepEqual(
				editor.errors.filter((text) => !text.includes('409 (Conflict)')),
				[],
			);
			await page.context().close();
		});
	}
});
