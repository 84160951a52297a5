/** The lab's mail server as the hub meets it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { CLINIC } from '../../lab/odoo/stand-in/clinic.ts';
import { inbox, inboxAuthority } from '../../lab/systems/inbox.ts';
import { SmtpClient } from '../../lib/smtp/client.ts';
import { aMail } from '../mails.ts';

test("the inbox refuses the clinic's one misspelt supplier for good, and takes the corrected address", async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const system = inbox();
	const lab = await Lab.open({ systems: [system], directory, ports: 'free', language: 'en' });
	t.after(() => lab.stop());
	await lab.start();
	const { SMTP_HOST = '', SMTP_PORT, SMTP_USER = '', SMTP_PASSWORD = '', SMTP_INBOX_URL } = lab.variables;
	const client = new SmtpClient({
		host: SMTP_HOST,
		port: Number(SMTP_PORT),
		security: 'starttls',
		tls: { ca: await readFile(inboxAuthority(lab.context(system))) },
		auth: { type: 'password', user: SMTP_USER, pass: SMTP_PASSWORD },
		from: { address: 'compras@clinica.example' },
		pool: 1,
	});
	t.after(() => client.close());
	const misspelt = CLINIC.suppliers.filter((supplier) => supplier.misspelt).map(({ email }) => email);
	assert.deepEqual(misspelt, ['vetnas@textiles-maule.example']);
	const refused = await client.send(aMail({ to: { address: misspelt[0] ?? '' } }));
	assert.equal(refused.outcome, 'permanent');
	assert.match(JSON.stringify(refused), /550 5\.1\.1 <vetnas@textiles-maule\.example>/);
	// What the README tells people to type.
	const corrected = 'ventas@textiles-maule.example';
	assert.match(await readFile(path.resolve(import.meta.dirname, '../../README.md'), 'utf8'), new RegExp(corrected));
	assert.equal((await client.send(aMail({ to: { address: corrected } }))).outcome, 'sent');
	assert.match(await (await fetch(`${SMTP_INBOX_URL}/api/email`)).text(), new RegExp(corrected));
});
