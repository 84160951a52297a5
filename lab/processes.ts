/** What /proc knows about processes: identity that survives reuse of a pid, descendants by mark, ending a group. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
	pid: number;
	/** Clock ticks after boot at which it started (field 22 of /proc/<pid>/stat, proc(5)). */
	startTicks: string;
	/** Changes with every boot, for `startTicks` begins anew then. */
	bootId: string;
}

/** The environment variable that marks what a lab started; its value is the lab's directory. */
export const MARK = 'CLINIC_HUB_LAB';

/** How often the end of a process is looked for, in ms; short enough not to be felt on Ctrl-C. */
const POLL_MS = 50;

/** After SIGKILL the kernel needs a moment to take a process away; longer means it hangs in the kernel. */
const KILL_GRACE_MS = 2_000;

let bootId: Promise<string> | undefined;

async function currentBootId(): Promise<string> {
	bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim());
	return bootId;
}

interface Stat {
	state: string;
	group: number;
	startTicks: string;
}

async function readStat(pid: number): Promise<Stat | undefined> {
	try {
		const text = await readFile(`/proc/${pid}/stat`, 'utf8');
		// The command stands in parentheses and may itself hold spaces and parentheses.
		const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
		return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' };
	} catch {
		return undefined; // no such process (any more)
	}
}

const isEnded = (stat: Stat | undefined): boolean => stat === undefined || stat.state === 'Z' || stat.state === 'X';

/** The identity of a running process; undefined when there is none. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
	const stat = await readStat(pid);
	if (stat === undefined || isEnded(stat)) return undefined;
	return { pid, startTicks: stat.startTicks, bootId: await currentBootId() };
}

/** True while exactly this process runs; false when it ended, or when its pid now belongs to another. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
	const now = await identify(identity.pid);
	return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** The command line of a process, at most `limit` characters; undefined when it cannot be read. */
export async function commandOf(pid: number, limit = 80): Promise<string | undefined> {
	try {
		const text = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
		const command = text || (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
		return command.length > limit ? `${command.slice(0, limit - 1)}…` : command;
	} catch {
		return undefined; // ended meanwhile, or another account's
	}
}

async function allPids(): Promise<number[]> {
	return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Pids of running members of these process groups. */
export async function groupMembers(groups: ReadonlySet<number>): Promise<number[]> {
	const members: number[] = [];
	for (const pid of await allPids()) {
		const stat = await readStat(pid);
		if (stat !== undefined && !isEnded(stat) && groups.has(stat.group)) members.push(pid);
	}
	return members;
}

/** Pids of running processes that carry the mark of this lab in their environment, whatever group they moved to. */
export async function marked(labDirectory: string): Promise<number[]> {
	const wanted = `${MARK}=${labDirectory}`;
	const found: number[] = [];
	for (const pid of await allPids()) {
		if (pid === process.pid) continue;
		try {
			const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
			if (environment.split('\0').includes(wanted) && !isEnded(await readStat(pid))) found.push(pid);
		} catch {
			// Ended meanwhile, or another account's: not one of ours.
		}
	}
	return found;
}

/** Sends a signal to a process (or, negative, to a group); false when there is none. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
	try {
		process.kill(pid, signal);
		return true;
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code === 'ESRCH') return false;
		throw thrown;
	}
}

/** Ends every process that `list` names: SIGTERM, up to `graceMs`, then SIGKILL. Resolves with how many there were. */
export async function endAll(list: () => Promise<number[]>, graceMs: number): Promise<number> {
	let pids = await list();
	const found = pids.length;
	for (const pid of pids) signalTo(pid, 'SIGTERM');
	for (const deadline = Date.now() + graceMs; pids.length > 0 && Date.now() < deadline; pids = await list()) {
		await delay(POLL_MS);
	}
	for (const deadline = Date.now() + KILL_GRACE_MS; pids.length > 0 && Date.now() < deadline; pids = await list()) {
		for (const pid of pids) signalTo(pid, 'SIGKILL');
		await delay(POLL_MS);
	}
	return found;
}
