/**
 * The folder where a backup waits, encrypted, until its upload was verified. A file is `partial` while it is written, and
 * becomes `finished` at once, with its record, when it was proven; nobody ever sees half of one under its name.
 */
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { HubError } from '../errors.ts';
import { recordFileName } from './record.ts';

/** Only the hub's own account: database and file names of the clinic stand in it. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Kept free for everything else that shares the disk, in bytes. */
const MARGIN_BYTES = 268_435_456;

/** A partial file grows all the time; one that has not for so long belongs to nobody any more. In ms. */
const ABANDONED_MS = 3_600_000;

const PARTIAL = /^\.partial-(.+)-(\d+)-[0-9a-f-]{36}$/;

/** Of this process, whichever part of it writes them. */
const underWay = new Set<string>();

export interface SpooledFile {
	/** Path of the backup. */
	file: string;
	/** Path of its signed record. */
	record: string;
}

/** Every method throws HubError SPOOL_UNAVAILABLE when the folder cannot be read or written, SPOOL_FULL when it is full. */
export class Spool {
	readonly directory: string;

	private constructor(directory: string) {
		this.directory = directory;
	}

	/** Makes the folder when it is missing, and removes what runs left behind that are no more. */
	static async open(directory: string): Promise<Spool> {
		const spool = new Spool(path.resolve(directory));
		await spool.#guarded(async () => {
			await mkdir(spool.directory, { recursive: true, mode: DIRECTORY_MODE });
			await chmod(spool.directory, DIRECTORY_MODE);
			await spool.#clean();
		});
		return spool;
	}

	/** Bytes that the disk has left for files of this account. */
	async freeBytes(): Promise<number> {
		const { bavail, bsize } = await this.#guarded(() => statfs(this.directory));
		return bavail * bsize;
	}

	/**
	 * @param bytes that are about to come: the size of the last backup, as nobody knows that of the next; 0 when there is none
	 * @throws HubError SPOOL_FULL saying how much is missing
	 */
	async requireSpace(bytes: number): Promise<void> {
		const free = await this.freeBytes();
		const needed = bytes + MARGIN_BYTES;
		if (free >= needed) return;
		const text = `The spool ${this.directory} has ${mib(free)} MiB free, and this backup needs about ${mib(needed)} MiB.`;
		throw new HubError('SPOOL_FULL', `${text} Make room, or give the spool another disk.`);
	}

	/** Whether a finished file has that name. */
	holds(name: string): Promise<boolean> {
		return exists(path.join(this.directory, name));
	}

	/**
	 * Whether a finished file lies under that path with its record, in this spool or in another one of this machine, as before
	 * the folder was changed.
	 */
	lies(file: string): Promise<boolean> {
		return this.#guarded(async () => (await exists(file)) && (await exists(recordFileName(file))));
	}

	/** Path for a new file, which does not exist yet; to be given to `publish` or `discard`. */
	begin(): string {
		const name = `.partial-${hostname()}-${process.pid}-${randomUUID()}`;
		underWay.add(name);
		return path.join(this.directory, name);
	}

	/**
	 * Gives a partial file, written and synced, its name, with its record beside it. The record comes first: a file without
	 * one is never seen.
	 * @param name such as `backupFileName` gives
	 */
	async publish(partial: string, name: string, record: string): Promise<SpooledFile> {
		if (name !== path.basename(name) || name.startsWith('.')) {
			throw new HubError('INTERNAL', `"${name}" cannot be the name of a file in the spool.`);
		}
		const file = path.join(this.directory, name);
		const recordFile = recordFileName(file);
		await this.#guarded(async () => {
			if (await this.holds(name)) throw new HubError('SPOOL_UNAVAILABLE', `The spool holds ${name} already.`);
			const partialRecord = this.begin();
			await writeFile(partialRecord, record, { mode: FILE_MODE, flag: 'wx', flush: true });
			await rename(partialRecord, recordFile);
			await rename(partial, file);
			await syncDirectory(this.directory);
			underWay.delete(path.basename(partialRecord));
		});
		underWay.delete(path.basename(partial));
		return { file, record: recordFile };
	}

	/** Removes a partial file, whether it was begun or not. */
	async discard(partial: string): Promise<void> {
		await this.#guarded(() => rm(partial, { force: true }));
		underWay.delete(path.basename(partial));
	}

	/** Removes a finished file and its record, after its upload was verified. Again is harmless. */
	async release(file: string): Promise<void> {
		const resolved = path.resolve(file);
		if (path.dirname(resolved) !== this.directory) {
			throw new HubError('SPOOL_UNAVAILABLE', 'A file that does not lie in the spool is not removed.');
		}
		await this.#guarded(async () => {
			await rm(resolved, { force: true });
			await rm(recordFileName(resolved), { force: true });
		});
	}

	/** What waits, oldest name first. */
	async finished(): Promise<SpooledFile[]> {
		const names = await this.#guarded(() => readdir(this.directory));
		const present = new Set(names);
		return names
			.filter((name) => present.has(recordFileName(name)))
			.toSorted()
			.map((name) => ({
				file: path.join(this.directory, name),
				record: path.join(this.directory, recordFileName(name)),
			}));
	}

	/** Partial files of dead processes, and records whose file was released. */
	async #clean(): Promise<void> {
		const names = await readdir(this.directory);
		const present = new Set(names);
		for (const name of names) {
			const file = path.join(this.directory, name);
			const widowed = name.endsWith('.json') && !present.has(name.slice(0, -'.json'.length));
			const dead = isDead(name);
			// A record comes a moment before its file, and other hosts may write here, too.
			if (dead || ((widowed || PARTIAL.test(name)) && (await ageMs(file)) > ABANDONED_MS)) {
				await rm(file, { force: true });
			}
		}
	}

	async #guarded<T>(work: () => Promise<T>): Promise<T> {
		try {
			return await work();
		} catch (thrown) {
			throw spoolFailure(thrown);
		}
	}
}

/** What a failure of the file system means for whoever reads about it. */
export function spoolFailure(thrown: unknown): HubError {
	if (thrown instanceof HubError) return thrown;
	const { code = 'no code' } = thrown as NodeJS.ErrnoException;
	if (code === 'ENOSPC' || code === 'EDQUOT') {
		return new HubError('SPOOL_FULL', 'The disk of the spool became full. Make room, or give the spool another disk.', {
			cause: thrown,
		});
	}
	const text = `The spool's folder cannot be used (${code}). See that it exists and belongs to the account of the hub.`;
	return new HubError('SPOOL_UNAVAILABLE', text, { cause: thrown });
}

function isDead(name: string): boolean {
	const [, host, pid] = PARTIAL.exec(name) ?? [];
	if (host !== hostname() || underWay.has(name)) return false;
	// After a restart of a container this process may have the number of the one that died.
	return Number(pid) === process.pid || !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (thrown) {
		// EPERM: it is there and belongs to somebody else.
		return (thrown as NodeJS.ErrnoException).code === 'EPERM';
	}
}

async function ageMs(file: string): Promise<number> {
	try {
		return Date.now() - (await lstat(file)).mtimeMs;
	} catch {
		// Gone meanwhile: its owner finished it.
		return 0;
	}
}

async function exists(file: string): Promise<boolean> {
	try {
		await lstat(file);
		return true;
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw thrown;
	}
}

/** Makes new names last through a power cut. */
async function syncDirectory(directory: string): Promise<void> {
	const handle = await open(directory, 'r');
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

const mib = (bytes: number) => Math.round(bytes / 1_048_576);
