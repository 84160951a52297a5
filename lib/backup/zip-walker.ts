/**
 * Walks a zip file while it arrives, without holding it: every entry is unpacked and its CRC compared, and the central
 * directory at the end is compared with what was seen. Zip64 and data descriptors are understood.
 *
 * Why not a library: streaming ones check no CRC or hang on a cut file (unzipper, unzip-stream, fflate), correct ones need
 * a file or all of the memory (yauzl, zip.js).
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { inflate } from './inflate.ts';
import * as zip from './zip-headers.ts';
import { spoiled, type ZipEntry } from './zip-headers.ts';

/** Takes the unpacked bytes of one entry. A chunk is valid only during the call. */
export interface EntrySink {
	write(chunk: Buffer): void;
	/** After the last byte, when size and CRC were right. */
	end(): void;
}

export interface ZipSummary {
	entries: number;
	/** Of the whole file, packed. */
	bytes: number;
}

/**
 * Entries up to this size are unpacked in one call: 70,000 small ones took 2.4 s that way and 9.8 s with a stream each.
 * Bounds what is held of one entry, in bytes.
 */
const SMALL_BYTES = 262_144;

/** The longest descriptor: signature, CRC, two sizes of 8 bytes. */
const DESCRIPTOR_MAX_BYTES = 24;

/** Of a stored or large entry at once, in bytes. */
const PART_BYTES = 1_048_576;

const NOTHING = Buffer.alloc(0);

/**
 * Whatever is found wrong, `source` is let go.
 * @param open called for each entry in the order of the file; undefined when nobody wants its content
 * @throws HubError BACKUP_SPOILED saying what is wrong and where
 */
export async function walkZip(
	source: AsyncIterable<Buffer>,
	open: (name: string) => EntrySink | undefined,
): Promise<ZipSummary> {
	const reader = new ByteReader(source);
	try {
		return await walk(reader, open);
	} finally {
		await reader.close();
	}
}

async function walk(reader: ByteReader, open: (name: string) => EntrySink | undefined): Promise<ZipSummary> {
	const seen = new Fingerprints();
	for (;;) {
		const offset = reader.position;
		const signature = (await reader.exactly(4, 'the signature of an entry')).readUInt32LE(0);
		if (signature !== zip.LOCAL) {
			await walkDirectory(reader, offset, signature, seen);
			return { entries: seen.count, bytes: reader.position };
		}
		const entry = await readLocal(reader, offset);
		await unpack(reader, entry, open(entry.name));
		seen.add(zip.fingerprint(entry));
	}
}

async function readLocal(reader: ByteReader, offset: number): Promise<ZipEntry> {
	const fixed = Buffer.concat([Buffer.alloc(4), await reader.exactly(zip.LOCAL_BYTES - 4, 'the header of an entry')]);
	const lengths = zip.localLengths(fixed);
	const name = Buffer.from(await reader.exactly(lengths.name, 'the name of an entry'));
	const extra = await reader.exactly(lengths.extra, 'the header of an entry');
	return zip.parseLocal(fixed, name, extra, offset);
}

/** Leaves in `entry` what was measured: with a descriptor the header does not know sizes and CRC yet. */
async function unpack(reader: ByteReader, entry: ZipEntry, sink: EntrySink | undefined): Promise<void> {
	const described = zip.hasDescriptor(entry);
	if (described && entry.method === zip.STORED) {
		throw spoiled(`"${entry.name}" is stored and tells its length only behind it, so its end cannot be known`);
	}
	if (entry.method === zip.STORED && entry.size !== entry.compressedSize) {
		throw spoiled(`"${entry.name}" is stored with two different sizes`);
	}
	const measured = new Measured(sink);
	const { crc, size, compressedSize } = entry;
	if (entry.method === zip.STORED) await copy(reader, entry, measured);
	else if (described) entry.compressedSize = await inflateOpen(reader, entry.name, measured);
	else if (Math.max(entry.size, entry.compressedSize) <= SMALL_BYTES) await inflateSmall(reader, entry, measured);
	else await inflateLarge(reader, entry, measured);

	if (described) {
		Object.assign(entry, { crc: measured.crc, size: measured.size });
		const length = zip.descriptorBytes(await reader.peek(DESCRIPTOR_MAX_BYTES), entry);
		if (length === 0) throw spoiled(`"${entry.name}" is not what the descriptor behind it says`);
		reader.skip(length);
		const agrees = (said: number, value: number) => said === 0 || said === value;
		if (!agrees(crc, entry.crc) || !agrees(size, entry.size) || !agrees(compressedSize, entry.compressedSize)) {
			throw spoiled(`the header of "${entry.name}" is not what its descriptor says`);
		}
	}
	if (measured.size !== entry.size) throw spoiled(`"${entry.name}" has ${measured.size} bytes, not ${entry.size}`);
	if (measured.crc !== entry.crc) throw spoiled(`the CRC of "${entry.name}" is wrong`);
	sink?.end();
}

interface InflatedWithInfo {
	buffer: Buffer;
	engine: { bytesWritten: number };
}

class Measured {
	crc = 0;
	size = 0;
	readonly #sink: EntrySink | undefined;

	constructor(sink: EntrySink | undefined) {
		this.#sink = sink;
	}

	add(chunk: Buffer): void {
		this.crc = crc32(chunk, this.crc);
		this.size += chunk.length;
		this.#sink?.write(chunk);
	}
}

async function copy(reader: ByteReader, entry: ZipEntry, measured: Measured): Promise<void> {
	for (let left = entry.compressedSize; left > 0; ) {
		const part = await reader.some(Math.min(left, PART_BYTES));
		if (part.length === 0) await reader.exactly(left, `"${entry.name}"`);
		measured.add(part);
		left -= part.length;
	}
}

async function inflateSmall(reader: ByteReader, entry: ZipEntry, measured: Measured): Promise<void> {
	const packed = await reader.exactly(entry.compressedSize, `"${entry.name}"`);
	try {
		const options = { maxOutputLength: Math.max(entry.size, 1), info: true };
		// The types leave out what `info` changes (node:zlib, "Class: Options").
		const { buffer, engine } = inflateRawSync(packed, options) as unknown as InflatedWithInfo;
		if (engine.bytesWritten !== packed.length) throw spoiled(`"${entry.name}" ends before its size`);
		measured.add(buffer);
	} catch (thrown) {
		throw inflateFailure(thrown, entry.name);
	}
}

async function inflateLarge(reader: ByteReader, entry: ZipEntry, measured: Measured): Promise<void> {
	let left = entry.compressedSize;
	const next = async () => {
		if (left === 0) return NOTHING;
		const part = await reader.some(Math.min(left, PART_BYTES));
		if (part.length === 0) await reader.exactly(left, `"${entry.name}"`);
		left -= part.length;
		return part;
	};
	const take = (chunk: Buffer) => {
		measured.add(chunk);
		if (measured.size > entry.size) throw spoiled(`"${entry.name}" unpacks to more than its size`);
	};
	const { consumed } = await inflateFrom(next, take, entry.name);
	if (consumed !== entry.compressedSize) throw spoiled(`"${entry.name}" ends before its size`);
}

/** The packed size of an entry that ends where its compressed stream does. */
async function inflateOpen(reader: ByteReader, name: string, measured: Measured): Promise<number> {
	const next = () => reader.some(PART_BYTES);
	const { consumed, unused } = await inflateFrom(next, (chunk) => measured.add(chunk), name);
	reader.unread(unused);
	return consumed;
}

async function inflateFrom(next: () => Promise<Buffer>, take: (chunk: Buffer) => void, name: string) {
	try {
		return await inflate(next, take);
	} catch (thrown) {
		throw inflateFailure(thrown, name);
	}
}

/** Errors of zlib have codes such as Z_DATA_ERROR; everything else was not its fault. */
function inflateFailure(thrown: unknown, name: string): unknown {
	const code = (thrown as { code?: unknown }).code;
	const ofZlib = typeof code === 'string' && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(code);
	return ofZlib ? spoiled(`"${name}" cannot be unpacked (${code})`) : thrown;
}

async function walkDirectory(reader: ByteReader, offset: number, first: number, seen: Fingerprints): Promise<void> {
	let signature = first;
	let count = 0;
	while (signature === zip.CENTRAL) {
		const rest = await reader.exactly(zip.CENTRAL_BYTES - 4, 'the directory');
		const fixed = Buffer.concat([Buffer.alloc(4), rest]);
		const lengths = zip.centralLengths(fixed);
		const name = Buffer.from(await reader.exactly(lengths.name, 'the directory'));
		const extra = Buffer.from(await reader.exactly(lengths.extra, 'the directory'));
		await reader.exactly(lengths.comment, 'the directory');
		const entry = zip.parseCentral(fixed, name, extra);
		if (seen.at(count++) !== zip.fingerprint(entry)) {
			throw spoiled(`its directory and the entry "${entry.name}" disagree`);
		}
		signature = (await reader.exactly(4, 'the directory')).readUInt32LE(0);
	}
	if (count !== seen.count) throw spoiled(`its directory lists ${count} entries, ${seen.count} were there`);
	await readEnd(reader, signature, { entries: count, directoryOffset: offset });
}

interface Expected {
	entries: number;
	directoryOffset: number;
}

async function readEnd(reader: ByteReader, first: number, expected: Expected): Promise<void> {
	let signature = first;
	const endOffset = reader.position - 4;
	const actual = { ...expected, directoryBytes: endOffset - expected.directoryOffset };
	const agree = (said: { [key in keyof typeof actual]: number | undefined }) =>
		(Object.keys(actual) as (keyof typeof actual)[]).every((key) => said[key] === actual[key]);

	let wide: Omit<zip.EndRecord, 'commentBytes'> | undefined;
	if (signature === zip.END64) {
		const rest = await reader.exactly(zip.END64_BYTES - 4, 'the Zip64 end');
		wide = zip.parseEnd64(Buffer.concat([Buffer.alloc(4), rest]));
		if (!agree(wide)) throw spoiled('its Zip64 end does not match what came before');
		const locator = Buffer.from(await reader.exactly(zip.LOCATOR64_BYTES, 'the Zip64 locator'));
		if (locator.readUInt32LE(0) !== zip.LOCATOR64 || zip.parseLocator64(locator) !== endOffset) {
			throw spoiled('its Zip64 locator points elsewhere');
		}
		signature = (await reader.exactly(4, 'the end')).readUInt32LE(0);
	}
	if (signature !== zip.END) throw spoiled('something that is no part of a zip file stands in it');
	const end = zip.parseEnd(Buffer.concat([Buffer.alloc(4), await reader.exactly(zip.END_BYTES - 4, 'the end')]));
	const { commentBytes, ...said } = end;
	const filled = {
		entries: said.entries ?? wide?.entries,
		directoryBytes: said.directoryBytes ?? wide?.directoryBytes,
		directoryOffset: said.directoryOffset ?? wide?.directoryOffset,
	};
	if (!agree(filled)) throw spoiled('its end does not match what came before');
	await reader.exactly(commentBytes, 'the comment');
	if ((await reader.peek(1)).length > 0) throw spoiled('more follows its end');
}

/** One number of 4 bytes an entry. */
class Fingerprints {
	count = 0;
	#values = new Uint32Array(1_024);

	add(value: number): void {
		if (this.count === this.#values.length) {
			const grown = new Uint32Array(2 * this.count);
			grown.set(this.#values);
			this.#values = grown;
		}
		this.#values[this.count++] = value;
	}

	at(index: number): number | undefined {
		return index < this.count ? this.#values[index] : undefined;
	}
}
