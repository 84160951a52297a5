/**
 * Restores without Odoo's manager: a new database, the dump through psql, the attachments into the filestore. What is fed is
 * not waited for; `drained` says when more may come, so that memory stays bounded.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { HubError, toHubError } from '../errors.ts';
import { createDatabase, databaseExists, dropDatabase, hideDatabase, renameDatabase } from './databases.ts';
import { DumpGuard } from './dump-guard.ts';
import { isFileName } from './filestore.ts';
import { type PostgresqlAddress, type Program, programRelease, startProgram } from './postgresql.ts';

export interface DirectTarget {
	/** `database` is the one to make. */
	postgres: PostgresqlAddress;
	/** Odoo's folder `filestore`; the database's own is made in it. */
	filestore: string;
	/** Odoo does not see the database until it is put in place. Default false. */
	hidden?: boolean | undefined;
	signal?: AbortSignal | undefined;
	/** Default found by PATH. */
	psql?: string | undefined;
}

/** Releases from which psql can be told to obey no commands (CVE-2025-8714), by major version; 18 has it from its first. */
const RESTRICTS: Record<number, number> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** Below that psql takes more without being waited for, in bytes. */
const BACKLOG_BYTES = 1_048_576;

/** Takes the bytes of one entry of a backup. */
export interface Sink {
	write(chunk: Buffer): void;
	end(): void;
}

export class DirectRestore {
	readonly target: DirectTarget;
	/** The database's own folder. */
	readonly folder: string;
	readonly #program: Program;
	readonly #key: string | undefined;
	readonly #guard = new DumpGuard();
	#failure: HubError | undefined;
	#dumped = false;

	private constructor(target: DirectTarget, program: Program, key: string | undefined) {
		this.target = target;
		this.folder = path.join(target.filestore, target.postgres.database);
		this.#program = program;
		this.#key = key;
		program.ended.catch((thrown: HubError) => {
			this.#failure ??= thrown;
		});
		// A psql that ended early takes no more; its failure says why.
		program.child.stdin?.on('error', () => undefined);
	}

	/**
	 * Makes the database and its folder.
	 * @param comment says on the database whose it is
	 * @throws HubError ODOO_DATABASE_EXISTS, FILESTORE_UNAVAILABLE, POSTGRESQL_*
	 */
	static async begin(target: DirectTarget, comment: string): Promise<DirectRestore> {
		const { postgres, filestore, hidden, signal, psql = 'psql' } = target;
		const { major, minor } = await programRelease(psql);
		const key =
			minor >= (RESTRICTS[major] ?? (major > 17 ? 0 : Infinity)) ? randomBytes(16).toString('hex') : undefined;
		const folder = path.join(filestore, postgres.database);
		if (await lstat(folder).catch(() => undefined)) {
			throw new HubError('ODOO_DATABASE_EXISTS', `${folder} is there already. Choose another name, or move it away.`);
		}
		await createDatabase(postgres, comment, hidden);
		try {
			await mkdir(folder).catch((cause) => {
				const text = `${folder} cannot be made (${cause.code}). Let the hub write Odoo’s filestore.`;
				throw new HubError('FILESTORE_UNAVAILABLE', text, { cause });
			});
			const args = ['--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1', '--file=-'];
			const program = startProgram(psql, args, postgres, ['pipe', 'ignore'], signal);
			const restore = new DirectRestore(target, program, key);
			if (key) restore.#feed(Buffer.from(`\\restrict ${key}\n`));
			return restore;
		} catch (thrown) {
			await dropDatabase(postgres);
			throw thrown;
		}
	}

	/** For `dump.sql`. Its sink throws HubError DUMP_UNSAFE. */
	dump(): Sink {
		return {
			write: (chunk) => this.#feed(this.#guard.push(chunk)),
			end: () => {
				this.#feed(this.#guard.end());
				if (this.#key) this.#feed(Buffer.from(`\\unrestrict ${this.#key}\n`));
				this.#dumped = true;
				this.#program.child.stdin?.end();
			},
		};
	}

	/** For a file below `filestore/`. Written at once: files are small, and whoever unpacks does not wait. @throws HubError FILESTORE_UNAVAILABLE */
	file(name: string): Sink {
		if (!isFileName(name)) {
			throw new HubError('FILESTORE_UNAVAILABLE', 'The backup names a file that Odoo’s filestore cannot hold.');
		}
		const place = path.join(this.folder, name);
		const file = attempt(place, () => {
			mkdirSync(path.dirname(place), { recursive: true });
			return openSync(place, 'wx', 0o640);
		});
		return {
			write: (chunk) =>
				attempt(place, () => {
					for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
				}),
			end: () => attempt(place, () => closeSync(file)),
		};
	}

	/** Resolves when more may be fed. @throws HubError POSTGRESQL_FAILED with psql's reason, CANCELLED */
	async drained(): Promise<void> {
		const { stdin } = this.#program.child;
		if (stdin && stdin.writableLength > BACKLOG_BYTES && !stdin.destroyed) {
			// A psql that ends breaks its pipe first; why it did comes a moment later.
			const drained = once(stdin, 'drain').catch(() => this.#program.ended);
			await Promise.race([drained, this.#program.ended]);
		}
		if (this.#failure) throw this.#failure;
	}

	/** After the last byte: waits for psql. @throws HubError POSTGRESQL_FAILED with psql's reason, BACKUP_SPOILED without a dump */
	async finish(): Promise<void> {
		if (!this.#dumped) throw new HubError('BACKUP_SPOILED', 'The backup holds no dump of the database.');
		await this.#program.ended;
	}

	/** Ends psql and removes what was made. */
	async discard(): Promise<void> {
		this.#program.stop();
		await this.#program.ended.catch(() => undefined); // it was stopped, or failed before
		await dropDirectly(this.target);
	}

	#feed(bytes: Buffer): void {
		const { stdin } = this.#program.child;
		if (bytes.length > 0 && stdin?.writable) stdin.write(bytes);
	}
}

/** A database with its attachments. The caller knows that it may go. */
export async function dropDirectly({ postgres, filestore }: DirectTarget): Promise<void> {
	await dropDatabase(postgres);
	await rm(path.join(filestore, postgres.database), { recursive: true, force: true });
}

/**
 * Gives a database another name, ending its sessions, and its folder of attachments too; both or neither.
 * @throws HubError POSTGRESQL_*, FILESTORE_UNAVAILABLE
 */
async function renameDirectly({ postgres, filestore }: DirectTarget, name: string): Promise<void> {
	const [from, to] = [path.join(filestore, postgres.database), path.join(filestore, name)];
	const folder = await lstat(from).catch(() => undefined);
	if (folder) {
		await rename(from, to).catch((cause) => {
			throw new HubError('FILESTORE_UNAVAILABLE', `${from} cannot be renamed to ${to} (${cause.code}).`, { cause });
		});
	}
	try {
		await renameDatabase(postgres, name);
	} catch (thrown) {
		if (folder) await rename(to, from);
		throw thrown;
	}
}

/**
 * Puts a restored database in the place of another, which is kept under a name of its own, where Odoo sees it no more: two
 * of the same clinic would both do its jobs. When the new one cannot take the place, the old one has it again.
 * @returns the name of what is kept; undefined when the place was free
 */
export async function putInPlace(restored: DirectTarget, name: string, now: Date): Promise<string | undefined> {
	const place: DirectTarget = { ...restored, postgres: { ...restored.postgres, database: name } };
	const kept: DirectTarget = { ...place, postgres: { ...place.postgres, database: keptName(name, now) } };
	const exists = await databaseExists(place.postgres);
	const back: (() => Promise<void>)[] = [];
	try {
		if (exists) {
			await renameDirectly(place, kept.postgres.database);
			back.unshift(() => renameDirectly(kept, name));
			// Before it is done: whether it was, nobody knows when the connection breaks.
			back.unshift(() => hideDatabase(kept.postgres, false));
			await hideDatabase(kept.postgres, true);
		}
		await renameDirectly(restored, name);
		back.unshift(() => renameDirectly(place, restored.postgres.database));
		back.unshift(() => hideDatabase(place.postgres, true));
		await hideDatabase(place.postgres, false);
	} catch (thrown) {
		await takeBack(back, thrown, kept.postgres.database);
		throw thrown;
	}
	return exists ? kept.postgres.database : undefined;
}

/** @throws HubError the failure with where what was there may be, when a step cannot be taken back */
async function takeBack(steps: readonly (() => Promise<void>)[], thrown: unknown, kept: string): Promise<void> {
	try {
		for (const step of steps) await step();
	} catch {
		const { code, message } = toHubError(thrown);
		const text = `${message} If a database lost its place, it is kept as “${kept}”: give it its name back.`;
		throw new HubError(code, text, { cause: thrown });
	}
}

/** Under which a database is kept whose place another one took. */
function keptName(name: string, now: Date): string {
	return `${name}-before-${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

/** The longest name that leaves room for `keptName`: PostgreSQL cuts a longer one at 63 without a word. */
export const PLACE_NAME_LENGTH = 63 - keptName('', new Date(0)).length;

function attempt<T>(place: string, work: () => T): T {
	try {
		return work();
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		const text = `${place} cannot be written (${code}). Look at the disk’s space and at the folder’s rights.`;
		throw new HubError('FILESTORE_UNAVAILABLE', text, { cause });
	}
}
