/** Protections that show only when something goes wrong on the way: faults, kills, forgeries, clocks. */
import type { Mutant } from './mutant.ts';

const FETCHES = {
	file: 'test/faults/backup-fetches.test.ts',
	name: 'of 18 fetches that are cut or spoiled none counts as a backup, each with its reason',
	timeoutMs: 90_000,
};
const KILLS = {
	file: 'test/faults/backup-kills.test.ts',
	name: '4 kills over fetch and upload: one verified file a run, no confirmed byte sent twice, nothing left over',
	timeoutMs: 120_000,
};
const FORGERIES = {
	file: 'test/faults/backup-plants.test.ts',
	name: '16 forgeries are refused before anything is decrypted, and count neither for the alarm nor for retention',
	timeoutMs: 90_000,
};
const drive = (name: string) => ({ file: 'test/faults/backup-drive.test.ts', name, timeoutMs: 60_000 });
const clock = (name: string) => ({ file: 'test/faults/backup-clock.test.ts', name, timeoutMs: 60_000 });
const BY_ITSELF = drive('a backup whose upload failed goes on by itself, as soon as what kept it is gone, and once');

export const mutants: Mutant[] = [
	{
		protection: "A manifest of something else than Odoo's layout is none",
		file: 'lib/backup/proof.ts',
		find: 'if (layout === ODOO_LAYOUT) return version;',
		replace: 'if (layout !== null) return version;',
		test: {
			file: 'test/unit/backup/proof.test.ts',
			name: 'a backup without manifest, with a broken one, or with one that names no version is none',
		},
	},
	{
		protection: 'A backup that lacks files does not count',
		file: 'lib/backup/standing.ts',
		find: 'return missing.length > 0 ?',
		replace: 'return missing.length < 0 ?',
		test: FETCHES,
	},
	{
		protection: 'A claim check whose upload failed is sent again by itself',
		file: 'lib/backup/aftercare.ts',
		find: 'return toldAt === undefined ? !this.#settled : performance.now() - toldAt >= resendMs;',
		replace: 'return toldAt === undefined && !this.#settled;',
		test: BY_ITSELF,
	},
	{
		protection: 'Claim checks are looked after for as long as the node runs',
		file: 'lib/backup/run-backup.ts',
		find: 'this.#recovery = setTimeout(() => this.start(), next).unref();',
		replace: 'void next;',
		test: BY_ITSELF,
	},
	{
		protection: 'A claim check that comes again while its upload goes on begins no second one',
		file: 'nodes/drive-upload/uploader.ts',
		find: 'if (this.#queue.has(key)) return undefined;',
		replace: '',
		test: {
			file: 'test/integration/backup-upload.test.ts',
			name: 'a claim check that comes again while its upload goes on begins no second one, and is answered by the first',
		},
	},
	{
		protection: 'The session of an upload survives a dead process',
		file: 'lib/backup/send.ts',
		find: 'state: kept === undefined ? undefined : (JSON.parse(kept) as UploadState),',
		replace: 'state: kept === undefined || kept ? undefined : (JSON.parse(kept) as UploadState),',
		test: KILLS,
	},
	{
		protection: 'The spool is emptied after its upload, whenever the process died',
		file: 'lib/backup/unreleased.ts',
		find: 'await spool.release(file);',
		replace: '',
		test: {
			file: 'test/integration/run-backup.test.ts',
			name: 'a claim check is told again at the next start, until its upload was verified',
		},
	},
	{
		protection: 'Checksum and signature hold before a drill looks at a key',
		file: 'lib/backup/drill-run.ts',
		find: 'const { record } = await verifyBackup({ file, signed, verifying, identities: [], signal });',
		replace:
			'const { record } = signed as { record: BackupRecord };\n\tif (signal.aborted) await verifyBackup({ file, signed, verifying, identities: [], signal });',
		test: FORGERIES,
	},
	{
		protection: 'An old backup that is laid there again is not a new one',
		file: 'lib/backup/standing.ts',
		find: "if (!arrivedInTime(createdAt, signed)) return said('redated');",
		replace: '',
		test: FORGERIES,
	},
	{
		protection: 'A file under another name than that of its record is none of the backups',
		file: 'lib/backup/standing.ts',
		find: 'file.sha256 === signed.sha256 && file.name === backupFileName(signed)',
		replace: 'file.sha256 === signed.sha256',
		test: FORGERIES,
	},
	{
		protection: 'A lease that was taken while the clock was ahead is free once it is set right',
		file: 'lib/store/lease.ts',
		find: "row('hub_lease.expires_at', '>', sql<number>`${now} + ${LONGEST_MS}`),",
		replace: '',
		test: clock(
			'a process that died while the clock was a year ahead keeps nobody from backing up once it is set right',
		),
	},
	{
		protection: 'The last run is the one that was begun last, whatever the clock said',
		file: 'lib/backup/last-runs.ts',
		find: 'for (const run of [...last, ...list]) {',
		replace: 'for (const run of list) {',
		test: clock(
			'a backup that was made while the clock was a year ahead removes nothing and hides nothing, then or later',
		),
	},
	{
		protection: "Of a backup that Drive's clock contradicts nothing is removed",
		file: 'lib/backup/retention.ts',
		find: "if (!its) return 'runNotFound';",
		replace: 'if (!its) return null;',
		test: clock(
			'a backup that was made while the clock was a year ahead removes nothing and hides nothing, then or later',
		),
	},
];
