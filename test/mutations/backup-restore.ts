/** Protections of drills and restores: who begins one, what it may remove, and what is left when it ends in the middle. */
import type { Mutant } from './mutant.ts';

const restore = (name: string) => ({ file: 'test/integration/restore.test.ts', name });
const direct = (name: string) => ({ file: 'test/integration/odoo-direct.test.ts', name });
const steps = (name: string) => ({ file: 'test/integration/restore-steps.test.ts', name });
const drills = (name: string) => ({ file: 'test/integration/drills.test.ts', name });
const command = (name: string) => ({ file: 'test/integration/clinic-hub.test.ts', name });
const contract = (name: string) => ({
	file: 'test/integration/odoo-manager-stand-in.test.ts',
	name,
	timeoutMs: 120_000,
});

const STORE_FAILS =
	'what a drill found out holds when the store does not take it, and a store that fails is no failed drill';

export const mutants: Mutant[] = [
	{
		protection: 'A database is replaced only after its name was typed',
		file: 'lib/backup/restore.ts',
		find: 'if (replaced) requireConfirmation(into, replaced, await request.confirm());',
		replace: 'if (replaced) await request.confirm();',
		test: command('a database is replaced only after its name was typed'),
	},
	{
		protection: 'A database that came while a restore worked is not replaced by it',
		file: 'lib/backup/restore-place.ts',
		find: '\tif (replaced) return;\n',
		replace: "\tif (replaced || name !== '') return;\n",
		test: restore(
			'a database that came while a restore worked is left alone, and the error says where the restored one is',
		),
	},
	{
		protection: 'No message begins a restore: a person types the name',
		file: 'lib/backup/held-restores.ts',
		find: 'if (typed !== restore.into) {',
		replace: 'if (typed !== restore.into && restore.replaces) {',
		test: restore('a prepared restore begins only by the name of its database, and waits again when it failed'),
	},
	{
		protection: 'A database is restored to no folder but its own',
		file: 'lib/backup/restore.ts',
		find: '\trequirePlaceName(into);\n',
		replace: '',
		test: restore('nothing is decrypted, and no Odoo is asked, before checksum and signature hold'),
	},
	{
		protection: 'What is restored is what was checked',
		file: 'lib/backup/verify-file.ts',
		find: "if (bytes === record.plainSize && hash.digest('hex') === record.plainSha256) return;",
		replace: 'if (bytes === record.plainSize) return;',
		test: restore('a file that is exchanged after it was checked has no good end'),
	},
	{
		protection: 'The newest backup for a restore is the newest that counts',
		file: 'lib/backup/bring-back.ts',
		find: "const counting = backups.filter(({ code }) => code === 'counts');",
		replace: 'const counting = backups;',
		test: command('a backup that lacks files is the newest for a restore only once a person accepted their names'),
	},
	{
		protection: 'A plant is not even brought',
		file: 'lib/backup/bring-back.ts',
		find: "if (found.signed && found.code !== 'rejected'",
		replace: "if (found.code !== 'rejected'",
		test: command('what is planted, renamed or signed by somebody else is named as such and never restored'),
	},
	{
		protection: 'Of a restore that failed nothing is left',
		file: 'lib/backup/restore.ts',
		find: 'await place.drop(made).catch(() => undefined);',
		replace: '',
		test: restore('a restore that fails leaves what was there, and nothing of its own'),
	},
	{
		protection: 'A database whose sessions and mails nobody could deal with does not go into service',
		file: 'lib/backup/restore-place.ts',
		find: 'const login = await administrator();',
		replace: 'const login = await administrator();\n\t\t\tif (login.user) return undefined;',
		test: restore('a restore that fails leaves what was there, and nothing of its own'),
	},
	{
		protection: 'Odoo does no jobs of a restored database before its mails are held',
		file: 'lib/backup/restore-place.ts',
		find: 'filestore, hidden: true });',
		replace: 'filestore });',
		test: command('past the manager a backup is restored, compared to the row, and what was there is kept'),
	},
	{
		protection: 'What is replaced does the jobs of the clinic no more',
		file: 'lib/odoo/restore-direct.ts',
		find: '\t\t\tawait hideDatabase(kept.postgres, true);\n',
		replace: '',
		test: restore('what is replaced is hidden from Odoo, and has its place again when the new one cannot take it'),
	},
	{
		protection: 'What was there has its place again when the new one cannot take it',
		file: 'lib/odoo/restore-direct.ts',
		find: '\t\t\tback.unshift(() => renameDirectly(kept, name));\n',
		replace: '',
		test: restore('what is replaced is hidden from Odoo, and has its place again when the new one cannot take it'),
	},
	{
		protection: 'A database whose renaming was not heard of is open again',
		file: 'lib/odoo/databases.ts',
		find: 'const renamed = !failure || (unheard && !(await databaseExists(address)));',
		replace: 'const renamed = !failure;',
		test: steps('a change of places is whole or taken back, at whichever step the connection breaks'),
	},
	{
		protection: 'A database that cannot be hidden, or shown, has its place again',
		file: 'lib/odoo/restore-direct.ts',
		find: 'await takeBack(back, thrown, kept.postgres.database);',
		replace: 'if (back.length === 2) await takeBack(back, thrown, kept.postgres.database);',
		test: steps('a change of places is whole or taken back, at whichever step the connection breaks'),
	},
	{
		protection: 'Where a restored database is, is said of the name that it has',
		file: 'lib/backup/restore.ts',
		find: 'return `“${there ? made : into}”`;',
		replace: 'return `“${made}”`;',
		test: restore('a database that got its place before Odoo failed is named by that place'),
	},
	{
		protection: 'A statement that PostgreSQL does not answer is given up',
		file: 'lib/odoo/postgresql.ts',
		find: '		query_timeout: statementMs,\n',
		replace: '',
		test: direct('a statement that waits for a lock is given up in time, and at once when it is cancelled'),
	},
	{
		protection: 'Who stops it does not wait for a statement',
		file: 'lib/odoo/postgresql.ts',
		find: "	signal?.addEventListener('abort', stop, { once: true });\n	client.once",
		replace: '	client.once',
		test: direct('a statement that waits for a lock is given up in time, and at once when it is cancelled'),
	},
	{
		protection: 'What psql says is not hidden by its broken pipe',
		file: 'lib/odoo/restore-direct.ts',
		find: "once(stdin, 'drain').catch(() => this.#program.ended)",
		replace: "once(stdin, 'drain')",
		test: direct('a psql that takes no more is waited for, and its own reason is said'),
	},
	{
		protection: 'A database is renamed with its attachments or not at all',
		file: 'lib/odoo/restore-direct.ts',
		find: 'if (folder) await rename(to, from);',
		replace: '',
		test: restore('what is replaced is hidden from Odoo, and has its place again when the new one cannot take it'),
	},
	{
		protection: 'Sessions of the time of the backup end',
		file: 'lib/odoo/neutralize.ts',
		find: "where key = 'database.secret'\"",
		replace: "where key = 'database.none'\"",
		test: contract(
			'a restore takes the place of a database, which is kept, with its sessions ended and its mails held',
		),
	},
	{
		protection: 'Mails that waited are held after a restore',
		file: 'lib/odoo/neutralize.ts',
		find: "set state = 'held', status = 'held', lease_token = null",
		replace: "set status = 'held', lease_token = null",
		test: contract(
			'a restore takes the place of a database, which is kept, with its sessions ended and its mails held',
		),
	},
	{
		protection: 'Only the hub’s own scratch databases are swept',
		file: 'lib/backup/scratch-sweep.ts',
		find: '.filter((name) => isScratch(name, secret));',
		replace: ".filter((name) => name.startsWith('hub-drill-'));",
		test: drills('what a drill left that was killed is removed at the next start, and nothing else'),
	},
	{
		protection: 'What a drill left that was killed is removed',
		file: 'lib/backup/scratch-sweep.ts',
		find: 'if (secret === undefined) return [];',
		replace: 'if (secret !== "") return [];',
		test: drills('what a drill left that was killed is removed at the next start, and nothing else'),
	},
	{
		protection: 'One drill at a time uses a target',
		file: 'lib/store/held-lease.ts',
		find: 'const mine = `${owner}/${randomUUID()}`;',
		replace: 'const mine = owner;',
		test: drills('a second drill at the same target waits, and does not take the first one’s scratch for a leftover'),
	},
	{
		protection: 'The Odoo that is backed up is no target of a drill',
		file: 'lib/backup/drill-run.ts',
		find: 'if (targets.every((target) => databaseOf',
		replace: "if (databaseUuid !== '' || targets.every((target) => databaseOf",
		test: drills('the Odoo that is backed up is no target of a drill'),
	},
	{
		protection: 'The Odoo that was backed up long ago is no target of a drill, either',
		file: 'lib/backup/evidence.ts',
		find: "			.where('database_uuid', '=', databaseUuid)\n			.execute();\n		return rows.map(({ target }) => target);",
		replace:
			"			.where('database_uuid', '=', databaseUuid)\n			.where('token', '>', 1)\n			.execute();\n		return rows.map(({ target }) => target);",
		test: drills('the Odoo that is backed up is no target of a drill'),
	},
	{
		protection: 'A drill that passed is none that failed because the store does not take it',
		file: 'lib/backup/drill-run.ts',
		find: '(thrown: unknown) => toHubError(thrown).message,',
		replace: '(thrown: unknown) => Promise.reject(thrown),',
		test: drills(STORE_FAILS),
	},
	{
		protection: 'A hub that lost its right to the target says nothing about the backup',
		file: 'lib/backup/drill-run.ts',
		find: "|| code === 'LEASE_LOST' ||",
		replace: '||',
		test: drills(STORE_FAILS),
	},
	{
		protection: 'A name from Drive does not move the cursor of a terminal',
		file: 'cli/terminal.ts',
		find: "return text.replace(/[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/g, '\\ufffd');",
		replace: 'return text;',
		test: {
			file: 'test/unit/cli/help.test.ts',
			name: 'a name from elsewhere neither moves the cursor nor hides what stands beside it',
		},
	},
	{
		protection: 'A restore is not begun where two backups were named',
		file: 'cli/restore.ts',
		find: "if (given.length === 1 && given[0] !== '') return;",
		replace: 'if (given.length > 0) return;',
		test: {
			file: 'test/unit/cli/help.test.ts',
			name: 'wrong usage is told in the language of the terminal, without the other one',
		},
	},
];
