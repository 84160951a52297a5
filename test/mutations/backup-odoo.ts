/** Protections around Odoo: what is sent to its manager, what its answers are taken for, and what a restore may run or remove. */
import type { Mutant } from './mutant.ts';

const guard = (name: string) => ({ file: 'test/unit/odoo/dump-guard.test.ts', name });
const scratch = (name: string) => ({ file: 'test/unit/odoo/scratch.test.ts', name });
const direct = (name: string) => ({ file: 'test/integration/odoo-direct.test.ts', name });
const manager = (name: string) => ({
	file: 'test/integration/odoo-manager-stand-in.test.ts',
	name,
	timeoutMs: 120_000,
});

export const mutants: Mutant[] = [
	{
		protection: 'Rows are counted as a dump holds them',
		file: 'lib/odoo/content.ts',
		find: 'count(*) from only ',
		replace: 'count(*) from ',
		test: direct('rows are counted as a dump holds them: those of an heir are its own'),
	},
	{
		protection: 'No password goes to a manager that would take it as its new one',
		file: 'lib/odoo/manager.ts',
		find: 'if (unprotected) {',
		replace: 'if (unprotected && url === "") {',
		test: manager('a manager without protection takes the first password that is sent, which the hub never does'),
	},
	{
		protection: 'A hidden list of databases is said before anything is tried',
		file: 'lib/odoo/manager.ts',
		find: 'if (!enabled) {',
		replace: 'if (!enabled && url === "") {',
		test: manager('with a hidden list the manager refuses, and the direct way works'),
	},
	{
		protection: 'A page that comes with status 200 is no backup',
		file: 'lib/odoo/manager.ts',
		find: 'if (answer.statusCode === 200 && isFile(answer))',
		replace: 'if (answer.statusCode === 200)',
		test: manager('failures answer 200 with a page, and the client says which one it is'),
	},
	{
		protection: 'A restore that answers with a page failed',
		file: 'lib/odoo/manager.ts',
		find: 'if (answer.statusCode !== 303 && answer.statusCode !== 302) throw',
		replace: 'if ((answer.statusCode ?? 0) >= 400) throw',
		test: manager('what is no backup is not restored'),
	},
	{
		protection: 'A server that is silent does not hold a run for ever',
		file: 'lib/odoo/transfer.ts',
		find: "timer = setTimeout(() => body.destroy(silent(url, waited, 'sending')), waited);",
		replace: '',
		test: manager('a first byte that does not come ends by its time-out, as does a stream that stops'),
	},
	{
		protection: 'A connection that breaks is no end of a backup',
		file: 'lib/odoo/transfer.ts',
		find: "answer.on('error', (thrown) =>",
		replace: "answer.on('error', () => body.push(null)).on('error', (thrown) => body.readableEnded &&",
		test: manager('a connection that breaks is said'),
	},
	{
		protection: 'A drill is neutralised',
		file: 'lib/odoo/manager.ts',
		find: 'copy = true, neutralize = true,',
		replace: 'copy = true, neutralize = false,',
		test: manager('a backup is restored by the manager, neutralised, and agrees to the row; then it is dropped'),
	},
	{
		protection: 'A dump that is restored runs no command of psql',
		file: 'lib/odoo/dump-guard.ts',
		find: "if (char === '\\\\') throw",
		replace: "if (char === '\\\\' && text === '') throw",
		test: guard('a command behind a statement is not passed on to psql'),
	},
	{
		protection: 'A dump that is restored moves no data to or from programs',
		file: 'lib/odoo/dump-guard.ts',
		find: 'if (this.#between && /^copy\\b/i',
		replace: 'if (this.#between && /^copy never\\b/i',
		test: guard('data that goes to a program is not passed on to psql'),
	},
	{
		protection: 'Data does not end for psql before it ends here',
		file: 'lib/odoo/dump-guard.ts',
		find: "throw this.#unsafe('data that pg_dump does not write');",
		replace: 'return undefined;',
		test: guard('a command behind data that psql takes to be over is not passed on to psql'),
	},
	{
		protection: 'A dump does not change what its strings mean',
		file: 'lib/odoo/dump-guard.ts',
		find: 'if (STRINGS.test(line) && line !== STRINGS_ON) throw',
		replace: "if (STRINGS.test(line) && line === '') throw",
		test: guard('another meaning of strings is not passed on to psql'),
	},
	{
		protection: 'psql stops at the first statement that fails',
		file: 'lib/odoo/restore-direct.ts',
		find: ", '--set=ON_ERROR_STOP=1'",
		replace: '',
		test: direct('a statement that fails ends the restore, and leaves nothing'),
	},
	{
		protection: 'Only what a drill made is dropped by one',
		file: 'lib/odoo/scratch.ts',
		find: "if (given !== '' && timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return;",
		replace: 'if (given.length === expected.length) return;',
		test: scratch('only a database that this hub made for a drill is dropped by one'),
	},
	{
		protection: 'A restore over something is confirmed by typing its name',
		file: 'lib/odoo/scratch.ts',
		find: 'if (!exists || typed === database) return;',
		replace: 'if (!exists || typed) return;',
		test: scratch('a restore over something needs its name typed'),
	},
	{
		protection: 'No link carries a file of the machine into a backup',
		file: 'lib/odoo/filestore.ts',
		find: 'constants.O_RDONLY | constants.O_NOFOLLOW',
		replace: 'constants.O_RDONLY',
		test: direct('a link, or a name that leads out of the filestore, carries no file of this machine away'),
	},
	{
		protection: 'No name leads out of the filestore',
		file: 'lib/odoo/filestore.ts',
		find: 'return NAME.test(name);',
		replace: "return name !== '' || NAME.test(name);",
		test: scratch('a name that leads out of the filestore is none'),
	},
	{
		protection: 'A dump that pg_dump did not finish gets no end',
		file: 'lib/odoo/direct.ts',
		find: '(thrown) => packer.destroy(silent ?? thrown),',
		replace: '() => packer.end(),',
		test: direct('a pg_dump that fails in the middle ends the stream with its reason, never with an end of the zip'),
	},
	{
		protection: 'Attachments and dump are of one moment',
		file: 'lib/odoo/direct.ts',
		find: '`--snapshot=${snapshot.id}`, ',
		replace: '',
		test: direct('what is committed while it is read belongs to another moment'),
	},
	{
		protection: 'A reader that is slow is not taken for an Odoo that is silent',
		file: 'lib/odoo/transfer.ts',
		find: '\t\t\twaited = idleMs;\n',
		replace:
			"\t\t\twaited = idleMs;\n\t\t\ttimer = setTimeout(() => body.destroy(silent(url, waited, 'sending')), waited);\n",
		test: {
			file: 'test/integration/odoo-slow-reader.test.ts',
			name: 'a reader that is slow is no server that is silent',
		},
	},
];
