/** The ready flow in the editor: imported, filled in where it says what is missing, deployed, tried; and imported again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { mailLab, until } from '../mail-lab.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { NOTICE_ADDRESS, PURCHASE_FLOW, SAMPLE_ADDRESS } from '../purchase-flow.ts';
import { startHttp } from '../servers/http.ts';
import { type Editor, openEditor, startBrowser } from './editor.ts';

const idOf = (type: string): string => PURCHASE_FLOW.find((node) => node.type === type)?.id ?? '';
const MAIL = idOf('amqp-mail');
const SAMPLE = PURCHASE_FLOW.find((node) => node['topic'] === 'sample')?.id ?? '';
const BROKERS = PURCHASE_FLOW.filter(({ type }) => type === 'amqp-broker').map(({ id }) => id);

/** In the place of variables, which this Node-RED does not have. */
const OWN_VALUES = { odooUrl: 'http://localhost:8069', databases: '', sampleRecipients: SAMPLE_ADDRESS, keys: '' };

/** A usual laptop; both sidebars stay open. */
const LAPTOP = { width: 1440, height: 900 };

const WORDS = {
	'en-US': {
		missing: 'Address of Odoo: the variable ODOO_URL does not exist',
		noPassword: 'RabbitMQ: Not ready: Password is missing',
		works: 'sent: 1',
		second: 'Another worker holds the queue',
	},
	'es-CL': {
		missing: 'Dirección de Odoo: la variable ODOO_URL no existe',
		noPassword: 'RabbitMQ: No está listo: falta Contraseña',
		works: 'enviados: 1',
		second: 'Otro proceso tiene la cola',
	},
} as const;

/** As a person does: Import, Examples, the package, the flow. */
async function importExample(page: Page): Promise<void> {
	await page.evaluate("RED.actions.invoke('core:show-examples-import-dialog')");
	const dialog = page.locator('#red-ui-clipboard-dialog');
	await dialog.getByText('@clinic-hub/node-red-clinic-hub', { exact: true }).click();
	await dialog.getByText('purchase-mail', { exact: true }).click();
	await page.locator('#red-ui-clipboard-dialog-ok').click();
	await dialog.waitFor({ state: 'hidden' });
}

/** Fills in a dialog of the editor and confirms it. */
async function complete(editor: Editor, id: string, values: Record<string, string>): Promise<void> {
	const config = await editor.page.evaluate(`!RED.nodes.node('${id}').z`);
	const tray = config ? await editor.openConfig(id) : await editor.openNode(id);
	for (const [name, value] of Object.entries(values)) {
		// As typing does it; some fields lie on another tab of the dialog.
		const field = `#node-${config ? 'config-' : ''}input-${name}`;
		await editor.page.evaluate(`$(${JSON.stringify(field)}).val(${JSON.stringify(value)}).trigger('change')`);
	}
	assert.equal(await tray.locator('.input-error').count(), 0);
	await editor.page.locator(config ? '#node-config-dialog-ok' : '#node-dialog-ok').click();
	await tray.waitFor({ state: 'detached' });
}

const status = (page: Page, text: string) =>
	page.locator('.red-ui-flow-node-status-label', { hasText: text }).first().waitFor();

test('the ready flow of purchase mail in the editor', async (t) => {
	const browser = await startBrowser(t);
	for (const language of ['en-US', 'es-CL'] as const) {
		await t.test(
			`${language}: imported, completed, deployed, its sample arrives; imported twice, no harm`,
			async (t) => {
				const words = WORDS[language];
				const lab = await mailLab(t, { levels: [] });
				const { host, port, vhost, user, password } = lab.test.options(lab.vhost);
				const nodeRed = await startNodeRed(t);
				await using chat = await startHttp();
				const editor = await openEditor(browser, nodeRed.url, { language, size: LAPTOP });
				const { page } = editor;
				// Notifications would hide the flow in the pictures, and what is to be clicked.
				await page.addStyleTag({ content: '#red-ui-notifications { opacity: 0.15 }' });
				await importExample(page);
				// The dialog closes first and fetches the flow then.
				await page.waitForFunction(`RED.nodes.workspace('${idOf('tab')}') && RED.nodes.node('${MAIL}')`);
				await page.evaluate(`RED.workspaces.show('${idOf('tab')}')`);
				await editor.deploy();
				await status(page, words.missing);
				await editor.picture(`purchase-mail-imported-${language}`);

				for (const id of BROKERS) await complete(editor, id, { host, port: String(port), vhost, user, password: '' });
				const server = { host: '127.0.0.1', port: String(lab.smtp.port), security: 'none', authType: 'none' };
				await complete(editor, idOf('smtp-server'), { ...server, fromAddress: 'compras@clinica.test' });
				await complete(editor, MAIL, OWN_VALUES);
				await complete(editor, idOf('notice'), { to: NOTICE_ADDRESS, webhookUrl: `http://127.0.0.1:${chat.port}/` });
				await editor.deploy();
				await status(page, words.noPassword);
				for (const id of BROKERS) await complete(editor, id, { password });
				await editor.deploy();
				await nodeRed.status(MAIL, /sent: 0/);
				await page.locator(`[id="${SAMPLE}"] .red-ui-flow-node-button-button`).dispatchEvent('click');
				await until('the sample in the inbox', () => lab.smtp.mails.some(({ raw }) => raw.includes(SAMPLE_ADDRESS)));
				await status(page, words.works);
				await editor.picture(`purchase-mail-${language}`);

				await importExample(page);
				// Node-RED warns that it is there already, and offers a copy; connections that exist are used.
				await page.locator('.red-ui-notification button').last().click();
				const show = (id: string) => page.evaluate(`RED.workspaces.show(RED.nodes.node('${id}').z)`);
				const copy = String(
					await page.evaluate(`RED.nodes.filterNodes({ type: 'amqp-mail' }).find(({ id }) => id !== '${MAIL}').id`),
				);
				// Completed like the first, it finds the queue taken, and says so.
				await show(copy);
				await complete(editor, copy, OWN_VALUES);
				await editor.deploy();
				const taken = (id: string) => nodeRed.statuses(id).at(-1)?.text?.includes(WORDS['en-US'].second) ?? false;
				const works = (id: string) => /^sent/.test(nodeRed.statuses(id).at(-1)?.text ?? '');
				const refused = await nodeRed.until('one to work and one to be refused', () =>
					works(MAIL) && taken(copy) ? copy : taken(MAIL) && works(copy) ? MAIL : undefined,
				);
				await show(refused);
				await status(page, words.second);
				await editor.picture(`purchase-mail-twice-${language}`);
				const kept = await flowFileOf(nodeRed);
				assert.deepEqual(
					['amqp-mail', 'amqp-broker', 'smtp-server'].map((one) => kept.filter(({ type }) => type === one).length),
					[2, 2, 1],
				);
				await show(MAIL);
				await page.locator(`[id="${SAMPLE}"] .red-ui-flow-node-button-button`).dispatchEvent('click');
				await until('the second sample', () => lab.smtp.mails.length === 2);
				assert.deepEqual(editor.errors, []);
				await page.context().close();
			},
		);
	}
});
