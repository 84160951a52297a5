/** The dialog of `notice`: what is missing, both channels, the test, in both languages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startScript } from '../../lab/smtp-script.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { NOTICE, noticeFlow } from '../notice-flow.ts';
import { startHttp } from '../servers/http.ts';
import { openEditor, startBrowser } from './editor.ts';

const BEARER = 'bearer-of-the-test';

const WORDS = {
	'en-US': {
		label: 'Receivers',
		missing: 'choose a mail server, give the address of a webhook, or both',
		receivers: 'Receivers is missing',
		otherWay: 'Address is missing: an alarm must not depend on what it reports',
		test: 'Send a test notice',
		works: 'Every channel took it',
		retype: 'The address was changed',
		status: /^told: 0 · waiting: 0$/,
		help: 'Tells people what they must know',
	},
	es: {
		label: 'Destinatarios',
		missing: 'elija un servidor de correo, indique la dirección de un webhook, o ambos',
		receivers: 'falta Destinatarios',
		otherWay: 'falta Dirección: una alarma no debe depender de lo que denuncia',
		test: 'Enviar un aviso de prueba',
		works: 'Todos los canales lo aceptaron',
		retype: 'La dirección cambió',
		status: /^entregados: 0 · en espera: 0$/,
		help: 'Avisa a las personas de lo que deben saber',
	},
} as const;

test('the dialog of a notice', async (t) => {
	const browser = await startBrowser(t);
	const relay = await startScript({});
	t.after(() => relay.close());
	const hook = await startHttp();
	t.after(() => hook[Symbol.asyncDispose]());

	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(`speaks ${language}, lists what is missing, tests and keeps the token in place`, async (t) => {
			const nodeRed = await startNodeRed(t, { flows: noticeFlow(relay.port, {}) });
			const editor = await openEditor(browser, nodeRed.url, { language });
			const { page } = editor;
			const problems = () => page.evaluate<string>(`(RED.nodes.node('${NOTICE}').validationErrors || []).join(' | ')`);
			assert.ok((await problems()).includes(words.missing), await problems());

			let tray = await editor.openNode(NOTICE);
			assert.equal((await tray.locator('label[for=node-input-to]').textContent())?.trim(), words.label);
			assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
			const result = tray.locator('.clinic-hub-test-result');
			const press = () => tray.locator('button', { hasText: words.test }).click();
			await press();
			await result.getByText(words.missing).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`notice-missing-${language}`);
			await tray.locator('select#node-input-smtp').selectOption('sender');
			await tray.locator('#node-input-about').selectOption('smtp');
			await press();
			await result.getByText(words.receivers).waitFor();
			await page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			assert.ok((await problems()).includes(words.receivers), await problems());
			assert.ok((await problems()).includes(words.otherWay), await problems());

			tray = await editor.openNode(NOTICE);
			await tray.locator('#node-input-to').fill('ti@clinica.test, compras@clinica.test');
			await tray.locator('#node-input-webhookUrl').fill(`http://127.0.0.1:${hook.port}/hook`);
			await tray.locator('#node-input-webhookBearer').fill(BEARER);
			const [mails, requests] = [relay.mails.length, hook.requests.length];
			await press();
			await result.getByText(words.works).waitFor();
			assert.deepEqual([relay.mails.length - mails, hook.requests.length - requests], [2, 1]);
			assert.equal(hook.requests.at(-1)?.headers.authorization, `Bearer ${BEARER}`);
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`notice-${language}`);
			await page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			assert.equal(await problems(), '');
			await editor.deploy();
			await page.locator('.red-ui-flow-node-status-label', { hasText: words.status }).waitFor();
			await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
			await editor.picture(`notice-deployed-${language}`);

			tray = await editor.openNode(NOTICE);
			await tray.locator('#node-input-webhookUrl').fill(`http://localhost:${hook.port}/hook`);
			await press();
			await result.getByText(words.retype).waitFor();
			await page.locator('#node-dialog-cancel').click();
			await tray.waitFor({ state: 'detached' });

			const help = await nodeRed.request('GET', '/nodes', {
				headers: { Accept: 'text/html', 'Accept-Language': language },
			});
			assert.ok(String(help.body).includes(words.help));
			assert.equal(JSON.stringify(await flowFileOf(nodeRed)).includes(BEARER), false);
			assert.deepEqual(
				editor.errors.filter((text) => !text.includes('409 (Conflict)')),
				[],
			);
			await page.context().close();
		});
	}
});
