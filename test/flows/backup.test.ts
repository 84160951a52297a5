/** The ready flow `backup`, as a person gets it and enables it: Odoo's stand-in, Drive's stand-in, a mail server. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
import { startHttp } from '../servers/http.ts';
import { MASTER_PASSWORD, startManager, startTarget } from '../servers/odoo-manager.ts';
import { backupZip } from '../unit/backup/proof-files.ts';

const flow: FlowNode[] = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../flows/backup.json'), 'utf8'));
/** What became of notices. */
const OUTCOMES = 'outcomes';
const only = (type: string): string => flow.find((node) => node.type === type)?.id ?? '';
const button = (name: string): string => flow.find((node) => String(node['name']).startsWith(name))?.id ?? '';

/** As a person enables it; the mail server of the test speaks without encryption, and the alarm asks when it is told to. */
const enabled = flow.map((node) => {
	if (node.type === 'tab') return { ...node, disabled: false };
	if (node.type === 'backup-alarm') return { ...node, minutes: '0' };
	if (node.type === 'notice') return { ...node, wires: [[...(node['wires'] as string[][]).flat(), OUTCOMES]] };
	return node.type === 'smtp-server' ? { ...node, security: 'none', authType: 'none' } : node;
});
enabled.push({ id: OUTCOMES, type: 'test-tap', z: flow[0]?.id, wires: [] });

const keyVariables = {
	[KEY_VARIABLES.recovery]: testKeys.recovery.join(' '),
	[KEY_VARIABLES.drill]: testKeys.drill.join(' '),
	[KEY_VARIABLES.signing]: testKeys.signing,
	[KEY_VARIABLES.verifying]: testKeys.verifying.join(' '),
};

async function clinic(t: TestContext) {
	const odoo = await startManager(t);
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const target = await startTarget(t);
	const relay = await startScript({});
	t.after(() => relay.close());
	const [hook, watcher] = [await startHttp(), await startHttp()];
	for (const server of [hook, watcher]) t.after(() => server[Symbol.asyncDispose]());
	const at = (port: number, name: string) => `http://127.0.0.1:${port}/${name}`;
	const env = {
		...LAB_ENV,
		...keyVariables,
		...driveVariables(drive),
		...(await readyFlowVariables(drive)),
		ODOO_URL: odoo.url,
		ODOO_MASTER_PASSWORD: MASTER_PASSWORD,
		ODOO_DRILL_URL: target.url,
		ODOO_DRILL_MASTER_PASSWORD: MASTER_PASSWORD,
		DRIVE_RETENTION_ACCOUNT: await readFile(drive.google.keyFiles.retention, 'utf8'),
		HUB_BACKUP_SPACE_GB: '',
		HUB_HEARTBEAT_BACKUP_URL: at(watcher.port, 'backup'),
		HUB_HEARTBEAT_DRILL_URL: at(watcher.port, 'drill'),
		...{ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(relay.port), SMTP_USER: '', SMTP_PASSWORD: '' },
		...{ SMTP_FROM: 'hub@clinica.test', HUB_NOTICE_TO: 'sistemas@clinica.test' },
		HUB_NOTICE_WEBHOOK: at(hook.port, 'hook'),
	};
	const nodeRed = await startNodeRed(t, { env });
	const mails = async (subject: RegExp) => {
		const all = await Promise.all(relay.mails.map(({ raw }) => simpleParser(raw)));
		return all.filter((parsed) => subject.test(parsed.subject ?? ''));
	};
	/** The notice, once both channels have carried it. */
	const mail = async (subject: RegExp) => {
		await until('the webhook', () => hook.requests.some(({ body }) => subject.test(JSON.parse(body).subject)));
		return until('the mail', async () => (await mails(subject))[0]);
	};
	const signs = () => watcher.requests.map(({ path: called }) => called);
	return { odoo, target, drive, nodeRed, mail, mails, signs };
}

/** Presses an Inject node's button. */
async function press(nodeRed: NodeRed, name: string): Promise<void> {
	assert.equal((await nodeRed.request('POST', `/inject/${button(name)}`, { body: {} })).status, 200);
}

test('the ready flow of backups', async (t) => {
	const { odoo, target, drive, nodeRed, mail, mails, signs } = await clinic(t);
	/** Of backups that failed or lack something; the alarm speaks otherwise. */
	const FAILURES = /Copia de seguridad: /;

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
		assert.deepEqual(await mails(FAILURES), []);
	});

	await t.test('after an upload retention looks at the folder, and the alarm gives the sign of backups', async () => {
		const ended = await nodeRed.until('retention', () => nodeRed.completions(only('drive-retention'))[0]);
		assert.equal(ended.error, null);
		assert.equal(drive.files().filter(({ trashed }) => !trashed).length, 2);
		await mail(/advertencia \(aún sin ensayo\) · Backups: warning \(no drill yet\)/);
		assert.deepEqual(signs(), ['/backup']);
	});

	await t.test(
		'"Drill now" restores the newest one beside Odoo; then all is well, and both signs are given',
		async () => {
			await press(nodeRed, 'Drill now');
			const drilled = await nodeRed.until('the drill', () => nodeRed.completions(only('odoo-restore'))[0], 60_000);
			assert.equal(drilled.error, null);
			await mail(/todo vuelve a estar bien · Backups: all is well again/);
			assert.equal(target.restored.length, 1);
			assert.deepEqual(target.databases.names, ['clinica']);
			assert.deepEqual(signs(), ['/backup', '/backup', '/drill']);
		},
	);

	await t.test('"Test the alarm" goes to both channels, and its status says so', async () => {
		await press(nodeRed, 'Test the alarm');
		await mail(/PRUEBA de la alarma de copias · TEST of the backup alarm/);
		await nodeRed.status(only('backup-alarm'), /^Test taken by mail, webhook$/);
	});

	await t.test('a drill whose rows differ alarms, and silences the sign of drills', async () => {
		const { backup } = target.databases;
		target.databases.backup = async () => backupZip({ partners: 1 });
		const before = signs().length;
		await press(nodeRed, 'Drill now');
		await mail(/ALARMA \(falló el ensayo\) · Backups: ALARM \(the drill failed\)/);
		assert.deepEqual(signs().slice(before), ['/backup']);
		target.databases.backup = backup;
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
		assert.equal((await mails(FAILURES)).length, 2);
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
		const ofFailures = () =>
			nodeRed
				.messages(OUTCOMES)
				.filter(({ payload }) => FAILURES.test((payload as { subject: string }).subject))
				.map(({ topic }) => topic)
				.filter((topic) => topic !== 'delivered');
		await nodeRed.until('the third notice', () => ofFailures().length > 2);
		assert.deepEqual(ofFailures(), ['queued', 'queued', 'repeated']);
		assert.equal((await mails(FAILURES)).length, 2);
	});
});

test('imported where nothing is set, it says under each node what is missing, and looks after nothing', async (t) => {
	const nodeRed = await startNodeRed(t);
	await nodeRed.deploy(enabled);
	for (const [type, missing] of [
		['odoo-backup', /the variable HUB_BACKUP_RECOVERY_KEYS does not exist/],
		['drive-upload', /Google Drive: Not ready: .*the variable DRIVE_SERVICE_ACCOUNT does not exist/],
		['drive-retention', /the variable HUB_BACKUP_VERIFYING_KEYS does not exist/],
		['odoo-restore', /the variable HUB_BACKUP_DRILL_KEYS does not exist/],
		['backup-alarm', /the variable HUB_HEARTBEAT_BACKUP_URL does not exist/],
		['notice', /the variable HUB_NOTICE_TO does not exist/],
	] as const) {
		await nodeRed.status(only(type), missing);
	}
	const retention = String(flow.find(({ type }) => type === 'drive-retention')?.['drive']);
	await nodeRed.status(retention, /the variable DRIVE_RETENTION_ACCOUNT does not exist/);
});

test('it runs at night, drills on Sundays, and its credentials are names of variables only', () => {
	const schedules = flow.filter(({ type }) => type === 'inject').map(({ crontab }) => crontab);
	assert.deepEqual(schedules.filter(Boolean), ['30 02 * * *', '00 05 * * 0']);
	for (const { credentials = {} } of flow) {
		for (const value of Object.values(credentials as object)) assert.match(String(value), /^\$\{[A-Z_]+\}$/);
	}
});
