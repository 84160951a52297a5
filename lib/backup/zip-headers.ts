/**
 * The records of a zip file, as PKWARE's APPNOTE 6.3 lays them out (sections 4.3.7 to 4.3.16). Parsed strictly: what
 * Odoo, Python's zipfile and Info-ZIP do not write is refused.
 */
import { crc32 } from 'node:zlib';
import { HubError } from '../errors.ts';

export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END64 = 0x06064b50;
export const LOCATOR64 = 0x07064b50;
export const DESCRIPTOR = 0x08074b50;

/** Bytes of the fixed part, signature included. */
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END64_BYTES = 56;
export const LOCATOR64_BYTES = 20;

export const STORED = 0;
export const DEFLATED = 8;

const FULL16 = 0xffff;
const FULL32 = 0xffff_ffff;
const EXTRA_ZIP64 = 0x0001;

/** Bits of the flags: 1 and 2 tell how hard the compressor tried, 3 a descriptor behind the data, 11 names in UTF-8. */
const FLAGS_KNOWN = 0b1000_0000_1110;
const FLAG_DESCRIPTOR = 0b1000;

/** What local header, descriptor and central directory say about an entry. */
export interface ZipEntry {
	name: string;
	method: number;
	flags: number;
	/** Time and date as they stand there, 4 bytes. */
	modified: number;
	crc: number;
	compressedSize: number;
	size: number;
	/** Of the local header, from the beginning of the file. */
	offset: number;
}

/** The name and the extra field follow the fixed part; their lengths stand in it. */
export interface Lengths {
	name: number;
	extra: number;
	comment: number;
}

export function spoiled(text: string): HubError {
	return new HubError('BACKUP_SPOILED', `The zip file is damaged: ${text}.`);
}

export const hasDescriptor = (entry: ZipEntry): boolean => (entry.flags & FLAG_DESCRIPTOR) !== 0;

export function localLengths(fixed: Buffer): Lengths {
	return { name: fixed.readUInt16LE(26), extra: fixed.readUInt16LE(28), comment: 0 };
}

/** @throws HubError BACKUP_SPOILED for what no program of interest writes */
export function parseLocal(fixed: Buffer, name: Buffer, extra: Buffer, offset: number): ZipEntry {
	const entry: ZipEntry = {
		name: decodeName(name),
		flags: fixed.readUInt16LE(6),
		method: fixed.readUInt16LE(8),
		modified: fixed.readUInt32LE(10),
		crc: fixed.readUInt32LE(14),
		compressedSize: fixed.readUInt32LE(18),
		size: fixed.readUInt32LE(22),
		offset,
	};
	if (entry.flags & ~FLAGS_KNOWN) throw spoiled(`"${entry.name}" has flags that are not supported`);
	if (entry.method !== STORED && entry.method !== DEFLATED) {
		throw spoiled(`"${entry.name}" is compressed by method ${entry.method}, which Odoo does not use`);
	}
	const wide = zip64Values(extra);
	if (entry.size === FULL32) entry.size = wide.next(entry.name);
	if (entry.compressedSize === FULL32) entry.compressedSize = wide.next(entry.name);
	return entry;
}

export function centralLengths(fixed: Buffer): Lengths {
	return { name: fixed.readUInt16LE(28), extra: fixed.readUInt16LE(30), comment: fixed.readUInt16LE(32) };
}

export function parseCentral(fixed: Buffer, name: Buffer, extra: Buffer): ZipEntry {
	const entry: ZipEntry = {
		name: decodeName(name),
		flags: fixed.readUInt16LE(8),
		method: fixed.readUInt16LE(10),
		modified: fixed.readUInt32LE(12),
		crc: fixed.readUInt32LE(16),
		compressedSize: fixed.readUInt32LE(20),
		size: fixed.readUInt32LE(24),
		offset: fixed.readUInt32LE(42),
	};
	if (fixed.readUInt16LE(34) !== 0) throw spoiled(`the directory puts "${entry.name}" on another disk`);
	const wide = zip64Values(extra);
	if (entry.size === FULL32) entry.size = wide.next(entry.name);
	if (entry.compressedSize === FULL32) entry.compressedSize = wide.next(entry.name);
	if (entry.offset === FULL32) entry.offset = wide.next(entry.name);
	return entry;
}

/** Where the directory lies and how many entries it has; undefined where a field says "see Zip64". */
export interface EndRecord {
	entries: number | undefined;
	directoryBytes: number | undefined;
	directoryOffset: number | undefined;
	commentBytes: number;
}

export function parseEnd(fixed: Buffer): EndRecord {
	if (fixed.readUInt16LE(4) !== 0 || fixed.readUInt16LE(6) !== 0 || fixed.readUInt16LE(8) !== fixed.readUInt16LE(10)) {
		throw spoiled('its end names several disks');
	}
	const unless = (value: number, full: number) => (value === full ? undefined : value);
	return {
		entries: unless(fixed.readUInt16LE(10), FULL16),
		directoryBytes: unless(fixed.readUInt32LE(12), FULL32),
		directoryOffset: unless(fixed.readUInt32LE(16), FULL32),
		commentBytes: fixed.readUInt16LE(20),
	};
}

export function parseEnd64(fixed: Buffer): Omit<EndRecord, 'commentBytes'> {
	const entries = wideNumber(fixed, 32);
	const plain = fixed.readUInt32LE(16) === 0 && fixed.readUInt32LE(20) === 0 && wideNumber(fixed, 24) === entries;
	if (!plain || wideNumber(fixed, 4) !== END64_BYTES - 12) throw spoiled('its Zip64 end is not a plain one');
	return { entries, directoryBytes: wideNumber(fixed, 40), directoryOffset: wideNumber(fixed, 48) };
}

/** The place of the Zip64 end, from the locator. */
export function parseLocator64(fixed: Buffer): number {
	if (fixed.readUInt32LE(4) !== 0 || fixed.readUInt32LE(16) !== 1)
		throw spoiled('its Zip64 locator names several disks');
	return wideNumber(fixed, 8);
}

/**
 * The length of the descriptor at the beginning of `bytes`: with or without its signature, sizes of 4 or 8 bytes, as
 * writers differ. Only one that says what was measured is taken, the longest: for an empty entry the shorter fits, too. 0 when
 * there is none.
 */
export function descriptorBytes(bytes: Buffer, measured: ZipEntry): number {
	for (const signed of [4, 0]) {
		if (signed && (bytes.length < 4 || bytes.readUInt32LE(0) !== DESCRIPTOR)) continue;
		for (const width of [8, 4]) {
			const length = signed + 4 + 2 * width;
			if (bytes.length < length || bytes.readUInt32LE(signed) !== measured.crc) continue;
			const read = (at: number) => (width === 4 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at)));
			if (read(signed + 4) === measured.compressedSize && read(signed + 4 + width) === measured.size) return length;
		}
	}
	return 0;
}

/**
 * Four bytes that stand for all that local header and directory must agree about, so that memory stays small. The version
 * needed to extract is left out: Python writes 20 in the header and 45 in the directory for entries beyond 4 GiB.
 */
export function fingerprint({ name, method, flags, modified, crc, compressedSize, size, offset }: ZipEntry): number {
	return crc32([method, flags, modified, crc, compressedSize, size, offset, name].join(' '));
}

/**
 * Refuses names that no unpacking program should see: absolute, or leading out of the folder. One character a byte, so that
 * different names stay different; all that Odoo writes is ASCII.
 */
function decodeName(bytes: Buffer): string {
	const name = bytes.toString('latin1');
	if (name === '' || name.startsWith('/') || /[\\\0]/.test(name) || name.split('/').includes('..')) {
		throw spoiled('an entry has a name that cannot be a file of a backup');
	}
	return name;
}

/** The 8-byte values of the Zip64 extra field, in the order in which the fixed part asks for them. */
function zip64Values(extra: Buffer): { next(name: string): number } {
	let values = extra.subarray(0, 0);
	for (let at = 0; at + 4 <= extra.length; ) {
		const end = at + 4 + extra.readUInt16LE(at + 2);
		if (end > extra.length) throw spoiled('an extra field is longer than its entry');
		if (extra.readUInt16LE(at) === EXTRA_ZIP64) values = extra.subarray(at + 4, end);
		at = end;
	}
	return {
		next(name) {
			if (values.length < 8) throw spoiled(`"${name}" lacks its Zip64 sizes`);
			const value = wideNumber(values, 0);
			values = values.subarray(8);
			return value;
		},
	};
}

/** Above 2^53 nothing is exact, and no file is that large. */
function wideNumber(bytes: Buffer, at: number): number {
	const value = bytes.readBigUInt64LE(at);
	if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw spoiled('a size is beyond all measure');
	return Number(value);
}
