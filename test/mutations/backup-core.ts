/** Protections of the core of a run: its lease, its threads, and what is done about what an earlier process left. */
import type { Mutant } from './mutant.ts';

const lease = (name: string) => ({ file: 'test/unit/store/held-lease.test.ts', name });
const left = (name: string) => ({ file: 'test/unit/backup/unreleased.test.ts', name });
const outage = (name: string) => ({ file: 'test/integration/backup-outages.test.ts', name });
const upload = (name: string) => ({ file: 'test/integration/backup-upload.test.ts', name });
const restore = (name: string) => ({ file: 'test/integration/restore.test.ts', name });
const command = (name: string) => ({ file: 'test/integration/clinic-hub.test.ts', name, timeoutMs: 120_000 });

export const mutants: Mutant[] = [
	{
		protection: 'A renewal that fails once ends no work',
		file: 'lib/store/held-lease.ts',
		find: "if (toHubError(thrown).code === 'LEASE_LOST' || performance.now() >= this.#heldUntil) this.lose(thrown);",
		replace: 'this.lose(thrown);',
		test: lease('a renewal that fails once does not end the work'),
	},
	{
		protection: 'Work ends before a lease that is not renewed may be another’s',
		file: 'lib/store/held-lease.ts',
		find: 'if (begun >= this.#heldUntil) {',
		replace: 'if (begun === this.#heldUntil) {',
		test: lease('work ends when another has the lease, and when no renewal came through for as long as it lasts'),
	},
	{
		protection: 'A lease that cannot be given back spoils nothing that was done',
		file: 'lib/store/held-lease.ts',
		find: '			log?.warn(',
		replace: '			if (thrown) throw thrown;\n			log?.warn(',
		test: {
			file: 'test/integration/backup-runs.test.ts',
			name: 'a finished backup stays finished though its lease could not be given back',
		},
	},
	{
		protection: 'A lease that was given back was not lost',
		file: 'lib/store/held-lease.ts',
		find: 'if (this.#released) return;',
		replace: '',
		test: lease('a lease that was given back while a renewal was under way was not lost'),
	},
	{
		protection: 'Only a file that is gone from this spool makes its backup none',
		file: 'lib/backup/unreleased.ts',
		find: 'path.dirname(claim.file) === spool.directory',
		replace: 'path.dirname(claim.file).startsWith(spool.directory)',
		test: left('only a file that is gone from this spool, and was made on this machine, makes its backup none'),
	},
	{
		protection: 'What another machine keeps in its spool is not given up here',
		file: 'lib/backup/unreleased.ts',
		find: 'tidy && here &&',
		replace: 'tidy &&',
		test: left('only a file that is gone from this spool, and was made on this machine, makes its backup none'),
	},
	{
		protection: 'A backup that is finished while the spool is listed is not given up',
		file: 'lib/backup/unreleased.ts',
		find: 'if (await spool.lies(claim.file)) claims.push(claim);',
		replace: 'if (spooled.some(({ file }) => file === claim.file)) claims.push(claim);',
		test: left('a backup that is finished while the spool is looked through is sent, not given up'),
	},
	{
		protection: 'A finished backup that was not uploaded is never tidied away',
		file: 'lib/backup/unreleased.ts',
		find: 'if (isGood(run.outcome) && run.releasedAt === null) return;',
		replace: 'if (isGood(run.outcome) && run.releasedAt === -1) return;',
		test: left('of the files in the spool only those are removed that no claim check stands for'),
	},
	{
		protection: 'The spool is tidied while no own run goes on',
		file: 'lib/backup/aftercare.ts',
		find: 'const tidy = !(this.#settled || this.#open);',
		replace: 'const tidy = !this.#settled;',
		test: left(
			'the spool is tidied when no own run goes on, and claim checks are sent in any case until all was told once',
		),
	},
	{
		protection: 'What an earlier process left counts as told once it was',
		file: 'lib/backup/aftercare.ts',
		find: 'this.#settled = !this.#open;',
		replace: '',
		test: left(
			'the spool is tidied when no own run goes on, and claim checks are sent in any case until all was told once',
		),
	},
	{
		protection: 'An interrupted run that could not be begun again is not forgotten',
		file: 'lib/backup/aftercare.ts',
		find: 'this.#taken.delete(id);',
		replace: '',
		test: outage('an interrupted run that could not be begun again for a moment is begun again later, and told once'),
	},
	{
		protection: 'A backup of which the store could not say that it was kept is not removed',
		file: 'lib/backup/database-runs.ts',
		find: "if (toHubError(thrown).code === 'LEASE_LOST') await spool.release(claim.file);",
		replace: 'if (thrown) await spool.release(claim.file);',
		test: outage('a claim check that was kept, of which the store could not say so, is told at the next look'),
	},
	{
		protection: 'A finished backup is told of whatever the store says of accepted files',
		file: 'lib/backup/database-runs.ts',
		find: '			return claim.missing;',
		replace: '			throw thrown;',
		test: outage('a backup is told of though nobody can say which of its missing files were accepted'),
	},
	{
		protection: 'A database whose run cannot begin keeps no other from its turn',
		file: 'lib/backup/database-runs.ts',
		find: 'return this.#failed(run, database, input, reasonOf(thrown, run, signal));',
		replace: 'if (!run) throw thrown;\n			return this.#failed(run, database, input, reasonOf(thrown, run, signal));',
		test: outage('a store that is away when one database is to begin keeps no other from its turn'),
	},
	{
		protection: 'A file of a message that is just being kept is not removed',
		file: 'lib/backup/outgoing.ts',
		find: ' && (await ageMs(file)) > ABANDONED_MS',
		replace: '',
		test: upload('a file of a message that is just being kept is not taken for a leftover, and an old one goes'),
	},
	{
		protection: 'A message that comes at the start is sent once',
		file: 'nodes/drive-upload/uploader.ts',
		find: 'await this.#resuming;',
		replace: '',
		test: upload('a message that comes while the node asks what was left is sent once'),
	},
	{
		protection: 'A source is not waited for at its beginning when its client hears nothing',
		file: 'lib/backup/watched.ts',
		find: 'return await Promise.race([opening, stopped]);',
		replace: 'return await opening;',
		test: {
			file: 'test/unit/backup/watched.test.ts',
			name: 'a server that takes the connection and says nothing is given up after the time for the first byte',
		},
	},
	{
		protection: 'A cancelled source is not waited for',
		file: 'lib/backup/watched.ts',
		find: "signal.addEventListener('abort', stop, { once: true });",
		replace: '',
		test: {
			file: 'test/unit/backup/watched.test.ts',
			name: 'a source that hears nothing ends in time, before its first piece and after it, and when it is cancelled',
		},
	},
	{
		protection: 'A thread that does not hear of a cancellation is ended by force',
		file: 'lib/backup/threads.ts',
		find: '		this.#worker.postMessage(CANCEL);\n		this.#endInTime();',
		replace: '		this.#worker.postMessage(CANCEL);',
		test: {
			file: 'test/unit/backup/watched.test.ts',
			name: 'a thread that waits for a program which nobody can end does not hold up a cancellation',
		},
	},
	{
		protection: 'A restore that waits for a person waits through a deploy',
		file: 'lib/backup/held-restores.ts',
		find: 'await waiting.keep(held);',
		replace: '',
		test: restore('a prepared restore waits through a deploy, unless its node was set to something else'),
	},
	{
		protection: 'A restore that waits is not taken to another target',
		file: 'lib/backup/waiting-restores.ts',
		find: "			.where('settings', '=', settings)\n",
		replace: '',
		test: restore('a prepared restore waits through a deploy, unless its node was set to something else'),
	},
	{
		protection: 'A restore that was discarded does not come back',
		file: 'lib/backup/held-restores.ts',
		find: 'await this.#options.waiting.forget(id);',
		replace: '',
		test: restore('a prepared restore waits through a deploy, unless its node was set to something else'),
	},
	{
		protection: 'A database whose upload failed keeps no other from the folder',
		file: 'cli/backup.ts',
		find: '			return toHubError(thrown);',
		replace: '			throw thrown;',
		test: command('of several databases one that fails keeps no other from the folder, and is named'),
	},
	{
		protection: 'A run of several databases names those that failed',
		file: 'lib/backup/failure-of.ts',
		find: 'if (of === 1) return first.error;',
		replace: 'if (of > 0) return first.error;',
		test: command('of several databases one that fails keeps no other from the folder, and is named'),
	},
];
