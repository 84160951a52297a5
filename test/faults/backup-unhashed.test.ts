/** Drive tells the checksum of a file "if available": what becomes of a backup while it does not, and if it never does. */
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DEFAULT_RETENTION } from '../../lib/backup/retention.ts';
import { type RetentionReport, runRetention } from '../../lib/backup/retention-run.ts';
import { downloadFile } from '../../lib/drive/download.ts';
import { getFile } from '../../lib/drive/files.ts';
import { type UploadState, uploadFile } from '../../lib/drive/upload.ts';
import { type Genuine, layBackup, properties, runAndUpload } from './backup-folder.ts';
import { type BackupLab, backupLab, noonZone } from './backup-lab.ts';

const SIZE = 600_000;
const DAY_MS = 86_400_000;
const RULES = { ...DEFAULT_RETENTION, daily: 2, weekly: 0, monthly: 0, floor: 1, timeZone: noonZone() };
const NEVER = Number.POSITIVE_INFINITY;

test('a checksum that comes late is waited for, and nothing is sent again', async (t) => {
	const { drive, client } = await backupLab(t);
	const { uploads, faults } = drive.drive;
	faults.add('last', { kind: 'unhashed', answers: 4 });
	const parcel = await drive.parcel(SIZE);
	const { id } = await uploadFile(client, parcel, { save: async () => {} });
	assert.deepEqual(
		drive.files().map((item) => [item.id, properties(item)['state']]),
		[[id, 'verified']],
	);
	assert.deepEqual([uploads.received, uploads.opened, faults.happened.length], [SIZE, 1, 1]);
});

test('a file whose checksum does not come is neither believed nor thrown away, and is taken as it is once it comes', async (t) => {
	const { drive, client } = await backupLab(t);
	const { uploads, faults, records } = drive.drive;
	faults.add('last', { kind: 'unhashed' });
	const parcel = await drive.parcel(SIZE);
	let state: UploadState | undefined;
	const save = async (saved: UploadState | undefined) => {
		state = saved;
	};
	const untold = {
		code: 'DRIVE_MISMATCH',
		message: /^Drive does not tell the checksum of the file\. Try again later\.$/,
	};
	await assert.rejects(uploadFile(client, parcel, { save }), untold);
	const states = () => drive.files().map((item) => [properties(item)['state'], item.trashed]);
	assert.deepEqual(states(), [['uploaded', false]]);
	// Again, with the session and, as after a lost store, without.
	await assert.rejects(uploadFile(client, parcel, { save, state }), untold);
	await assert.rejects(uploadFile(client, parcel, { save }), untold);
	assert.deepEqual(states(), [['uploaded', false]]);
	records.unhashed.clear();
	await uploadFile(client, parcel, { save, state });
	assert.deepEqual(states(), [['verified', false]]);
	assert.deepEqual([uploads.received, uploads.opened], [SIZE, 1]);
});

test('a download of what has no checksum yet is not begun, and says so', async (t) => {
	const { drive, client, directory } = await backupLab(t);
	const { id, name } = await uploadFile(client, await drive.parcel(SIZE), { save: async () => {} });
	drive.drive.records.unhashed.set(id, 1);
	const file = await getFile(client, id);
	const { length } = drive.drive.calls;
	const target = path.join(directory, 'downloaded');
	await assert.rejects(downloadFile(client, file, target), {
		code: 'DRIVE_MISMATCH',
		message: `Drive does not tell the checksum of ${name}. Try again later.`,
	});
	assert.equal(drive.drive.calls.length, length);
	await assert.rejects(access(target));
	await downloadFile(client, await getFile(client, id), target);
});

/** Five backups, the last of them that of the last run, and what retention does. */
async function clinic(t: TestContext) {
	const lab = await backupLab(t);
	const laid: Genuine[] = [];
	for (const daysAgo of [4, 3, 2, 1]) laid.push(await layBackup(lab, Date.now() - daysAgo * DAY_MS));
	laid.push(await runAndUpload(lab));
	const retention = async (): Promise<RetentionReport> => {
		const client = await lab.drive.service('retention');
		const open = async () => ({ client, folderId: lab.drive.google.folderId });
		const tools = { open, store: async () => lab.store, owner: 'test', verifying: lab.keys.verifying };
		const options = { dry: false, signal: new AbortController().signal };
		const [report] = await runRetention({ ...tools, rules: RULES, removal: 'trash' }, options);
		return report ?? assert.fail();
	};
	return { lab, laid, retention };
}

/** Backups that lie there and not in the trash, by their place among those laid. */
function left({ drive }: BackupLab, laid: readonly Genuine[]): number[] {
	return laid.flatMap(({ file }, index) => (drive.drive.records.find(file.id)?.trashed === false ? [index] : []));
}

test('retention keeps its numbers of backups beside one whose checksum is not told, and leaves that one alone', async (t) => {
	const { lab, laid, retention } = await clinic(t);
	const untold = laid[3]?.file.id ?? '';
	lab.drive.drive.records.unhashed.set(untold, NEVER);
	const report = await retention();
	const its = report.decisions.find(({ id }) => id === untold);
	assert.deepEqual([its?.action, its?.reasons], ['leave', [{ code: 'untouched', standing: 'unverified' }]]);
	assert.deepEqual([left(lab, laid), report.counting], [[2, 3, 4], 4]);
});

test('retention removes nothing while the checksum of the newest backup, or of its record, is not told', async (t) => {
	for (const what of ['file', 'record'] as const) {
		const { lab, laid, retention } = await clinic(t);
		lab.drive.drive.records.unhashed.set(laid[4]?.[what].id ?? '', NEVER);
		const report = await retention();
		assert.deepEqual([left(lab, laid), report.counting, report.removed], [[0, 1, 2, 3, 4], 4, []], what);
		const its = report.decisions.find(({ id }) => id === laid[4]?.file.id);
		assert.deepEqual(its?.reasons, [{ code: 'untouched', standing: 'unverified' }], what);
	}
});
