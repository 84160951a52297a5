/** A backup of any size, quickly: half of its bytes are a deflated dump, half attachments. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { ZipWriter } from '../../lib/odoo/zip-writer.ts';

const ATTACHMENT_BYTES = 640_000;
/** Of rows; deflated once and used as often as needed, which an unpacking program cannot see. */
const BLOCK_BYTES = 16_777_216;
const TABLES = 400;

const WORDS = 'paciente consulta factura compra almacén enfermería quirófano turno cama ingreso alta receta'.split(' ');

function rows(random: () => number): Buffer {
	const lines: string[] = [];
	let size = 0;
	for (let id = 1; size < BLOCK_BYTES; id++) {
		const words = Array.from({ length: 6 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
		const amount = (random() * 10_000).toFixed(2);
		const second = String(Math.floor(random() * 60)).padStart(2, '0');
		const reference = Math.floor(random() * 2 ** 48).toString(16);
		const line = `${id}\t${Math.floor(random() * 5_000)}\t${words}\t${amount}\t2026-11-24 03:00:${second}\t${reference}\t\\N\tt\n`;
		lines.push(line);
		size += line.length;
	}
	return Buffer.from(lines.join(''));
}

export interface Archive {
	/** Of the dump, unpacked. */
	sqlBytes: number;
	attachments: number;
}

/** Writes about that many bytes. */
export async function writeArchive(file: string, bytes: number): Promise<Archive> {
	const half = bytes / 2;
	const count = Math.ceil(half / ATTACHMENT_BYTES);
	const base = randomBytes(ATTACHMENT_BYTES - 8);
	const attachment = (index: number) => {
		const content = Buffer.concat([Buffer.from(String(index).padStart(8, '0')), base]);
		const hash = createHash('sha1').update(content).digest('hex');
		return { content, name: `${hash.slice(0, 2)}/${hash}` };
	};
	const archive: Archive = { sqlBytes: 0, attachments: count };
	const zip = new ZipWriter(new Date());
	const dump = new DumpPieces();

	async function* write() {
		yield zip.openHeader('dump.sql');
		const names = Array.from({ length: count }, (_, i) => `${i + 1}\t${attachment(i).name}\t2026-01-01 00:00:00\n`);
		const copy = 'COPY public.ir_attachment (id, store_fname, write_date) FROM stdin;\n';
		const uuid = 'COPY public.ir_config_parameter (key, value) FROM stdin;\ndatabase.uuid\tbench-0001\n\\.\n';
		yield dump.piece(Buffer.from(`${copy}${names.join('')}\\.\n\n${uuid}`));
		const block = rows(Math.random);
		const packed = dump.pack(block);
		const blocks = Math.max(1, Math.round(half / packed.length));
		for (let index = 0; index < blocks; index++) {
			const table = `COPY public.table_${index % TABLES}_${index} (id, a, b, c, d, e, f, g) FROM stdin;\n`;
			yield dump.piece(Buffer.from(table));
			yield dump.piece(block, packed);
			yield dump.piece(Buffer.from('\\.\n\n'));
		}
		yield dump.end(Buffer.from('--\n-- PostgreSQL database dump complete\n--\n\n'));
		zip.sent(dump.compressedSize);
		yield zip.descriptor(dump);
		archive.sqlBytes = dump.size;
		yield* entry('manifest.json', Buffer.from('{"odoo_dump":"1","version":"18.0"}'));
		for (let index = 0; index < count; index++) {
			const { content, name } = attachment(index);
			yield* entry(`filestore/${name}`, content);
		}
		yield zip.end();
	}
	function* entry(name: string, content: Buffer) {
		// What does not compress is copied by zlib at any level.
		const packed = deflateRawSync(content, { level: 1 });
		const sizes = { crc: crc32(content), compressedSize: packed.length, size: content.length };
		yield zip.header(name, 'deflated', sizes);
		zip.sent(packed.length);
		zip.close(sizes);
		yield packed;
	}
	await pipeline(write, createWriteStream(file));
	return archive;
}

/** A deflate stream put together from pieces that know nothing of each other. */
class DumpPieces {
	crc = 0;
	size = 0;
	compressedSize = 0;

	pack(content: Buffer): Buffer {
		return deflateRawSync(content, { level: 6, finishFlush: constants.Z_FULL_FLUSH });
	}

	piece(content: Buffer, packed = this.pack(content)): Buffer {
		this.crc = crc32(content, this.crc);
		this.size += content.length;
		this.compressedSize += packed.length;
		return packed;
	}

	end(content: Buffer): Buffer {
		return this.piece(content, deflateRawSync(content));
	}
}
