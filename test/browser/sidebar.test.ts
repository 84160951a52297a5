import assert from 'node:assert/strict';
import test from 'node:test';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import { openEditor, startBrowser } from './editor.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'Compras' };
const mail = (n: number, reason: string) => ({
	key: `8d4f6c1e/mail-${n}`,
	reference: `P0000${n}`,
	recipient: `ventas${n}@proveedor.example`,
	reason,
});
const DESK: FlowNode = {
	id: 'desk',
	type: 'test-mail-desk',
	z: 'flow',
	name: 'Correo de compras',
	x: 200,
	y: 100,
	mails: [
		mail(1, 'SMTP_PERMANENT'),
		mail(2, 'SMTP_PERMANENT'),
		mail(3, 'exhausted'),
		mail(4, 'SMTP_UNKNOWN'),
		mail(5, 'exhausted'),
	],
	wires: [['tap']],
};
const FLOWS = [TAB, DESK, { id: 'tap', type: 'test-tap', z: 'flow', x: 400, y: 100, wires: [] }];

const WORDS = {
	'en-US': {
		tab: 'Clinic hub',
		title: 'Parked mail',
		refused: 'The mail server refuses this mail.',
		again: 'Send again',
		correct: 'Correct recipient and send again',
		discard: 'Discard',
		pause: 'Pause sending',
		resume: 'Resume sending',
		look: 'Look up',
		empty: 'No mail waits for a person.',
		ended: 'sent',
		unreadable: 'unreadable',
	},
	'es-CL': {
		tab: 'Hub de la clínica',
		title: 'Correo aparcado',
		refused: 'El servidor de correo rechaza este correo.',
		again: 'Enviar de nuevo',
		correct: 'Corregir el destinatario y reenviar',
		discard: 'Descartar',
		pause: 'Pausar el envío',
		resume: 'Reanudar el envío',
		look: 'Buscar',
		empty: 'Ningún correo espera a una persona.',
		ended: 'enviado',
		unreadable: 'ilegible',
	},
} as const;

test('the sidebar', async (t) => {
	const browser = await startBrowser(t);

	for (const [language, words] of Object.entries(WORDS)) {
		await t.test(`lists, corrects, replays and discards parked mail in ${language}`, async (t) => {
			const nodeRed = await startNodeRed(t, { flows: FLOWS, nodes: ['mail-desk.js'] });
			const editor = await openEditor(browser, nodeRed.url, { language });
			const sidebar = await editor.openSidebar();
			const rows = sidebar.locator('tr[data-row]');
			const dialog = editor.page.locator('dialog.clinic-hub-dialog');
			const press = (name: string) => sidebar.locator('.clinic-hub-bar button', { hasText: name }).first().click();
			const agree = (name: string) => dialog.locator('.clinic-hub-dialog-buttons button', { hasText: name }).click();
			const sent = (key: string) => nodeRed.message('tap', (m) => (m['payload'] as { key: string }).key.endsWith(key));

			await rows.nth(4).waitFor();
			await editor.picture(`sidebar-${language}`);
			assert.equal(await sidebar.locator('h3').first().textContent(), words.title);
			assert.match((await rows.nth(0).textContent()) ?? '', new RegExp(words.refused.replace('.', '\\.')));
			assert.match((await rows.nth(0).textContent()) ?? '', /P00001.*ventas1@proveedor\.example/);

			await rows.nth(0).locator('.clinic-hub-link').click();
			assert.match((await dialog.locator('pre').textContent()) ?? '', /<\/script><b>x<\/b>/);
			await editor.picture(`sidebar-details-${language}`);
			await editor.page.keyboard.press('Escape');
			await dialog.waitFor({ state: 'detached' });

			await rows.nth(0).locator('input[type=checkbox]').check();
			await press(words.correct);
			await editor.picture(`sidebar-correct-${language}`);
			await dialog.locator('input').fill('nuevo@proveedor.example');
			await editor.page.keyboard.press('Enter');
			const corrected = (await sent('mail-1'))['payload'] as Record<string, unknown>;
			assert.equal(corrected['recipient'], 'nuevo@proveedor.example');
			assert.equal(corrected['what'], 'replay');
			await rows.nth(4).waitFor({ state: 'detached' });

			await sidebar.locator('select').selectOption('exhausted');
			await rows.nth(2).waitFor({ state: 'detached' });
			await sidebar.locator('.clinic-hub-bar > div').nth(1).locator('button', { hasText: words.again }).click();
			await agree(words.again);
			await Promise.all([sent('mail-3'), sent('mail-5')]);

			await sidebar.locator('th input[type=checkbox]').check();
			await press(words.discard);
			await agree(words.discard);
			assert.equal(((await sent('mail-4'))['payload'] as { what: string }).what, 'discard');
			await sidebar.getByText(words.empty).waitFor();

			await sidebar.locator('header button', { hasText: words.pause }).click();
			await agree(words.pause);
			await sidebar.locator('header button', { hasText: words.resume }).click();
			await sidebar.locator('header button', { hasText: words.pause }).waitFor();

			await sidebar.locator('summary').click();
			await sidebar.locator('input[name=recipient]').fill('got@supplier.example');
			await editor.page.keyboard.press('Enter');
			await sidebar.locator('.clinic-hub-search td', { hasText: 'queued as 4F1' }).waitFor();
			assert.match((await sidebar.locator('.clinic-hub-search tbody').textContent()) ?? '', new RegExp(words.ended));
			await editor.picture(`sidebar-search-${language}`);
			assert.deepEqual(editor.errors, []);
		});
	}

	for (const [language, words] of Object.entries(WORDS)) {
		await t.test(
			`calls a message that nobody can read so in ${language}, and has no recipient of it corrected`,
			async (t) => {
				const unreadable = {
					...mail(6, 'MESSAGE_INVALID'),
					key: `sha256:${'0123456789abcdef'.repeat(4)}`,
					...{ kind: null, reference: null, recipient: null, reasonText: 'The message is not JSON.' },
				};
				const desk = { ...DESK, mails: [unreadable, mail(1, 'SMTP_PERMANENT')] };
				const nodeRed = await startNodeRed(t, { flows: [TAB, desk, ...FLOWS.slice(2)], nodes: ['mail-desk.js'] });
				const editor = await openEditor(browser, nodeRed.url, { language, size: { width: 1440, height: 900 } });
				const sidebar = await editor.openSidebar();
				const row = sidebar.locator('tr[data-row]').first();
				assert.equal(await row.locator('.clinic-hub-link').textContent(), words.unreadable);
				assert.doesNotMatch((await sidebar.textContent()) ?? '', /[0-9a-f]{64}/);
				const correct = sidebar.locator('.clinic-hub-bar button', { hasText: words.correct });
				await row.locator('input[type=checkbox]').check();
				assert.equal(await correct.isDisabled(), true);
				await row.locator('input[type=checkbox]').uncheck();
				await sidebar.locator('tr[data-row]').nth(1).locator('input[type=checkbox]').check();
				assert.equal(await correct.isDisabled(), false);
				await row.locator('.clinic-hub-link').click();
				const dialog = editor.page.locator('dialog.clinic-hub-dialog');
				await dialog.locator('pre').waitFor();
				assert.equal(await dialog.locator('button', { hasText: words.correct }).count(), 0);
				assert.equal(await dialog.locator('button', { hasText: words.discard }).count(), 1);
				await editor.picture(`sidebar-unreadable-${language}`);
			},
		);
	}

	await t.test('works with the keyboard alone', async (t) => {
		const nodeRed = await startNodeRed(t, { flows: FLOWS, nodes: ['mail-desk.js'] });
		const editor = await openEditor(browser, nodeRed.url, { language: 'en-US' });
		const sidebar = await editor.openSidebar();
		const box = sidebar.locator('tr[data-row] input[type=checkbox]').first();
		await box.focus();
		await editor.page.keyboard.press('Space');
		const focused = () => editor.page.evaluate<string>('document.activeElement.textContent.trim()');
		for (let n = 0; n < 20 && (await focused()) !== 'Send again'; n++) await editor.page.keyboard.press('Tab');
		assert.equal(await focused(), 'Send again');
		await editor.page.keyboard.press('Enter');
		await editor.page.locator('dialog[open]').waitFor();
		await editor.page.keyboard.press('Enter');
		await nodeRed.message('tap', (m) => (m['payload'] as { what: string }).what === 'replay');
	});

	await t.test('hides what a person may not do, and the server refuses it', async (t) => {
		const looker = { username: 'looker', password: 'x', permissions: ['read', 'clinic-hub.mail.list'] };
		const reader = { username: 'reader', password: 'x', permissions: ['read', 'write'] };
		const nodeRed = await startNodeRed(t, { flows: FLOWS, nodes: ['mail-desk.js'], users: [looker, reader] });
		for (const person of [looker, reader]) {
			const token = await nodeRed.signIn(person);
			const editor = await openEditor(browser, nodeRed.url, { language: 'en-US', token: { access_token: token } });
			const sidebar = await editor.openSidebar();
			const expected = person === looker ? 'tr[data-row]' : 'text=You may not see this list.';
			await sidebar.locator(expected).first().waitFor();
			assert.equal(await sidebar.locator('.clinic-hub-bar button, header button').count(), 0);
			for (const action of ['replay', 'discard', 'correct', 'pause', 'resume', 'inspect', 'search']) {
				const body = { source: 'desk', ids: ['8d4f6c1e/mail-1'] };
				const answer = await nodeRed.request('POST', `/clinic-hub/operator/mail/${action}`, { body, token });
				assert.equal(answer.status, 401, action);
			}
			const listed = await nodeRed.request('POST', '/clinic-hub/operator/mail/list', {
				body: { source: 'desk' },
				token,
			});
			assert.equal(listed.status, person === looker ? 200 : 401);
			await editor.page.context().close();
		}
		assert.deepEqual(nodeRed.messages('tap'), []);
	});
});

test('the sidebar opens with room for the list above the messages, and keeps the height that a person gives it', async (t) => {
	const size = { width: 1440, height: 900 };
	const nodeRed = await startNodeRed(t, { flows: FLOWS, nodes: ['mail-desk.js'] });
	const editor = await openEditor(await startBrowser(t), nodeRed.url, { language: 'es-CL', size });
	const show = () => editor.page.evaluate("RED.sidebar.show('clinic-hub')");
	const height = async () => (await editor.page.locator('.clinic-hub').boundingBox())?.height ?? 0;
	// Without timers nothing but the opening itself can fill the tab.
	await editor.page.evaluate('for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id)');
	await show();
	await editor.page.locator('.clinic-hub tr[data-row]').nth(4).waitFor();
	assert.ok(await editor.page.locator('.red-ui-debug-content').first().isVisible());
	assert.ok((await height()) > 450, `${await height()} px`);
	await editor.picture('sidebar-above-messages');
	await editor.page.evaluate("RED.sidebar.show('info')");
	await editor.page.evaluate(
		"document.querySelector('.red-ui-sidebar-section-top:has(.clinic-hub)').style.height = '300px'",
	);
	await show();
	await editor.page.locator('.clinic-hub tr[data-row]').nth(4).waitFor();
	assert.ok((await height()) < 300);
});
