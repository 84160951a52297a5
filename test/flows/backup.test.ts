/** The ready flow `backup`, as a person gets it and enables it: Odoo's stand-in, Drive's stand-in, a mail server. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { startScript } from '../../lab/smtp-script.ts';
import { KEY_VARIABLES } from '../../lib/backup/keys.ts';
import { LAB_ENV, testKeys } from '../backup-flow.ts';
import { driveVariables, readyFlowVariables } from '../drive-flow.ts';
import { until } from '../mail-lab.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red.ts';
import { startDrive } from '../servers/drive.ts';
import { MASTER_PASSWORD, startManager } from '../servers/odoo-manager.ts';
import { backupZip } from '../unit/backup/proof-files.ts';

const flow: FlowNode[] = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../flows/backup.json'), 'utf8'));
const only = (type: string): string => flow.find((node) => node.type === type)?.id ?? '';
const button = (name: string): string => flow.find((node) => String(node['name']).startsWith(name))?.id ?? '';

/** As a person enables it; the mail server of the test speaks without encryption. */
const enabled = flow.map((node) => {
	if (node.type === 'tab') return { ...node, disabled: false };
	return node.type === 'smtp-server' ? { ...node, security: 'none', authType: 'none' } : node;
});

const keyVariables = {
	[KEY_VARIABLES.recovery]: testKeys.recovery.join(' '),
	[KEY_VARIABLES.drill]: testKeys.drill.join(' '),
	[KEY_VARIABLES.signing]: testKeys.signing,
};

async function clinic(t: TestContext) {
	const odoo = await startManager(t);
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const relay = await startScript({});
	t.after(() => relay.close());
	const env = {
		...LAB_ENV,
		...keyVariables,
		...driveVariables(drive),
		...(await readyFlowVariables(drive)),
		ODOO_URL: odoo.url,
		ODOO_MASTER_PASSWORD: MASTER_PASSWORD,
		...{ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(relay.port), SMTP_USER: '', SMTP_PASSWORD: '' },
		...{ SMTP_FROM: 'hub@clinica.test', HUB_NOTICE_TO: 'sistemas@clinica.test', HUB_NOTICE_WEBHOOK: '' },
	};
	const nodeRed = await startNodeRed(t, { env });
	const mail = (subject: RegExp) =>
		until('the notice', async () => {
			const mails = await Promise.all(relay.mails.map(({ raw }) => simpleParser(raw)));
			return mails.find((parsed) => subject.test(parsed.subject ?? ''));
		});
	return { odoo, drive, relay, nodeRed, mail };
}

/** Presses an Inject node's button. */
async function press(nodeRed: NodeRed, name: string): Promise<void> {
	assert.equal((await nodeRed.request('POST', `/inject/${button(name)}`, { body: {} })).status, 200);
}

test('the ready flow of backups', async (t) => {
	const { odoo, drive, relay, nodeRed, mail } = await clinic(t);

	await t.test('does nothing before somebody enables it', async () => {
		await nodeRed.deploy(flow);
		assert.equal((await nodeRed.request('POST', `/inject/${button('Back up now')}`, { body: {} })).status, 404);
		assert.deepEqual(nodeRed.statuses(only('odoo-backup')), []);
	});

	await t.test('brings a backup to the folder at the press of "Back up now", and empties the spool', async () => {
		await nodeRed.deploy(enabled);
		await nodeRed.status(only('odoo-backup'), /^Ready$/);
		await press(nodeRed, 'Back up now');
		await until('file and record in the folder', () => drive.files().length === 2, 60_000);
		await until('an empty spool', () => readdirSync(path.join(nodeRed.userDir, 'spool')).length === 0);
		const names = drive.files().map(({ name }) => name);
		assert.match(names.join(' '), /clinica_[\dTZ-]+\.zip\.age\b/);
		assert.match(names.join(' '), /clinica_[\dTZ-]+\.zip\.age\.json/);
		assert.match(nodeRed.log, /"event":"clinic-hub\.backup\.run".*"trigger":"hand"/);
		assert.equal(relay.mails.length, 0);
	});

	await t.test('tells a person when a backup fails, and when one lacks files of Odoo', async () => {
		odoo.settings.pgDumpFails = true;
		await press(nodeRed, 'Back up now');
		const failed = await mail(/Copia de seguridad: falló · Backup: failed/);
		assert.match(failed.text ?? '', /Odoo refuses: Database backup error: Command .*pg_dump/s);
		odoo.heal();
		odoo.databases.content = backupZip({ attachments: [{ content: Buffer.from('lost'), absent: true }] });
		await press(nodeRed, 'Back up now');
		const incomplete = await mail(/faltan archivos · Backup: files are missing/);
		assert.match(incomplete.text ?? '', /Database clinica: 1 files are missing\./);
		assert.equal(relay.mails.length, 2);
	});

	await t.test('tells nobody of what a person cancelled', async () => {
		odoo.databases.content = undefined;
		odoo.settings.stallAfter = 4_000;
		const calls = odoo.settings.calls;
		await press(nodeRed, 'Back up now');
		await until('the request', () => odoo.settings.calls > calls);
		await press(nodeRed, 'Cancel');
		await nodeRed.until('the end', () =>
			nodeRed.completions(only('odoo-backup')).some(({ error }) => error?.code === 'CANCELLED'),
		);
		odoo.heal();
		odoo.settings.pgDumpFails = true;
		await press(nodeRed, 'Back up now');
		// The same notice within 15 minutes is counted; what was cancelled was not even that.
		await nodeRed.until('the third notice', () => nodeRed.completions(only('notice')).length > 2);
		assert.equal(nodeRed.completions(only('notice')).length, 3);
		assert.equal(relay.mails.length, 2);
	});
});

test('it runs at night, and its credentials are names of variables only', () => {
	const schedules = flow.filter(({ type }) => type === 'inject').map(({ crontab }) => crontab);
	assert.deepEqual(schedules.filter(Boolean), ['30 02 * * *']);
	for (const { credentials = {} } of flow) {
		for (const value of Object.values(credentials as object)) assert.match(String(value), /^\$\{[A-Z_]+\}$/);
	}
});
