import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, afterEach, before, beforeEach } from 'node:test';
import { type AgeKey, createAgeKey } from '../../../lib/backup/age-keys.ts';
import { type BackupProgress, type BackupRequest, makeBackup } from '../../../lib/backup/pipeline.ts';
import { createSigningKey, parseSigned, verifyFile } from '../../../lib/backup/signature.ts';
import { Spool } from '../../../lib/backup/spool.ts';
import { HubError } from '../../../lib/errors.ts';
import { backupZip, storeName, UUID } from './proof-files.ts';
import { type Answer, type Serving, serve, silentAt, whole } from './serving.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const signing = createSigningKey();
let age: AgeKey;
let zip: Buffer;
let directory: string;
let spool: Spool;
let serving: Serving | undefined;

before(async () => {
	age = await createAgeKey();
	const attachments = [
		{ content: randomBytes(1_500_000) },
		...Array.from({ length: 40 }, () => ({ content: randomBytes(3_000) })),
	];
	zip = backupZip({ attachments, partners: 60_000 });
});
beforeEach(async () => {
	directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-pipeline-'));
	spool = await Spool.open(path.join(directory, 'spool'));
});
afterEach(() => {
	serving?.close();
	serving = undefined;
	rmSync(directory, { recursive: true, force: true });
});
after(() => serving?.close());

async function requestOf(answer: Answer, change: Partial<BackupRequest> = {}): Promise<BackupRequest> {
	serving?.close();
	serving = await serve(answer);
	return {
		id: '0190aaaa-0000-7000-8000-000000000001',
		database: 'clinica',
		source: {
			...{
				kind: 'manager',
				address: { url: serving.url, masterPassword: 'master' },
				database: 'clinica',
				format: 'zip',
			},
		},
		sourceName: 'manager',
		format: 'zip',
		encryption: { kind: 'age', recipients: [age.recipient] },
		signingKey: signing.privateKey,
		spool,
		...change,
	};
}
const inSpool = () => readdirSync(spool.directory);
const age64 = (file: string) =>
	execFileSync('age', ['--decrypt', '--identity', '-', file], { input: `${age.identity}\n`, maxBuffer: 1e9 });

test('a backup lies in the spool, encrypted and signed, and age gives back what Odoo gave', async () => {
	const { claim, record } = await makeBackup(await requestOf(whole(zip)));
	assert.deepEqual(inSpool().sort(), [path.basename(claim.file), path.basename(claim.record)].sort());
	assert.ok(age64(claim.file).equals(zip));
	const file = readFileSync(claim.file);
	assert.deepEqual([claim.size, claim.sha256], [file.length, sha256(file)]);
	assert.deepEqual([claim.plainSize, claim.plainSha256], [zip.length, sha256(zip)]);
	assert.equal(claim.databaseUuid, UUID);
	assert.equal(claim.complete, true);
	const seen = { name: path.basename(claim.file), size: file.length, sha256: sha256(file) };
	const signed = parseSigned(readFileSync(claim.record, 'utf8'));
	assert.deepEqual(verifyFile(signed, [signing.publicKey], seen), record);
	assert.deepEqual(record.tables, { ir_attachment: 41, ir_config_parameter: 1, res_partner: 60_000 });
	assert.deepEqual(record.attachments, { named: 41, stored: 41, late: [], missing: [] });
});

test('without encryption, by explicit choice, the file is what Odoo gave', async () => {
	const { claim, record } = await makeBackup(await requestOf(whole(zip), { encryption: { kind: 'none' } }));
	assert.ok(readFileSync(claim.file).equals(zip));
	assert.equal(record.encryption, 'none');
	assert.match(claim.file, /clinica_[\dTZ-]+\.zip$/);
});

test('files written meanwhile are fetched again, at most twice, then recorded as late', async () => {
	const late = { content: Buffer.from('late'), writeDate: '2099-01-01 00:00:00', absent: true };
	const without = backupZip({ attachments: [late] });
	const withIt = backupZip({ attachments: [{ ...late, absent: false }] });
	const second = await makeBackup(await requestOf((response, n) => whole(n === 1 ? without : withIt)(response, n)));
	assert.equal(serving?.requests, 2);
	assert.deepEqual([second.claim.complete, second.claim.late], [true, []]);
	await spool.release(second.claim.file);
	const third = await makeBackup(await requestOf(whole(without)));
	assert.equal(serving?.requests, 3);
	assert.deepEqual([third.claim.complete, third.claim.late], [true, [storeName(late.content)]]);
	assert.equal(inSpool().length, 2);
});

test('files that are missing at the source make a backup that is stored and not complete', async () => {
	const old = { content: Buffer.from('old'), absent: true };
	const { claim } = await makeBackup(await requestOf(whole(backupZip({ attachments: [old] }))));
	assert.equal(serving?.requests, 1);
	assert.deepEqual([claim.complete, claim.missing], [false, [storeName(old.content)]]);
});

test('a source that is silent at first, or stops in the middle, ends in time and leaves nothing', async () => {
	const limits = { firstByteMs: 300, idleMs: 300 };
	const cases: [Answer, RegExp][] = [
		[() => undefined, /no answer within 0\.3 s/],
		// Whoever of the client and its watch looks first.
		[silentAt(zip, 0), /it answered, and nothing followed|silent for 0\.3 s instead of sending/],
		[silentAt(zip, 100_000), /nothing came for 0\.3 s after 100000 bytes|silent for 0\.3 s instead of sending/],
	];
	for (const [answer, message] of cases) {
		await assert.rejects(makeBackup(await requestOf(answer, limits)), { code: 'TIMEOUT', message });
		assert.deepEqual(inSpool(), []);
	}
});

test('a cancelled backup ends at once and leaves nothing', async () => {
	for (const at of [0, 1_200_000]) {
		const cancel = new AbortController();
		const running = makeBackup(await requestOf(silentAt(zip, at)), { signal: cancel.signal });
		setTimeout(() => cancel.abort(), 400);
		const begin = Date.now();
		await assert.rejects(running, { code: 'CANCELLED' });
		assert.ok(Date.now() - begin < 2_000);
		assert.deepEqual(inSpool(), []);
	}
	const lost = AbortSignal.abort(new HubError('LEASE_LOST', 'Another hub took over.'));
	await assert.rejects(makeBackup(await requestOf(whole(zip)), { signal: lost }), { code: 'LEASE_LOST' });
	const cancelled = AbortSignal.abort();
	await assert.rejects(makeBackup(await requestOf(whole(zip)), { signal: cancelled }), { code: 'CANCELLED' });
});

test('a bound on the rate is kept, and progress tells bytes and rate', async () => {
	const told: BackupProgress[] = [];
	const begin = performance.now();
	const bytesPerSecond = zip.length;
	await makeBackup(await requestOf(whole(zip), { bytesPerSecond }), { onProgress: (progress) => told.push(progress) });
	const seconds = (performance.now() - begin) / 1_000;
	assert.ok(seconds > 0.95 && seconds < 3, `${seconds} s`);
	assert.deepEqual(told[0], { phase: 'waiting', bytes: 0, bytesPerSecond: 0, fetch: 1 });
	assert.deepEqual(told.at(-1), { phase: 'publishing', bytes: zip.length, bytesPerSecond: 0, fetch: 1 });
	const last = told.at(-2);
	assert.equal(last?.bytes, zip.length);
	assert.ok((last?.bytesPerSecond ?? 0) < 1.1 * bytesPerSecond);
	assert.ok(told.length >= 3);
});

test('the page that Odoo answers in place of a backup is told with its reason', async () => {
	const page = Buffer.from('<!DOCTYPE html><div class="alert alert-danger">Database backup error: Access Denied</div>');
	await assert.rejects(makeBackup(await requestOf(whole(page))), { code: 'BACKUP_REFUSED', message: /Access Denied$/ });
});

test('a full disk and a wrong key are told before anything is fetched', async () => {
	const full = requestOf(whole(zip), { expectedBytes: Number.MAX_SAFE_INTEGER / 2 });
	await assert.rejects(makeBackup(await full), { code: 'SPOOL_FULL' });
	assert.equal(serving?.requests, 0);
	const encryption = { kind: 'age', recipients: ['age1wrong'] } as const;
	await assert.rejects(
		makeBackup(await requestOf(whole(zip), { encryption: { ...encryption, recipients: ['age1wrong'] } })),
		{
			code: 'KEY_INVALID',
		},
	);
	assert.equal(serving?.requests, 0);
});
