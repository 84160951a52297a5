/** Protections of making a backup: what is proven before it counts, how it is encrypted, who is believed. */
import type { Mutant } from './mutant.ts';

const walker = (name: string) => ({ file: 'test/unit/backup/zip-walker.test.ts', name });
const proof = (name: string) => ({ file: 'test/unit/backup/proof.test.ts', name });
const dump = (name: string) => ({ file: 'test/unit/backup/dump-tables.test.ts', name });
const age = (name: string) => ({ file: 'test/unit/backup/age.test.ts', name });
const signature = (name: string) => ({ file: 'test/unit/backup/signature.test.ts', name });
const spool = (name: string) => ({ file: 'test/unit/backup/spool.test.ts', name });
const pipeline = (name: string) => ({ file: 'test/unit/backup/pipeline.test.ts', name });

const CUT_ZIP = walker('an archive that is cut anywhere is refused');
const FLIPPED = walker('a flipped bit anywhere is refused, or leaves names and contents as they were');
const UNNEEDED = walker('what no backup needs is refused, each with its reason');
const RENAMED = signature('a file that was renamed, re-dated, exchanged or relabelled is refused');

export const mutants: Mutant[] = [
	{
		protection: 'A source whose archive is refused is let go',
		file: 'lib/backup/zip-walker.ts',
		find: '		await reader.close();\n',
		replace: '',
		test: walker('whatever is refused lets go of the file or the connection that it came from'),
	},
	{
		protection: 'A source of something else than a backup is let go',
		file: 'lib/backup/proof.ts',
		find: '		await reader.close();\n',
		replace: '',
		test: walker('whatever is refused lets go of the file or the connection that it came from'),
	},
	{
		protection: 'What stands between a source and its reader lets go of it, too',
		file: 'lib/backup/byte-reader.ts',
		find: '			await this.close();\n',
		replace: '',
		test: walker('whatever is refused lets go of the file or the connection that it came from'),
	},
	{
		protection: 'A silent source holds no refusal back',
		file: 'lib/backup/byte-reader.ts',
		find: 'if (!this.#pulling) await closed;',
		replace: 'await closed;',
		test: walker('a source that is silent holds no refusal back'),
	},
	{
		protection: 'Every entry of an archive has the CRC that it says',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (measured.crc !== entry.crc)',
		replace: 'if (measured.crc < 0)',
		test: UNNEEDED,
	},
	{
		protection: 'The directory of an archive says what its entries say',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (seen.at(count++) !== zip.fingerprint(entry)) {',
		replace: 'if (seen.at(count++) === undefined) {',
		test: FLIPPED,
	},
	{
		protection: 'The directory of an archive lists every entry',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (count !== seen.count)',
		replace: 'if (count > seen.count)',
		test: walker('a directory that leaves an entry out is refused'),
	},
	{
		protection: 'An archive without its end is none',
		file: 'lib/backup/byte-reader.ts',
		find: 'if (bytes.length < count) {',
		replace: "if (bytes.length < count && what !== 'the end') {",
		test: CUT_ZIP,
	},
	{
		protection: 'Nothing follows the end of an archive',
		file: 'lib/backup/zip-walker.ts',
		find: "if ((await reader.peek(1)).length > 0) throw spoiled('more follows its end');",
		replace: '',
		test: UNNEEDED,
	},
	{
		protection: 'An entry whose end cannot be known is refused',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (described && entry.method === zip.STORED) {',
		replace: 'if (described && entry.method !== zip.STORED && entry.method !== zip.DEFLATED) {',
		test: UNNEEDED,
	},
	{
		protection: 'An entry unpacks to no more than it says',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (measured.size > entry.size) throw',
		replace: 'if (measured.size < 0) throw',
		test: UNNEEDED,
	},
	{
		protection: 'Nothing is hidden behind the compressed data of an entry',
		file: 'lib/backup/zip-walker.ts',
		find: 'if (engine.bytesWritten !== packed.length) throw',
		replace: 'if (engine.bytesWritten > packed.length) throw',
		test: UNNEEDED,
	},
	{
		protection: 'No entry leads out of its folder',
		file: 'lib/backup/zip-headers.ts',
		find: " || name.split('/').includes('..')",
		replace: '',
		test: UNNEEDED,
	},
	{
		protection: 'A dump without pg_dump’s last words is no backup',
		file: 'lib/backup/proof.ts',
		find: 'if (!complete) {',
		replace: 'if (!complete && !databaseUuid) {',
		test: proof('a dump without the marker of pg_dump is no backup, though the zip file is whole'),
	},
	{
		protection: 'An archive holds one dump',
		file: 'lib/backup/proof.ts',
		find: 'if (seen.has(name)) throw',
		replace: 'if (!name) throw',
		test: proof('an archive with two dumps is no backup: which one would be restored nobody knows'),
	},
	{
		protection: 'Pg_dump’s last words count at the end only',
		file: 'lib/backup/dump-tables.ts',
		find: 'else if (this.#complete && !AFTER_MARKER.test(line)) this.#complete = false;',
		replace: '',
		test: dump(
			'a dump is complete with the key of newer servers behind the marker, and not when cut or followed by more',
		),
	},
	{
		protection: 'The end of a table’s data is not looked for within a row',
		file: 'lib/backup/dump-tables.ts',
		find: 'this.#withinRow = newline < 0;',
		replace: '',
		test: dump('rows a table, named files and the id of the database are read, whatever the pieces'),
	},
	{
		protection: 'A file of the filestore hashes to its name',
		file: 'lib/backup/attachments.ts',
		find: "if (hash.digest('hex') === expected) this.#seen(name);",
		replace: "if (hash.digest('hex') !== '') this.#seen(name);",
		test: proof(
			'a file that is not there is late when it was written after the run began, and missing when it is older',
		),
	},
	{
		protection: 'An old file that is missing is not called late',
		file: 'lib/backup/attachments.ts',
		find: 'writtenAt >= this.#lateFrom',
		replace: 'writtenAt >= 0',
		test: proof(
			'a file that is not there is late when it was written after the run began, and missing when it is older',
		),
	},
	{
		protection: 'A cut dump in pg_dump’s own format is no backup',
		file: 'lib/backup/pg-restore.ts',
		find: 'if (code !== 0) {',
		replace: 'if (code === null) {',
		test: { file: 'test/integration/backup-dump.test.ts', name: 'a dump that is cut anywhere is no backup' },
	},
	{
		protection: 'The last piece of an encrypted file is marked as the last',
		file: 'lib/backup/age.ts',
		find: 'this.#nonce[11] = last ? 1 : 0;',
		replace: 'this.#nonce[11] = 0;',
		test: age('a file that was cut anywhere, or to which something was added, is refused'),
	},
	{
		protection: 'A piece of an encrypted file is used only after it was authenticated',
		file: 'lib/backup/age-decrypt.ts',
		find: 'decipher.final();',
		replace: '',
		test: age('a changed byte anywhere is refused'),
	},
	{
		protection: 'A secret key of age is not taken for a public one',
		file: 'lib/backup/age-keys.ts',
		find: 'if (RECIPIENT.test(text)) return text;',
		replace: 'if (text) return text;',
		test: age('keys are checked before they are used, and never stand in a message'),
	},
	{
		protection: 'A record is believed only as it was signed',
		file: 'lib/backup/signature.ts',
		find: "if (verify(null, signedBytes(parsed), key, Buffer.from(signature, 'base64'))) return parsed;",
		replace: 'if (key && signature) return parsed;',
		test: signature('a record in which anything was changed is refused'),
	},
	{
		protection: 'A record is believed only with a key that is trusted',
		file: 'lib/backup/signature.ts',
		find: 'const key = keys.get(keyId);',
		replace: 'const key = keys.get(keyId) ?? [...keys.values()][0];',
		test: signature('a signed record comes back as it was, and is believed with its key only'),
	},
	{
		protection: 'An old backup under a newer name is refused',
		file: 'lib/backup/signature.ts',
		find: 'if (seen.name !== name) throw',
		replace: 'if (!seen.name) throw',
		test: RENAMED,
	},
	{
		protection: 'A record belongs to one file only',
		file: 'lib/backup/signature.ts',
		find: 'if (seen.sha256 !== record.sha256) throw',
		replace: 'if (!seen.sha256) throw',
		test: RENAMED,
	},
	{
		protection: 'A file of the spool is never written over',
		file: 'lib/backup/spool.ts',
		find: 'if (await this.holds(name)) throw',
		replace: 'if (!file) throw',
		test: spool('a finished file is never written over'),
	},
	{
		protection: 'A failure of the disk behind a write fails the backup',
		file: 'lib/backup/encrypted-file.ts',
		find: 'await Promise.all([this.#writing, this.#syncing]);',
		replace: 'await this.#writing;',
		test: {
			file: 'test/unit/backup/encrypted-file.test.ts',
			name: 'a disk that fails while a backup is still being written fails the backup',
		},
	},
	{
		protection: 'Only memory that no other buffer shares is given back after a write',
		file: 'lib/backup/encrypted-file.ts',
		find: 'if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);',
		replace: 'if (buffer instanceof ArrayBuffer && byteLength) buffer.transfer(0);',
		test: {
			file: 'test/unit/backup/encrypted-file.test.ts',
			name: 'memory that is given back after a write is nobody else’s',
		},
	},
	{
		protection: 'Only files of the spool are removed',
		file: 'lib/backup/spool.ts',
		find: 'if (path.dirname(resolved) !== this.directory) {',
		replace: 'if (!resolved) {',
		test: spool('nothing outside of the spool is removed or named'),
	},
	{
		protection: 'Partial files of runs that go on are left alone',
		file: 'lib/backup/spool.ts',
		find: 'if (host !== hostname() || underWay.has(name)) return false;',
		replace: 'if (host !== hostname()) return false;',
		test: spool('at the start the leavings of dead runs are removed, and nothing else'),
	},
	{
		protection: 'The disk is looked at before anything is fetched',
		file: 'lib/backup/pipeline.ts',
		find: 'await request.spool.requireSpace(request.expectedBytes ?? 0);',
		replace: '',
		test: pipeline('a full disk and a wrong key are told before anything is fetched'),
	},
	{
		protection: 'A source that stops in the middle does not hold a run for ever',
		file: 'lib/backup/watched.ts',
		find: 'if (Date.now() - waitingSince < limit) return;',
		replace: 'if (Date.now() - waitingSince < limit || bytes > 0) return;',
		test: {
			file: 'test/unit/backup/watched.test.ts',
			name: 'a source that hears nothing ends in time, before its first piece and after it, and when it is cancelled',
		},
	},
	{
		protection: 'A fetch that fails leaves nothing behind',
		file: 'lib/backup/pipeline.ts',
		find: 'await request.spool.discard(partial);',
		replace: '',
		test: pipeline('a source that is silent at first, or stops in the middle, ends in time and leaves nothing'),
	},
	{
		protection: 'Files that were written meanwhile are fetched again',
		file: 'lib/backup/pipeline.ts',
		find: 'if (late && fetch <= REFETCHES) continue;',
		replace: '',
		test: pipeline('files written meanwhile are fetched again, at most twice, then recorded as late'),
	},
	{
		protection: 'What is received lies nowhere before it is encrypted',
		file: 'lib/backup/fetch-worker.ts',
		find: '\t\tawait output.write(slot.subarray(0, used));\n',
		replace:
			"\t\tconst { appendFile } = await import('node:fs/promises');\n\t\tawait appendFile(`${process.env['TMPDIR']}/received`, slot.subarray(0, used));\n\t\tawait output.write(slot.subarray(0, used));\n",
		test: {
			file: 'test/unit/backup/plain-text.test.ts',
			name: 'nothing of the plain text lies on the disk at any time',
		},
	},
];
