/** Reads the hub's variables from the environment: files filled in, values checked, unknown names found. */

import { readFileSync } from 'node:fs';
import { HubError } from '../errors.ts';
import { HUB_VARIABLES } from './variables/hub.ts';
import { SIGN_IN_VARIABLES } from './variables/sign-in.ts';
import type { Variable } from './variables/variable.ts';
import { FLOW_VARIABLES, VARIABLE_GROUPS } from './variables.ts';

type Table = typeof HUB_VARIABLES & typeof SIGN_IN_VARIABLES;

type ValueOf<V extends Variable> = V extends { kind: 'switch' }
	? boolean
	: V extends { kind: 'port' | 'days' | 'number' }
		? number
		: V extends { kind: 'list'; of: readonly (infer Item)[] }
			? Item[]
			: V extends { kind: 'choice'; of: readonly (infer Item)[] }
				? Item
				: V extends { default: string }
					? string
					: string | undefined;

/** The hub's variables, each with its value or its default. */
export type HubValues = { [Name in keyof Table]: ValueOf<Table[Name]> };

export interface ReadVariables {
	values: HubValues;
	/**
	 * To be put into the environment, where flows read it as `${NAME}`: what files filled, and the defaults of the
	 * variables that only flows read.
	 */
	additions: Record<string, string>;
	/** One sentence each, for the log. */
	warnings: string[];
}

/** Every name that belongs to this product; `_FILE` is only read for these. */
const PREFIX = /^(HUB|ODOO|KEYCLOAK|AMQP|SMTP|DRIVE)_[A-Z0-9_]+$/;

const FILE_SUFFIX = '_FILE';

const SWITCH_VALUES: Record<string, boolean> = {
	true: true,
	on: true,
	yes: true,
	'1': true,
	false: false,
	off: false,
	no: false,
	'0': false,
};

const PORT_LIMIT = 65_535;

/**
 * `NAME_FILE` fills `NAME` with what the file holds, less one newline at its end. An empty value counts as none.
 * @param environment usually `process.env`; not changed
 * @throws HubError `CONFIG_INVALID` naming the variable and what is wrong with it, never a secret's value
 */
export function readVariables(environment: Readonly<Record<string, string | undefined>>): ReadVariables {
	const filled = fillFromFiles(environment);
	const all = { ...environment, ...filled };
	const entries = Object.entries({ ...HUB_VARIABLES, ...SIGN_IN_VARIABLES }).map(([name, variable]) => [
		name,
		parse(name, variable, all[name]),
	]);
	return {
		values: Object.fromEntries(entries) as HubValues,
		additions: { ...flowDefaults(all), ...filled },
		warnings: unknownNames(all),
	};
}

function invalid(text: string, cause?: unknown): HubError {
	return new HubError('CONFIG_INVALID', text, { cause });
}

function fillFromFiles(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
	const filled: Record<string, string> = {};
	for (const [fileName, file] of Object.entries(environment)) {
		if (!file || !fileName.endsWith(FILE_SUFFIX) || !PREFIX.test(fileName)) continue;
		const name = fileName.slice(0, -FILE_SUFFIX.length);
		if (environment[name]) throw invalid(`${name} and ${fileName} are both set. Set one of them.`);
		filled[name] = readSecretFile(fileName, file);
	}
	return filled;
}

function readSecretFile(name: string, file: string): string {
	try {
		return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
	} catch (thrown) {
		const code = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
		throw invalid(`${name} names the file ${file}, which cannot be read (${code}).`, thrown);
	}
}

function parse(
	name: string,
	variable: Variable,
	text: string | undefined,
): boolean | number | string | string[] | undefined {
	if (!text) return variable.kind === 'list' ? [] : variable.default;
	switch (variable.kind) {
		case 'text':
			return text;
		case 'switch': {
			const value = SWITCH_VALUES[text.toLowerCase()];
			if (value === undefined) throw invalid(`${name} is "${text}"; it takes true or false.`);
			return value;
		}
		case 'port': {
			const port = Number(text);
			if (!/^\d+$/.test(text) || port > PORT_LIMIT) {
				throw invalid(`${name} is "${text}"; it takes a TCP port, 0 to ${PORT_LIMIT}.`);
			}
			return port;
		}
		case 'days':
		case 'number': {
			const { min, max } = variable;
			const number = Number(text);
			if (!/^\d+$/.test(text) || number < min || number > max)
				throw invalid(
					`${name} is "${text}"; it takes a number${variable.kind === 'days' ? ' of days' : ''}, ${min} to ${max}.`,
				);
			return number;
		}
		case 'choice':
			if (!variable.of.includes(text))
				throw invalid(`${name} is "${text}"; it takes one of ${variable.of.join(', ')}.`);
			return text;
		case 'list': {
			const items = text.split(',').map((item) => item.trim());
			const unknown = items.find((item) => !variable.of.includes(item));
			if (unknown !== undefined) {
				throw invalid(`${name} lists "${unknown}"; it takes ${variable.of.join(', ')}, separated by commas.`);
			}
			return items;
		}
	}
}

function flowDefaults(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
	const defaults: Record<string, string> = {};
	for (const [name, variable] of FLOW_VARIABLES.flatMap((variables) => Object.entries(variables))) {
		if (!environment[name] && 'default' in variable) defaults[name] = String(variable.default);
	}
	return defaults;
}

function unknownNames(environment: Readonly<Record<string, string | undefined>>): string[] {
	const known = new Set(VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables)));
	const unknown = (name: string) =>
		name.startsWith('HUB_') && !known.has(name) && !(name.endsWith(FILE_SUFFIX) && known.has(name.slice(0, -5)));
	return Object.keys(environment)
		.filter(unknown)
		.sort()
		.map((name) => `The variable ${name} is not known to the hub and does nothing; docs/variables.md lists all names.`);
}
