/**
 * Writes a zip file as a stream (PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16). An entry whose content is at hand has its
 * sizes in its header, so that whoever reads the stream knows them; one that is longer has them behind it, in 8 bytes.
 *
 * Why not yazl or archiver: they write sizes behind *stored* entries, whose end a reader of the stream cannot find, and
 * queue all entries before the first byte.
 */
import { crc32 } from 'node:zlib';

export type ZipMethod = 'stored' | 'deflated';

/** What is known of an entry after its last byte. */
export interface ZipSizes {
	crc: number;
	compressedSize: number;
	size: number;
}

const METHODS: Record<ZipMethod, number> = { stored: 0, deflated: 8 };
const FLAG_DESCRIPTOR = 0b1000;
const FLAG_UTF8 = 0b1000_0000_0000;
/** 4.5: Zip64; 2.0: compressed. */
const VERSION_WIDE = 45;
const VERSION = 20;
/** Attributes of Unix stand in the upper half; the file is its owner's to write and everybody's to read. */
const MADE_BY_UNIX = 3 << 8;
const MODE = (0o100_644 << 16) >>> 0;
const FULL16 = 0xffff;
const FULL32 = 0xffff_ffff;

export class ZipWriter {
	readonly #modified: number;
	readonly #directory: Buffer[] = [];
	#offset = 0;
	#open: { name: Buffer; flags: number; method: number; offset: number } | undefined;

	/** @param modified the time that every entry bears; one second is as good as another for a restore */
	constructor(modified: Date) {
		this.#modified = dosTime(modified);
	}

	/** The header of an entry whose sizes are known; its bytes follow, each passed to `sent`, then `close`. */
	header(name: string, method: ZipMethod, { crc, compressedSize, size }: ZipSizes): Buffer {
		const wide = Math.max(compressedSize, size) >= FULL32;
		const extra = wide ? zip64([size, compressedSize]) : Buffer.alloc(0);
		const sizes = wide ? { crc, compressedSize: FULL32, size: FULL32 } : { crc, compressedSize, size };
		return this.#header(name, method, 0, sizes, extra);
	}

	/** The header of a compressed entry whose sizes follow by `descriptor`. */
	openHeader(name: string): Buffer {
		const unknown = { crc: 0, compressedSize: FULL32, size: FULL32 };
		return this.#header(name, 'deflated', FLAG_DESCRIPTOR, unknown, zip64([0, 0]));
	}

	/** Counts bytes of the entry that is open. */
	sent(bytes: number): void {
		this.#offset += bytes;
	}

	/** Behind the data of an entry with `openHeader`; closes it. */
	descriptor(sizes: ZipSizes): Buffer {
		const bytes = Buffer.alloc(24);
		bytes.writeUInt32LE(0x08074b50, 0);
		bytes.writeUInt32LE(sizes.crc, 4);
		bytes.writeBigUInt64LE(BigInt(sizes.compressedSize), 8);
		bytes.writeBigUInt64LE(BigInt(sizes.size), 16);
		this.#offset += bytes.length;
		this.close(sizes);
		return bytes;
	}

	/** Notes the entry that is open for the directory. */
	close({ crc, compressedSize, size }: ZipSizes): void {
		if (!this.#open) throw new RangeError('no entry is open');
		const { name, flags, method, offset } = this.#open;
		this.#open = undefined;
		const values = [size, compressedSize, offset];
		const extra = zip64(values.filter((value) => value >= FULL32));
		const wide = extra.length > 0 || (flags & FLAG_DESCRIPTOR) !== 0;
		const fixed = Buffer.alloc(46);
		fixed.writeUInt32LE(0x02014b50, 0);
		fixed.writeUInt16LE(MADE_BY_UNIX | (wide ? VERSION_WIDE : VERSION), 4);
		fixed.writeUInt16LE(wide ? VERSION_WIDE : VERSION, 6);
		fixed.writeUInt16LE(flags, 8);
		fixed.writeUInt16LE(method, 10);
		fixed.writeUInt32LE(this.#modified, 12);
		fixed.writeUInt32LE(crc, 16);
		fixed.writeUInt32LE(Math.min(compressedSize, FULL32), 20);
		fixed.writeUInt32LE(Math.min(size, FULL32), 24);
		fixed.writeUInt16LE(name.length, 28);
		fixed.writeUInt16LE(extra.length, 30);
		fixed.writeUInt32LE(MODE, 38);
		fixed.writeUInt32LE(Math.min(offset, FULL32), 42);
		this.#directory.push(Buffer.concat([fixed, name, extra]));
	}

	/** The directory and the end; the last bytes of the file. */
	end(): Buffer {
		if (this.#open) throw new RangeError('an entry is open');
		const directory = Buffer.concat(this.#directory);
		const entries = this.#directory.length;
		const start = this.#offset;
		const pieces = [directory];
		if (entries >= FULL16 || directory.length >= FULL32 || start >= FULL32) {
			const end = Buffer.alloc(76);
			end.writeUInt32LE(0x06064b50, 0);
			end.writeBigUInt64LE(44n, 4);
			end.writeUInt16LE(MADE_BY_UNIX | VERSION_WIDE, 12);
			end.writeUInt16LE(VERSION_WIDE, 14);
			end.writeBigUInt64LE(BigInt(entries), 24);
			end.writeBigUInt64LE(BigInt(entries), 32);
			end.writeBigUInt64LE(BigInt(directory.length), 40);
			end.writeBigUInt64LE(BigInt(start), 48);
			end.writeUInt32LE(0x07064b50, 56);
			end.writeBigUInt64LE(BigInt(start + directory.length), 64);
			end.writeUInt32LE(1, 72);
			pieces.push(end);
		}
		const end = Buffer.alloc(22);
		end.writeUInt32LE(0x06054b50, 0);
		end.writeUInt16LE(Math.min(entries, FULL16), 8);
		end.writeUInt16LE(Math.min(entries, FULL16), 10);
		end.writeUInt32LE(Math.min(directory.length, FULL32), 12);
		end.writeUInt32LE(Math.min(start, FULL32), 16);
		return Buffer.concat([...pieces, end]);
	}

	#header(text: string, how: ZipMethod, flags: number, sizes: ZipSizes, extra: Buffer): Buffer {
		if (this.#open) throw new RangeError('an entry is open');
		const name = Buffer.from(text);
		const method = METHODS[how];
		this.#open = { name, flags: name.length === text.length ? flags : flags | FLAG_UTF8, method, offset: this.#offset };
		const fixed = Buffer.alloc(30);
		fixed.writeUInt32LE(0x04034b50, 0);
		fixed.writeUInt16LE(extra.length > 0 ? VERSION_WIDE : VERSION, 4);
		fixed.writeUInt16LE(this.#open.flags, 6);
		fixed.writeUInt16LE(method, 8);
		fixed.writeUInt32LE(this.#modified, 10);
		fixed.writeUInt32LE(sizes.crc, 14);
		fixed.writeUInt32LE(sizes.compressedSize, 18);
		fixed.writeUInt32LE(sizes.size, 22);
		fixed.writeUInt16LE(name.length, 26);
		fixed.writeUInt16LE(extra.length, 28);
		const bytes = Buffer.concat([fixed, name, extra]);
		this.#offset += bytes.length;
		return bytes;
	}
}

/** CRC and length of what passes. */
export class Measure {
	crc = 0;
	size = 0;

	add(chunk: Buffer): void {
		this.crc = crc32(chunk, this.crc);
		this.size += chunk.length;
	}
}

function zip64(values: readonly number[]): Buffer {
	if (values.length === 0) return Buffer.alloc(0);
	const bytes = Buffer.alloc(4 + 8 * values.length);
	bytes.writeUInt16LE(0x0001, 0);
	bytes.writeUInt16LE(8 * values.length, 2);
	values.forEach((value, index) => {
		bytes.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
	});
	return bytes;
}

/** MS-DOS time and date, UTC; its years begin with 1980. */
function dosTime(date: Date): number {
	const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
	const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
	return ((day << 16) | time) >>> 0;
}
