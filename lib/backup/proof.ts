/** Proves from its bytes alone that what a source gave is a whole backup: Odoo's answers do not tell. */
import { HubError } from '../errors.ts';
import { Attachments, type AttachmentsFound } from './attachments.ts';
import { ByteReader } from './byte-reader.ts';
import { DumpTables } from './dump-tables.ts';
import { restoreToText } from './pg-restore.ts';
import { refusalOf } from './refusal.ts';
import { type EntrySink, walkZip } from './zip-walker.ts';

export interface Proof {
	/** Rows by table; outside schema `public` as `schema.table`. */
	tables: Record<string, number>;
	databaseUuid: string;
	/** As in the manifest, for example `18.0`; empty when the format does not tell. */
	odooVersion: string;
	/** All zero for a dump, which holds none. */
	attachments: AttachmentsFound;
	/** Of the proven stream, in bytes. */
	bytes: number;
}

export interface ProofOptions {
	/** When the run began, ms since 1970: files written later may be absent without anybody's fault. */
	startedAt: number;
	/** Of `pg_restore`; default found by PATH. Dumps only. */
	pgRestore?: string;
	signal?: AbortSignal;
}

/** Odoo's manifest lists its modules: some 10 kB. More is none. In bytes. */
const MANIFEST_MAX_BYTES = 4_194_304;

/** `odoo_dump` of every manifest that Odoo has written so far. */
const ODOO_LAYOUT = '1';

/** Custom format of pg_dump. */
const DUMP_MAGIC = 'PGDMP';

/**
 * A zip as Odoo's manager writes it: every CRC, the directory, a manifest, a finished dump, its rows, and the files that
 * its attachments name. Files that are not there fail nothing; they are listed.
 * @throws HubError BACKUP_REFUSED with Odoo's reason, BACKUP_SPOILED saying what is wrong, and whatever `source` throws
 */
export async function proveZip(source: AsyncIterable<Buffer>, options: ProofOptions): Promise<Proof> {
	const attachments = new Attachments(options.startedAt);
	const tables = new DumpTables((file) => attachments.name(file));
	const manifest: Buffer[] = [];
	const seen = new Set<string>();
	const sinks: Record<string, () => EntrySink> = {
		'dump.sql': () => ({ write: (chunk) => tables.write(chunk), end: () => attachments.dumpRead() }),
		'manifest.json': () => boundedSink(manifest),
	};
	const { bytes } = await walkZip(await recognised(source, 'PK\u0003\u0004', 'a zip file'), (name) => {
		const sink = sinks[name];
		if (!sink) return attachments.open(name);
		if (seen.has(name)) throw new HubError('BACKUP_SPOILED', `The zip file holds ${name} twice.`);
		seen.add(name);
		return sink();
	});
	for (const name of Object.keys(sinks)) {
		if (!seen.has(name)) throw new HubError('BACKUP_SPOILED', `The zip file holds no ${name}: Odoo did not write it.`);
	}
	const odooVersion = versionOf(Buffer.concat(manifest));
	return { ...finished(tables), odooVersion, attachments: attachments.found(), bytes };
}

/**
 * A dump of pg_dump in its custom format: `pg_restore` reads it to its end (with `-l` it would accept a cut one), and
 * what it makes of it is read like a zip's dump. The format has no checksum over its list of objects.
 * @throws HubError as `proveZip`; CONFIG_INVALID when there is no `pg_restore`
 */
export async function proveDump(source: AsyncIterable<Buffer>, options: ProofOptions): Promise<Proof> {
	const tables = new DumpTables(() => undefined);
	const dump = await recognised(source, DUMP_MAGIC, 'a dump in the custom format of pg_dump');
	const bytes = await restoreToText(dump, (chunk) => tables.write(chunk), options);
	const attachments = { named: 0, stored: 0, late: [], missing: [], damaged: [] };
	return { ...finished(tables), odooVersion: '', attachments, bytes };
}

function finished(dump: DumpTables): { tables: Record<string, number>; databaseUuid: string } {
	const { complete, tables, databaseUuid } = dump.end();
	if (!complete) {
		throw new HubError(
			'BACKUP_SPOILED',
			'The dump of the database is cut: the marker that pg_dump writes last is absent.',
		);
	}
	if (!databaseUuid) {
		throw new HubError('BACKUP_SPOILED', 'The dump holds no database.uuid, so it is not one of a database of Odoo.');
	}
	return { tables, databaseUuid };
}

function boundedSink(chunks: Buffer[]): EntrySink {
	let size = 0;
	return {
		write(chunk) {
			size += chunk.length;
			if (size > MANIFEST_MAX_BYTES) throw new HubError('BACKUP_SPOILED', 'The manifest is larger than any of Odoo.');
			chunks.push(Buffer.from(chunk));
		},
		end: () => undefined,
	};
}

function versionOf(manifest: Buffer): string {
	let parsed: unknown;
	try {
		parsed = JSON.parse(manifest.toString('utf8'));
	} catch (cause) {
		throw new HubError('BACKUP_SPOILED', 'The manifest of the backup is no JSON.', { cause });
	}
	const { odoo_dump: layout, version } = (parsed ?? {}) as { odoo_dump?: unknown; version?: unknown };
	if (typeof version !== 'string' || version === '') {
		throw new HubError('BACKUP_SPOILED', 'The manifest of the backup does not say which version of Odoo wrote it.');
	}
	if (layout === ODOO_LAYOUT) return version;
	throw new HubError(
		'BACKUP_SPOILED',
		'The manifest is not that of a backup in the layout of Odoo that is known here.',
	);
}

/** The source again, once its first bytes are those of the format; otherwise says what came in its place. */
async function recognised(source: AsyncIterable<Buffer>, magic: string, what: string): Promise<AsyncIterable<Buffer>> {
	const reader = new ByteReader(source);
	const head = await reader.peek(magic.length);
	if (head.toString('latin1') === magic) return reader.rest();
	try {
		throw await refusalOf(reader, what);
	} finally {
		await reader.close();
	}
}
