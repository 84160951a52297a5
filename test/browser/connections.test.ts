import assert from 'node:assert/strict';
import test from 'node:test';
import { startScript } from '../../lab/smtp-script.ts';
import { sharedBroker } from '../broker.ts';
import { type FlowNode, flowFileOf, startNodeRed } from '../node-red.ts';
import { openEditor, startBrowser } from './editor.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'Compras' };

const WORDS = {
	'en-US': {
		host: 'Host',
		test: 'Test connection',
		works: 'The connection works',
		missing: 'Not ready: Password is missing',
		retype: 'The address was changed',
		sent: 'Accepted by the mail server',
		help: 'The connection to RabbitMQ.',
	},
	es: {
		host: 'Servidor',
		test: 'Probar la conexión',
		works: 'La conexión funciona',
		missing: 'No está listo: falta Contraseña',
		retype: 'La dirección cambió',
		sent: 'El servidor de correo lo aceptó',
		help: 'La conexión con RabbitMQ.',
	},
} as const;

test('the dialogs of connections', async (t) => {
	const browser = await startBrowser(t);
	const rabbit = await sharedBroker();
	const relay = await startScript({});
	t.after(() => relay.close());

	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(
			`speak ${language}, list what is missing, test before the first deploy and keep passwords in place`,
			async (t) => {
				const vhost = await rabbit.vhost(t);
				const password = 'p@ss/w#rd%';
				const { host, port } = rabbit;
				const { user } = await rabbit.user(t, vhost, { password });
				const broker = {
					id: 'broker',
					type: 'amqp-broker',
					version: 1,
					mode: 'fields',
					host,
					port: String(port),
					vhost,
					user,
					heartbeat: '30',
				};
				const smtp = {
					id: 'smtp',
					type: 'smtp-server',
					version: 1,
					host: '127.0.0.1',
					port: String(relay.port),
					security: 'none',
					authType: 'none',
					fromAddress: 'compras@clinica.test',
					pool: '5',
				};
				const nodeRed = await startNodeRed(t, { flows: [TAB, broker, smtp] });
				const editor = await openEditor(browser, nodeRed.url, { language });

				const tray = await editor.openConfig('broker');
				assert.equal((await tray.locator('label[for=node-config-input-host]').textContent())?.trim(), words.host);
				assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
				const result = tray.locator('.clinic-hub-test-result');
				const press = () => tray.locator('button', { hasText: words.test }).click();
				await press();
				await result.getByText(words.missing).waitFor();
				await editor.picture(`amqp-broker-missing-${language}`);
				await tray.locator('#node-config-input-password').fill(password);
				await press();
				await result.getByText(words.works).waitFor();
				await editor.picture(`amqp-broker-${language}`);
				await editor.page.locator('#node-config-dialog-ok').click();
				await tray.waitFor({ state: 'detached' });
				await editor.deploy();

				await editor.openConfig('broker');
				await press();
				await result.getByText(words.works).waitFor();
				await tray.locator('#node-config-input-host').fill('localhost');
				await press();
				await result.getByText(words.retype).waitFor();
				await editor.page.locator('#node-config-dialog-cancel').click();
				await tray.waitFor({ state: 'detached' });

				await editor.openConfig('smtp');
				await press();
				await result.getByText(words.works).waitFor();
				const before = relay.mails.length;
				await tray.locator('#clinic-hub-test-mail-to').fill('yo@clinica.test');
				await tray.locator('.clinic-hub-test').nth(1).locator('button').click();
				await result.getByText(words.sent).waitFor();
				assert.equal(relay.mails.length, before + 1);
				await editor.picture(`smtp-server-${language}`);

				const help = await nodeRed.request('GET', '/nodes', {
					headers: { Accept: 'text/html', 'Accept-Language': language },
				});
				assert.ok(String(help.body).includes(words.help));
				assert.ok(!JSON.stringify(await flowFileOf(nodeRed)).includes(password));
				// The refusal above is one of HTTP, and the browser says so.
				assert.deepEqual(
					editor.errors.filter((text) => !text.includes('409 (Conflict)')),
					[],
				);
				await editor.page.context().close();
			},
		);
	}

	const nodeRed = await startNodeRed(t, { flows: [TAB, { id: 'broker', type: 'amqp-broker', mode: 'fields' }] });
	for (const language of ['es', 'es-ES']) {
		await t.test(`speak Spanish where the browser says ${language}`, async () => {
			const editor = await openEditor(browser, nodeRed.url, { language });
			const tray = await editor.openConfig('broker');
			assert.equal((await tray.locator('label[for=node-config-input-host]').textContent())?.trim(), WORDS.es.host);
			await tray.locator('button', { hasText: WORDS.es.test }).waitFor();
			await editor.page.context().close();
		});
	}
});
