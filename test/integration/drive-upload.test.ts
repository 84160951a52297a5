/** That a file arrives in Drive once and whole, whatever goes wrong on the way, or the error says what to do. */
import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { Fault, Operation } from '../../lab/drive/faults.ts';
import type { DriveClient } from '../../lib/drive/client.ts';
import { type Parcel, type UploadOptions, type UploadState, uploadFile } from '../../lib/drive/upload.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';

const UNIT = 256 * 1024;

/** Four chunks, the last of them short. */
const SIZE = 3 * UNIT + 12_345;

/** What a process keeps of its upload. */
class Kept {
	state: UploadState | undefined;
	readonly options: UploadOptions = {
		chunkBytes: UNIT,
		save: async (state) => {
			this.state = state;
		},
	};
}

async function bring(client: DriveClient, parcel: Parcel, more: Partial<UploadOptions> = {}) {
	const kept = new Kept();
	const file = await uploadFile(client, parcel, { ...kept.options, ...more });
	assert.equal(kept.state, undefined, 'no state is left of an upload that is over');
	return file;
}

/** One file in the folder, it is the parcel, and nobody was told twice. */
function assertArrived({ drive, files }: DriveServer, parcel: Parcel, id: string): void {
	const untrashed = files().filter(
		(item) => !drive.records.isTrashed(item) && propertiesOf(item)['state'] !== 'rejected',
	);
	assert.deepEqual(
		untrashed.map((item) => [item.id, item.size, item.sha256, propertiesOf(item)['state']]),
		[[id, parcel.size, parcel.sha256, 'verified']],
	);
	assert.equal(drive.uploads.sentTwice, 0);
}

function propertiesOf({ appProperties }: { appProperties: Record<string, Record<string, string>> }) {
	return Object.values(appProperties)[0] ?? {};
}

describe('a file that is uploaded', () => {
	it('arrives in chunks, is compared, marked and named as own', async () => {
		await using server = await startDrive();
		const parcel = await server.parcel(SIZE);
		const progress: number[] = [];
		const onProgress = ({ acknowledged }: { acknowledged: number }) => progress.push(acknowledged);
		const file = await bring(await server.service(), parcel, { onProgress });
		assertArrived(server, parcel, file.id);
		assert.deepEqual(file.appProperties, {
			...{ hub: 'clinic-hub', backup: parcel.id, kind: 'backup', db: 'db-1', state: 'verified' },
		});
		assert.deepEqual([...new Set(progress)], [0, UNIT, 2 * UNIT, 3 * UNIT]);
		assert.equal(server.drive.calls.filter((call) => call.startsWith('PUT')).length, 4);
	});

	for (const size of [0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT]) {
		it(`of ${size} bytes arrives`, async () => {
			await using server = await startDrive();
			const parcel = await server.parcel(size);
			assertArrived(server, parcel, (await bring(await server.service(), parcel)).id);
		});
	}

	it('arrives in the folder of My Drive that a consent made', async () => {
		await using server = await startDrive();
		const { ownFolder } = await import('../../lib/drive/folder.ts');
		const client = await server.consented();
		const [folder, again] = [await ownFolder(client, 'Respaldos'), await ownFolder(client, 'Respaldos')];
		assert.equal(again.id, folder.id, 'the folder is made once');
		const parcel = await server.parcel(SIZE, { folderId: folder.id });
		assertArrived(server, parcel, (await bring(client, parcel)).id);
	});

	it('is found when it was brought before, and not sent again', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const parcel = await server.parcel(SIZE);
		const first = await bring(client, parcel);
		const received = server.drive.uploads.received;
		assert.equal((await bring(client, parcel)).id, first.id);
		assert.equal(server.drive.uploads.received, received);
	});

	it('of another backup with the same name is another file', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const [one, other] = [await server.parcel(10), await server.parcel(10)];
		assert.notEqual((await bring(client, one)).id, (await bring(client, other)).id);
	});

	it('leaves with 1 MiB at most at a time', async () => {
		await using server = await startDrive();
		const sent = new Set([0]);
		const options = { chunkBytes: 16 * UNIT, onProgress: (now: { sent: number }) => sent.add(now.sent) };
		await bring(await server.service(), await server.parcel(16 * UNIT + 1), options);
		const steps = [...sent].map((bytes, index) => bytes - ([...sent][index - 1] ?? 0));
		assert.deepEqual([Math.max(...steps), steps.length], [4 * UNIT, 6], steps.join());
	});

	it('leaves at the bandwidth asked for', async () => {
		await using server = await startDrive();
		const began = performance.now();
		await bring(await server.service(), await server.parcel(SIZE), { bytesPerSecond: SIZE / 2 });
		const took = performance.now() - began;
		// Without a bound a busy machine takes a tenth of that.
		assert.ok(took >= 1_900, `took ${took} ms`);
	});

	it('is given up when it is cancelled, and taken up later without a byte sent twice', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const parcel = await server.parcel(SIZE);
		const kept = new Kept();
		const cancel = new AbortController();
		const onProgress = ({ acknowledged }: { acknowledged: number }) => {
			if (acknowledged === 2 * UNIT) cancel.abort();
		};
		const cancelled = uploadFile(client, parcel, { ...kept.options, signal: cancel.signal, onProgress });
		await assert.rejects(cancelled, { code: 'CANCELLED' });
		assert.deepEqual(server.files(), [], 'nothing is visible of a part');
		const { state } = kept;
		assert.ok(state);
		assertArrived(server, parcel, (await bring(client, parcel, { state })).id);
		assert.equal(server.drive.uploads.received, SIZE);
		assert.equal(server.drive.uploads.opened, 1);
	});

	it('is not sent when it is shorter than it was said to be', async () => {
		await using server = await startDrive();
		const parcel = await server.parcel(SIZE);
		await truncate(parcel.path, SIZE - 1);
		await assert.rejects(bring(await server.service(), parcel), {
			code: 'DRIVE_MISMATCH',
			message: `${parcel.name} has ${SIZE - 1} bytes instead of ${SIZE}: it was changed. Send it again as it is now.`,
		});
	});
});

/** Whatever goes wrong once or twice, and must leave no trace. */
const SURVIVED: [title: string, operation: Operation, fault: Fault, times?: number][] = [
	...(['session', 'chunk', 'last', 'ask', 'list', 'change', 'token'] as const).map(
		(operation): [string, Operation, Fault] => [`503 at ${operation}`, operation, { kind: 'status', status: 503 }],
	),
	...([500, 502, 504] as const).map((status): [string, Operation, Fault] => [
		`${status} at a chunk`,
		'chunk',
		{ kind: 'status', status },
	]),
	['429', 'chunk', { kind: 'status', status: 429, reason: 'rateLimitExceeded' }, 3],
	['403 rateLimitExceeded', 'chunk', { kind: 'status', status: 403, reason: 'rateLimitExceeded' }, 3],
	['403 userRateLimitExceeded', 'last', { kind: 'status', status: 403, reason: 'userRateLimitExceeded' }],
	['a token that is not accepted any more', 'chunk', { kind: 'status', status: 401, reason: 'authError' }, 2],
	['a token that is not accepted for the last chunk', 'last', { kind: 'status', status: 401, reason: 'authError' }],
	['a connection cut before a chunk', 'chunk', { kind: 'cut' }, 2],
	['a connection cut in a chunk', 'chunk', { kind: 'cut', afterBytes: 100_000 }],
	['a connection cut in the last chunk', 'last', { kind: 'cut', afterBytes: 5_000 }],
	['a lost answer to a chunk', 'chunk', { kind: 'lost' }],
	['a lost last answer', 'last', { kind: 'lost' }],
	['a lost answer to the opening', 'session', { kind: 'lost' }],
	['a lost answer to the mark', 'change', { kind: 'lost' }],
	['a session unknown (404) at a chunk', 'chunk', { kind: 'forget', status: 404 }],
	['a session gone (410) at a chunk', 'chunk', { kind: 'forget', status: 410 }],
	['a session gone at the last chunk', 'last', { kind: 'forget', status: 410 }],
	['a server that goes silent', 'chunk', { kind: 'silent' }],
	['a search that is never answered', 'list', { kind: 'silent' }],
	['a mark that is never answered', 'change', { kind: 'silent' }],
	['a token that never comes', 'token', { kind: 'silent' }],
];

describe('an upload survives', { concurrency: 4 }, () => {
	for (const [title, operation, fault, times = 1] of SURVIVED) {
		it(title, async () => {
			await using server = await startDrive();
			server.drive.faults.add(operation, fault, times);
			// Only a doubt asks; without one that kind of call does not happen.
			if (operation === 'ask') server.drive.faults.add('chunk', { kind: 'cut' });
			const parcel = await server.parcel(SIZE);
			const file = await bring(
				await server.service('uploader', fault.kind === 'silent' ? { idleMs: 500, callMs: 300 } : {}),
				parcel,
			);
			assertArrived(server, parcel, file.id);
			assert.equal(server.drive.faults.happened.filter((one) => one.operation === operation).length, times);
		});
	}

	it('a Range that is less than what was sent', async () => {
		await using server = await startDrive();
		server.drive.faults.add('chunk', { kind: 'short' }, 2);
		const parcel = await server.parcel(9 * UNIT + 7);
		const file = await bring(await server.service(), parcel, { chunkBytes: 4 * UNIT });
		assertArrived(server, parcel, file.id);
		assert.equal(server.drive.uploads.opened, 1);
	});

	it('access tokens that expire between two chunks', async () => {
		await using server = await startDrive();
		server.drive.tokens.accessSeconds = 301; // the client asks for a fresh one 300 s before
		const parcel = await server.parcel(SIZE);
		const client = await server.service();
		let furthest = 0;
		const onProgress = ({ acknowledged }: { acknowledged: number }) => {
			if (acknowledged > furthest) server.drive.tokens.expireAccess();
			furthest = Math.max(furthest, acknowledged);
		};
		assertArrived(server, parcel, (await bring(client, parcel, { onProgress })).id);
		assert.ok(server.drive.tokens.given > 3);
	});

	it('a session that expired while the process was dead', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const parcel = await server.parcel(SIZE);
		const kept = new Kept();
		server.drive.faults.add('chunk', { kind: 'status', status: 403, reason: 'storageQuotaExceeded' });
		await assert.rejects(uploadFile(client, parcel, kept.options), { code: 'DRIVE_FULL' });
		const { state } = kept;
		assert.ok(state);
		server.drive.records.now = () => Date.now() + 8 * 24 * 3_600_000;
		server.drive.tokens.expireAccess();
		const later = await startedLater(server);
		assertArrived(server, parcel, (await bring(later, parcel, { state })).id);
		assert.equal(server.drive.uploads.opened, 2);
	});
});

/** The clock of the stand-in has moved, and that of this process has not: only a consent does not care. */
async function startedLater(server: DriveServer): Promise<DriveClient> {
	const client = await server.consented({}, ['https://www.googleapis.com/auth/drive']);
	return client;
}

describe('a lost last answer makes no second file', () => {
	it('when the session still knows it', async () => {
		await using server = await startDrive();
		server.drive.faults.add('last', { kind: 'lost' });
		const parcel = await server.parcel(SIZE);
		const file = await bring(await server.service(), parcel);
		assertArrived(server, parcel, file.id);
		assert.equal(server.drive.uploads.opened, 1);
	});

	it('when the session is gone meanwhile: the backup id finds it', async () => {
		await using server = await startDrive();
		server.drive.faults.add('last', { kind: 'lost' });
		server.drive.faults.add('ask', { kind: 'forget', status: 404 });
		const parcel = await server.parcel(SIZE);
		const file = await bring(await server.service(), parcel);
		assertArrived(server, parcel, file.id);
		assert.deepEqual([server.files().length, server.drive.uploads.opened], [1, 1]);
	});

	it('when the process died with it, state and all', async () => {
		await using server = await startDrive();
		const client = await server.service('uploader', { patience: { minMs: 1, maxMs: 1, failures: 1 } });
		server.drive.faults.add('last', { kind: 'lost' });
		const parcel = await server.parcel(SIZE);
		await assert.rejects(uploadFile(client, parcel, new Kept().options), { code: 'DRIVE_UNREACHABLE' });
		const file = await bring(await server.service(), parcel);
		assertArrived(server, parcel, file.id);
		assert.deepEqual([server.files().length, server.drive.uploads.opened], [1, 1]);
	});
});

describe('a file that Drive stores otherwise', () => {
	it('is put into the trash and sent again, where the role allows it', async () => {
		await using server = await startDrive();
		const { ownFolder } = await import('../../lib/drive/folder.ts');
		server.drive.faults.add('chunk', { kind: 'spoil' });
		const client = await server.consented();
		const parcel = await server.parcel(SIZE, { folderId: (await ownFolder(client, 'Respaldos')).id });
		const file = await bring(client, parcel);
		assertArrived(server, parcel, file.id);
		const wrong = server.files().filter(({ id }) => id !== file.id);
		assert.deepEqual(
			wrong.map((item) => [item.trashed, propertiesOf(item)['state']]),
			[[true, 'rejected']],
		);
	});

	it('is marked rejected by a contributor, who may not trash it, and sent again', async () => {
		await using server = await startDrive();
		server.drive.faults.add('last', { kind: 'spoil' });
		const parcel = await server.parcel(SIZE);
		const file = await bring(await server.service(), parcel);
		assertArrived(server, parcel, file.id);
		const wrong = server.files().filter(({ id }) => id !== file.id);
		assert.deepEqual(
			wrong.map((item) => [item.trashed, propertiesOf(item)['state']]),
			[[false, 'rejected']],
		);
	});

	it('is not taken for a spoilt copy when it was verified: its id is taken, which is said, and it stays', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const first = await server.parcel(SIZE);
		const { id } = await bring(client, first);
		const other = await server.parcel(SIZE, { id: first.id, name: 'another.zip.age' });
		await assert.rejects(bring(client, other), {
			...{ code: 'DRIVE_MISMATCH', retryable: false },
			message: /^The id .* is taken: .* under an id of its own, or remove that file in Drive first\.$/,
		});
		assertArrived(server, first, id);
		assert.equal(server.files().length, 1);
	});

	it('three times is an error, and none of the copies counts', async () => {
		await using server = await startDrive();
		server.drive.faults.add('last', { kind: 'spoil' }, 3);
		const parcel = await server.parcel(SIZE);
		await assert.rejects(bring(await server.service(), parcel), {
			code: 'DRIVE_MISMATCH',
			message: /^Drive stored something else than .* 3 times\. Check the disk, and what changes data on the way/,
		});
		assert.deepEqual(
			server.files().map((item) => propertiesOf(item)['state']),
			['rejected', 'rejected', 'rejected'],
		);
	});
});

describe('an upload fails at once, in words', () => {
	const cases: [title: string, operation: Operation, fault: Fault, code: string, message: RegExp][] = [
		[
			'when the space is used up',
			'session',
			{ kind: 'status', status: 403, reason: 'storageQuotaExceeded' },
			...(['DRIVE_FULL', /no space left\. Free some/] as const),
		],
		[
			'when the shared drive holds too many files',
			'session',
			{ kind: 'status', status: 403, reason: 'teamDriveFileLimitExceeded' },
			...(['DRIVE_FULL', /as many files as Google allows/] as const),
		],
		[
			'when the role does not allow it',
			'session',
			{ kind: 'status', status: 403, reason: 'insufficientFilePermissions' },
			...(['DRIVE_FORBIDDEN', /Ask a manager of the shared drive/] as const),
		],
		[
			'when the API is off',
			'list',
			{ kind: 'status', status: 403, reason: 'accessNotConfigured' },
			...(['DRIVE_FORBIDDEN', /Switch it on in Google’s console/] as const),
		],
		[
			'when the folder is missing',
			'session',
			{ kind: 'status', status: 404, reason: 'notFound' },
			...(['DRIVE_NOT_FOUND', /does not exist in Google Drive, or this account does not see it/] as const),
		],
	];
	for (const [title, operation, fault, code, message] of cases) {
		it(title, async () => {
			await using server = await startDrive();
			server.drive.faults.add(operation, fault);
			await assert.rejects(bring(await server.service(), await server.parcel(SIZE)), { code, message });
			assert.equal(server.drive.faults.happened.length, 1);
			assert.deepEqual(server.files(), []);
		});
	}

	it('when the consent was withdrawn, and says what to click', async () => {
		await using server = await startDrive();
		const client = await server.consented();
		server.drive.tokens.revokeAll();
		await assert.rejects(bring(client, await server.parcel(SIZE)), {
			code: 'DRIVE_CONSENT',
			message: /withdrawn or has expired\. Open the Google Drive connection and click “Connect”/,
		});
	});

	it('when failures go on without a byte of progress', async () => {
		await using server = await startDrive();
		server.drive.faults.random = (operation) => (operation === 'chunk' ? { kind: 'status', status: 503 } : undefined);
		const kept = new Kept();
		const failing = uploadFile(await server.service(), await server.parcel(SIZE), kept.options);
		await assert.rejects(failing, { code: 'DRIVE_UNREACHABLE', message: /HTTP 503/ });
		assert.equal(server.drive.faults.happened.length, 12);
		assert.ok(kept.state, 'the session is kept for later');
	});

	it('when no token is accepted', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const onProgress = () => server.drive.tokens.expireAccess();
		const refused = bring(client, await server.parcel(SIZE), { onProgress });
		await assert.rejects(refused, { code: 'DRIVE_CONSENT', message: /does not accept the access token/ });
	});

	it('when Drive keeps nothing of what is sent', async () => {
		await using server = await startDrive();
		server.drive.faults.random = (operation) => (operation === 'chunk' ? { kind: 'short' } : undefined);
		await assert.rejects(bring(await server.service(), await server.parcel(SIZE)), {
			code: 'DRIVE_UNREACHABLE',
			message: /keeps nothing/,
		});
	});

	it('when nobody listens', async () => {
		await using server = await startDrive();
		const client = await server.service('uploader', { apiUrl: 'http://127.0.0.1:9' });
		await assert.rejects(bring(client, await server.parcel(SIZE)), {
			code: 'DRIVE_UNREACHABLE',
			message:
				'127.0.0.1:9 cannot be reached (ECONNREFUSED). Check the network, the proxy and the certificate authority.',
		});
	});
});

describe('a stored session', () => {
	it('of another place is not used: no token goes there', async () => {
		await using server = await startDrive();
		await using stranger = await startDrive();
		const parcel = await server.parcel(SIZE);
		const state = {
			sessionUri: `${stranger.url}/upload/drive/v3/files?upload_id=x`,
			size: SIZE,
			sha256: parcel.sha256,
		};
		assertArrived(server, parcel, (await bring(await server.service(), parcel, { state })).id);
		assert.deepEqual(stranger.drive.calls, []);
	});

	it('of another content is not used', async () => {
		await using server = await startDrive();
		const client = await server.service('uploader', { patience: { minMs: 1, maxMs: 1, failures: 1 } });
		server.drive.faults.add('last', { kind: 'cut' });
		const [old, parcel] = [await server.parcel(SIZE), await server.parcel(SIZE)];
		const kept = new Kept();
		await assert.rejects(uploadFile(client, old, kept.options), { code: 'DRIVE_UNREACHABLE' });
		const { state } = kept;
		assertArrived(server, parcel, (await bring(client, parcel, { state })).id);
		assert.equal(server.files().length, 1);
	});
});
