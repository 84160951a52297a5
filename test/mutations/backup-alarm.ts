/** Protections of the alarm of backups: whom it believes, when it speaks, and when it keeps the watcher outside silent. */
import type { Mutant } from './mutant.ts';

const memory = (name: string) => ({ file: 'test/unit/backup/alarm-memory.test.ts', name });
const watch = (name: string) => ({ file: 'test/unit/backup/alarm-watch.test.ts', name });
const notice = (name: string) => ({ file: 'test/unit/backup/alarm-notice.test.ts', name });
const question = (name: string) => ({ file: 'test/integration/backup-alarm.test.ts', name });
const rules = (name: string) => ({ file: 'test/unit/backup/alarm.test.ts', name });
const channels = (name: string) => ({ file: 'test/unit/nodes/notice.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A store that does not work is an alarm',
		file: 'lib/backup/alarm-run.ts',
		find: 'return unknown(thrown);',
		replace: 'throw thrown;',
		test: question('a store that does not work is an alarm, and so is a Drive that does not answer in time'),
	},
	{
		protection: 'A database that cannot be opened does not hide the end of the keys of others',
		file: 'lib/backup/alarm-login.ts',
		find: "if (answer === 'unreachable') break;",
		replace: "if (answer === 'unreachable' || answer === 'unknown') break;",
		test: question('a database that Odoo cannot open does not hide when the keys of the others end'),
	},
	{
		protection: 'A Drive that never answers is an alarm',
		file: 'lib/backup/alarm-run.ts',
		find: 'const signal = AbortSignal.any([stopping, late.signal]);',
		replace: 'const signal = stopping;',
		test: question('a store that does not work is an alarm, and so is a Drive that does not answer in time'),
	},
	{
		protection: 'A database that never had a backup is not forgotten',
		file: 'lib/backup/alarm-run.ts',
		find: 'const names = place?.databases ?? [',
		replace: 'const names = [',
		test: question('the databases of the connection must have a backup, also those that never had one'),
	},
	{
		protection: 'Ages are measured by the clock of Drive',
		file: 'lib/drive/account-state.ts',
		find: 'now: Number.isNaN(now) ? Date.now() : now',
		replace: 'now: Date.now()',
		test: question('ages are by the clock of Drive, which is compared with that of this machine'),
	},
	{
		protection: 'The space of an account that owns nothing is not taken for that of a shared drive',
		file: 'lib/drive/account-state.ts',
		find: "folder.driveId === undefined && client.account.kind === 'consent'",
		replace: 'true',
		test: question('the space of an account with a consent is what Drive says; of a shared drive nothing is told'),
	},
	{
		protection: 'What comes back is told again',
		file: 'lib/backup/alarm-memory.ts',
		find: 'return { tell: null, told: { keys, at: told?.at ?? now } };',
		replace: 'return { tell: null, told: { keys: [...keys, ...known], at: told?.at ?? now } };',
		test: memory('one of several that is over is no news, and news when it comes back'),
	},
	{
		protection: 'An alarm is told again every day until it is over',
		file: 'lib/backup/alarm-memory.ts',
		find: 'at: told?.at ?? now } };',
		replace: 'at: now } };',
		test: memory('an hour of quiet questions does not put off the next reminder'),
	},
	{
		protection: 'A clock that was ahead keeps no alarm silent',
		file: 'lib/backup/alarm-memory.ts',
		find: '!(age >= 0 && age <',
		replace: '!(age <',
		test: memory('a clock that was ahead when somebody was told keeps nothing silent'),
	},
	{
		protection: 'A store that remembers nothing keeps nobody from being told',
		file: 'lib/backup/alarm-watch.ts',
		find: 'await memory.load().catch((thrown: unknown) => void log.warn(toHubError(thrown).message));',
		replace: 'await memory.load();',
		test: watch('that nothing can be remembered keeps nobody from being told'),
	},
	{
		protection: 'A bug in one question does not end the alarm',
		file: 'lib/backup/alarm-watch.ts',
		find: 'if (!this.#closing.signal.aborted) this.#again(this.#options.everyMs);',
		replace: 'if (this.#state) this.#again(this.#options.everyMs);',
		test: watch('a question that fails by a bug does not end the questions'),
	},
	{
		protection: 'Where nothing is known, no sign of life is given',
		file: 'lib/backup/alarm-signs.ts',
		find: "drill: new Set(['cannotAsk', 'noDatabase', 'noDrill',",
		replace: "drill: new Set(['noDrill',",
		test: watch('signs of life are given for what is well, and for nothing of which nothing is known'),
	},
	{
		protection: 'Who may keep a watcher silent stands in no log',
		file: 'lib/backup/alarm-signs.ts',
		find: 'cannot be told: ${toHubError(thrown).message}`',
		replace: 'cannot be told: ${url}`',
		test: watch('a watcher that does not answer is said once in the log, and its address nowhere'),
	},
	{
		protection: 'The same alarm has the same subject, or each question would be a notice of its own',
		file: 'lib/backup/alarm-notice.ts',
		find: 'return `${title[language]} (${[...shorts].join',
		replace: 'return `${title[language]} ${findings[0]?.database} (${[...shorts].join',
		test: notice('the same alarm has the same subject, whatever its numbers and databases'),
	},
	{
		protection: 'A test is not swallowed as a repetition of the one before',
		file: 'lib/backup/alarm-notice.ts',
		find: 'subject: `${subject} · ${at.toISOString()}`',
		replace: 'subject',
		test: notice('each test is another notice, marked as one, and as severe as an alarm'),
	},
	{
		protection: 'An API key is told of before it ends',
		file: 'lib/backup/alarm.ts',
		find: 'if (firstEnd === undefined || days >= KEY_WARN_DAYS) return [];',
		replace: 'if (firstEnd === undefined || days >= 0) return [];',
		test: rules('an API key is told of two weeks before its end, and a login that Odoo refuses at once'),
	},
	{
		protection: 'An alarm that may be about anything has two ways',
		file: 'nodes/notice/config.ts',
		find: "if ((about === 'smtp' || about === 'any') && !webhookUrl)",
		replace: "if (about === 'smtp' && !webhookUrl)",
		test: channels('an alarm about a channel needs the other one'),
	},
];
