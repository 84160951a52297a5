/** Starts the process that makes one backup. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { HubFigures, HubTask } from './hub.ts';

const run = promisify(execFile);

export async function hubBackup(task: HubTask): Promise<HubFigures> {
	const script = path.join(import.meta.dirname, 'hub.ts');
	const { stdout } = await run(process.execPath, [script, JSON.stringify(task)]);
	return JSON.parse(stdout) as HubFigures;
}
