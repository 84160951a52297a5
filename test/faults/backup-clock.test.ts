/** The clock of the hub, or that of Drive, set forward a year: nothing is removed that should stay, and nothing stands still after it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { DEFAULT_ALARM, databaseState, evaluateAlarm } from '../../lib/backup/alarm.ts';
import { DEFAULT_RETENTION } from '../../lib/backup/retention.ts';
import { type RetentionReport, runRetention } from '../../lib/backup/retention-run.ts';
import type { DriveClient } from '../../lib/drive/client.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import { until } from '../mail-lab.ts';
import { UUID } from '../unit/backup/proof-files.ts';
import { layBackup, runAndUpload } from './backup-folder.ts';
import { type BackupLab, BY_HAND, backupLab, noonZone } from './backup-lab.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Backups of these days lie there beside that of today. */
const DAYS_AGO = [70, 40, 17, 3, 2, 1];
const RULES = { ...DEFAULT_RETENTION, daily: 2, weekly: 2, monthly: 2, timeZone: noonZone() };

interface Clinic {
	lab: BackupLab;
	/** By consent: Google refuses a service account whose clock is wrong. */
	client: DriveClient;
	/** By this plan, before any clock was changed. */
	before: RetentionReport;
	retention(dry: boolean, client?: DriveClient): Promise<RetentionReport>;
	/** Names of what lies in the folder and not in the trash. */
	names(): string[];
}

async function clinic(t: TestContext): Promise<Clinic> {
	const lab = await backupLab(t);
	const { drive, store, keys } = lab;
	for (const daysAgo of DAYS_AGO) await layBackup(lab, Date.now() - daysAgo * DAY_MS);
	await runAndUpload(lab);
	const client = await drive.consented({}, [SCOPES.everything]);
	const retention = async (dry: boolean, by = client): Promise<RetentionReport> => {
		const open = async () => ({ client: by, folderId: drive.google.folderId });
		const tools = { open, store: async () => store, owner: 'test', verifying: keys.verifying };
		const options = { dry, signal: new AbortController().signal };
		const [report] = await runRetention({ ...tools, rules: RULES, removal: 'trash' }, options);
		return report ?? assert.fail();
	};
	const before = await retention(true);
	assert.equal(before.counting, DAYS_AGO.length + 1);
	assert.ok(before.trash.length > 0 && before.trash.length < before.decisions.length);
	const names = () => drive.files().flatMap(({ name, trashed }) => (trashed ? [] : [name]));
	return { lab, client, before, retention, names };
}

/** The clock of this process; Drive's stays, as its stand-in reads the real one. */
function setClock(t: TestContext, aheadMs: number): void {
	t.mock.timers.reset();
	if (aheadMs !== 0) t.mock.timers.enable({ apis: ['Date'], now: realNow() + aheadMs });
}

const realNow = () => Math.round(performance.timeOrigin + performance.now());

function keptOf({ decisions }: RetentionReport): string[] {
	return decisions
		.filter(({ action }) => action === 'keep')
		.map(({ id }) => id)
		.toSorted();
}

test('with the clock of the hub a year ahead retention removes what it would have removed, and nothing else', async (t) => {
	const { before, retention, lab, names } = await clinic(t);
	const all = names();
	setClock(t, YEAR_MS);
	const dry = await retention(true);
	assert.deepEqual([dry.trash, keptOf(dry), dry.hold], [before.trash, keptOf(before), null]);
	// With a key, and not a consent, Google does not even let it in, and the error names the remedy.
	const service = await lab.drive.service('retention');
	await assert.rejects(retention(false, service), { code: 'DRIVE_CREDENTIALS', message: /Set its clock/ });
	assert.deepEqual(names(), all);
	const done = await retention(false);
	assert.deepEqual([done.removed, done.failure], [before.trash, null]);
	const again = await retention(false);
	assert.deepEqual([again.removed, keptOf(again)], [[], keptOf(before)]);
});

test('with the clock of Drive, too, a year ahead nothing more goes, for nothing newer has come', async (t) => {
	const { before, retention, lab } = await clinic(t);
	lab.drive.drive.records.now = () => realNow() + YEAR_MS;
	setClock(t, YEAR_MS);
	const client = await lab.drive.consented({}, [SCOPES.everything]);
	const done = await retention(false, client);
	assert.deepEqual([done.removed, keptOf(done)], [before.trash, keptOf(before)]);
});

test('a backup that was made while the clock was a year ahead removes nothing and hides nothing, then or later', async (t) => {
	const { before, retention, lab, client, names } = await clinic(t);
	setClock(t, YEAR_MS);
	const made = await lab.run();
	assert.ok(made.outcome === 'made');
	const open = async () => ({ client, folderId: lab.drive.google.folderId });
	await lab.upload(made.claim, { open });
	const held = await retention(false);
	assert.deepEqual([held.removed, held.hold], [[], 'runNotFound']);
	const standings = (await lab.catalogue(client)).databases.get(UUID) ?? [];
	const state = databaseState('clinica', standings, {});
	const findings = evaluateAlarm({
		...{ now: realNow(), localNow: Date.now(), databases: [state], rules: DEFAULT_ALARM },
		lastKeyCheck: realNow(),
	});
	assert.deepEqual(
		findings
			.filter(({ code }) => code === 'doNotCount' || code === 'clockDiffers')
			.map(({ code, parameters }) => [
				code,
				parameters['standing'] ?? Math.round(Number(parameters['minutes']) / 1_440),
			]),
		[
			['doNotCount', 'redated'],
			['clockDiffers', 365],
		],
	);

	setClock(t, 0);
	// The last run is still that one.
	assert.equal((await retention(true)).hold, 'runNotFound');
	lab.odoo.settings.pgDumpFails = true;
	assert.equal((await lab.run()).outcome, 'failed');
	lab.odoo.heal();
	const later = await lab.backups();
	later.start();
	await until('what the last run was', () => later.state.last.length > 0);
	assert.equal(later.state.last[0]?.outcome, 'failed', 'not the one that is dated later');
	assert.equal((await retention(true)).hold, 'runFailed');
	await runAndUpload(lab);
	const done = await retention(false);
	assert.equal(done.hold, null);
	assert.equal(done.counting, before.counting + 1);
	// One more counts now, so what was only kept as one of the newest may go, whichever day of the week it is.
	const floor = before.decisions.filter(({ reasons }) => reasons.every(({ code }) => code === 'floor'));
	const may = new Set([...before.trash, ...floor.map(({ id }) => id)]);
	const records = before.decisions.filter(({ backups }) => backups?.every((id) => may.has(id)));
	for (const { id } of records) may.add(id);
	assert.deepEqual(
		done.removed.filter((id) => !may.has(id)),
		[],
	);
	assert.ok(names().includes(path.basename(made.claim.file)), 'a person may want to look at it');
});

test('a process that died while the clock was a year ahead keeps nobody from backing up once it is set right', async (t) => {
	const lab = await backupLab(t);
	lab.odoo.settings.stallAfter = 1_000;
	const dying = await lab.backups();
	const running = dying.run(BY_HAND);
	await until('the request', () => lab.odoo.settings.calls === 1);
	// As it would lie there: no end, and a lease until next year.
	const file = new DatabaseSync(path.join(lab.directory, 'store.sqlite'));
	file.exec(`update hub_lease set owner = 'a process that is gone', expires_at = expires_at + ${YEAR_MS}`);
	file.exec('update hub_lease set token = token + 1');
	file.close();
	await dying.close();
	await running;
	lab.odoo.heal();
	const next = await lab.run();
	assert.equal(next.outcome, 'made', JSON.stringify(next));
});

test('what waits for its upload is brought although the clock was set forward a year meanwhile', async (t) => {
	const lab = await backupLab(t);
	const made = await lab.run();
	assert.ok(made.outcome === 'made');
	const client = await lab.drive.consented({}, [SCOPES.everything]);
	setClock(t, YEAR_MS);
	const later = await lab.backups();
	later.start();
	const told = () => lab.events.filter((event) => event.kind === 'made' && event.again).length === 1;
	await until('the claim check again', told);
	await lab.upload(made.claim, { open: async () => ({ client, folderId: lab.drive.google.folderId }) });
	assert.deepEqual(lab.inSpool(), []);
	const [standing] = await lab.backupsInFolder(client);
	assert.equal(standing?.code, 'counts');
});
