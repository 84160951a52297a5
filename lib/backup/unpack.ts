/** Restores a backup without Odoo's manager, while it arrives: what was unpacked is written before more is read. */
import { HubError } from '../errors.ts';
import { DirectRestore, type DirectTarget } from '../odoo/restore-direct.ts';
import { restoreToText } from './pg-restore.ts';
import { walkZip } from './zip-walker.ts';

export interface UnpackOptions {
	format: 'zip' | 'dump';
	/** On the new database, for whoever wonders whose it is. */
	comment: string;
	/** Of `pg_restore`; default found by PATH. Dumps only. */
	pgRestore?: string | undefined;
}

const FOLDER = 'filestore/';

/**
 * Makes the target's database from a decrypted backup whose signature was checked. Nothing of it is left when that fails.
 * @throws HubError ODOO_DATABASE_EXISTS, DUMP_UNSAFE, BACKUP_SPOILED, POSTGRESQL_*, FILESTORE_UNAVAILABLE, CANCELLED, and
 * what `source` throws
 */
export async function restoreDirectly(
	source: AsyncIterable<Buffer>,
	target: DirectTarget,
	options: UnpackOptions,
): Promise<void> {
	const restore = await DirectRestore.begin(target, options.comment);
	try {
		if (options.format === 'zip') await unpackZip(gated(source, restore), restore);
		else await unpackDump(gated(source, restore), restore, target, options);
		await restore.finish();
	} catch (thrown) {
		await restore.discard();
		throw thrown;
	}
}

async function unpackZip(source: AsyncIterable<Buffer>, restore: DirectRestore): Promise<void> {
	let dumped = false;
	await walkZip(source, (name) => {
		if (name === 'dump.sql') {
			if (dumped) throw new HubError('BACKUP_SPOILED', 'The zip file holds dump.sql twice.');
			dumped = true;
			return restore.dump();
		}
		if (!name.startsWith(FOLDER) || name.endsWith('/')) return undefined;
		return restore.file(name.slice(FOLDER.length));
	});
}

async function unpackDump(
	source: AsyncIterable<Buffer>,
	restore: DirectRestore,
	{ signal }: DirectTarget,
	{ pgRestore }: UnpackOptions,
): Promise<void> {
	const sink = restore.dump();
	const programs = { ...(pgRestore ? { pgRestore } : {}), ...(signal ? { signal } : {}) };
	await restoreToText(source, (chunk) => sink.write(chunk), programs);
	sink.end();
}

/** Whoever unpacks does not wait for those who write; so the source waits for them. */
async function* gated(source: AsyncIterable<Buffer>, restore: DirectRestore): AsyncGenerator<Buffer> {
	for await (const chunk of source) {
		await restore.drained();
		yield chunk;
	}
}
