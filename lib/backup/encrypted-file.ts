/** The file that a backup becomes, while it is written: encrypted, hashed, and at last synced. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AgeEncryptor } from './age.ts';
import type { AgeBeginning } from './age-header.ts';
import { spoolFailure } from './spool.ts';

/** Readable by the hub's account only. */
const FILE_MODE = 0o600;

/** Brought to the disk while more comes: at the end the disk has that much to do, not a whole backup. In bytes. */
const SYNC_BYTES = 33_554_432;

/** Methods throw HubError SPOOL_FULL, SPOOL_UNAVAILABLE. */
export class EncryptedFile {
	readonly #file: FileHandle;
	readonly #encryptor: AgeEncryptor | null;
	readonly #hash = createHash('sha256');
	#writing: Promise<unknown> = Promise.resolve();
	#syncing: Promise<void> | undefined;
	#unsynced = 0;
	#size = 0;

	private constructor(file: FileHandle, encryptor: AgeEncryptor | null) {
		this.#file = file;
		this.#encryptor = encryptor;
	}

	/**
	 * @param target does not exist yet
	 * @param age null leaves the bytes as they are
	 */
	static async create(target: string, age: AgeBeginning | null): Promise<EncryptedFile> {
		const file = await open(target, 'wx', FILE_MODE).catch(asSpoolFailure);
		return new EncryptedFile(file, age ? new AgeEncryptor(age) : null);
	}

	/** `plain` may be changed once the call is through; it waits for the disk when that is slower. */
	async write(plain: Buffer): Promise<void> {
		await this.#put(this.#encryptor ? this.#encryptor.push(plain) : [Buffer.from(plain)]);
	}

	/** Of the file, when all of it lies on the disk. */
	async finish(): Promise<{ size: number; sha256: string }> {
		if (this.#encryptor) await this.#put(this.#encryptor.finish());
		// The system tells of a failure once only, whoever asked for it.
		await Promise.all([this.#writing, this.#syncing]);
		await this.#file.sync().catch(asSpoolFailure);
		return { size: this.#size, sha256: this.#hash.digest('hex') };
	}

	async close(): Promise<void> {
		await this.#file.close();
	}

	/** One write at a time, behind the encryption of the next piece. */
	async #put(buffers: Buffer[]): Promise<void> {
		for (const buffer of buffers) {
			this.#hash.update(buffer);
			this.#size += buffer.length;
		}
		await this.#writing;
		if (buffers.length === 0) return;
		await this.#syncSometimes(buffers);
		this.#writing = writeAll(this.#file, buffers).catch(asSpoolFailure);
		// Whoever waits for it next gets the failure.
		this.#writing.catch(() => undefined);
	}

	/** What was written so far, behind the writes that follow. */
	async #syncSometimes(next: Buffer[]): Promise<void> {
		if (this.#unsynced >= SYNC_BYTES) {
			await this.#syncing;
			this.#syncing = this.#file.datasync().catch(asSpoolFailure);
			this.#syncing.catch(() => undefined);
			this.#unsynced = 0;
		}
		this.#unsynced += next.reduce((sum, { length }) => sum + length, 0);
	}
}

/** The system may take less than it is given, as it does when the disk becomes full. */
async function writeAll(file: FileHandle, buffers: Buffer[]): Promise<void> {
	const { bytesWritten } = await file.writev(buffers);
	const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
	if (bytesWritten < size) await file.writeFile(Buffer.concat(buffers).subarray(bytesWritten));
	for (const buffer of buffers) release(buffer);
}

/**
 * Gives the memory back at once: the garbage collector would look through everything each time that enough of it is held
 * (measured). Not of a buffer that shares its memory with others, as Node's small ones do.
 */
function release({ buffer, byteLength }: Buffer): void {
	if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function asSpoolFailure(thrown: unknown): never {
	throw spoolFailure(thrown);
}
