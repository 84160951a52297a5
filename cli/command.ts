/** What a command is made of, and what it is given. */

import type { ParseArgsOptionDescriptor } from 'node:util';
import { HubError, type HubErrorCode } from '../lib/errors.ts';
import type { Environment } from './environment.ts';
import type { ExitCode } from './exit.ts';
import type { Terminal, Text } from './terminal.ts';

export interface CommandOption extends ParseArgsOptionDescriptor {
	type: 'string' | 'boolean';
	/** Stands for the value in the help; absent for a switch. */
	value?: string;
	help: Text;
}

export interface Invocation {
	/** What is no option. */
	positionals: readonly string[];
	values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
	terminal: Terminal;
	environment: Environment;
	/** Aborts on Ctrl-C. */
	signal: AbortSignal;
}

export interface Command {
	/** As it is typed: `keys create`. */
	name: string;
	/** Behind the name in the help: `FILE`. */
	operands: string;
	/** How many operands it takes. */
	takes: { min: number; max: number };
	help: Text;
	options: Readonly<Record<string, CommandOption>>;
	/** @throws HubError */
	run(invocation: Invocation): Promise<ExitCode>;
}

/** A failure that the command itself finds, in both languages. */
export class CommandError extends HubError {
	readonly text: Text;

	constructor(code: HubErrorCode, text: Text, options?: { cause: unknown }) {
		super(code, text.en, options);
		this.text = text;
	}
}

/** What was typed is wrong, or something is missing there. */
export function usageError(en: string, es: string, options?: { cause: unknown }): CommandError {
	return new CommandError('CONFIG_INVALID', { en, es }, options);
}

export function textOption({ values }: Invocation, name: string): string | undefined {
	const value = values[name];
	return typeof value === 'string' ? value : undefined;
}

export function listOption({ values }: Invocation, name: string): string[] {
	const value = values[name];
	return Array.isArray(value) ? value.map(String) : [];
}
