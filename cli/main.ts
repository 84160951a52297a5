/** Finds the command, reads its options, and turns whatever happens into a line and an exit code. */

import { parseArgs } from 'node:util';
import { HubError, toHubError } from '../lib/errors.ts';
import { backup } from './backup.ts';
import { backups } from './backups.ts';
import type { Command } from './command.ts';
import { driveConnect } from './drive-connect.ts';
import { Environment } from './environment.ts';
import { EXIT, EXIT_WORDS, type ExitCode, exitCodeOf, PartialFailure } from './exit.ts';
import { commandHelp, overview } from './help.ts';
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
		if (!command) {
			const asked = args.length === 0 || args.includes('--help') || args.includes('-h');
			(asked ? terminal.say : terminal.warn).call(terminal, overview(COMMANDS, terminal.language));
			return asked && args.length > 0 ? EXIT.done : EXIT.usage;
		}
		const { values, positionals } = parse(command, args.slice(command.name.split(' ').length));
		if (values['help'] === true) {
			terminal.say(commandHelp(command, terminal.language));
			return EXIT.done;
		}
		const { min, max } = command.takes;
		if (positionals.length < min || positionals.length > max) {
			throw new HubError('CONFIG_INVALID', `Usage: clinic-hub ${command.name} ${command.operands}; --help tells more.`);
		}
		opened = new Environment(environment);
		return await command.run({ values, positionals, terminal, environment: opened, signal });
	} catch (thrown) {
		const failure = toHubError(thrown);
		const exit = signal.aborted ? EXIT.interrupted : exitCodeOf(failure);
		terminal.warn(`clinic-hub: ${failure.message}`);
		if (terminal.language === 'es') terminal.warn(`(${EXIT_WORDS[exit].es})`);
		const report = failure instanceof PartialFailure ? failure.report : {};
		terminal.result({ ok: false, exit, code: failure.code, message: failure.message, ...report });
		return exit;
	} finally {
		await opened?.close();
	}
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
		const text = cause instanceof Error ? cause.message.split('. ', 1)[0] : String(cause);
		throw new HubError('CONFIG_INVALID', `${text}. See clinic-hub ${command.name} --help.`, { cause });
	}
}
