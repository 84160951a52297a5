/** The dialog of `amqp-mail`: what it asks for, templates with their live preview, what a deploy keeps. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { MAIL, mailFlow, SHORT_LEVELS } from '../mail-flow.ts';
import { aMessage, mailLab, until } from '../mail-lab.ts';
import { flowFileOf, startNodeRed } from '../node-red.ts';
import { openEditor, startBrowser } from './editor.ts';

const WORDS = {
	'en-US': {
		templates: 'Templates',
		broker: 'Broker',
		phone: 'Telephone',
		text: 'Plain text',
		add: 'Add a language',
		restore: "Back to the package's text",
		title: 'Purchase order P-',
		language: 'en',
		protection: 'Protection',
		delivery: 'Delivery',
		help: 'Takes the messages of a RabbitMQ queue',
	},
	es: {
		templates: 'Plantillas',
		broker: 'Bróker',
		phone: 'Teléfono',
		text: 'Texto sin formato',
		add: 'Añadir un idioma',
		restore: 'Volver al texto del paquete',
		title: 'Pedido de compra P-',
		language: 'es',
		protection: 'Protección',
		delivery: 'Entrega',
		help: 'Toma los mensajes de una cola de RabbitMQ',
	},
} as const;

/** What is sandboxed is drawn by a process of its own, two frames later. */
const drawn = (page: Page) =>
	page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

/** Puts text into the visible code editor, whichever it is, as a person who replaces all of it. */
const typeCode = (id: string, text: string) =>
	`(() => { const editor = monaco.editor.getEditors().find((one) => document.getElementById('${id}').contains(one.getDomNode())); editor.setValue(${JSON.stringify(text)}); })()`;

test('the dialog of a mail node', async (t) => {
	const browser = await startBrowser(t);
	for (const [language, words] of [
		['en-US', WORDS['en-US']],
		['es-CL', WORDS.es],
	] as const) {
		await t.test(`speaks ${language}, shows the mail as it is written, and mails by the new template`, async (t) => {
			const lab = await mailLab(t, { levels: SHORT_LEVELS });
			const nodeRed = await startNodeRed(t);
			await nodeRed.deploy(mailFlow(lab, { odooUrl: 'http://localhost:8069' }));
			await nodeRed.status(MAIL, /sent: 0/);
			const editor = await openEditor(browser, nodeRed.url, { language });
			await editor.picture(`amqp-mail-flow-${language}`);

			const tray = await editor.openNode(MAIL);
			assert.equal((await tray.locator('label[for=node-input-broker]').textContent())?.trim(), words.broker);
			const page = (name: string) => tray.locator('.red-ui-tabs a', { hasText: name }).click();
			await editor.picture(`amqp-mail-mail-${language}`);

			await page(words.templates);
			await tray.locator(`#amqp-mail-languages [data-key=${words.language}]`).click();
			const frame = tray.frameLocator('.amqp-mail-frame');
			await frame.locator('h1', { hasText: words.title }).waitFor();
			assert.equal(await tray.locator('.amqp-mail-frame').getAttribute('sandbox'), '');
			assert.equal(await tray.locator('[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")').count(), 0);
			await editor.picture(`amqp-mail-templates-${language}`);
			await tray.locator('.amqp-mail-paper').scrollIntoViewIfNeeded();
			await drawn(editor.page);
			await editor.picture(`amqp-mail-preview-${language}`);
			await tray.locator('#amqp-mail-views button', { hasText: words.phone }).click();
			await drawn(editor.page);
			await editor.picture(`amqp-mail-phone-${language}`);
			await tray.locator('#amqp-mail-views button', { hasText: words.text }).click();
			await tray.locator('.amqp-mail-plain', { hasText: 'GUA-NIT-M' }).waitFor();

			// A mistake is said with its line, and the last good picture stays, paler.
			await editor.page.evaluate(typeCode('amqp-mail-html', '<p>\n{{#order.lines}}</p>'));
			await tray.locator('.amqp-mail-problem', { hasText: `Template ${words.language}, html, line 2` }).waitFor();
			await editor.picture(`amqp-mail-mistake-${language}`);
			const html = '<p id="mine">{{order.number}} <script>top.hacked = 1</script></p>';
			await editor.page.evaluate(typeCode('amqp-mail-html', html));
			await tray.locator('.amqp-mail-problem', { hasText: '<script>' }).waitFor();
			await editor.page.evaluate(typeCode('amqp-mail-html', '<p id="mine">Mine: {{order.number}}</p>'));
			// The remark goes and what lies below moves up: until then a click may miss its button.
			await tray.locator('.amqp-mail-problem', { hasText: '<script>' }).waitFor({ state: 'hidden' });
			await tray.locator('#amqp-mail-views button').first().click();
			await frame.locator('#mine', { hasText: 'Mine: P-' }).waitFor();
			await tray.locator('#amqp-mail-templates-note button', { hasText: words.restore }).waitFor();

			await tray.locator('#amqp-mail-languages button', { hasText: words.add }).click();
			await editor.page.locator('dialog input').fill('pt');
			await editor.page.keyboard.press('Enter');
			await tray.locator('#amqp-mail-languages [data-key=pt][aria-selected=true]').waitFor();
			await tray.locator('#amqp-mail-subject').fill('Encomenda {{order.number}}');
			await tray.locator('.amqp-mail-subject', { hasText: 'Encomenda P-' }).waitFor();

			await page(words.delivery);
			await editor.picture(`amqp-mail-delivery-${language}`);
			await page(words.protection);
			await tray.locator('#node-input-sampleRecipients').fill('muestra@clinica.test');
			await editor.picture(`amqp-mail-protection-${language}`);
			await editor.page.locator('#node-dialog-ok').click();
			await tray.waitFor({ state: 'detached' });
			await editor.deploy();

			const kept = (await flowFileOf(nodeRed)).find(({ id }) => id === MAIL);
			const rows = kept?.['templates'] as { language: string; html: string; subject: string }[];
			assert.deepEqual(
				rows.map((row) => row.language),
				[words.language, 'pt'],
			);
			assert.partialDeepStrictEqual(kept, { sampleRecipients: 'muestra@clinica.test', sample: '', outputs: 2 });
			await until('the deployed node to work', () => /sent: 0/.test(nodeRed.statuses(MAIL).at(-1)?.text ?? ''));
			await lab.publish([
				aMessage(undefined, (message) => {
					(message['recipient'] as Record<string, string>)['language'] = 'pt_BR';
				}),
			]);
			await until('the mail', () => lab.smtp.mails.length === 1);
			assert.match(lab.smtp.mails[0]?.raw ?? '', /^Subject: Encomenda P00042\r$/m);
			assert.match(lab.smtp.mails[0]?.raw ?? '', /Mine: P00042/);

			const help = await nodeRed.request('GET', '/nodes', {
				headers: { Accept: 'text/html', 'Accept-Language': language },
			});
			assert.ok(String(help.body).includes(words.help));
			assert.deepEqual(editor.errors, []);
			await editor.page.context().close();
		});
	}
});

test('a value that cannot be used marks its field and the node, with the reason', async (t) => {
	const lab = await mailLab(t, { levels: [] });
	const nodeRed = await startNodeRed(t);
	await nodeRed.deploy(mailFlow(lab));
	await nodeRed.status(MAIL, /sent: 0/);
	const editor = await openEditor(await startBrowser(t), nodeRed.url, { language: 'en-US' });
	const errorsOf = () => editor.page.evaluate(`RED.nodes.node('${MAIL}').validationErrors`) as Promise<string[]>;
	assert.deepEqual(await errorsOf(), []);
	const tray = await editor.openNode(MAIL);
	const field = (name: string) => tray.locator(`#node-input-${name}`);
	const marked = (name: string) => tray.locator(`#node-input-${name}.input-error`);
	const page = (name: string) => tray.locator('.red-ui-tabs a', { hasText: name }).click();

	// What the order has already, another kind of mail needs of its own: said at once, not after the next deploy.
	assert.equal(await tray.locator('.input-error').count(), 0);
	await field('kind').selectOption('custom');
	for (const name of ['kindName', 'queue', 'exchange', 'routingKey']) await marked(name).waitFor();
	await tray
		.locator('[data-reason-of=amqp-mail-schema]', { hasText: 'JSON Schema of its messages is missing' })
		.waitFor();
	await editor.picture('amqp-mail-marked');
	await editor.page.evaluate(typeCode('amqp-mail-schema', '{ no'));
	await tray.locator('[data-reason-of=amqp-mail-schema]', { hasText: 'must be a JSON object' }).waitFor();
	await field('queue').fill('two words');
	await field('queue').blur();
	await field('odooUrl').fill('https://odoo.clinica.test/web?x=1');
	await field('odooUrl').blur();
	await marked('odooUrl').waitFor();
	await page('Templates');
	await tray
		.locator('[data-reason-of=amqp-mail-templates-note]', { hasText: 'Templates: there are none; add a language' })
		.waitFor();
	await editor.picture('amqp-mail-marked-templates');
	assert.equal(await tray.locator('#amqp-mail-subject').inputValue(), '');
	await page('Delivery');
	await field('levels').fill('soon');
	await field('levels').blur();
	await marked('levels').waitFor();
	await page('Protection');
	await field('databases').fill('clinica');
	await field('databases').blur();
	await marked('databases').waitFor();
	await editor.page.locator('#node-dialog-ok').click();
	await tray.waitFor({ state: 'detached' });

	const errors = await errorsOf();
	for (const reason of [
		'Its name is missing',
		'Queue takes letters, digits and . _ : -',
		'Exchange is missing',
		'JSON Schema of its messages must be a JSON object',
		'Templates: there are none; add a language',
		'Address of Odoo must be scheme, name and port only, as in https://odoo.example.org',
		'Waits must be times such as 10s 5m 2h, each once, at most 7d',
		'Databases: “clinica” is no UUID',
	])
		assert.ok(
			errors.some((error) => error.includes(reason)),
			`${reason}: ${errors}`,
		);
	await editor.page.locator(`[id="${MAIL}"] .red-ui-flow-node-error:not(.hide)`).first().waitFor();
	assert.deepEqual(editor.errors, []);
	await editor.page.context().close();
});

test('the preview needs the right to deploy', async (t) => {
	const reader = { username: 'lectora', password: 'x', permissions: 'read' };
	const nodeRed = await startNodeRed(t, { users: [reader] });
	const token = await nodeRed.signIn(reader);
	const preview = (options: object) =>
		nodeRed.request('POST', '/clinic-hub/amqp-mail/preview', { body: {}, ...options });
	assert.equal((await preview({})).status, 401);
	assert.equal((await preview({ token })).status, 401);
	assert.equal((await nodeRed.request('GET', '/clinic-hub/amqp-mail/templates')).status, 401);
	assert.equal((await nodeRed.request('GET', '/clinic-hub/amqp-mail/templates', { token })).status, 200);
});
