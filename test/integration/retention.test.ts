/** That retention removes from the folder what the plan says and what is still as it was planned, records included. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DEFAULT_RETENTION } from '../../lib/backup/retention.ts';
import { type RetentionReport, runRetention } from '../../lib/backup/retention-run.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import { type Genuine, layBackup, properties, runAndUpload } from '../faults/backup-folder.ts';
import { type BackupLab, backupLab } from '../faults/backup-lab.ts';
import { UUID } from '../unit/backup/proof-files.ts';

const DAY_MS = 86_400_000;
const RULES = { ...DEFAULT_RETENTION, daily: 1, weekly: 0, monthly: 0, floor: 1, timeZone: 'UTC' };

async function retention(
	{ drive, store, keys }: BackupLab,
	removal: 'trash' | 'delete',
	onRemoved: () => void,
): Promise<RetentionReport> {
	const client = await drive.consented({}, [SCOPES.everything]);
	const open = async () => ({ client, folderId: drive.google.folderId });
	const tools = { open, store: async () => store, owner: 'test', verifying: keys.verifying, rules: RULES, removal };
	const [report] = await runRetention(tools, { dry: false, signal: new AbortController().signal, onRemoved });
	return report ?? assert.fail();
}

/** Three old backups that nothing keeps, beside that of today. */
async function folder(t: TestContext): Promise<{ lab: BackupLab; old: Genuine[] }> {
	const lab = await backupLab(t);
	const old: Genuine[] = [];
	for (const daysAgo of [9, 8, 7]) old.push(await layBackup(lab, Date.now() - daysAgo * DAY_MS));
	await runAndUpload(lab);
	return { lab, old };
}

for (const removal of ['trash', 'delete'] as const) {
	test(`a backup that a person marks while others go stays, and so does the record that proves it (${removal})`, async (t) => {
		const { lab, old } = await folder(t);
		const marked = old[0] ?? assert.fail();
		// The plan is made by now, and the newest of the three goes first.
		const report = await retention(lab, removal, () => {
			properties(marked.file)['keep'] = '2026-11-24T12:00:00.000Z';
		});
		assert.equal(report.failure, null);
		assert.deepEqual(report.changed, [marked.file.id, marked.record.id]);
		const gone = old.slice(1).flatMap(({ file, record }) => [file.id, record.id]);
		assert.deepEqual(report.removed.toSorted(), gone.toSorted());
		const standings = (await lab.catalogue()).databases.get(UUID) ?? [];
		assert.equal(standings.find(({ file }) => file.id === marked.file.id)?.code, 'counts');
	});
}
