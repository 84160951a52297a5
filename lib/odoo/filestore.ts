/** Odoo's folder of attachments: `<data_dir>/filestore/<database>/ab/ab12…`. */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { HubError } from '../errors.ts';

/** What Odoo writes; no dots, which Odoo strips too, and so nothing that leads out of the folder. */
const NAME = /^[\w-]+(?:\/[\w-]+)*$/;

/** True for a `store_fname` that can be a file below the folder. */
export function isFileName(name: string): boolean {
	return NAME.test(name);
}

/**
 * The folder of one database.
 * @param folder Odoo's `filestore`, or the database's own folder in it
 * @throws HubError FILESTORE_UNAVAILABLE
 */
export async function filestoreOf(folder: string, database: string): Promise<string> {
	const candidates = [path.join(folder, database), ...(path.basename(folder) === database ? [folder] : [])];
	for (const each of candidates) {
		const found = await stat(each).catch(() => undefined);
		if (found?.isDirectory()) return each;
	}
	throw new HubError(
		'FILESTORE_UNAVAILABLE',
		`${path.join(folder, database)} is no folder that the hub can read. Name Odoo’s filestore (data_dir in odoo.conf, ` +
			'then “filestore”) and let the hub read it.',
	);
}

/** A file of the filestore, whose content never changes: its name is its hash. */
export interface StoredFile {
	size: number;
	crc: number;
	/** The whole of it, when it is not larger than what was asked for. */
	content: Buffer | undefined;
	/** Its bytes, in pieces whose memory is used again. @throws HubError FILESTORE_UNAVAILABLE when they are others by now */
	pieces(): AsyncGenerator<Buffer>;
	close(): Promise<void>;
}

/** Of a large file at once, in bytes. */
const PIECE_BYTES = 1_048_576;

/**
 * Undefined when there is no such file. A large one is read twice, the second time mostly from the kernel's memory: so its CRC
 * stands before it, and whoever reads the zip file as a stream need not unpack it.
 * @param whole up to this size, in bytes, the content is held
 * @throws HubError FILESTORE_UNAVAILABLE when it is there and cannot be read
 */
export async function openStored(folder: string, name: string, whole: number): Promise<StoredFile | undefined> {
	try {
		// A link would let whoever writes there have any file of this machine carried away.
		const file = await open(path.join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW);
		try {
			const { size } = await file.stat();
			const close = () => file.close();
			if (size <= whole) {
				const content = await file.readFile();
				await close();
				const pieces = async function* () {
					yield content;
				};
				return { size: content.length, crc: crc32(content), content, pieces, close: async () => undefined };
			}
			const read = async function* (): AsyncGenerator<Buffer> {
				const buffer = Buffer.allocUnsafe(PIECE_BYTES);
				for (let at = 0; ; ) {
					const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
					if (bytesRead === 0) return;
					at += bytesRead;
					yield buffer.subarray(0, bytesRead);
				}
			};
			const first = await measured(read());
			const pieces = async function* () {
				let crc = 0;
				for await (const piece of read()) {
					crc = crc32(piece, crc);
					yield piece;
				}
				if (crc !== first.crc) throw unavailable(name, 'it changed while it was read');
			};
			return { ...first, content: undefined, pieces, close };
		} catch (thrown) {
			await file.close();
			throw thrown;
		}
	} catch (thrown) {
		if (thrown instanceof HubError) throw thrown;
		const { code = 'no code' } = thrown as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
		throw unavailable(name, code);
	}
}

async function measured(pieces: AsyncIterable<Buffer>): Promise<{ size: number; crc: number }> {
	let [size, crc] = [0, 0];
	for await (const piece of pieces) {
		crc = crc32(piece, crc);
		size += piece.length;
	}
	return { size, crc };
}

function unavailable(name: string, why: string): HubError {
	return new HubError('FILESTORE_UNAVAILABLE', `The attachment ${name} cannot be read (${why}). Let the hub read it.`);
}
