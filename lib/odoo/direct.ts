/**
 * A backup without Odoo's manager: database and attachments as of one moment, as a zip file in Odoo's layout, which Odoo's
 * own manager restores. Nothing is written to disk, and the role needs to read only (`grant pg_read_all_data to …`).
 *
 * The attachments come first: Odoo removes files of deleted attachments once a day, and the dump is bound to its moment
 * anyway, so this way there is the least time for that.
 */
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createDeflateRaw, deflateRaw } from 'node:zlib';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';
import { filestoreOf, isFileName, openStored, type StoredFile } from './filestore.ts';
import { type PostgresqlAddress, postgresqlFailure, startProgram } from './postgresql.ts';
import { type NamedAttachment, Snapshot } from './snapshot.ts';
import { Measure, ZipWriter } from './zip-writer.ts';

export interface DirectBackup {
	postgres: PostgresqlAddress;
	/** Odoo's folder `filestore`, or the database's own in it. */
	filestore: string;
	signal?: AbortSignal | undefined;
	/** Without a byte of pg_dump for so long it is stuck, in ms. Default 120,000. */
	idleMs?: number | undefined;
	/** Default found by PATH. */
	pgDump?: string | undefined;
}

const IDLE_MS = 120_000;
/** pg_dump waits for those who change tables, as an update of Odoo's modules does; a whole minute is no short wait. In ms. */
const LOCK_MS = 60_000;
/** Measured on a dump of Odoo: 152 MB/s to 14 % of its size; level 6, Odoo's, 48 MB/s to 12 %. */
const LEVEL = 3;
/** Up to this size a file is held, and packed where it pays; larger ones are pictures, films and archives. In bytes. */
const WHOLE_BYTES = 1_048_576;
/** Files that are read and packed at a time: four threads of Node do it. With `WHOLE_BYTES` this bounds memory. */
const AHEAD = 8;
/** What is handed on at once, in bytes; headers alone would be many small pieces. */
const BATCH_BYTES = 262_144;

const deflate = promisify(deflateRaw) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;

/**
 * The zip as a stream. Files that attachments name and that do not exist are left out; the proof lists them.
 * @throws HubError POSTGRESQL_*, ODOO_DATABASE_UNKNOWN, FILESTORE_UNAVAILABLE, CANCELLED; all of them, and TIMEOUT, also
 * while it is read
 */
export async function openDirectBackup(options: DirectBackup): Promise<Readable> {
	const { postgres, filestore, signal, pgDump = 'pg_dump' } = options;
	throwIfCancelled(signal);
	const folder = await filestoreOf(filestore, postgres.database);
	const snapshot = await Snapshot.take(postgres, pgDump, signal);
	const pieces = batches(write(snapshot, folder, options));
	return Readable.from(pieces, { objectMode: false, highWaterMark: BATCH_BYTES });
}

async function* write(snapshot: Snapshot, folder: string, options: DirectBackup): AsyncGenerator<Buffer> {
	const zip = new ZipWriter(new Date());
	try {
		yield* attachments(zip, snapshot, folder, options.signal);
		yield* dump(zip, snapshot, options);
		yield* whole(zip, 'manifest.json', Buffer.from(JSON.stringify(await snapshot.manifest(), null, 4)));
		yield zip.end();
	} catch (thrown) {
		throwIfCancelled(options.signal);
		throw thrown instanceof Error && 'severity' in thrown ? postgresqlFailure(thrown) : thrown;
	} finally {
		await snapshot.release();
	}
}

/** Files are read and packed ahead, and written in the order of their names. */
async function* attachments(zip: ZipWriter, snapshot: Snapshot, folder: string, signal: AbortSignal | undefined) {
	const ahead: Promise<Prepared | undefined>[] = [];
	try {
		for await (const file of snapshot.files()) {
			throwIfCancelled(signal);
			if (!isFileName(file.name)) continue;
			const prepared = prepare(folder, file);
			// Looked at in its turn, which may come after another one failed.
			prepared.catch(() => undefined);
			ahead.push(prepared);
			if (ahead.length === AHEAD) yield* stored(zip, await ahead.shift());
		}
		while (ahead.length > 0) yield* stored(zip, await ahead.shift());
	} finally {
		for (const each of ahead) await (await each.catch(() => undefined))?.file.close();
	}
}

interface Prepared {
	name: string;
	file: StoredFile;
	/** Undefined when packing does not pay. */
	packed: Buffer | undefined;
}

async function prepare(folder: string, { name, text }: NamedAttachment): Promise<Prepared | undefined> {
	const file = await openStored(folder, name, WHOLE_BYTES);
	if (!file) return undefined;
	const packed = text && file.content ? await deflate(file.content, { level: LEVEL }) : undefined;
	return { name: `filestore/${name}`, file, packed: packed && packed.length < file.size ? packed : undefined };
}

async function* stored(zip: ZipWriter, prepared: Prepared | undefined): AsyncGenerator<Buffer> {
	if (!prepared) return;
	const { name, file, packed } = prepared;
	try {
		const sizes = { crc: file.crc, size: file.size, compressedSize: packed?.length ?? file.size };
		yield zip.header(name, packed ? 'deflated' : 'stored', sizes);
		if (packed) yield packed;
		else yield* file.pieces();
		zip.sent(sizes.compressedSize);
		zip.close(sizes);
	} finally {
		await file.close();
	}
}

async function* whole(zip: ZipWriter, name: string, content: Buffer): AsyncGenerator<Buffer> {
	const packed = await deflate(content, { level: LEVEL });
	const measure = new Measure();
	measure.add(content);
	const sizes = { crc: measure.crc, size: content.length, compressedSize: packed.length };
	yield zip.header(name, 'deflated', sizes);
	yield packed;
	zip.sent(packed.length);
	zip.close(sizes);
}

async function* dump(zip: ZipWriter, snapshot: Snapshot, options: DirectBackup): AsyncGenerator<Buffer> {
	const { postgres, signal, idleMs = IDLE_MS, pgDump = 'pg_dump' } = options;
	const args = [
		...['--no-owner', '--no-privileges', '--no-password', `--lock-wait-timeout=${LOCK_MS}`],
		// By name, for what begins with a dash or looks like an address would be taken for something else.
		...[`--snapshot=${snapshot.id}`, `--dbname=${connectionString(postgres.database)}`],
	];
	const program = startProgram(pgDump, args, postgres, ['ignore', 'pipe'], signal);
	const output = program.child.stdout as Readable;
	const measure = new Measure();
	let silent: HubError | undefined;
	const timer = setTimeout(() => {
		silent = new HubError('TIMEOUT', `pg_dump was silent for ${idleMs / 1000} s. Look for locks in PostgreSQL.`);
		program.stop();
	}, idleMs);
	const packer = createDeflateRaw({ level: LEVEL, chunkSize: BATCH_BYTES });
	output.on('data', (chunk: Buffer) => {
		timer.refresh();
		measure.add(chunk);
		if (!packer.write(chunk)) output.pause();
	});
	packer.on('drain', () => {
		timer.refresh();
		output.resume();
	});
	// Said by the loop below, which may not have begun yet.
	packer.on('error', () => undefined);
	// Only a dump that pg_dump says is whole gets an end.
	program.ended.then(
		() => packer.end(),
		(thrown) => packer.destroy(silent ?? thrown),
	);
	let compressedSize = 0;
	try {
		yield zip.openHeader('dump.sql');
		for await (const packed of packer as AsyncIterable<Buffer>) {
			// Whoever reads slowly does not make pg_dump a silent one.
			timer.refresh();
			compressedSize += packed.length;
			zip.sent(packed.length);
			yield packed;
		}
		yield zip.descriptor({ crc: measure.crc, size: measure.size, compressedSize });
	} finally {
		clearTimeout(timer);
		packer.destroy();
		program.stop();
	}
}

/** One parameter of libpq's connection string, quoted. */
function connectionString(database: string): string {
	return `dbname='${database.replace(/[\\']/g, '\\$&')}'`;
}

/** Small pieces as larger ones. A piece is copied, so that its maker may use its memory again. */
async function* batches(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let held: Buffer[] = [];
	let size = 0;
	for await (const piece of pieces) {
		held.push(piece.length < BATCH_BYTES ? Buffer.from(piece) : piece);
		size += piece.length;
		if (size < BATCH_BYTES) continue;
		yield Buffer.concat(held);
		held = [];
		size = 0;
	}
	if (size > 0) yield Buffer.concat(held);
}
