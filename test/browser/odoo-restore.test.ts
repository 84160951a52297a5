/** The dialog of `odoo-restore`, and a restore that a person begins in the sidebar by typing a name, in both languages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createKeys } from '../../lib/backup/keys.ts';
import { odooServer } from '../backup-flow.ts';
import { startNodeRed } from '../node-red.ts';
import { MASTER_PASSWORD, startTarget } from '../servers/odoo-manager.ts';
import { signedFile } from '../unit/backup/signed-file.ts';
import { openEditor, startBrowser, UNTRANSLATED } from './editor.ts';

const RESTORE = 'restore';
const TARGET = 'target';
const RESTORED = 'restored';

const WORDS = {
	'en-US': {
		waits: 'A message only prepares',
		drills: 'The one that is backed up is refused',
		restore: 'Restore',
		replaces: 'replaces what is there',
		makes: 'makes a new one',
		named: 'The database “nueva” is made from this backup',
		unconfirmed: 'The restore was not confirmed: type the name',
		begun: 'The restore of nueva begins',
	},
	es: {
		waits: 'Un mensaje solo la prepara',
		drills: 'El que se copia se rechaza',
		restore: 'Restaurar',
		replaces: 'sustituye lo que hay',
		makes: 'es nueva',
		named: 'Se crea la base «nueva» a partir de esta copia',
		unconfirmed: 'No se confirmó la restauración: escriba el nombre',
		begun: 'Empieza la restauración de nueva',
	},
} as const;

test('a restore for work', async (t) => {
	const browser = await startBrowser(t);
	const target = await startTarget(t);
	const { keys } = await createKeys();
	const nodeRed = await startNodeRed(t);
	const { file } = await signedFile(nodeRed.userDir, keys);
	const secrets = { masterPassword: MASTER_PASSWORD, apiKey: 'admin' };
	await nodeRed.deploy([
		{ id: 'flow', type: 'tab', label: 'Copias' },
		{ ...odooServer(target.url), id: TARGET, user: 'admin', credentials: secrets },
		{
			...{ id: RESTORE, type: 'odoo-restore', version: 1, z: 'flow', x: 300, y: 100, wires: [[RESTORED], []] },
			...{ purpose: 'restore', target: TARGET, into: 'nueva', way: 'manager', remove: false },
			...{ verifying: keys.verifying.join(' '), credentials: { drill: keys.drill.join(' ') } },
		},
		{ id: RESTORED, type: 'test-tap', z: 'flow', wires: [] },
	]);
	for (const [round, language, words] of [
		[1, 'en-US', WORDS['en-US']],
		[2, 'es-CL', WORDS.es],
	] as const) {
		await t.test(`speaks ${language}, and begins by the name only`, async () => {
			nodeRed.receive(RESTORE, { payload: { file } });
			await nodeRed.until('the end', () => nodeRed.completions(RESTORE)[round - 1]);
			const editor = await openEditor(browser, nodeRed.url, { language });
			const { page } = editor;
			const tray = await editor.openNode(RESTORE);
			assert.equal(await tray.locator(UNTRANSLATED).count(), 0);
			await tray.getByText(words.waits).waitFor();
			assert.equal(await tray.getByText(words.drills).isVisible(), false);
			await editor.picture(`odoo-restore-${language}`);
			await tray.locator('#node-input-purpose').selectOption('drill');
			await tray.getByText(words.drills).waitFor();
			assert.equal(await tray.locator('#node-input-into').isVisible(), false);
			assert.equal(await tray.locator(UNTRANSLATED).count(), 0);
			await editor.picture(`odoo-restore-drill-${language}`);
			await page.locator('#node-dialog-cancel').click();
			await tray.waitFor({ state: 'detached' });

			const sidebar = await editor.openSidebar();
			const row = sidebar.locator('tbody tr', { hasText: 'nueva' });
			await row.getByText(round === 1 ? words.makes : words.replaces).waitFor();
			const begin = async (typed: string) => {
				await row.locator('input[type=checkbox]').check();
				await sidebar.getByRole('button', { name: words.restore, exact: true }).first().click();
				const dialog = page.locator('.clinic-hub-dialog');
				await dialog.getByText(words.named).waitFor();
				await dialog.locator('input').fill(typed);
				await editor.picture(`odoo-restore-name-${language}`);
				await dialog.getByRole('button', { name: words.restore, exact: true }).click();
			};
			await begin('clinica');
			await page.getByText(words.unconfirmed).first().waitFor();
			assert.equal(nodeRed.messages(RESTORED).length, round - 1);
			await begin('nueva');
			await page.getByText(words.begun).first().waitFor();
			await editor.picture(`odoo-restore-begun-${language}`);
			await nodeRed.until('the restore', () => nodeRed.messages(RESTORED)[round - 1]);
			assert.deepEqual(target.databases.names, ['clinica', 'nueva']);
			await page.context().close();
		});
	}
});
