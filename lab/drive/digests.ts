/** Checksums of contents: a gigabyte takes seconds, so each is computed once, and only when somebody asks for it. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type { Item, Records } from './records.ts';

export type Digest = 'md5' | 'sha1' | 'sha256';

const FIELDS: Record<Digest, string> = { md5: 'md5Checksum', sha1: 'sha1Checksum', sha256: 'sha256Checksum' };
const NAMES = Object.keys(FIELDS) as Digest[];
/** Read at once, in bytes. */
const PIECE_BYTES = 1024 * 1024;

/** Those that an answer with these `fields` shows. */
export function askedDigests(fields: string | undefined): Digest[] {
	return NAMES.filter((name) => fields === '*' || fields?.includes(FIELDS[name]));
}

/** The fields of an answer; what is not asked for is left out, and all of what has no content. */
export function digestFields(records: Records, item: Item, fields: string): Record<string, string | undefined> {
	const asked = askedDigests(fields);
	const withheld = records.unhashed.get(item.id) ?? 0;
	if (withheld > 0 && asked.length > 0) {
		records.unhashed.set(item.id, withheld - 1);
		return {};
	}
	return Object.fromEntries(asked.map((name) => [FIELDS[name], digestOf(records, item, name)]));
}

function digestOf(records: Records, item: Item, name: Digest): string | undefined {
	const content = records.contentFile(item.id);
	if (item[name] !== undefined || !existsSync(content)) return item[name];
	const hash = createHash(name);
	const file = openSync(content, 'r');
	const piece = Buffer.allocUnsafe(PIECE_BYTES);
	for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece)) {
		hash.update(piece.subarray(0, bytes));
	}
	closeSync(file);
	item[name] = hash.digest('hex');
	return item[name];
}
