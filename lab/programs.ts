/** Programs of this machine and modules of its Python, that the lab needs. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PYTHON } from './odoo/source.ts';
import type { System } from './system.ts';

const run = promisify(execFile);

/** Servers lie there, and accounts other than root have it not on their PATH. */
const SERVER_DIRECTORIES = ['/usr/sbin', '/sbin'];

/** Where a program lies: the first on the PATH, then where servers lie; undefined when it is nowhere. */
export async function findProgram(program: string): Promise<string | undefined> {
	const directories = (process.env.PATH ?? '').split(path.delimiter).filter((directory) => directory !== '');
	const places = path.isAbsolute(program)
		? [program]
		: [...directories, ...SERVER_DIRECTORIES].map((directory) => path.join(directory, program));
	for (const place of places) {
		const found = await access(place, constants.X_OK).then(
			() => true,
			() => false,
		);
		if (found) return place;
	}
	return undefined;
}

async function hasModule(module: string): Promise<boolean> {
	return run(PYTHON, ['-c', `import ${module}`]).then(
		() => true,
		() => false,
	);
}

/** What of the systems' programs and Python modules (as `python3-pika`) is not here; for machines without apt. */
export async function missingPrograms(systems: readonly Pick<System, 'commands' | 'modules'>[]): Promise<string[]> {
	const missing = new Set<string>();
	for (const { commands = [], modules = [] } of systems) {
		for (const command of commands) if (!(await findProgram(command))) missing.add(command);
		for (const module of modules) if (!(await hasModule(module))) missing.add(`python3-${module}`);
	}
	return [...missing];
}
