/** The ready flow in the editor: imported, filled in where it says what is missing, deployed, tried; and imported again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { mailLab, until } from '../mail-lab.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { flowVariables, onLab, PURCHASE_FLOW, SAMPLE_ADDRESS } from '../purchase-flow.ts';
import { openEditor, startBrowser } from './editor.ts';

const MAIL = PURCHASE_FLOW.find(({ type }) => type === 'amqp-mail')?.id ?? '';
const SAMPLE = PURCHASE_FLOW.find((node) => node['topic'] === 'sample')?.id ?? '';
const BROKERS = PURCHASE_FLOW.filter(({ type }) => type === 'amqp-broker').map(({ id }) => id);

const WORDS = {
	'en-US': { missing: 'Password is missing', works: /^sent: 1/, second: 'Another worker holds the queue' },
	es: { missing: 'falta Contraseña', works: /^enviados: 1/, second: 'Otro proceso tiene la cola' },
} as const;

/** As a person does: Import, paste, Import; and "Import copy" where the flow is there already. */
async function importFlow(page: Page, json: string, { again = false } = {}): Promise<void> {
	await page.evaluate("RED.actions.invoke('core:show-import-dialog')");
	const text = page.locator('#red-ui-clipboard-dialog-import-text');
	await text.fill(json);
	// It looks at what was pasted when a key is let go.
	await text.press('End');
	await page.locator('#red-ui-clipboard-dialog-ok').click();
	await text.waitFor({ state: 'hidden' });
	if (again) await page.locator('.red-ui-notification button').last().click();
}

test('the ready flow of purchase mail in the editor', async (t) => {
	const browser = await startBrowser(t);
	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(
			`${language}: imported, completed, deployed, its sample arrives; imported twice it does no harm`,
			async (t) => {
				const lab = await mailLab(t, { levels: [] });
				const nodeRed = await startNodeRed(t, { env: flowVariables(lab) });
				const editor = await openEditor(browser, nodeRed.url, { language });
				const { page } = editor;
				// A person exports and imports without credentials.
				const shipped = onLab(PURCHASE_FLOW).map(({ credentials: _, ...node }) => node);
				await importFlow(page, JSON.stringify(shipped));
				await page.evaluate(`RED.workspaces.show(RED.nodes.node('${MAIL}').z)`);
				await editor.deploy();
				await page.locator('.red-ui-flow-node-status-label', { hasText: words.missing }).first().waitFor();
				await editor.picture(`purchase-mail-imported-${language}`);

				for (const id of BROKERS) {
					const tray = await editor.openConfig(id);
					await tray.locator('#node-config-input-password').fill(lab.test.options(lab.vhost).password);
					await page.locator('#node-config-dialog-ok').click();
					await tray.waitFor({ state: 'detached' });
				}
				await editor.deploy();
				await nodeRed.status(MAIL, /sent: 0/);
				await page.locator(`[id="${SAMPLE}"] .red-ui-flow-node-button-button`).click();
				await until('the sample in the inbox', () => lab.smtp.mails.some(({ raw }) => raw.includes(SAMPLE_ADDRESS)));
				await page.locator('.red-ui-flow-node-status-label', { hasText: words.works }).waitFor();
				await editor.picture(`purchase-mail-${language}`);

				await importFlow(page, JSON.stringify(shipped));
				await editor.deploy();
				await page.locator('.red-ui-flow-node-status-label', { hasText: words.second }).first().waitFor();
				await editor.picture(`purchase-mail-twice-${language}`);
				const kept = await flowFileOf(nodeRed);
				assert.equal(kept.filter(({ type }) => type === 'amqp-mail').length, 2);
				await page.locator(`[id="${SAMPLE}"] .red-ui-flow-node-button-button`).click();
				await until('the second sample', () => lab.smtp.mails.length === 2);
				assert.deepEqual(editor.errors, []);
				await page.context().close();
			},
		);
	}
});
