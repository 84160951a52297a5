import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalJson } from '../../../lib/backup/canonical.ts';
import { type BackupRecord, backupFileName, isComplete } from '../../../lib/backup/record.ts';
import {
	createSigningKey,
	keyIdOf,
	parseSigned,
	publicKeyOf,
	type SignedRecord,
	signRecord,
	verifyFile,
	verifyRecord,
} from '../../../lib/backup/signature.ts';

const record: BackupRecord = {
	version: 1,
	id: '0190aaaa-0000-7000-8000-000000000001',
	database: 'clinica',
	databaseUuid: '0c0ffee0-1111-2222-3333-444455556666',
	source: 'manager',
	format: 'zip',
	startedAt: '2026-11-24T03:00:00.000Z',
	finishedAt: '2026-11-24T03:10:00.000Z',
	size: 1_000,
	sha256: 'a'.repeat(64),
	plainSize: 900,
	plainSha256: 'b'.repeat(64),
	encryption: 'age',
	odooVersion: '18.0',
	tables: { res_users: 3, ir_attachment: 7 },
	attachments: { named: 7, stored: 6, late: [], missing: ['ab/abc'] },
};
const key = createSigningKey();
/** As it comes back from a file. */
const stored = (signed: SignedRecord): SignedRecord => parseSigned(JSON.stringify(signed)) as SignedRecord;
const seen = { name: 'clinica_2026-11-24T03-00-00Z.zip.age', size: record.size, sha256: record.sha256 };
const untrusted = (message: RegExp) => ({ code: 'BACKUP_UNTRUSTED', message });

test('a signed record comes back as it was, and is believed with its key only', () => {
	const signed = stored(signRecord(record, key.privateKey));
	assert.deepEqual(verifyRecord(signed, [key.publicKey]), record);
	assert.throws(() => verifyRecord(signed, [createSigningKey().publicKey]), untrusted(/key that is not trusted here/));
	assert.throws(() => verifyRecord(signed, []), untrusted(/not trusted here/));
});

test('after keys were changed, what was signed before is still believed', () => {
	const newer = createSigningKey();
	const keys = [newer.publicKey, key.publicKey];
	assert.equal(verifyRecord(signRecord(record, key.privateKey), keys).id, record.id);
	assert.equal(verifyRecord(signRecord(record, newer.privateKey), keys).id, record.id);
});

test('a record in which anything was changed is refused', () => {
	const signed = stored(signRecord(record, key.privateKey));
	const changes: Partial<BackupRecord>[] = [
		{ startedAt: '2026-11-25T03:00:00.000Z' },
		{ finishedAt: '2026-11-25T03:10:00.000Z' },
		{ databaseUuid: '0c0ffee0-1111-2222-3333-444455556667' },
		{ id: '0190aaaa-0000-7000-8000-000000000002' },
		{ database: 'other' },
		{ source: 'direct' },
		{ format: 'dump' },
		{ size: 1_001 },
		{ sha256: 'c'.repeat(64) },
		{ plainSize: 901 },
		{ plainSha256: 'c'.repeat(64) },
		{ encryption: 'none' },
		{ odooVersion: '17.0' },
		{ tables: { ...record.tables, res_users: 4 } },
		{ attachments: { ...record.attachments, missing: [] } },
	];
	for (const change of changes) {
		const changed = { ...signed, record: { ...signed.record, ...change } };
		assert.throws(() => verifyRecord(changed, [key.publicKey]), untrusted(/changed after it was signed/));
	}
	assert.equal(new Set(changes.flatMap((change) => Object.keys(change))).size, Object.keys(record).length - 1);
});

test('what is unsigned, malformed or from a newer version is refused', () => {
	const signed = stored(signRecord(record, key.privateKey));
	const { signature: _, ...unsigned } = signed;
	for (const value of [null, 'x', [], {}, unsigned, { ...signed, signature: 5 }, record]) {
		assert.throws(() => verifyRecord(value, [key.publicKey]), untrusted(/is not signed/));
	}
	assert.throws(() => verifyRecord({ ...signed, signature: '' }, [key.publicKey]), untrusted(/changed/));
	const odd: [unknown, RegExp][] = [
		[{ ...record, version: 2 }, /wrong field "version"/],
		[{ ...record, more: 1 }, /a field that this version does not know/],
		[{ ...record, database: '../x' }, /wrong field "database"/],
		[{ ...record, attachments: {} }, /wrong field "attachments"/],
		[undefined, /is no object/],
	];
	for (const [value, message] of odd) {
		assert.throws(() => verifyRecord({ ...signed, record: value }, [key.publicKey]), untrusted(message));
	}
	assert.throws(() => parseSigned('{"record":'), untrusted(/no JSON/));
});

test('a file that was renamed, re-dated, exchanged or relabelled is refused', () => {
	const signed = stored(signRecord(record, key.privateKey));
	assert.equal(seen.name, backupFileName(record));
	const labels = { id: record.id, databaseUuid: record.databaseUuid };
	assert.deepEqual(verifyFile(signed, [key.publicKey], { ...seen, ...labels }), record);
	const wrong: [object, RegExp][] = [
		[{ name: 'clinica_2026-12-24T03-00-00Z.zip.age' }, /renamed or given another date/],
		[{ size: 999 }, /says 1000 bytes, and the file has 999/],
		[{ sha256: 'd'.repeat(64) }, /another checksum/],
		[{ id: 'another-backup' }, /another backup/],
		[{ databaseUuid: 'another-database' }, /another database/],
	];
	for (const [change, message] of wrong) {
		assert.throws(() => verifyFile(signed, [key.publicKey], { ...seen, ...change }), untrusted(message));
	}
});

test('a backup is complete unless files were missing at the source', () => {
	assert.equal(isComplete(record), false);
	assert.equal(isComplete({ ...record, attachments: { named: 7, stored: 6, late: ['ab/abc'], missing: [] } }), true);
});

test('canonical JSON has one text for one value, as in RFC 8785', () => {
	assert.equal(
		canonicalJson({ b: [1, 'é"\n', null, true], a: { '€': 0, A: -1 } }),
		'{"a":{"A":-1,"€":0},"b":[1,"é\\"\\n",null,true]}',
	);
	for (const value of [1.5, Number.NaN, undefined, { a: undefined }])
		assert.throws(() => canonicalJson(value), TypeError);
});

test('keys are checked and never stand in a message', () => {
	assert.equal(publicKeyOf(key.privateKey), key.publicKey);
	assert.match(keyIdOf(key.publicKey), /^[0-9a-f]{16}$/);
	for (const text of ['', key.publicKey, `${key.privateKey}x`, key.privateKey.slice(0, -1)]) {
		assert.throws(
			() => publicKeyOf(text),
			(error: Error & { code?: string }) =>
				error.code === 'KEY_INVALID' && !error.message.includes(key.privateKey.slice(20, 40)),
		);
	}
});
