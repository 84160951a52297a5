/** The parts of Node-RED's command line that settings must know before Node-RED applies them. */

import { homedir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

export interface CommandLine {
	/** `-u`, `--userDir`. */
	userDir?: string;
	/** The flow file, the only positional argument. */
	flowFile?: string;
}

/** Node-RED's own options that take a value (`node-red --help`), so that a value is not mistaken for the flow file. */
const OPTIONS = {
	userDir: { type: 'string', short: 'u' },
	settings: { type: 'string', short: 's' },
	port: { type: 'string', short: 'p' },
	title: { type: 'string' },
	define: { type: 'string', short: 'D', multiple: true },
	verbose: { type: 'boolean', short: 'v' },
	safe: { type: 'boolean' },
} as const;

/** @param args without the program and its script */
export function readCommandLine(args: readonly string[]): CommandLine {
	// Not strict: Node-RED itself ignores what it does not know.
	const { values, positionals } = parseArgs({
		args: [...args],
		options: OPTIONS,
		allowPositionals: true,
		strict: false,
	});
	const [flowFile] = positionals;
	return {
		...(typeof values.userDir === 'string' ? { userDir: values.userDir } : {}),
		...(flowFile === undefined ? {} : { flowFile }),
	};
}

/** Node-RED's own default, which it only works out after it has read its settings. */
export function defaultUserDirectory(): string {
	return path.join(homedir(), '.node-red');
}
