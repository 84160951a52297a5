/** Protections of the rules around backups: what may be removed, what counts, who runs, and what lies encrypted. */
import type { Mutant } from './mutant.ts';

const sealed = (name: string) => ({ file: 'test/unit/store/sealed.test.ts', name });
const retention = (name: string) => ({ file: 'test/unit/backup/retention.test.ts', name });
const runs = (name: string) => ({ file: 'test/integration/backup-runs.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A sealed value opens only at its own place',
		file: 'lib/store/sealed.ts',
		find: 'const aad = (place: string) => Buffer.from(place);',
		replace: 'const aad = (_place: string) => Buffer.alloc(0);',
		test: sealed('what was sealed for one place does not open at another'),
	},
	{
		protection: 'A generated key can be read by its owner only',
		file: 'lib/store/sealed.ts',
		find: '{ mode: 0o600, flush: true }',
		replace: '{ mode: 0o644, flush: true }',
		test: sealed('without a variable a key is made once, for its owner only'),
	},
	{
		protection: 'Nothing is removed after a run that brought no backup',
		file: 'lib/backup/retention.ts',
		find: "if (lastRun.outcome !== 'complete' && lastRun.outcome !== 'incomplete') return 'runFailed';",
		replace: '',
		test: retention('with no run known, a failed one, one going on, or one whose backup is not there, nothing goes'),
	},
	{
		protection: 'Nothing is removed when the last backup is not in the folder',
		file: 'lib/backup/retention.ts',
		find: "if (!its) return 'runNotFound';",
		replace: 'if (!its) return null;',
		test: retention('a clock of the hub that is a year ahead removes nothing'),
	},
	{
		protection: 'No complete backup makes room for incomplete ones',
		file: 'lib/backup/retention.ts',
		find: "return its.code === 'counts' ? null : 'runDoesNotCount';",
		replace: 'return null;',
		test: retention('after a backup that is not complete no complete one goes'),
	},
	{
		protection: 'The newest backups stay whatever the rules say',
		file: 'lib/backup/retention.ts',
		find: 'if (index < rules.floor) why.push',
		replace: 'if (index < 0) why.push',
		test: retention('the newest ones down to the floor stay, whatever the rules'),
	},
	{
		protection: 'A marked backup stays',
		file: 'lib/backup/retention.ts',
		find: "if (note !== undefined) why.push({ code: 'mark', note });",
		replace: '',
		test: retention('a mark keeps a backup with its record and shows its note'),
	},
	{
		protection: 'Days are those of the clinic',
		file: 'lib/backup/calendar.ts',
		find: "			timeZone,\n			calendar: 'iso8601',",
		replace: "			timeZone: 'UTC',\n			calendar: 'iso8601',",
		test: retention("days are the clinic's: 23:30 and 00:30 there are two days, though one in UTC"),
	},
	{
		protection: 'A rejected file that is what was signed is not removed',
		file: 'lib/backup/retention.ts',
		find: "if (code === 'rejected' && !signed)",
		replace: "if (code === 'rejected')",
		test: retention('a rejected upload goes; one that is what its record says stays, for a person to look at'),
	},
	{
		protection: 'Only files of this hub are judged',
		file: 'lib/backup/standing.ts',
		find: "if (hub !== 'clinic-hub') return plain('foreign');",
		replace: '',
		test: retention("another program's file, as foreign"),
	},
	{
		protection: 'Only backups of this database are judged',
		file: 'lib/backup/standing.ts',
		find: "if (db !== databaseUuid) return plain('otherDatabase');",
		replace: '',
		test: retention("another database's backup, as otherDatabase"),
	},
	{
		protection: 'An upload that was not confirmed does not count',
		file: 'lib/backup/standing.ts',
		find: "if (state !== 'verified' || file.sha256 === null) return said('unverified');",
		replace: '',
		test: retention('an upload that was not confirmed, as unverified'),
	},
	{
		protection: 'A file counts by its signed checksum',
		file: 'lib/backup/standing.ts',
		find: 'return file.size === signed.size && file.sha256 === signed.sha256;',
		replace: 'return file.size === signed.size;',
		test: retention('a file of another checksum than signed, as altered'),
	},
	{
		protection: 'A file that is dated otherwise than signed does not count',
		file: 'lib/backup/standing.ts',
		find: "if (!arrivedInTime(createdAt, signed)) return said('redated');",
		replace: '',
		test: retention('an old backup laid into the folder again does not count, even with its record'),
	},
	{
		protection: 'A backup that lacks attachments counts only after they were accepted',
		file: 'lib/backup/standing.ts',
		find: "return missing.length > 0 ? { ...trusted('incomplete'), missing } : trusted('counts');",
		replace: "return trusted('counts');",
		test: retention('missing attachments that a person accepted do not keep a backup from counting'),
	},
	{
		protection: 'One run a database at a time, within one process, too',
		file: 'lib/backup/runs.ts',
		find: 'owner: `${this.#owner}/${run}`',
		replace: 'owner: this.#owner.slice(0, 4) + run.slice(0, 0)',
		test: runs('of twenty triggers at once one runs, and the others are told which'),
	},
	{
		protection: 'A run that lost its lease keeps no claim check',
		file: 'lib/backup/runs.ts',
		find: ".where('token', '=', this.#lease.token)\n			// Whoever took the lease over has given it an outcome.\n			.where('outcome', 'is', null)",
		replace: ".where('token', '=', this.#lease.token)",
		test: runs('who lost the right to run writes nothing more, and is told'),
	},
	{
		protection: 'A run keeps its lease while it lasts',
		file: 'lib/backup/runs.ts',
		find: 'await this.#lease.renew();',
		replace: '',
		test: runs('the lease is kept for as long as the run lasts'),
	},
	{
		protection: 'An interrupted run is begun again once',
		file: 'lib/backup/runs.ts',
		find: "outcome === 'interrupted' && againOf === null",
		replace: "outcome === 'interrupted'",
		test: runs('a run whose process is gone is found after its lease, and begun again once'),
	},
	{
		protection: 'A claim check is given out until its file was seen in the folder',
		file: 'lib/backup/runs.ts',
		find: ".where('claim', 'is not', null)\n			.where('released_at', 'is', null)\n			.where('outcome', 'in', ['complete', 'incomplete'])",
		replace:
			".where('claim', 'is not', null)\n			.where('released_at', 'is', null)\n			.where('outcome', 'in', ['complete'])",
		test: runs('claim checks are given out until they are released, oldest first'),
	},
	{
		protection: 'Secrets lie encrypted in the store',
		file: 'lib/store/secrets.ts',
		find: 'sealed: sealer.seal(text, place(name))',
		replace: 'sealed: sealer.seal(text, place(name)) + text',
		test: runs('secrets lie encrypted, tokens for good and sessions of uploads for eight days'),
	},
];
