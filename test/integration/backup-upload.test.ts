/** That the spool is emptied by a verified upload only, and only of what this hub made itself. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OutgoingFiles } from '../../lib/backup/outgoing.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { type UploadTools, type UploadWatch, uploadBackup } from '../../lib/backup/upload.ts';
import { sealer } from '../../lib/store/sealed.ts';
import { openStore, type Store } from '../../lib/store/store.ts';
import { Uploader } from '../../nodes/drive-upload/uploader.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';
import { spooledClaim } from '../spooled-claim.ts';

const SIZE = 700_000;

interface Lab {
	server: DriveServer;
	directory: string;
	store: Store;
	tools: UploadTools;
	watch: UploadWatch;
	/** A finished backup in the spool, known to the store. */
	spooled(): Promise<ClaimCheck>;
	unreleased(): Promise<number>;
}

async function lab(t: TestContext): Promise<Lab> {
	const server = await startDrive();
	t.after(() => server[Symbol.asyncDispose]());
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-spool-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const store = await openStore({ file: path.join(directory, 'hub.sqlite') });
	t.after(() => store.close());
	const client = await server.service();
	const keys = sealer(['a key of the test that is long']);
	const runs = await BackupRuns.open(store, { owner: 'test' });
	return {
		...{ server, directory, store },
		tools: {
			open: async () => ({ client, folderId: server.google.folderId }),
			store: async () => store,
			sealer: () => keys,
			owner: 'test',
			folders: [],
			chunkBytes: 256 * 1024,
		},
		watch: { signal: new AbortController().signal, onProgress: () => {} },
		spooled: () => spooledClaim(runs, { spool: path.join(directory, 'spool'), size: SIZE }),
		unreleased: async () => (await runs.unreleased()).length,
	};
}

test('a verified upload empties the spool and releases the claim check', async (t) => {
	const { server, tools, watch, spooled, unreleased } = await lab(t);
	const claim = await spooled();
	const result = await uploadBackup(tools, claim, watch);
	assert.partialDeepStrictEqual(result, { id: claim.id, released: true, sha256: claim.sha256 });
	assert.equal(existsSync(claim.file) || existsSync(claim.record), false);
	assert.equal(await unreleased(), 0);
	assert.deepEqual(
		server.files().map(({ name }) => name.endsWith('.json')),
		[true, false],
		'the record comes first',
	);
});

test('an upload that Drive spoils each time leaves the spool as it was', async (t) => {
	const { server, tools, watch, spooled, unreleased } = await lab(t);
	const claim = await spooled();
	// The record is the first file, and small: it is sent as one last piece.
	server.drive.faults.add('last', { kind: 'spoil' }, 3);
	await assert.rejects(uploadBackup(tools, claim, watch), { code: 'DRIVE_MISMATCH' });
	assert.ok(existsSync(claim.file) && existsSync(claim.record));
	assert.equal(await unreleased(), 1);
});

test('a claim check that somebody changed removes nothing, and takes nothing from the machine', async (t) => {
	const { server, directory, tools, watch, spooled, unreleased } = await lab(t);
	const claim = await spooled();
	const secret = path.join(directory, 'secret.txt');
	await writeFile(secret, 'x'.repeat(10));
	await writeFile(`${secret}.json`, '{}');
	const sha256 = createHash('sha256').update('x'.repeat(10)).digest('hex');
	for (const change of [{ file: secret, record: `${secret}.json`, size: 10, sha256 }, { sha256 }, { id: 'made-up-id' }])
		await assert.rejects(uploadBackup(tools, { ...claim, ...change }, watch), { code: 'FORBIDDEN' });
	assert.ok(existsSync(secret) && existsSync(claim.file));
	assert.deepEqual(server.files(), []);
	assert.equal(await unreleased(), 1);
});

test('a file that an unknown claim check names is taken from listed folders only', async (t) => {
	const { server, directory, tools, watch, spooled } = await lab(t);
	const claim = { ...(await spooled()), id: 'of-another-hub' };
	const elsewhere = path.join(directory, 'other');
	await mkdir(elsewhere);
	const record = path.join(elsewhere, 'r.json');
	await writeFile(record, '{}');
	// The record alone lies where files may be taken from.
	const foreign = { ...claim, record };
	await assert.rejects(uploadBackup({ ...tools, folders: [elsewhere] }, foreign, watch), { code: 'FORBIDDEN' });
	const spool = path.dirname(claim.file);
	const result = await uploadBackup({ ...tools, folders: [spool] }, claim, watch);
	assert.equal(result.released, false);
	assert.ok(existsSync(claim.file), 'what another hub made is not removed');
	assert.equal(server.files().length, 2);
});

test('a claim check of strangers with the id of a backup leaves that backup as it lies in the folder', async (t) => {
	const { server, directory, tools, watch, spooled } = await lab(t);
	const claim = await spooled();
	const { driveId } = await uploadBackup(tools, claim, watch);
	const elsewhere = path.join(directory, 'elsewhere');
	await mkdir(elsewhere);
	const file = path.join(elsewhere, path.basename(claim.file));
	await writeFile(file, 'something else');
	// The record is the same one: only the backup differs.
	await writeFile(`${file}.json`, '{}');
	const sha256 = createHash('sha256').update('something else').digest('hex');
	const foreign = { ...claim, file, record: `${file}.json`, size: 14, sha256 };
	const sending = uploadBackup({ ...tools, folders: [elsewhere] }, foreign, watch);
	await assert.rejects(sending, { code: 'DRIVE_MISMATCH', message: /^The id .* is taken/ });
	const there = server.files().find(({ id }) => id === driveId);
	assert.equal(there?.trashed, false);
	assert.equal(Object.values(there?.appProperties ?? {})[0]?.['state'], 'verified');
});

test('a spooled file that is nowhere any more makes its run a failed one', async (t) => {
	const { store, tools, watch, spooled, unreleased } = await lab(t);
	const claim = await spooled();
	await rm(claim.file);
	await assert.rejects(uploadBackup(tools, claim, watch), { code: 'NOT_FOUND', message: /make a new backup/ });
	assert.equal(await unreleased(), 0);
	const [run] = await (await BackupRuns.open(store, { owner: 'test' })).list();
	assert.equal(run?.outcome, 'failed');
});

test('what a message holds is kept when the node closes, goes on at its next start, and is gone then', async (t) => {
	const { server, directory, store, tools } = await lab(t);
	const outgoing = path.join(directory, 'outgoing');
	const start = (closing: AbortSignal) => {
		const results: string[] = [];
		const uploader = new Uploader({
			...{ tools, closing },
			outgoing: () => OutgoingFiles.open(store, 'node', outgoing),
			onStatus: () => {},
			onProgress: () => {},
			onEnd: () => {},
			onResumed: ({ name }) => void results.push(name),
		});
		return { uploader, results };
	};
	const closing = new AbortController();
	server.drive.faults.add('session', { kind: 'silent' });
	const first = start(closing.signal);
	const brought = first.uploader.bring({ kind: 'content', content: Buffer.from('hola'), name: 'saludo.txt' });
	setTimeout(() => closing.abort(), 500);
	await assert.rejects(brought, { code: 'CANCELLED' });
	const files = await OutgoingFiles.open(store, 'node', outgoing);
	assert.equal((await files.waiting()).length, 1);

	const second = start(new AbortController().signal);
	await second.uploader.resume();
	for (let looks = 0; second.results.length === 0 && looks < 200; looks += 1) await delay(50);
	assert.deepEqual(second.results, ['saludo.txt']);
	assert.deepEqual(await files.waiting(), []);
	assert.deepEqual(
		server.files().map(({ name }) => name),
		['saludo.txt'],
	);
});

test('a message that comes while the node asks what was left is sent once', async (t) => {
	const { server, directory, store, tools } = await lab(t);
	let answer = () => {};
	const asked = new Promise<void>((resolve) => {
		answer = resolve;
	});
	const outgoing = path.join(directory, 'outgoing');
	const resumed: string[] = [];
	const ends: unknown[] = [];
	let opened = 0;
	const resumedAll = new AbortController();
	const slow: UploadTools = {
		...tools,
		async open(signal) {
			// The first upload goes on while what was left is asked for.
			if (!resumedAll.signal.aborted) await once(resumedAll.signal, 'abort');
			return tools.open(signal);
		},
	};
	const uploader = new Uploader({
		...{ tools: slow, closing: new AbortController().signal },
		async outgoing() {
			const files = await OutgoingFiles.open(store, 'node', outgoing);
			// The store is slow for whoever asks first.
			if (opened++ === 0) await asked;
			return files;
		},
		...{ onStatus() {}, onProgress() {}, onEnd: (failure) => void ends.push(failure) },
		onResumed: ({ name }) => void resumed.push(name),
	});
	const resuming = uploader.resume();
	const brought = uploader.bring({ kind: 'content', content: Buffer.from('hola'), name: 'saludo.txt' });
	await delay(300);
	answer();
	await resuming;
	resumedAll.abort();
	assert.equal((await brought)?.name, 'saludo.txt');
	await uploader.close();
	assert.deepEqual([ends, resumed], [[undefined], []]);
	assert.equal(server.files().length, 1);
});

test('a file of a message that is just being kept is not taken for a leftover, and an old one goes', async (t) => {
	const { directory, store } = await lab(t);
	const outgoing = path.join(directory, 'outgoing');
	await mkdir(outgoing);
	// Written, and its row not yet.
	await writeFile(path.join(outgoing, 'fresh'), 'x');
	await writeFile(path.join(outgoing, 'old'), 'x');
	const long = Date.now() / 1_000 - 7_200;
	await utimes(path.join(outgoing, 'old'), long, long);
	const files = await OutgoingFiles.open(store, 'node', outgoing);
	assert.deepEqual(await files.waiting(), []);
	assert.deepEqual(await readdir(outgoing), ['fresh']);
});

test('a claim check that comes again while its upload goes on begins no second one, and is answered by the first', async (t) => {
	const { server, directory, store, tools, spooled } = await lab(t);
	const claim = await spooled();
	const uploader = new Uploader({
		...{ tools, closing: new AbortController().signal },
		outgoing: () => OutgoingFiles.open(store, 'node', path.join(directory, 'outgoing')),
		...{ onStatus() {}, onProgress() {}, onEnd() {}, onResumed() {} },
	});
	const first = uploader.bring({ kind: 'backup', claim });
	assert.equal(await uploader.bring({ kind: 'backup', claim }), undefined);
	assert.partialDeepStrictEqual(await first, { id: claim.id, released: true });
	assert.equal(server.files().length, 2);
});
