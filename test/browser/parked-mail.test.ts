/** A parked mail from the queue to the inbox by way of the sidebar: real RabbitMQ, SMTP dialogue, worker and editor. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MAIL, mailFlow, SHORT_LEVELS } from '../mail-flow.ts';
import { aMessage, mailLab, receivedIds, to, until } from '../mail-lab.ts';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import { openEditor, startBrowser } from './editor.ts';

const WRONG = 'nadie@proveedor.test';
const RIGHT = 'ventas@proveedor.test';

test('a mail that was refused is corrected in the sidebar and arrives', async (t) => {
	const lab = await mailLab(t, { levels: SHORT_LEVELS });
	let asked = '';
	lab.smtp.script = {
		rcpt: () => {
			asked = lab.smtp.commands.findLast((line) => /^RCPT TO/i.test(line)) ?? '';
			return asked.includes(WRONG) ? '550 5.1.1 No such user here' : '250 2.1.5 Ok';
		},
	};
	const flows = mailFlow(lab);
	const clerk = { username: 'operadora', password: 'x', permissions: '*' };
	const nodeRed = await startNodeRed(t, { users: [clerk] });
	const token = await nodeRed.signIn(clerk);
	await nodeRed.deploy(flows, { token });
	await nodeRed.status(MAIL, /sent: 0/);

	const message = aMessage(undefined, to(WRONG));
	await lab.publish([message]);
	await nodeRed.status(MAIL, /parked: 1/);

	const browser = await startBrowser(t);
	const editor = await openEditor(browser, nodeRed.url, { language: 'es-ES', token: { access_token: token } });
	const sidebar = await editor.openSidebar();
	const row = sidebar.locator('tr[data-row]');
	await row.waitFor();
	assert.match((await row.textContent()) ?? '', new RegExp(`${WRONG}.*El servidor de correo rechaza este correo`));
	await editor.page.locator('.red-ui-flow-node-status-label', { hasText: 'aparcados: 1' }).waitFor();
	await sidebar.locator('.clinic-hub-checks li', { hasText: 'aparcados: 1' }).waitFor();
	assert.equal(await sidebar.locator('.clinic-hub-checks li').count(), 1);
	await editor.picture('parked-mail');

	await row.locator('.clinic-hub-link').click();
	const dialog = editor.page.locator('dialog.clinic-hub-dialog');
	await dialog.getByText('550 5.1.1 No such user here').first().waitFor();
	await dialog.locator('button', { hasText: 'Corregir el destinatario y reenviar' }).click();
	await dialog.locator('input').fill(RIGHT);
	await editor.page.keyboard.press('Enter');

	await until('the mail in the inbox', () => receivedIds(lab.smtp).includes(String(message['id'])));
	assert.ok(asked.includes(RIGHT));
	await sidebar.getByText('Ningún correo espera a una persona.').waitFor();
	assert.equal(await lab.depth(`${lab.topology.queue}.parked`), 0);
	for (const action of ['mail.inspect', 'mail.correct', 'mail.replay'])
		await nodeRed.until('the log to say so', () =>
			new RegExp(`"event":"clinic-hub.${action}".*"actor":"operadora".*"outcome":"done"`).test(nodeRed.log),
		);

	await sidebar.locator('summary').click();
	await sidebar.locator('input[name=recipient]').fill(RIGHT);
	await editor.page.keyboard.press('Enter');
	await sidebar.locator('.clinic-hub-search td', { hasText: 'enviado' }).waitFor();
	await editor.picture('parked-mail-sent');
	assert.deepEqual(editor.errors, []);

	const begin = performance.now();
	await nodeRed.deploy([flows[0] as FlowNode], { token });
	assert.ok(performance.now() - begin < 2_500, 'a deploy is over in 2 s');
});
