/** `keycloak-sync` in the editor, in both languages: its dialog with a dry run, and decisions in the sidebar. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { SYNC, syncFlow } from '../identity-flow.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { until } from '../mail-lab.ts';
import { startNodeRed } from '../node-red.ts';
import { odooSso } from '../servers/odoo-sso.ts';
import { openEditor, startBrowser } from './editor.ts';

const WORDS = {
	'en-US': {
		scope: 'Roles',
		dryRun: 'Dry run',
		counted: '6 of 16 users of the realm get an account of Odoo',
		addon: 'Odoo has the addon clinic_sso. Its table of roles counts',
		held: 'Waits for a person: create: 6 (too many changes at once)',
		client: 'is written like a role of a client',
		off: 'A guard is off',
		row: /create: 6.*too many changes at once/s,
		details: 'oscar.pinon: create (new in Keycloak)',
	},
	'es-CL': {
		scope: 'Roles',
		dryRun: 'Simular',
		counted: '6 de 16 usuarios del realm tienen cuenta en Odoo',
		addon: 'Odoo tiene el módulo clinic_sso. Vale su tabla de roles',
		held: 'Espera a una persona: crear: 6 (demasiados cambios a la vez)',
		client: 'está escrito como un rol de cliente',
		off: 'Una salvaguarda está desactivada',
		row: /crear: 6.*demasiados cambios a la vez/s,
		details: 'oscar.pinon: crear (nuevo en Keycloak)',
	},
} as const;

test('users that follow Keycloak, in the editor', async (t) => {
	const keycloak = await sharedKeycloak();
	const realm = await keycloak.realm(t);
	const sso = await odooSso(t);
	sso.table = [{ kind: 'role', name: 'compras', groups: ['purchase.group_purchase_user'] }];
	const director = { username: 'directora', password: 'x', permissions: '*' };
	const nodeRed = await startNodeRed(t, { users: [director] });
	const token = await nodeRed.signIn(director);
	await nodeRed.deploy(syncFlow(realm, sso), { token });
	await nodeRed.status(SYNC, /^6 changes wait/);
	const browser = await startBrowser(t);
	const open = (language: string) => openEditor(browser, nodeRed.url, { language, token: { access_token: token } });

	for (const [language, words] of Object.entries(WORDS)) {
		await t.test(`the dialog speaks ${language}, says what is wrong, and counts what would be done`, async () => {
			const editor = await open(language);
			const tray = await editor.openNode(SYNC);
			assert.equal((await tray.locator('label[for=node-input-scopeRoles]').textContent())?.trim(), words.scope);
			assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
			await editor.picture(`keycloak-sync-${language}`);
			const result = tray.locator('.clinic-hub-test-result');
			await tray.locator('button', { hasText: words.dryRun }).click();
			await result.getByText(words.counted).waitFor();
			for (const text of [words.addon, words.held]) await result.getByText(text).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`keycloak-sync-dry-run-${language}`);
			await tray.locator('label[for=node-input-archiveGuard]').scrollIntoViewIfNeeded();
			// The flow names no guard: all of them are on, and shown so.
			assert.equal(await tray.locator('.clinic-hub-check input:not(:checked)').count(), 0);
			assert.equal(await tray.getByText(words.off).isVisible(), false);
			await tray.locator('#node-input-archiveGuard').uncheck();
			await tray.getByText(words.off).waitFor();
			await editor.picture(`keycloak-sync-guards-${language}`);
			const scope = tray.locator('#node-input-scopeRoles');
			await scope.fill('clinic-hub:hub-admin');
			await scope.blur();
			await editor.page.waitForFunction(
				"document.querySelector('#node-input-scopeRoles').classList.contains('input-error')",
			);
			await scope.hover();
			await editor.page.getByText(words.client).first().waitFor();
			assert.deepEqual(editor.errors, []);
			await editor.page.context().close();
		});

		await t.test(`the sidebar shows in ${language} who, what and why`, async () => {
			const editor = await open(language);
			const sidebar = await editor.openSidebar();
			const row = sidebar.locator('[data-topic=identity] tr[data-row]');
			await row.waitFor();
			assert.match((await row.textContent()) ?? '', words.row);
			await editor.picture(`keycloak-sync-sidebar-${language}`);
			await row.locator('.clinic-hub-link').click();
			const dialog = editor.page.locator('dialog.clinic-hub-dialog');
			await dialog.getByText(words.details).waitFor();
			await editor.picture(`keycloak-sync-plan-${language}`);
			assert.deepEqual(editor.errors, []);
			await editor.page.context().close();
		});
	}

	await t.test('a row of the table is added in the dialog and deployed', async () => {
		const editor = await open('es-CL');
		const tray = await editor.openNode(SYNC);
		await tray.locator('#keycloak-sync-table button', { hasText: 'Añadir' }).click();
		const line = tray.locator('.keycloak-sync-row').last();
		await line.locator('select').selectOption('group');
		await line.locator('input').nth(0).fill('/Medicina');
		await line.locator('input').nth(1).fill('base.group_partner_manager');
		await line.scrollIntoViewIfNeeded();
		await editor.picture('keycloak-sync-table');
		await editor.page.locator('#node-dialog-ok').click();
		await editor.deploy();
		const flows = (await nodeRed.request('GET', '/flows', { token })).body as { id: string; table?: string }[];
		const table = JSON.parse(flows.find(({ id }) => id === SYNC)?.table ?? '[]') as object[];
		assert.deepEqual(table.at(-1), { kind: 'group', name: '/Medicina', groups: 'base.group_partner_manager' });
		await editor.page.context().close();
	});

	await t.test('a person approves the plan, and the accounts are there', async () => {
		await nodeRed.status(SYNC, /^6 changes wait/);
		const editor = await open('es-ES');
		const sidebar = await editor.openSidebar();
		const row = sidebar.locator('[data-topic=identity] tr[data-row]');
		await row.locator('.clinic-hub-link').click();
		const dialog = editor.page.locator('dialog.clinic-hub-dialog');
		await dialog.locator('button', { hasText: 'Aprobar plan' }).click();
		await editor.page.locator('dialog.clinic-hub-dialog button', { hasText: 'Aprobar plan' }).click();
		await until('the accounts', () => sso.odoo.effects.length === 6);
		await editor.picture('keycloak-sync-approved');
		assert.deepEqual(editor.errors, []);
		await editor.page.context().close();
	});
});
