/** The dialog of `backup-alarm`, its status and its test, and the ready flow of backups as a person sees it; in both languages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startScript } from '../../lab/smtp-script.ts';
import { testKeys } from '../backup-flow.ts';
import { DRIVE, driveVariables, serviceConnection } from '../drive-flow.ts';
import { type FlowNode, flowFileOf, startNodeRed } from '../node-red.ts';
import { noticeSender, SENDER } from '../notice-flow.ts';
import { startDrive } from '../servers/drive.ts';
import { startHttp } from '../servers/http.ts';
import { openEditor, startBrowser, UNTRANSLATED } from './editor.ts';

const ALARM = 'alarm';
const SECRET = 'the-secret-of-the-watcher';

const WORDS = {
	'en-US': {
		label: 'Backup at most (h)',
		range: 'Backup at most (h) must be a whole number from 1 to 8760',
		test: 'Test the alarm',
		taken: 'Test taken by mail, webhook',
		mail: 'Mail: taken.',
		status: /^ALARM: no database$/,
		help: 'whether the clinic could be brought back',
	},
	es: {
		label: 'Copia, como máximo (h)',
		range: 'Copia, como máximo (h) debe ser un número entero de 1 a 8760',
		test: 'Probar la alarma',
		taken: 'Prueba recibida por correo, webhook',
		mail: 'Correo: lo recibió.',
		status: /^ALARMA: ninguna base de datos$/,
		help: 'si la clínica se podría recuperar',
	},
} as const;

const readyFlow = JSON.parse(
	readFileSync(path.resolve(import.meta.dirname, '../../flows/backup.json'), 'utf8'),
) as FlowNode[];

test('the alarm of backups in the editor', async (t) => {
	const browser = await startBrowser(t);
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const relay = await startScript({});
	t.after(() => relay.close());
	const hook = await startHttp();
	t.after(() => hook[Symbol.asyncDispose]());
	const place = { z: 'flow', version: 1, y: 100 };
	const flows: FlowNode[] = [
		{ id: 'flow', type: 'tab', label: 'Copias' },
		await serviceConnection(drive),
		noticeSender(relay.port),
		{
			...{ id: ALARM, type: 'backup-alarm', ...place, x: 300, drive: DRIVE, minutes: '0' },
			...{ maxAgeHours: '26', maxDrillDays: '8', keyCheckDays: '180', kept: '14', spaceGb: '', recovery: '' },
			verifying: testKeys.verifying.join(' '),
			credentials: { backupSign: `https://watcher.test/${SECRET}` },
			wires: [['tell'], []],
		},
		{
			...{ id: 'tell', type: 'notice', ...place, x: 500, smtp: SENDER, to: 'ti@clinica.test', about: 'any' },
			...{ webhookUrl: `http://127.0.0.1:${hook.port}/hook`, wires: [[ALARM]] },
		},
	];

	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(`speaks ${language}: rules, what is wrong, a test that says who took it, status`, async (t) => {
			const nodeRed = await startNodeRed(t, { env: driveVariables(drive) });
			await nodeRed.deploy([...flows, ...readyFlow.filter(({ id }) => !flows.some((node) => node.id === id))]);
			const size = { width: 1440, height: 1180 };
			const editor = await openEditor(browser, nodeRed.url, { language, size });
			const { page } = editor;

			let tray = await editor.openNode(ALARM);
			assert.equal((await tray.locator('label[for=node-input-maxAgeHours]').textContent())?.trim(), words.label);
			assert.equal(await tray.locator(UNTRANSLATED).count(), 0);
			const result = tray.locator('.clinic-hub-test-result');
			await tray.locator('button', { hasText: words.test }).click();
			await result.getByText(words.taken).waitFor();
			await result.locator('[data-level=ok]', { hasText: words.mail }).waitFor();
			await result.scrollIntoViewIfNeeded();
			await editor.picture(`backup-alarm-${language}`);
			await tray.locator('#node-input-maxAgeHours').fill('0');
			await page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			const problems = await page.evaluate<string>(`(RED.nodes.node('${ALARM}').validationErrors || []).join(' | ')`);
			assert.ok(problems.includes(words.range), problems);
			tray = await editor.openNode(ALARM);
			await tray.locator('#node-input-maxAgeHours').fill('26');
			await page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });

			nodeRed.receive(ALARM, {});
			const status = page.locator('.red-ui-flow-node-status-label', { hasText: words.status }).first();
			await status.waitFor();
			await editor.picture(`backup-alarm-status-${language}`);
			const sidebar = await editor.openSidebar();
			await sidebar.getByText(words.status.source.slice(1, -1)).first().waitFor();
			await editor.picture(`backup-alarm-sidebar-${language}`);

			await page.evaluate("RED.workspaces.show('c11f0c0000000400')");
			await page.evaluate('RED.sidebar.hide ? RED.sidebar.hide() : null');
			await page.locator('.red-ui-flow-node-label', { hasText: 'Alarm · Alarma' }).first().waitFor();
			await editor.picture(`backup-flow-${language}`);

			const help = await nodeRed.request('GET', '/nodes', {
				headers: { Accept: 'text/html', 'Accept-Language': language },
			});
			assert.ok(String(help.body).includes(words.help));
			assert.equal(JSON.stringify(await flowFileOf(nodeRed)).includes(SECRET), false);
			assert.deepEqual(editor.errors, []);
			await page.context().close();
		});
	}
});
