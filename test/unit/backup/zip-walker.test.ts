import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import test from 'node:test';
import { promisify } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';
import yauzl from 'yauzl';
import { proveZip } from '../../../lib/backup/proof.ts';
import { walkZip } from '../../../lib/backup/zip-walker.ts';
import { seeded } from '../../seed.ts';
import { backupZip, pieces } from './proof-files.ts';

type Contents = Record<string, string>;

async function walked(bytes: Buffer, size?: number): Promise<Contents> {
	const contents: Contents = {};
	await walkZip(pieces(bytes, size), (name) => {
		const chunks: Buffer[] = [];
		return {
			write: (chunk) => chunks.push(Buffer.from(chunk)),
			end: () => {
				contents[name] = Buffer.concat(chunks).toString('latin1');
			},
		};
	});
	return contents;
}

/** What yauzl, which reads from the directory at the end of the file, finds in it. */
async function byYauzl(bytes: Buffer): Promise<Contents> {
	const file = await promisify<Buffer, yauzl.ZipFile>(yauzl.fromBuffer)(bytes);
	const open = promisify(
		file.openReadStream.bind(file) as (
			entry: yauzl.Entry,
			done: (error: Error | null, stream: NodeJS.ReadableStream) => void,
		) => void,
	);
	const entries: yauzl.Entry[] = [];
	file.on('entry', (entry: yauzl.Entry) => entries.push(entry));
	await new Promise((resolve, reject) => file.once('end', resolve).once('error', reject));
	const contents: Contents = {};
	for (const entry of entries) contents[entry.fileName] = (await buffer(await open(entry))).toString('latin1');
	return contents;
}

function attachments(random: () => number, count: number) {
	return Array.from({ length: count }, () => {
		const length = Math.floor(random() * 10 ** (1 + Math.floor(random() * 5)));
		const alphabet = random() < 0.5 ? 4 : 256;
		return { content: Buffer.from(Array.from({ length }, () => Math.floor(random() * alphabet))) };
	});
}

test('random archives of four layouts are read as yauzl reads them', async () => {
	const random = seeded(20_261_124);
	for (let round = 0; round < 12; round++) {
		const layout = { piped: round % 2 === 1, zip64: round % 4 > 1 };
		const bytes = backupZip({
			attachments: attachments(random, 12),
			partners: Math.floor(random() * 30_000),
			...layout,
		});
		const expected = await byYauzl(bytes);
		assert.deepEqual(await walked(bytes), expected);
		assert.deepEqual(await walked(bytes, 1 + Math.floor(random() * 5_000)), expected);
	}
});

const spoiled = { code: 'BACKUP_SPOILED' };

test('an archive that is cut anywhere is refused', async () => {
	for (const layout of [{}, { piped: true }, { zip64: true }]) {
		const bytes = backupZip({
			attachments: attachments(seeded(1), 3).map(({ content }) => ({ content: content.subarray(0, 200) })),
			partners: 3,
			...layout,
		});
		for (let length = 0; length < bytes.length; length++) {
			await assert.rejects(walked(bytes.subarray(0, length)), spoiled, `cut at ${length} of ${bytes.length}`);
		}
	}
});

/**
 * Bytes that stand once and tell nothing about names or contents: who made the archive, which version may extract it,
 * attributes for a file system, extra fields.
 */
function insignificant(bytes: Buffer): Set<number> {
	const places = new Set<number>();
	const add = (from: number, count: number) => {
		for (let at = from; at < from + count; at++) places.add(at);
	};
	for (let at = 0; at + 4 <= bytes.length; at++) {
		const signature = bytes.readUInt32LE(at);
		if (signature === 0x04034b50) {
			add(at + 4, 2);
			add(at + 30 + bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28));
		} else if (signature === 0x02014b50) {
			add(at + 4, 4);
			add(at + 36, 6);
			add(at + 46 + bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30));
		} else if (signature === 0x06064b50) add(at + 12, 4);
	}
	return places;
}

test('a flipped bit anywhere is refused, or leaves names and contents as they were', async () => {
	const random = seeded(7);
	const randomText = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
	for (const layout of [{}, { piped: true }, { zip64: true }]) {
		const bytes = backupZip({
			attachments: [{ content: Buffer.from('one') }, { content: randomText(900) }],
			partners: 5,
			...layout,
		});
		const expected = await walked(bytes);
		const free = insignificant(bytes);
		let accepted = 0;
		for (let at = 0; at < bytes.length; at++) {
			const bit = Math.floor(random() * 8);
			const flipped = Buffer.from(bytes);
			flipped.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
			const outcome = await walked(flipped).catch((error: { code?: string }) => error);
			if (outcome instanceof Error) {
				assert.equal((outcome as { code?: string }).code, 'BACKUP_SPOILED', `byte ${at}, bit ${bit}: ${outcome.stack}`);
				continue;
			}
			assert.deepEqual(outcome, expected, `byte ${at}, bit ${bit}`);
			// Deflate pads its last byte with bits that mean nothing.
			if (!free.has(at)) accepted++;
		}
		assert.ok(accepted <= 7 * Object.keys(expected).length, `${accepted} flips were accepted in bytes that matter`);
	}
});

interface Made {
	name?: string;
	content?: string;
	method?: number;
	flags?: number;
	packed?: Buffer;
	size?: number;
	crc?: number;
}

/** One entry by hand, for what no program writes. */
function made({ name = 'a', content = 'hello hello hello', method = 8, flags = 0, ...rest }: Made, after = '') {
	const data = Buffer.from(content);
	const packed = rest.packed ?? (method === 8 ? deflateRawSync(data) : data);
	const sizes = Buffer.alloc(12);
	sizes.writeUInt32LE(rest.crc ?? crc32(data), 0);
	sizes.writeUInt32LE(packed.length, 4);
	sizes.writeUInt32LE(rest.size ?? data.length, 8);
	const common = Buffer.alloc(10);
	common.writeUInt16LE(20, 0);
	common.writeUInt16LE(flags, 2);
	common.writeUInt16LE(method, 4);
	const lengths = Buffer.from([name.length, 0, 0, 0]);
	const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, sizes, lengths, Buffer.from(name), packed]);
	const tail = Buffer.concat([Buffer.from([name.length, 0]), Buffer.alloc(16)]);
	const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, sizes, tail, Buffer.from(name)]);
	const end = Buffer.alloc(22);
	end.write('PK\x05\x06');
	end.writeUInt16LE(1, 8);
	end.writeUInt16LE(1, 10);
	end.writeUInt32LE(central.length, 12);
	end.writeUInt32LE(local.length, 16);
	return Buffer.concat([local, central, end, Buffer.from(after)]);
}

test('what no backup needs is refused, each with its reason', async () => {
	assert.deepEqual(await walked(made({})), { a: 'hello hello hello' });
	assert.deepEqual(await walked(made({ method: 0 })), { a: 'hello hello hello' });
	const refused: [Buffer, RegExp][] = [
		[made({ method: 0, flags: 8 }), /"a" is stored and tells its length only behind it/],
		[made({ flags: 1 }), /flags that are not supported/],
		[made({ method: 12 }), /compressed by method 12/],
		[made({ name: '../a' }), /a name that cannot be a file/],
		[made({ name: '/a' }), /a name that cannot be a file/],
		[made({}, 'x'), /more follows its end/],
		[made({ size: 3 }), /cannot be unpacked/],
		[made({ size: 300 }), /"a" has 17 bytes, not 300/],
		[made({ crc: 1 }), /the CRC of "a" is wrong/],
		[
			made({ packed: Buffer.concat([deflateRawSync(Buffer.from('hello hello hello')), Buffer.from('hidden')]) }),
			/"a" ends before its size/,
		],
		[made({ content: 'x'.repeat(600_000), size: 300_000 }), /"a" unpacks to more than its size/],
	];
	for (const [bytes, message] of refused) await assert.rejects(walked(bytes), { ...spoiled, message });
});

test('a second directory that hides an entry is refused', async () => {
	const two = Buffer.concat([
		made({ name: 'b' }).subarray(0, 30 + 1 + deflateRawSync(Buffer.from('hello hello hello')).length),
		made({}),
	]);
	await assert.rejects(walked(two), { ...spoiled, message: /its directory and the entry "a" disagree/ });
});

test('a directory that leaves an entry out is refused', async () => {
	const shorter = Buffer.from(made({}));
	const packed = deflateRawSync(Buffer.from('hello hello hello')).length;
	const directory = 30 + 1 + packed;
	// The directory is taken out, and the end says so.
	const end = Buffer.from(shorter.subarray(-22));
	end.fill(0, 8, 16);
	const cut = Buffer.concat([shorter.subarray(0, directory), end]);
	await assert.rejects(walked(cut), { ...spoiled, message: /its directory lists 0 entries, 1 were there/ });
});

test('an error of the source and of whoever takes the content comes through as it is', async () => {
	const bytes = backupZip({ partners: 200_000 });
	const failure = new Error('the cable');
	async function* failing() {
		yield bytes.subarray(0, 400_000);
		throw failure;
	}
	await assert.rejects(
		walkZip(failing(), () => undefined),
		failure,
	);
	const sink = {
		write() {
			throw failure;
		},
		end: () => undefined,
	};
	await assert.rejects(
		walkZip(pieces(bytes), () => sink),
		failure,
	);
});

/** Says whether it was let go; after what it has, it may say nothing for ever. */
function watched(parts: Buffer[], stalls = false) {
	const source = { open: true, bytes: bytes() };
	async function* bytes() {
		try {
			yield* parts;
			if (stalls) await new Promise(() => {});
		} finally {
			source.open = false;
		}
	}
	return source;
}

test('whatever is refused lets go of the file or the connection that it came from', async () => {
	const more = Buffer.alloc(100);
	for (const bytes of [made({ crc: 1 }), made({ flags: 1 }), made({}, 'x'), Buffer.from('no zip')]) {
		const source = watched([bytes, more]);
		await assert.rejects(
			walkZip(source.bytes, () => undefined),
			spoiled,
		);
		assert.equal(source.open, false);
	}
	const page = watched([Buffer.from('<html>'), Buffer.alloc(300_000), more]);
	await assert.rejects(proveZip(page.bytes, { startedAt: 0 }), { code: 'BACKUP_REFUSED' });
	assert.equal(page.open, false);
	const other = watched([made({ crc: 1 }), more]);
	await assert.rejects(proveZip(other.bytes, { startedAt: 0 }), spoiled);
	assert.equal(other.open, false);
});

test('a source that is silent holds no refusal back', { timeout: 10_000 }, async () => {
	const large = made({ content: randomBytes(450_000).toString('base64') });
	const source = watched([large.subarray(0, 400_000)], true);
	const refusal = new Error('refused');
	const write = () => {
		throw refusal;
	};
	await assert.rejects(
		walkZip(source.bytes, () => ({ write, end: () => {} })),
		refusal,
	);
});
