/** `lab.json` in the lab's directory: that a lab runs, and how to reach it. Only its owner can read it. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../lib/errors.ts';
import { writePrivate } from './children.ts';
import { type Language, say } from './language.ts';
import { identify, isRunning, type ProcessIdentity } from './processes.ts';
import type { Address } from './system.ts';

export interface RunningLab {
	owner: ProcessIdentity;
	/** False while it is still starting. */
	ready: boolean;
	/** See `System.variables`. */
	variables: Record<string, string>;
	addresses: Address[];
}

const fileOf = (directory: string): string => path.join(directory, 'lab.json');

/** The lab that runs from this directory; undefined when none does, whatever a killed one left behind. */
export async function runningLab(directory: string): Promise<RunningLab | undefined> {
	let lab: RunningLab;
	try {
		lab = JSON.parse(await readFile(fileOf(directory), 'utf8')) as RunningLab;
	} catch {
		return undefined; // no file, or half-written by a lab that was killed
	}
	return (await isRunning(lab.owner)) ? lab : undefined;
}

const RUNS = {
	en: 'This lab ({directory}) runs already, as process {pid}: end that one with Ctrl-C, or start a second one beside it: HUB_LAB_DIR=DIRECTORY npm run demo -- --port-offset 1000',
	es: 'Este laboratorio ({directory}) ya está en marcha, en el proceso {pid}: termínelo con Ctrl-C o arranque otro al lado: HUB_LAB_DIR=DIRECTORIO npm run demo -- --port-offset 1000',
};

/** Says that this process runs the lab. Throws `LAB_RUNNING` when another one does. */
export async function claim(directory: string, language: Language): Promise<void> {
	const other = await runningLab(directory);
	if (other !== undefined && other.owner.pid !== process.pid) {
		throw new HubError('LAB_RUNNING', say(language, RUNS, { directory, pid: other.owner.pid }));
	}
	await publish(directory, { ready: false, variables: {}, addresses: [] });
}

/** Says how the lab can be reached. */
export async function publish(directory: string, facts: Omit<RunningLab, 'owner'>): Promise<void> {
	const owner = await identify(process.pid);
	await mkdir(directory, { recursive: true });
	await writePrivate(fileOf(directory), `${JSON.stringify({ owner, ...facts }, null, '\t')}\n`);
}

/** Says that the lab has ended. */
export async function unclaim(directory: string): Promise<void> {
	await rm(fileOf(directory), { force: true });
}
