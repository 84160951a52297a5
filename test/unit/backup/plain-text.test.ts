/** What lies on the disk while a backup is made, looked at again and again until it is finished. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createAgeKey } from '../../../lib/backup/age-keys.ts';
import { type BackupRequest, makeBackup } from '../../../lib/backup/pipeline.ts';
import { createSigningKey } from '../../../lib/backup/signature.ts';
import { Spool } from '../../../lib/backup/spool.ts';
import { backupZip } from './proof-files.ts';
import { type Answer, serve } from './serving.ts';

const POLL_MS = 5;
/** The source sends in so many pieces, with pauses that let each state be met. */
const PIECES = 20;
const PAUSE_MS = 25;

const SECRET = 'Historia clínica de la paciente 7919';
/** Of the archive itself, of an attachment and of a row: whatever of the three is written, packed or unpacked. */
const MARKERS = ['PK\u0003\u0004', 'dump.sql', SECRET, 'Partner 7919'];

/** Every content of a file below a folder, and of files without a name that this process holds open. */
function contents(directory: string): Buffer[] {
	const named = readdirSync(directory, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => path.join(parentPath, name));
	const opened = readdirSync('/proc/self/fd')
		.map((fd) => `/proc/self/fd/${fd}`)
		.filter((link) => attempt(() => readlinkSync(link).endsWith('(deleted)')) ?? false);
	return [...named, ...opened].flatMap((file) => attempt(() => readFileSync(file)) ?? []);
}

/** Undefined for what is gone meanwhile. */
function attempt<T>(look: () => T): T | undefined {
	try {
		return look();
	} catch {
		return undefined;
	}
}

/** Makes a backup; gives the markers that were met on the disk, and how often something partial lay there. */
async function watched(t: TestContext, encryption: BackupRequest['encryption']) {
	const directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-plain-'));
	const { TMPDIR } = process.env;
	t.after(() => {
		if (TMPDIR === undefined) delete process.env['TMPDIR'];
		else process.env['TMPDIR'] = TMPDIR;
		rmSync(directory, { recursive: true, force: true });
	});
	const attachments = [{ content: Buffer.concat([Buffer.from(SECRET), randomBytes(1_500_000)]) }];
	const zip = backupZip({ attachments, partners: 1_000 });
	// Whatever is put down for a moment is put down there.
	process.env['TMPDIR'] = path.join(directory, 'temporary');
	mkdirSync(process.env['TMPDIR']);
	const slow: Answer = async (response) => {
		const length = Math.ceil(zip.length / PIECES);
		for (let at = 0; at < zip.length; at += length) {
			response.write(zip.subarray(at, at + length));
			await wait(PAUSE_MS);
		}
		response.end();
	};
	const serving = await serve(slow);
	t.after(() => serving.close());
	const found = new Set<string>();
	let partial = 0;
	let over = false;
	const look = () => {
		const all = contents(directory);
		if (!over && all.some(({ length }) => length > 0)) partial += 1;
		for (const marker of MARKERS) if (all.some((content) => content.includes(marker))) found.add(marker);
	};
	const making = makeBackup({
		...{ id: '0190aaaa-0000-7000-8000-000000000001', database: 'clinica', sourceName: 'manager', format: 'zip' },
		source: {
			kind: 'manager',
			address: { url: serving.url, masterPassword: 'master' },
			database: 'clinica',
			format: 'zip',
		},
		...{ encryption, signingKey: createSigningKey().privateKey },
		spool: await Spool.open(path.join(directory, 'spool')),
	}).finally(() => {
		over = true;
	});
	for (; !over; await wait(POLL_MS)) look();
	await making;
	look();
	return { found: [...found], partial };
}

test('nothing of the plain text lies on the disk at any time', async (t) => {
	const { recipient } = await createAgeKey();
	const encrypted = await watched(t, { kind: 'age', recipients: [recipient] });
	assert.deepEqual(encrypted.found, []);
	assert.ok(encrypted.partial > PIECES / 2, `looked at ${encrypted.partial} times`);
	// What is written without encryption is met, or the look would prove nothing.
	assert.deepEqual((await watched(t, { kind: 'none' })).found, ['PK\u0003\u0004', 'dump.sql', SECRET]);
});
