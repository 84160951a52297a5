/** Accounts of this machine: systems such as PostgreSQL refuse to run as root. */
import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../lib/errors.ts';

export interface Account {
	uid: number;
	gid: number;
	home: string;
}

/** Where a system's directory lies when its account cannot enter the lab's own; only root, who alone can lend accounts, writes here. */
const SHARED_STATE = '/var/lib';

/** The account of that name in /etc/passwd; throws `NOT_FOUND`. */
export async function accountOf(name: string): Promise<Account> {
	for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
		const [login, , uid, gid, , home] = line.split(':');
		if (login === name) return { uid: Number(uid), gid: Number(gid), home: home || '/' };
	}
	throw new HubError('NOT_FOUND', `This machine has no account called ${name}`);
}

async function canEnter(account: Account, directory: string): Promise<boolean> {
	const { mode, uid, gid } = await stat(directory);
	if (uid === account.uid) return (mode & 0o100) !== 0;
	if (gid === account.gid) return (mode & 0o010) !== 0;
	return (mode & 0o001) !== 0;
}

/** A place outside the lab's directory for what other accounts must reach; one a lab, so that `--fresh` can empty it. */
export function sharedDirectory(labDirectory: string): string {
	return path.join(SHARED_STATE, `clinic-hub${labDirectory.replaceAll(path.sep, '-')}`);
}

/** See `LabContext.directoryFor`. */
export async function directoryFor(labDirectory: string, user: string, name: string): Promise<string> {
	const account = await accountOf(user);
	let reachable = true;
	for (let parent = labDirectory; parent !== path.dirname(parent) && reachable; parent = path.dirname(parent)) {
		reachable = await canEnter(account, parent);
	}
	const directory = path.join(reachable ? labDirectory : sharedDirectory(labDirectory), name);
	await mkdir(directory, { recursive: true, mode: 0o755 });
	await chown(directory, account.uid, account.gid);
	return directory;
}
