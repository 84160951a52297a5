/** The file that a download becomes: what came so far lies in `.part` beside its place, and is taken up by the next attempt. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';

/** Readable by the hub's account only. */
const FILE_MODE = 0o600;

/** Methods throw HubError SPOOL_FULL, SPOOL_UNAVAILABLE. */
export class TargetFile {
	/** Of what was there already; hashed again, for nobody knows what became of it meanwhile. */
	readonly begun: number;
	readonly hash: Hash;
	readonly #path: string;
	readonly #file: FileHandle;
	#at: number;

	private constructor(target: string, file: FileHandle, hash: Hash, begun: number) {
		this.#path = target;
		this.#file = file;
		this.hash = hash;
		this.begun = begun;
		this.#at = begun;
	}

	/**
	 * @param most of the whole file, in bytes; a part that is longer is none of it
	 * @throws HubError CANCELLED
	 */
	static async open(target: string, most: number, signal: AbortSignal | undefined): Promise<TargetFile> {
		const part = partOf(target);
		return guarded(part, async () => {
			const { hash, size } = await begunIn(part, most, signal);
			return new TargetFile(target, await open(part, size === 0 ? 'w' : 'r+', FILE_MODE), hash, size);
		});
	}

	async write(piece: Buffer): Promise<void> {
		await guarded(partOf(this.#path), async () => {
			// The system may take less than it is given, as it does when the disk becomes full.
			for (let left = piece; left.length > 0; ) {
				const { bytesWritten } = await this.#file.write(left, 0, left.length, this.#at);
				this.#at += bytesWritten;
				left = left.subarray(bytesWritten);
			}
		});
	}

	/** All of it is there: it lies on the disk, in its place. */
	async finish(): Promise<void> {
		await guarded(this.#path, async () => {
			await this.#file.sync();
			await this.#file.close();
			await rename(partOf(this.#path), this.#path);
		});
	}

	/** @param spoilt nothing of it stays for the next attempt */
	async leave(spoilt: boolean): Promise<void> {
		await this.#file.close();
		if (spoilt) await rm(partOf(this.#path), { force: true });
	}
}

const partOf = (target: string): string => `${target}.part`;

async function begunIn(
	part: string,
	most: number,
	signal: AbortSignal | undefined,
): Promise<{ hash: Hash; size: number }> {
	const hash = createHash('sha256');
	const size = await stat(part).then(
		(found) => found.size,
		() => 0, // nothing there yet
	);
	if (size === 0 || size > most) return { hash, size: 0 };
	try {
		const bytes = createReadStream(part, signal ? { signal } : {});
		for await (const piece of bytes as AsyncIterable<Buffer>) hash.update(piece);
	} catch (thrown) {
		throwIfCancelled(signal);
		throw thrown;
	}
	return { hash, size };
}

async function guarded<T>(file: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (thrown) {
		throw diskFailure(thrown, file);
	}
}

/** What a failure of the file system means for whoever waits for a file from Drive. */
export function diskFailure(cause: unknown, file: string): HubError {
	if (cause instanceof HubError) return cause;
	const { code = 'no code' } = cause as NodeJS.ErrnoException;
	const folder = path.dirname(file);
	if (code === 'ENOSPC' || code === 'EDQUOT') {
		const text = `The disk of ${folder} became full. Make room there, or name another folder; then begin again.`;
		return new HubError('SPOOL_FULL', text, { cause });
	}
	const text = `${file} cannot be written (${code}). See that ${folder} is a folder in which the account of the hub may write.`;
	return new HubError('SPOOL_UNAVAILABLE', text, { cause });
}
