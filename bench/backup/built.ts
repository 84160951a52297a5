/** The hub as it is installed: compiled, for a thread that must strip types first is late by that. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');

export async function build(): Promise<void> {
	await run('npm', ['run', 'build'], { cwd: ROOT });
}

/** A module of `dist/`, by its path below it, such as `lib/backup/spool.js`. */
export function built<Module>(file: string): Promise<Module> {
	return import(path.join(ROOT, 'dist', file)) as Promise<Module>;
}
