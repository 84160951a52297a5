/** `backup-alarm` in a real Node-RED: a backup in the stand-in of Drive, a mail server, a webhook, and watchers outside. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { simpleParser } from 'mailparser';
import type { Item } from '../../lab/drive/records.ts';
import { startScript } from '../../lab/smtp-script.ts';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import { openStore } from '../../lib/store/store.ts';
import { BACKUP, backupFlow, LAB_ENV, ODOO, testKeys } from '../backup-flow.ts';
import { DRIVE, driveVariables, serviceConnection, UPLOAD, UPLOADED } from '../drive-flow.ts';
import { until } from '../mail-lab.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red.ts';
import { noticeSender, SENDER } from '../notice-flow.ts';
import { plantFile } from '../plant-file.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';
import { startHttp } from '../servers/http.ts';
import { startManager } from '../servers/odoo-manager.ts';
import { backupZip, UUID } from '../unit/backup/proof-files.ts';

const ALARM = 'alarm';
const TOLD = 'told';
const STATES = 'states';
const TELL = 'tell';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WAIT_MS = 60_000;
const GIGABYTE = 1_000_000_000;

interface State {
	state: string;
	findings: { code: string; severity: string; text: { en: string; es: string } }[];
	signs: { backup: string; drill: string };
}

async function flowOf(drive: DriveServer, odoo: string, ports: { relay: number; hook: number; watcher: number }) {
	const place = { z: 'flow', version: 1, x: 300, y: 100 };
	const tap = (id: string): FlowNode => ({ id, type: 'test-tap', z: 'flow', wires: [] });
	const at = (port: number, name: string) => `http://127.0.0.1:${port}/${name}`;
	return [
		...backupFlow(odoo, { wires: [[UPLOAD], []] }),
		await serviceConnection(drive),
		noticeSender(ports.relay),
		{ id: UPLOAD, type: 'drive-upload', ...place, drive: DRIVE, wires: [[UPLOADED], []] },
		tap(UPLOADED),
		{
			...{ id: ALARM, type: 'backup-alarm', ...place, drive: DRIVE, odoo: ODOO, minutes: '0', maxAgeHours: '20' },
			...{ verifying: testKeys.verifying.join(' '), recovery: testKeys.recovery.join(' '), spaceGb: '1' },
			credentials: { backupSign: at(ports.watcher, 'backup'), drillSign: at(ports.watcher, 'drill') },
			wires: [[TELL, TOLD], [STATES]],
		},
		tap(TOLD),
		tap(STATES),
		{
			...{
				id: TELL,
				type: 'notice',
				...place,
				smtp: SENDER,
				to: 'ti@clinica.test',
				webhookUrl: at(ports.hook, 'hook'),
			},
			...{ about: 'any', wires: [[ALARM]] },
		},
	] as FlowNode[];
}

async function clinic(t: TestContext) {
	const odoo = await startManager(t);
	odoo.databases.content = backupZip({ partners: 3 });
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const [relay, hook, watcher] = [await startScript({}), await startHttp(), await startHttp()];
	t.after(() => relay.close());
	for (const server of [hook, watcher]) t.after(() => server[Symbol.asyncDispose]());
	const nodeRed = await startNodeRed(t, { env: { ...LAB_ENV, ...driveVariables(drive) } });
	const ports = { relay: relay.port, hook: hook.port, watcher: watcher.port };
	const flow = await flowOf(drive, odoo.url, ports);
	await nodeRed.deploy(flow);
	return { odoo, drive, relay, hook, watcher, nodeRed, flow };
}

/** Gives a message to a node and waits for its end. */
async function end(nodeRed: NodeRed, id: string, message: Record<string, unknown> = {}) {
	const before = nodeRed.completions(id).length;
	nodeRed.receive(id, message);
	return (await nodeRed.until(`the end in ${id}`, () => nodeRed.completions(id)[before], WAIT_MS)).error;
}

/** Reads and writes what the hub keeps, beside it. */
async function withEvidence<T>({ userDir }: NodeRed, work: (evidence: BackupEvidence) => Promise<T>): Promise<T> {
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	try {
		return await work(await BackupEvidence.open(store));
	} finally {
		await store.close();
	}
}

const drilled = (nodeRed: NodeRed, passed: boolean) =>
	withEvidence(nodeRed, (evidence) =>
		evidence.recordDrill({ backup: 'b', databaseUuid: UUID, finishedAt: Date.now(), passed, result: null }),
	);

test('the alarm of backups', async (t) => {
	const { odoo, drive, relay, hook, watcher, nodeRed, flow } = await clinic(t);
	const told = () => nodeRed.messages(TOLD);
	const signs = () => watcher.requests.map(({ path: called }) => called);
	const backup = () => {
		const found = drive.files().find(({ name }) => name.endsWith('.age'));
		assert.ok(found);
		return found;
	};

	/** Asks; gives what was found, and what was told because of it. */
	async function ask() {
		const [toldBefore, statesBefore, signsBefore] = [told().length, nodeRed.messages(STATES).length, signs().length];
		assert.equal(await end(nodeRed, ALARM), null);
		const message = await nodeRed.until('the state', () => nodeRed.messages(STATES)[statesBefore]);
		const { findings, signs: given } = message['payload'] as State;
		return {
			codes: findings.map(({ code, severity }) => `${severity} ${code}`),
			texts: findings.map(({ text }) => text.es).join('\n'),
			told: told()
				.slice(toldBefore)
				.map(({ topic }) => topic),
			given,
			called: signs().slice(signsBefore),
		};
	}

	/** That both channels carried it. */
	async function reached(subject: RegExp) {
		await until('the mail', async () => {
			const mails = await Promise.all(relay.mails.map(({ raw }) => simpleParser(raw)));
			return mails.some((mail) => subject.test(mail.subject ?? ''));
		});
		await until('the webhook', () => hook.requests.some(({ body }) => subject.test(JSON.parse(body).subject)));
	}

	await t.test('tells by mail and by webhook that there is no backup, and gives no sign of life', async () => {
		const { codes, told: topics, called } = await ask();
		assert.deepEqual(codes, ['critical noBackup', 'critical keyUnproven', 'warning noDrill']);
		assert.deepEqual([topics, called], [['alarm'], []]);
		await reached(/ALARMA \(ninguna copia, .*\) · Backups: ALARM \(no backup, recovery key not proven, no drill yet\)/);
		await nodeRed.status(ALARM, /^ALARM: no backup, recovery key not proven, no drill yet$/);
	});

	await t.test('tells once that all is well again, and gives both signs of life from then on', async () => {
		assert.equal(await end(nodeRed, BACKUP), null);
		await nodeRed.until('the upload', () => nodeRed.messages(UPLOADED)[0], WAIT_MS);
		await drilled(nodeRed, true);
		const well = await ask();
		assert.deepEqual(
			[well.codes, well.told, well.called, well.given],
			[[], ['well'], ['/backup', '/drill'], { backup: 'told', drill: 'told' }],
		);
		await reached(/todo vuelve a estar bien · Backups: all is well again/);
		const again = await ask();
		assert.deepEqual([again.told, again.called], [[], ['/backup', '/drill']]);
		await nodeRed.status(ALARM, /^All is well · newest backup: 0 h$/);
	});

	await t.test('a backup that is too old by Drive’s word alarms; a newer plant does not make it young', async () => {
		const item = backup();
		const { createdTime } = item;
		item.createdTime = new Date(Date.now() - 21.5 * HOUR_MS).toISOString();
		const old = await ask();
		assert.deepEqual([old.codes, old.told], [['critical tooOld'], ['alarm']]);
		assert.match(old.texts, /^clinica: La copia más reciente que vale tiene 21 h; se permiten 20 h\./);
		assert.deepEqual([old.called, old.given.backup], [['/drill'], 'silent']);
		await reached(/ALARMA \(demasiado antigua\) · Backups: ALARM \(too old\)/);
		assert.deepEqual((await ask()).told, [], 'the same again within a day');

		const planted = await plantFile(drive, 'backup', 'clinica_2099-01-01T00-00-00Z.zip.age', Buffer.alloc(100));
		const still = await ask();
		assert.deepEqual([still.codes, still.told], [['critical tooOld', 'warning doNotCount'], ['alarm']]);
		assert.match(still.texts, /1 \(sin firma: no las hizo este hub\)/);
		planted.trashed = true;
		item.createdTime = createdTime;
		assert.deepEqual((await ask()).told, ['well']);
	});

	await t.test('a file that was exchanged does not count', async () => {
		const item = backup();
		const { size } = item;
		item.size = 10;
		const { codes, told: topics } = await ask();
		assert.deepEqual([codes, topics], [['critical noBackup', 'warning doNotCount'], ['alarm']]);
		item.size = size;
		assert.deepEqual((await ask()).told, ['well']);
	});

	await t.test('a drill that failed alarms, and silences the sign of drills only', async () => {
		await drilled(nodeRed, false);
		const { codes, told: topics, called } = await ask();
		assert.deepEqual([codes, topics, called], [['critical drillFailed'], ['alarm'], ['/backup']]);
		await reached(/ALARMA \(falló el ensayo\) · Backups: ALARM \(the drill failed\)/);
		await drilled(nodeRed, true);
		assert.deepEqual((await ask()).told, ['well']);
	});

	await t.test('a folder that is nearly full is a warning, one without room for the next backup an alarm', async () => {
		const blocker = await plantFile(drive, 'backup', 'something.zip.age', Buffer.alloc(100));
		blocker.trashed = true;
		const { size = 0 } = backup();
		blocker.size = GIGABYTE - 6 * size;
		const nearly = await ask();
		assert.deepEqual([nearly.codes, nearly.told], [['warning nearlyFull'], ['alarm']]);
		await reached(/advertencia \(la carpeta está casi llena\) · Backups: warning \(the folder is nearly full\)/);
		blocker.size = GIGABYTE;
		const full = await ask();
		assert.deepEqual([full.codes, full.told], [['critical full'], ['alarm']]);
		drive.drive.records.remove(blocker.id);
		assert.deepEqual((await ask()).told, ['well']);
	});

	await t.test('not to be able to ask is an alarm by itself, and no sign of life is given', async () => {
		drive.drive.faults.add('list', { kind: 'status', status: 403, reason: 'insufficientFilePermissions' });
		const { codes, texts, told: topics, called } = await ask();
		assert.deepEqual([codes, topics, called], [['critical cannotAsk'], ['alarm'], []]);
		assert.match(texts, /DRIVE_FORBIDDEN/);
		await reached(/ALARMA \(no se puede preguntar\) · Backups: ALARM \(it cannot be asked\)/);
		await nodeRed.status(ALARM, /^CANNOT ASK: /);
		const folder = drive.drive.records.find(drive.google.folderId) as Item;
		folder.trashed = true;
		assert.deepEqual((await ask()).codes, ['critical cannotAsk'], 'the folder lies in the trash');
		folder.trashed = false;
		assert.deepEqual((await ask()).told, ['well']);
	});

	await t.test('a watcher that cannot be told is no alarm; the state says so', async () => {
		watcher.answer = () => ({ status: 500 });
		const { told: topics, given } = await ask();
		assert.deepEqual([topics, given], [[], { backup: 'failed', drill: 'failed' }]);
		watcher.answer = () => ({});
	});

	await t.test('a test goes the way of a real alarm, and says which channels took it', async () => {
		const before = told().length;
		assert.equal(await end(nodeRed, ALARM, { topic: 'test' }), null);
		const [test] = told().slice(before);
		assert.partialDeepStrictEqual(test, { topic: 'test', payload: { severity: 'critical' } });
		await reached(/PRUEBA de la alarma de copias · TEST of the backup alarm/);
		const answer = await nodeRed.message(STATES, ({ topic }) => topic === 'test');
		const { channels } = answer['payload'] as { channels: { channel: string; outcome: string }[] };
		assert.deepEqual(
			channels.map(({ channel, outcome }) => `${channel} ${outcome}`),
			['mail delivered', 'webhook delivered'],
		);
		await nodeRed.status(ALARM, /^Test taken by mail, webhook$/);
		assert.match(nodeRed.log, /"event":"clinic-hub\.backup\.test-alarm".*"taken":\["mail","webhook"\]/);
	});

	await t.test('the dialog’s test names the channel that refused', async () => {
		hook.answer = () => ({ status: 400 });
		const { status, body } = await nodeRed.request('POST', '/clinic-hub/test/backup-alarm', { body: { id: ALARM } });
		assert.equal(status, 200);
		const { ok, findings } = body as { ok: boolean; findings: { level: string; text: { en: string } }[] };
		assert.equal(ok, false);
		assert.deepEqual(
			findings.map(({ level, text }) => `${level} ${text.en}`),
			['ok Mail: taken.', 'failed Webhook: refused. The webhook answers HTTP 400.'],
		);
		hook.answer = () => ({});
		const unknown = await nodeRed.request('POST', '/clinic-hub/test/backup-alarm', { body: { id: 'none' } });
		assert.equal(unknown.status, 404);
	});

	await t.test('an API key of Odoo that ends within 14 days is a warning; a login that is refused, too', async () => {
		const login = (apiKey: string) =>
			nodeRed.deploy(
				flow.map((node) => {
					if (node.id !== ODOO) return node;
					return { ...node, user: 'admin', credentials: { ...(node['credentials'] as object), apiKey } };
				}),
				{ type: 'nodes' },
			);
		const end = new Date(Date.now() + 10 * DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
		odoo.records.create('res.users.apikeys', { name: 'hub', scope: 'rpc', user_id: 2, expiration_date: end });
		await login('admin');
		const soon = await ask();
		assert.deepEqual([soon.codes, soon.told], [['warning apiKeyEnds'], ['alarm']]);
		assert.match(soon.texts, /Una clave de API de admin en Odoo caduca el .*, dentro de 9 días/);
		await login('another');
		assert.deepEqual((await ask()).codes, ['warning loginRefused']);
	});
});
