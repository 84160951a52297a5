/** Backups as Odoo makes them, small, for tests: built with the zip writer of Python or of the system, never with our own. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';

export const UUID = '0c0ffee0-1111-2222-3333-444455556666';
export const STARTED_AT = Date.UTC(2026, 10, 24, 3);

export interface Attachment {
	content: Buffer;
	/** As PostgreSQL prints it. */
	writeDate?: string;
	/** Named by the dump, and not in the archive. */
	absent?: boolean;
	/** What lies there in its place. */
	instead?: Buffer;
}

export interface BackupFiles {
	attachments?: Attachment[];
	/** Rows of res_partner. */
	partners?: number;
	/** Replaces the dump's text before it is packed. */
	dump?: (text: string) => string;
	manifest?: string | null;
	/** Written to a pipe: sizes behind the data. */
	piped?: boolean;
	zip64?: boolean;
	/** Extra files by their name in the archive. */
	extra?: Record<string, string>;
}

export const sha1 = (content: Buffer) => createHash('sha1').update(content).digest('hex');
export const storeName = (content: Buffer) => `${sha1(content).slice(0, 2)}/${sha1(content)}`;

function dumpText(attachments: Attachment[], partners: number): string {
	const rows = attachments.map(
		({ content, writeDate = '2026-01-02 10:00:00.5' }, index) =>
			`${index + 1}\tfile ${index}\t${storeName(content)}\t${writeDate}\n`,
	);
	const people = Array.from({ length: partners }, (_, index) => `${index + 1}\tPartner ${(index * 7919) % 10_007}\n`);
	return `--
-- PostgreSQL database dump
--

COPY public.ir_attachment (id, name, store_fname, write_date) FROM stdin;
${rows.join('')}\\.

COPY public.ir_config_parameter (id, key, value) FROM stdin;
1	database.uuid	${UUID}
\\.

COPY public.res_partner (id, name) FROM stdin;
${people.join('')}\\.

--
-- PostgreSQL database dump complete
--

`;
}

const PYTHON = `
import sys, zipfile, os
root, target, piped, wide = sys.argv[1], sys.argv[2], sys.argv[3] == '1', sys.argv[4] == '1'
out = open(target, 'wb')
class Pipe:
    def write(self, data): return out.write(data)
    def flush(self): out.flush()
with zipfile.ZipFile(Pipe() if piped else out, 'w', compression=zipfile.ZIP_DEFLATED, allowZip64=True) as z:
    for base, dirs, files in os.walk(root):
        dirs.sort()
        for name in sorted(files, key=lambda n: (n != 'dump.sql', n)):
            full = os.path.join(base, name)
            info = zipfile.ZipInfo.from_file(full, os.path.relpath(full, root))
            info.compress_type = zipfile.ZIP_DEFLATED
            with z.open(info, 'w', force_zip64=wide) as entry: entry.write(open(full, 'rb').read())
out.close()
`;

/** A folder with what the archive holds; the caller removes it. */
function layOut(files: BackupFiles): string {
	const root = mkdtempSync(path.join(tmpdir(), 'clinic-hub-proof-'));
	const { attachments = [], partners = 20, dump = (text) => text } = files;
	writeFileSync(path.join(root, 'dump.sql'), dump(dumpText(attachments, partners)), 'latin1');
	const manifest = files.manifest === undefined ? '{"odoo_dump":"1","version":"18.0","modules":{}}' : files.manifest;
	if (manifest !== null) writeFileSync(path.join(root, 'manifest.json'), manifest);
	const present = attachments.filter(({ absent }) => !absent);
	for (const { content, instead } of present) put(root, `filestore/${storeName(content)}`, instead ?? content);
	for (const [name, content] of Object.entries(files.extra ?? {})) put(root, name, Buffer.from(content));
	return root;
}

function put(root: string, name: string, content: Buffer): void {
	mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
	writeFileSync(path.join(root, name), content);
}

/** The archive's bytes, by Python's zipfile, which is what Odoo uses. */
export function backupZip(files: BackupFiles = {}): Buffer {
	const root = layOut(files);
	const target = `${root}.zip`;
	try {
		execFileSync('python3', ['-c', PYTHON, root, target, files.piped ? '1' : '0', files.zip64 ? '1' : '0']);
		return readFileSync(target);
	} finally {
		rmSync(root, { recursive: true, force: true });
		rmSync(target, { force: true });
	}
}

/** What a reader that is not ours finds in an archive: SHA-1 by name. @throws when it is none */
export async function zipContents(archive: Buffer): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	const zip = await yauzl.fromBufferPromise(archive);
	for await (const entry of zip.eachEntry()) {
		found.set(entry.fileName, sha1(await buffer(await zip.openReadStreamPromise(entry))));
	}
	return found;
}

/** In pieces of the given size, as a stream would give them; the memory of a piece is spoiled once the next is asked for. */
export async function* pieces(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
	for (let at = 0; at < bytes.length; at += size) {
		const piece = Buffer.from(bytes.subarray(at, at + size));
		yield piece;
		piece.fill(0xee);
	}
}
