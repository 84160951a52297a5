import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { crc32 } from 'node:zlib';
import { proveDump, proveZip } from '../../../lib/backup/proof.ts';
import { ZipWriter } from '../../../lib/odoo/zip-writer.ts';
import { seeded } from '../../seed.ts';
import { type BackupFiles, backupZip, pieces, STARTED_AT, storeName, UUID } from './proof-files.ts';

const prove = (files: BackupFiles, size?: number) =>
	proveZip(pieces(backupZip(files), size), { startedAt: STARTED_AT });
const code = (expected: string, message: RegExp) => (error: Error & { code?: string }) => {
	assert.equal(error.code, expected, error.stack);
	assert.match(error.message, message);
	return true;
};
const content = (text: string) => Buffer.from(text);

test('a whole backup gives its rows, its version, its id and its attachments', async () => {
	const shared = content('shared');
	const attachments = [{ content: content('a') }, { content: shared }, { content: shared }, { content: content('') }];
	for (const layout of [{}, { piped: true }, { zip64: true }, { piped: true, zip64: true }]) {
		const bytes = backupZip({ attachments, partners: 5_000, ...layout });
		for (const size of [11, 65_536]) {
			assert.deepEqual(await proveZip(pieces(bytes, size), { startedAt: STARTED_AT }), {
				tables: { ir_attachment: 4, ir_config_parameter: 1, res_partner: 5_000 },
				databaseUuid: UUID,
				odooVersion: '18.0',
				attachments: { named: 3, stored: 3, late: [], missing: [], damaged: [] },
				bytes: bytes.length,
			});
		}
	}
});

test('a file that is not there is late when it was written after the run began, and missing when it is older', async () => {
	const late = { content: content('late'), writeDate: '2026-11-24 03:00:05', absent: true };
	const before = { content: content('a minute before'), writeDate: '2026-11-24 02:59:00', absent: true };
	const old = { content: content('old'), absent: true };
	const damaged = { content: content('right'), instead: content('wrong') };
	const { attachments } = await prove({ attachments: [{ content: content('there') }, late, before, old, damaged] });
	const names = (...list: { content: Buffer }[]) => list.map((item) => storeName(item.content)).sort();
	assert.deepEqual(attachments, {
		named: 5,
		stored: 1,
		late: names(late, before),
		missing: names(old, damaged),
		damaged: names(damaged),
	});
});

test('files that no attachment names change nothing', async () => {
	const extra = { 'filestore/checklist/ab/abcdef': '', 'filestore/notes.txt': 'x' };
	const { attachments } = await prove({ attachments: [{ content: content('a') }], extra });
	assert.deepEqual(attachments, { named: 1, stored: 1, late: [], missing: [], damaged: [] });
});

test('a dump without the marker of pg_dump is no backup, though the zip file is whole', async () => {
	const cut = (text: string) => text.slice(0, text.indexOf('-- PostgreSQL database dump complete'));
	await assert.rejects(prove({ dump: cut }), code('BACKUP_SPOILED', /the marker that pg_dump writes last is absent/));
});

test('a backup without manifest, with a broken one, or with one that names no version is none', async () => {
	await assert.rejects(prove({ manifest: null }), code('BACKUP_SPOILED', /holds no manifest\.json/));
	await assert.rejects(prove({ manifest: '{"version":' }), code('BACKUP_SPOILED', /manifest of the backup is no JSON/));
	await assert.rejects(prove({ manifest: 'null' }), code('BACKUP_SPOILED', /does not say which version/));
	await assert.rejects(prove({ manifest: '{"version":"18.0"}' }), code('BACKUP_SPOILED', /not that of a backup/));
});

test('a dump of something else than Odoo is no backup', async () => {
	const foreign = (text: string) => text.replace('database.uuid', 'other.key');
	await assert.rejects(prove({ dump: foreign }), code('BACKUP_SPOILED', /holds no database\.uuid/));
});

test('an archive with two dumps is no backup: which one would be restored nobody knows', async () => {
	const zip = new ZipWriter(new Date(STARTED_AT));
	const bytes: Buffer[] = [];
	for (const name of ['manifest.json', 'dump.sql', 'dump.sql']) {
		const plain = Buffer.from('{"version":"18.0"}');
		const sizes = { crc: crc32(plain), compressedSize: plain.length, size: plain.length };
		bytes.push(zip.header(name, 'stored', sizes), plain);
		zip.sent(plain.length);
		zip.close(sizes);
	}
	const twice = proveZip(pieces(Buffer.concat([...bytes, zip.end()])), { startedAt: STARTED_AT });
	await assert.rejects(twice, code('BACKUP_SPOILED', /holds dump\.sql twice/));
});

test('a page of Odoo in place of a backup fails with the reason that stands in it', async () => {
	const page = (alert: string) =>
		Buffer.from(`<!DOCTYPE html>\n<html><head></head><body>${' '.repeat(43_000)}${alert}</body></html>`);
	const alert = '<div class="alert alert-danger">\n  Database backup error: Access Denied\n</div>';
	const refused = code('BACKUP_REFUSED', /^Odoo made no backup: Database backup error: Access Denied$/);
	await assert.rejects(proveZip(pieces(page(alert)), { startedAt: STARTED_AT }), refused);
	await assert.rejects(proveDump(pieces(page(alert)), { startedAt: STARTED_AT }), refused);
	const quoted = '<div class="o alert-danger x">Database &#39;nope&#39; is not known</div>';
	await assert.rejects(
		proveZip(pieces(page(quoted)), { startedAt: STARTED_AT }),
		code('BACKUP_REFUSED', /: Database 'nope' is not known$/),
	);
	await assert.rejects(
		proveZip(pieces(page('')), { startedAt: STARTED_AT }),
		code('BACKUP_REFUSED', /without a reason/),
	);
});

test('an empty answer and one of another kind are told apart', async () => {
	const empty = code('BACKUP_SPOILED', /answer is empty/);
	await assert.rejects(proveZip(pieces(Buffer.alloc(0)), { startedAt: STARTED_AT }), empty);
	await assert.rejects(proveDump(pieces(Buffer.alloc(0)), { startedAt: STARTED_AT }), empty);
	const dump = Buffer.from('PGDMP and so on');
	await assert.rejects(proveZip(pieces(dump), { startedAt: STARTED_AT }), code('BACKUP_SPOILED', /is not a zip file/));
});

test('two hundred answers that are cut or spoiled anywhere are no backups, each with its reason', async () => {
	const seed = Number(process.env['TEST_SEED'] ?? 20_261_124);
	const random = seeded(seed);
	const reasons = new Set<string>();
	const archives = [{}, { piped: true }, { zip64: true }].map((layout) =>
		backupZip({ attachments: [{ content: randomBytes(20_000) }], partners: 3_000, ...layout }),
	);
	for (let round = 0; round < 200; round++) {
		const archive = archives[round % archives.length] ?? Buffer.alloc(0);
		const at = Math.floor(random() * archive.length);
		const length = 1 + Math.floor(random() * 3_000);
		const spoils = [
			archive.subarray(0, at),
			Buffer.concat([archive.subarray(0, at), archive.subarray(at + length)]),
			Buffer.concat([archive.subarray(0, at), randomBytes(length), archive.subarray(at)]),
			Buffer.concat([archive.subarray(0, at), randomBytes(16), archive.subarray(at + 16)]),
			Buffer.concat([archive.subarray(0, at), Buffer.alloc(archive.length - at)]),
		];
		const spoil = spoils[Math.floor(round / archives.length) % spoils.length] ?? Buffer.alloc(0);
		const size = 1 + Math.floor(random() * 70_000);
		await assert.rejects(
			proveZip(pieces(spoil, size), { startedAt: STARTED_AT }),
			(error: Error & { code?: string }) => {
				reasons.add(error.message.replaceAll(/\d+|"[^"]*"/g, '…'));
				return error.code === 'BACKUP_SPOILED';
			},
			`seed ${seed}, round ${round}, byte ${at}`,
		);
	}
	assert.ok(reasons.size >= 5, [...reasons].join('\n'));
});
