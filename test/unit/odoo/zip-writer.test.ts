import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { walkZip } from '../../../lib/backup/zip-walker.ts';
import { ZipWriter } from '../../../lib/odoo/zip-writer.ts';
import { pieces } from '../backup/proof-files.ts';

const MODIFIED = new Date('2026-11-24T03:04:06Z');

function sizesOf(content: Buffer, packed: Buffer) {
	return { crc: crc32(content), size: content.length, compressedSize: packed.length };
}

/** An archive with each kind of entry, and `many` small ones. */
function archive(many: number): Buffer {
	const zip = new ZipWriter(MODIFIED);
	const out: Buffer[] = [];
	const known = (name: string, content: Buffer, method: 'stored' | 'deflated') => {
		const packed = method === 'stored' ? content : deflateRawSync(content);
		const sizes = sizesOf(content, packed);
		out.push(zip.header(name, method, sizes), packed);
		zip.sent(packed.length);
		zip.close(sizes);
	};
	known('filestore/ab/stored', Buffer.from('kept as it is'), 'stored');
	known('filestore/ab/empty', Buffer.alloc(0), 'stored');
	known('manifest.json', Buffer.from('{"odoo_dump": "1"}'.repeat(50)), 'deflated');
	for (let index = 0; index < many; index++) known(`filestore/${index}`, Buffer.from(String(index)), 'stored');
	const text = Buffer.from('COPY public.t\n'.repeat(10_000));
	const packed = deflateRawSync(text);
	out.push(zip.openHeader('dump.sql'), packed);
	zip.sent(packed.length);
	out.push(zip.descriptor(sizesOf(text, packed)), zip.end());
	return Buffer.concat(out);
}

const LIST = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[i.filename, i.file_size, i.compress_type, i.date_time] for i in archive.infolist()]))
`;

for (const many of [0, 70_000]) {
	test(`an archive with ${many + 4} entries is read by Python, by unzip and by the walker of proofs`, async () => {
		const bytes = archive(many);
		const folder = mkdtempSync(path.join(tmpdir(), 'clinic-hub-zip-'));
		try {
			const file = path.join(folder, 'a.zip');
			writeFileSync(file, bytes);
			const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
			const listed = JSON.parse(execFileSync('python3', ['-c', LIST, file], options)) as unknown[][];
			assert.equal(listed.length, many + 4);
			assert.deepEqual(listed[0], ['filestore/ab/stored', 13, 0, [2026, 11, 24, 3, 4, 6]]);
			assert.deepEqual(listed.at(-1)?.slice(0, 3), ['dump.sql', 140_000, 8]);
			execFileSync('python3', ['-m', 'zipfile', '-t', file], options);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
		const walked = await walkZip(pieces(bytes), () => undefined);
		assert.deepEqual(walked, { entries: many + 4, bytes: bytes.length });
	});
}

test('an entry beyond 4 GiB and one that begins there have their sizes and places in 8 bytes', () => {
	const zip = new ZipWriter(MODIFIED);
	const size = 5 * 1024 ** 3;
	const large = { crc: 1, size, compressedSize: size };
	const header = zip.header('large', 'stored', large);
	assert.equal(header.readUInt32LE(18), 0xffff_ffff);
	assert.deepEqual([header.readBigUInt64LE(39), header.readBigUInt64LE(47)], [BigInt(size), BigInt(size)]);
	zip.sent(size);
	zip.close(large);
	const small = { crc: 0, size: 0, compressedSize: 0 };
	zip.header('small', 'stored', small);
	zip.close(small);
	const end = zip.end();
	const directory = Number(end.readBigUInt64LE(end.length - 22 - 20 - 8));
	assert.equal(directory, size + header.length + 30 + 'small'.length, 'the Zip64 end tells where the directory is');
	const second = end.indexOf('small');
	assert.equal(end.readUInt32LE(second - 46 + 42), 0xffff_ffff);
	assert.equal(end.readBigUInt64LE(second + 'small'.length + 4), BigInt(size + header.length));
	assert.equal(end.readUInt32LE(end.length - 6), 0xffff_ffff);
});
