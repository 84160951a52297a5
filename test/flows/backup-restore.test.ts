/** `drive-retention`, `drive-download` and `odoo-restore` in a real Node-RED, on backups that the other nodes made. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import type { RetentionReport } from '../../lib/backup/retention-run.ts';
import { filesOfDatabase } from '../../lib/drive/files.ts';
import { openStore } from '../../lib/store/store.ts';
import { BACKUP, backupFlow, LAB_ENV, ODOO, odooServer, testKeys } from '../backup-flow.ts';
import { DRIVE, driveVariables, serviceConnection, UPLOAD, UPLOADED } from '../drive-flow.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red.ts';
import { plantFile } from '../plant-file.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';
import { MASTER_PASSWORD, startManager, startTarget } from '../servers/odoo-manager.ts';
import { backupZip, UUID } from '../unit/backup/proof-files.ts';

const RETENTION = 'retention';
const REPORTS = 'reports';
const DOWNLOAD = 'download';
const BROUGHT = 'brought';
const RESTORE = 'restore';
const PASSED = 'passed';
const FAILED = 'failed';
const TARGET = 'target';
const REMOVER = 'remover';
const FOR_WORK = 'for-work';
const RESTORED = 'restored';
const ADMINISTRATOR = 'administrator';
const ADMINISTRATOR_SECRETS = { masterPassword: MASTER_PASSWORD, apiKey: 'admin' };

const PARTNERS = 50;
const WAIT_MS = 60_000;
const DAY_MS = 86_400_000;

const verifying = testKeys.verifying.join(' ');

async function flowOf(drive: DriveServer, odoo: string, target: string): Promise<FlowNode[]> {
	const place = { z: 'flow', version: 1, x: 300, y: 100 };
	const tap = (id: string): FlowNode => ({ id, type: 'test-tap', z: 'flow', wires: [] });
	const remover = { serviceKey: await readFile(drive.google.keyFiles.retention, 'utf8') };
	return [
		...backupFlow(odoo, { wires: [[UPLOAD], []] }),
		await serviceConnection(drive),
		{ ...(await serviceConnection(drive)), id: REMOVER, purpose: 'retention', credentials: remover },
		{ ...odooServer(target), id: TARGET, name: 'Drills' },
		{ id: UPLOAD, type: 'drive-upload', ...place, drive: DRIVE, wires: [[UPLOADED], []] },
		tap(UPLOADED),
		{
			...{ id: RETENTION, type: 'drive-retention', ...place, drive: REMOVER, verifying, wires: [[REPORTS]] },
			...{ daily: '1', weekly: '0', monthly: '0', floor: '1', timeZone: 'America/Santiago' },
		},
		tap(REPORTS),
		{ id: DOWNLOAD, type: 'drive-download', ...place, drive: DRIVE, verifying, wires: [[BROUGHT]] },
		tap(BROUGHT),
		{
			...{ id: RESTORE, type: 'odoo-restore', ...place, target: TARGET, way: 'manager', verifying, remove: false },
			...{ credentials: { drill: testKeys.drill.join(' ') }, wires: [[PASSED], [FAILED]] },
		},
		tap(PASSED),
		tap(FAILED),
		{ ...odooServer(target), id: ADMINISTRATOR, user: 'admin', credentials: { ...ADMINISTRATOR_SECRETS } },
		{
			...{ id: FOR_WORK, type: 'odoo-restore', ...place, purpose: 'restore', target: ADMINISTRATOR, way: 'manager' },
			...{ verifying, remove: false, credentials: { drill: testKeys.drill.join(' ') }, wires: [[RESTORED], []] },
		},
		tap(RESTORED),
	];
}

/** A mail that waits, one that was sent, and the secret of the sessions. */
const withWaitingMail = (text: string) =>
	text
		.replace('\n\\.\n\nCOPY public.res_partner', '\n2\tdatabase.secret\told-secret\n\\.\n\nCOPY public.res_partner')
		.replace(
			'--\n-- PostgreSQL database dump complete',
			'COPY public.clinic_mail_outbox (id, state, attempts) FROM stdin;\n1\tpending\t0\n2\tsent\t1\n\\.\n\n$&',
		);

async function clinic(t: TestContext) {
	const odoo = await startManager(t);
	odoo.databases.content = backupZip({ partners: PARTNERS, dump: withWaitingMail });
	const target = await startTarget(t);
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const nodeRed = await startNodeRed(t, { env: { ...LAB_ENV, ...driveVariables(drive) } });
	const flow = await flowOf(drive, odoo.url, target.url);
	await nodeRed.deploy(flow);
	return { odoo, target, drive, nodeRed, flow };
}

/** Gives a message to a node and waits for its end. */
async function end(nodeRed: NodeRed, id: string, message: Record<string, unknown> = {}) {
	const before = nodeRed.completions(id).length;
	nodeRed.receive(id, message);
	return (await nodeRed.until(`the end in ${id}`, () => nodeRed.completions(id)[before], WAIT_MS)).error;
}

/** Backs up, and waits until the file lies in the folder. */
async function backUp(nodeRed: NodeRed): Promise<string> {
	const before = nodeRed.messages(UPLOADED).length;
	assert.equal(await end(nodeRed, BACKUP), null);
	const told = await nodeRed.until('the upload', () => nodeRed.messages(UPLOADED)[before], WAIT_MS);
	return (told['payload'] as { name: string }).name;
}

async function last<T>(nodeRed: NodeRed, id: string, count: number): Promise<T> {
	const message = await nodeRed.until(`message ${count} at ${id}`, () => nodeRed.messages(id)[count - 1]);
	return message['payload'] as T;
}

const inFolder = (drive: DriveServer) => drive.files().filter(({ trashed }) => !trashed);
const item = (drive: DriveServer, name: string) => {
	const found = inFolder(drive).find((file) => file.name === name);
	assert.ok(found, name);
	return found;
};

/** The bytes that lie in the folder. */
async function bytesOf(drive: DriveServer, name: string): Promise<Buffer> {
	const client = await drive.service();
	const files = await filesOfDatabase(client, { folderId: drive.google.folderId, databaseUuid: UUID });
	const { downloadStream } = await import('../../lib/drive/download.ts');
	const wanted = files.find((file) => file.name === name);
	assert.ok(wanted);
	const { buffer } = await import('node:stream/consumers');
	return buffer(downloadStream(client, wanted));
}

async function drillsOf({ userDir }: NodeRed) {
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	try {
		return await (await BackupEvidence.open(store)).drills(UUID);
	} finally {
		await store.close();
	}
}

test('retention, download and drill', async (t) => {
	const { odoo, target, drive, nodeRed, flow } = await clinic(t);
	const older = await backUp(nodeRed);
	await new Promise((resolve) => setTimeout(resolve, 1_100)); // names carry the second
	const newer = await backUp(nodeRed);
	let reports = 0;
	const report = async (topic: string) => {
		assert.equal(await end(nodeRed, RETENTION, { topic }), null);
		reports += 1;
		const { databases } = await last<{ databases: RetentionReport[] }>(nodeRed, REPORTS, reports);
		assert.equal(databases.length, 1);
		return databases[0] as RetentionReport;
	};

	await t.test('a dry run says of each file what and why, and removes nothing', async () => {
		const { decisions, trash, removed, hold } = await report('dry');
		assert.deepEqual([trash.length, removed, hold], [2, [], null]);
		const said = Object.fromEntries(decisions.map(({ name, action, reasons }) => [name, [action, reasons[0]?.code]]));
		assert.deepEqual(said, {
			[newer]: ['keep', 'daily'],
			[`${newer}.json`]: ['keep', 'record'],
			[older]: ['trash', 'superseded'],
			[`${older}.json`]: ['trash', 'record'],
		});
		assert.equal(inFolder(drive).length, 4);
	});

	await t.test('after a failed backup nothing is removed', async () => {
		odoo.settings.pgDumpFails = true;
		assert.notEqual(await end(nodeRed, BACKUP), null);
		odoo.heal();
		const { hold, trash, removed } = await report('run');
		assert.deepEqual([hold, trash, removed], ['runFailed', [], []]);
		assert.equal(inFolder(drive).length, 4);
	});

	await t.test(
		'the newest backup is brought, still encrypted, and a drill of it passes and leaves nothing',
		async () => {
			assert.equal(await end(nodeRed, DOWNLOAD), null);
			const brought = await last<{ file: string; counts: boolean }>(nodeRed, BROUGHT, 1);
			assert.deepEqual([path.basename(brought.file), brought.counts], [newer, true]);
			assert.match((await readFile(brought.file)).subarray(0, 30).toString('latin1'), /^age-encryption\.org\/v1/);
			assert.equal(await end(nodeRed, RESTORE, { payload: brought }), null);
			const { comparison } = await last<{ comparison: { rows: number; tables: number } }>(nodeRed, PASSED, 1);
			assert.ok(comparison.rows > PARTNERS);
			assert.equal(target.restored.length, 1);
			assert.deepEqual(target.databases.names, ['clinica']);
			assert.equal((await drillsOf(nodeRed)).lastPassed?.passed, true);
		},
	);

	await t.test(
		'a row that is missing after the restore is found, and the drill is written down as failed',
		async () => {
			const { databases } = target;
			const whole = databases.backup;
			databases.backup = async () => backupZip({ partners: PARTNERS - 1, dump: withWaitingMail });
			const file = path.join(nodeRed.userDir, 'restore', newer);
			assert.equal(await end(nodeRed, RESTORE, { payload: { file } }), null);
			databases.backup = whole;
			const { comparison } = await last<{ comparison: { differences: object[] } }>(nodeRed, FAILED, 1);
			assert.deepEqual(comparison.differences[0], {
				...{ table: 'res_partner', expected: PARTNERS, found: PARTNERS - 1, allowed: null },
			});
			assert.deepEqual(databases.names, ['clinica']);
			assert.equal((await drillsOf(nodeRed)).last?.passed, false);
		},
	);

	await t.test('a drill drops only what a drill of this hub made', async () => {
		target.databases.names.push('hub-drill-0123456789ab-0123456789abcdef');
		const file = path.join(nodeRed.userDir, 'restore', newer);
		assert.equal(await end(nodeRed, RESTORE, { payload: { file } }), null);
		assert.deepEqual(target.databases.names, ['clinica', 'hub-drill-0123456789ab-0123456789abcdef']);
	});

	await t.test('a file whose record does not hold is not decrypted, and nothing is restored', async () => {
		const file = path.join(nodeRed.userDir, 'restore', newer);
		const record = await readFile(`${file}.json`, 'utf8');
		const restored = target.restored.length;
		const altered = JSON.parse(record);
		altered.record.tables.res_partner -= 1;
		await writeFile(`${file}.json`, JSON.stringify(altered));
		assert.equal((await end(nodeRed, RESTORE, { payload: { file } }))?.code, 'BACKUP_UNTRUSTED');
		await writeFile(`${file}.json`, record);
		assert.equal(target.restored.length, restored);
	});

	await t.test(
		'a restore for work waits until a person types the name, then ends sessions and holds mails',
		async () => {
			const file = path.join(nodeRed.userDir, 'restore', newer);
			const ask = async (action: string, body: object = {}) =>
				nodeRed.request('POST', `/clinic-hub/operator/restore/${action}`, { body: { source: FOR_WORK, ...body } });
			const restored = target.restored.length;
			assert.equal(
				await end(nodeRed, FOR_WORK, { payload: { file, into: '../nueva' } }).then((error) => error?.code),
				'CONFIG_INVALID',
			);
			for (const [round, replaces] of [false, true].entries()) {
				// A message that says it was confirmed confirms nothing.
				const payload = { file, into: 'nueva', typed: 'nueva', confirm: 'nueva' };
				assert.equal(await end(nodeRed, FOR_WORK, { payload }), null);
				const { body } = await ask('list');
				const [row, ...others] = (body as { rows: Record<string, unknown>[] }).rows;
				const what = { key: `@clinic-hub/node-red-clinic-hub/clinic-hub:restore.${replaces ? 'replaces' : 'makes'}` };
				assert.deepEqual([row?.['into'], row?.['what'], others], ['nueva', what, []]);
				const ids = [row?.['id']];
				for (const typed of [undefined, '', 'clinica', 'Nueva']) {
					const { body: refused } = await ask('begin', { ids, typed });
					assert.equal((refused as { code: string }).code, 'RESTORE_UNCONFIRMED');
				}
				assert.equal(target.restored.length, restored + round);
				assert.equal((await ask('begin', { ids, typed: 'nueva' })).status, 200);
				const told = await last<Record<string, unknown>>(nodeRed, RESTORED, round + 1);
				const { into, replaced, safeguards, next } = told;
				assert.deepEqual([into, replaced], ['nueva', replaces]);
				assert.deepEqual(safeguards, { sessionsEnded: true, mailsHeld: 1 });
				assert.match((next as { en: string }).en, /full synchronisation of users with Keycloak before you open Odoo/);
			}
			assert.deepEqual(
				target.databases.names.filter((name) => name.includes('nueva')),
				['nueva'],
			);
			let text = '';
			await target.databases.edit('nueva', (dump) => {
				text = dump;
				return dump;
			});
			assert.match(text, /1\theld\t0\n2\tsent\t1/);
			assert.doesNotMatch(text, /old-secret/);
			assert.match(nodeRed.log, /"event":"clinic-hub\.restore\.begin".*"outcome":"refused".*RESTORE_UNCONFIRMED/);
			assert.match(nodeRed.log, /"event":"clinic-hub\.backup\.restore".*"outcome":"done"/);
			await target.databases.drop('nueva');
		},
	);

	await t.test('a plant, a re-dated file, a renamed one and an altered record are refused by name', async () => {
		const content = await bytesOf(drive, newer);
		const refused = async (backup: string) => {
			const count = nodeRed.messages(BROUGHT).length;
			const error = await end(nodeRed, DOWNLOAD, { payload: { backup } });
			assert.equal(error?.code, 'BACKUP_UNTRUSTED', backup);
			assert.equal(nodeRed.messages(BROUGHT).length, count);
			return error?.message ?? '';
		};
		const planted = await plantFile(drive, 'backup', 'clinica_2099-01-01T00-00-00Z.zip.age', content);
		assert.match(await refused(planted.name), /unsigned/);
		assert.equal(existsSync(path.join(nodeRed.userDir, 'restore', planted.name)), false);

		const it = item(drive, older);
		const { createdTime } = it;
		it.createdTime = new Date(Date.now() + 30 * DAY_MS).toISOString();
		assert.match(await refused(older), /redated/);
		it.createdTime = createdTime;

		it.name = older.replace('clinica_2', 'clinica_3');
		assert.match(await refused(it.name), /altered/);
		it.name = older;

		const record = item(drive, `${older}.json`);
		const signed = JSON.parse((await bytesOf(drive, record.name)).toString('utf8'));
		signed.record.tables.res_partner = 1;
		record.trashed = true;
		const forged = await plantFile(drive, 'record', record.name, Buffer.from(JSON.stringify(signed)), signed.record.id);
		assert.match(await refused(older), /unsigned/);
		record.trashed = false;
		for (const { id } of [planted, forged]) {
			const strange = drive.drive.records.all.find((other) => other.id === id);
			if (strange) strange.trashed = true;
		}
	});

	await t.test('the Odoo that is backed up is refused as a drill target', async () => {
		const changed = flow.map((node) => (node.id === RESTORE ? { ...node, target: ODOO } : node));
		await nodeRed.deploy(changed, { type: 'nodes' });
		const file = path.join(nodeRed.userDir, 'restore', newer);
		const error = await end(nodeRed, RESTORE, { payload: { file } });
		assert.deepEqual([error?.code, /drill target is the Odoo/.test(error?.message ?? '')], ['CONFIG_INVALID', true]);
	});

	await t.test('a run removes what is superfluous, and leaves what is not signed and what is marked', async () => {
		const newest = await backUp(nodeRed);
		assert.equal(await end(nodeRed, RETENTION, { topic: 'keep', payload: { file: older, note: 'audit' } }), null);
		reports += 1;
		const planted = await plantFile(
			drive,
			'backup',
			'clinica_2020-01-01T00-00-00Z.zip.age',
			Buffer.from('x'),
			randomUUID(),
		);
		const { decisions, removed } = await report('run');
		const said = Object.fromEntries(decisions.map(({ name, action }) => [name, action]));
		assert.deepEqual([said[newest], said[older], said[newer], said[planted.name]], ['keep', 'keep', 'trash', 'leave']);
		assert.equal(removed.length, 2);
		const left = inFolder(drive).map(({ name }) => name);
		assert.deepEqual(
			[newest, older, newer, planted.name].map((name) => left.includes(name)),
			[true, true, false, true],
		);
		assert.match(nodeRed.log, /"event":"clinic-hub\.backup\.prune"/);
		assert.match(nodeRed.log, /"event":"clinic-hub\.backup\.keep","action":"backup\.keep","actor":"flow:/);
		assert.equal(await end(nodeRed, RETENTION, { topic: 'release', payload: { file: older } }), null);
		reports += 1;
		await nodeRed.until('the record', () => /"event":"clinic-hub\.backup\.release"/.test(nodeRed.log));
		for (const file of ['../../etc/passwd', '__proto__', '-h', 'x\u0000y', '']) {
			const error = await end(nodeRed, RETENTION, { topic: 'release', payload: { file } });
			assert.equal(error?.code, file === '' ? 'CONFIG_INVALID' : 'NOT_FOUND', file);
		}
		assert.deepEqual(readdirSync(path.join(nodeRed.userDir, 'spool')), []);
	});
});
