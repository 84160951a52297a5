/** Finds the command, reads its options, and turns whatever happens into a line and an exit code. */

import { parseArgs } from 'node:util';
import { toHubError } from '../lib/errors.ts';
import { backup } from './backup.ts';
import { backups } from './backups.ts';
import { type Command, CommandError, usageError } from './command.ts';
import { driveConnect } from './drive-connect.ts';
import { Environment } from './environment.ts';
import { EXIT, EXIT_WORDS, type ExitCode, exitCodeOf, PartialFailure } from './exit.ts';
import { commandHelp, overview } from './help.ts';
import { identityLink, identityLinks } from './identity-links.ts';
import { identityApprove, identityPlans, identityReject } from './identity-plans.ts';
import { identityDryRun, identityRun } from './identity-run.ts';
import { keysCheck, keysCreate, keysRotate } from './keys.ts';
import { restore } from './restore.ts';
import { languageOf, type Streams, Terminal } from './terminal.ts';
import { verify } from './verify.ts';

export const COMMANDS: readonly Command[] = [
	backups,
	backup,
	verify,
	restore,
	keysCreate,
	keysCheck,
	keysRotate,
	driveConnect,
	identityRun,
	identityDryRun,
	identityPlans,
	identityApprove,
	identityReject,
	identityLinks,
	identityLink,
];

/** Every command takes them. */
const COMMON = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;

export interface MainOptions {
	/** Without the program and its script. */
	args: readonly string[];
	environment: Readonly<Record<string, string | undefined>>;
	streams: Streams;
	/** Aborts on Ctrl-C. */
	signal: AbortSignal;
}

/** @returns the exit code; never throws */
export async function main({ args, environment, streams, signal }: MainOptions): Promise<ExitCode> {
	const terminal = new Terminal(streams, { language: languageOf(environment), json: args.includes('--json') });
	let opened: Environment | undefined;
	try {
		const command = commandOf(args);
		if (!command) return withoutCommand(args, terminal);
		const { values, positionals } = parse(command, args.slice(command.name.split(' ').length));
		if (values['help'] === true) {
			terminal.help(commandHelp(command, terminal.language));
			return EXIT.done;
		}
		const { min, max } = command.takes;
		if (positionals.length < min || positionals.length > max) {
			const usage = ['clinic-hub', command.name, command.operands].filter(Boolean).join(' ');
			throw usageError(`Usage: ${usage}; --help tells more.`, `Uso: ${usage}; --help dice más.`);
		}
		opened = new Environment(environment);
		return await command.run({ values, positionals, terminal, environment: opened, signal });
	} catch (thrown) {
		const failure = toHubError(thrown);
		const exit = signal.aborted ? EXIT.interrupted : exitCodeOf(failure);
		const told = failure instanceof CommandError;
		terminal.warn(`clinic-hub: ${told ? terminal.text(failure.text) : failure.message}`);
		if (!told && terminal.language === 'es') terminal.warn(`(${EXIT_WORDS[exit].es})`);
		const report = failure instanceof PartialFailure ? failure.report : {};
		terminal.result({ ok: false, exit, code: failure.code, message: failure.message, ...report });
		return exit;
	} finally {
		await opened?.close();
	}
}

/** Help that was asked for, or what is wrong with what was typed. */
function withoutCommand(args: readonly string[], terminal: Terminal): ExitCode {
	const help = overview(COMMANDS, terminal.language);
	if (['--help', '-h', 'help'].some((word) => args.includes(word))) {
		terminal.help(help);
		return EXIT.done;
	}
	const words = args.filter((word) => !word.startsWith('-')).join(' ');
	if (words === '' && args.length === 0) {
		terminal.warn(help);
		return EXIT.usage;
	}
	const names = COMMANDS.map(({ name }) => name).join(', ');
	throw usageError(
		`${words ? `There is no command “${words}”` : 'A command comes first'}. There are: ${names}. See clinic-hub --help.`,
		`${words ? `No existe la orden «${words}»` : 'Primero va una orden'}. Existen: ${names}. Vea clinic-hub --help.`,
	);
}

/** The longest name that fits: `keys create` before `keys`. */
function commandOf(args: readonly string[]): Command | undefined {
	return COMMANDS.toSorted((a, b) => b.name.length - a.name.length).find(({ name }) =>
		name.split(' ').every((word, index) => args[index] === word),
	);
}

function parse(command: Command, args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			options: { ...command.options, ...COMMON },
			allowPositionals: true,
			strict: true,
		});
	} catch (cause) {
		const { message, code } = cause as NodeJS.ErrnoException;
		const [, option = ''] = /'(-[^']*?)(?: <value>)?'/.exec(message) ?? [];
		const spanish =
			code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
				? `No existe la opción ${option}`
				: `La opción ${option} está mal puesta`;
		const see = `clinic-hub ${command.name} --help.`;
		throw usageError(`${message.split('. ', 1)[0]}. See ${see}`, `${spanish}. Vea ${see}`, { cause });
	}
}
