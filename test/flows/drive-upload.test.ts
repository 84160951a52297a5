/** `google-drive` and `drive-upload` in a real Node-RED, against the stand-in of Google Drive. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fault, Operation } from '../../lab/drive/faults.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { openStore } from '../../lib/store/store.ts';
import {
	consentConnection,
	DRIVE_FLOW,
	driveVariables,
	PROGRESS,
	readyFlowVariables,
	serviceConnection,
	UPLOAD,
	UPLOADED,
	uploadFlow,
} from '../drive-flow.ts';
import { type Completion, type NodeRed, startNodeRed } from '../node-red.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';
import { spooledClaim } from '../spooled-claim.ts';

const MIB = 1_048_576;

/** Slow enough to be met half way, in Mbit/s, and in pieces that are confirmed often. */
const SLOW = { mbit: '24', pieceMib: '1' };
const SIZE = 8 * MIB;

async function driveOf(t: TestContext): Promise<DriveServer> {
	const server = await startDrive();
	t.after(() => server[Symbol.asyncDispose]());
	return server;
}

async function directoryOf(t: TestContext): Promise<string> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-upload-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}

/** Ends of messages in the node, from now on. */
function ends(nodeRed: NodeRed): () => Promise<Completion['error']> {
	const before = nodeRed.completions(UPLOAD).length;
	return async () =>
		(await nodeRed.until('the end of the message', () => nodeRed.completions(UPLOAD)[before], 60_000)).error;
}

const uploaded = (nodeRed: NodeRed, name: string) =>
	nodeRed.until(
		`${name} to be uploaded`,
		() =>
			nodeRed.messages(UPLOADED).find(({ payload }) => (payload as { name?: string }).name === name)?.['payload'] as
				| Record<string, unknown>
				| undefined,
		60_000,
	);

const names = ({ files }: DriveServer) => files().map(({ name }) => name);
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

async function spooled(userDir: string, size: number): Promise<ClaimCheck> {
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	try {
		return await spooledClaim(await BackupRuns.open(store, { owner: 'test' }), {
			spool: path.join(userDir, 'spool'),
			size,
		});
	} finally {
		await store.close();
	}
}

async function unreleased(userDir: string): Promise<number> {
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	try {
		return (await (await BackupRuns.open(store, { owner: 'test' })).unreleased()).length;
	} finally {
		await store.close();
	}
}

test('the ready flow uploads what it writes and a file of a listed folder', async (t) => {
	const server = await driveOf(t);
	const folder = await directoryOf(t);
	await writeFile(path.join(folder, 'informe.pdf'), 'a report');
	const env = { ...driveVariables(server, { HUB_UPLOAD_FOLDERS: folder }), ...(await readyFlowVariables(server)) };
	const nodeRed = await startNodeRed(t, { env });
	const upload = DRIVE_FLOW.find(({ type }) => type === 'drive-upload')?.id ?? '';
	await nodeRed.deploy(DRIVE_FLOW.map((node) => (node.type === 'tab' ? { ...node, disabled: false } : node)));
	await nodeRed.status(upload, /^uploaded: 0$/);
	for (const [name, count] of [
		['Note · Nota', 1],
		['File · Archivo', 2],
	] as const) {
		const button = DRIVE_FLOW.find((node) => node['name'] === name)?.id;
		assert.equal((await nodeRed.request('POST', `/inject/${button}`, { body: {} })).status, 200);
		await nodeRed.status(upload, new RegExp(`^uploaded: ${count}$`));
	}
	assert.deepEqual(names(server).toSorted(), ['informe.pdf', 'nota.txt']);
	assert.doesNotMatch(nodeRed.log, /PRIVATE KEY/);
});

test('the flow is off as it is shipped, and nothing of it asks for an account', async (t) => {
	const nodeRed = await startNodeRed(t, { flows: DRIVE_FLOW });
	assert.doesNotMatch(nodeRed.log, /\[(?:warn|error)\] \[(?:google-drive|drive-upload)/);
});

test('files of a flow', async (t) => {
	const server = await driveOf(t);
	const folder = await directoryOf(t);
	const env = driveVariables(server, { HUB_UPLOAD_FOLDERS: folder });
	const nodeRed = await startNodeRed(t, { env });
	await nodeRed.deploy(uploadFlow(await serviceConnection(server), { pieceMib: '1' }));
	const give = async (message: Record<string, unknown>) => {
		const end = ends(nodeRed);
		nodeRed.receive(UPLOAD, message);
		return end();
	};

	await t.test('arrive compared, once for the same name and content, and leave nothing behind', async () => {
		const message = { _msgid: 'one', payload: 'hola', filename: 'saludo.txt' };
		assert.equal(await give(message), null);
		assert.equal(await give({ ...message, _msgid: 'two' }), null);
		const file = await uploaded(nodeRed, 'saludo.txt');
		assert.partialDeepStrictEqual(file, { kind: 'file', size: 4, sha256: sha256('hola'), released: false });
		assert.deepEqual(names(server), ['saludo.txt']);
		assert.equal(nodeRed.messages(UPLOADED)[0]?.['_msgid'], 'one');
		assert.equal(nodeRed.messages(UPLOADED)[0]?.['topic'], 'uploaded');
		assert.deepEqual(await readdir(path.join(nodeRed.userDir, 'clinic-hub-outgoing')), []);
	});

	await t.test('tell their progress at the second output', async () => {
		assert.equal(await give({ payload: { content: 'x'.repeat(2 * MIB), name: 'dos.bin' } }), null);
		const last = nodeRed.messages(PROGRESS).at(-1);
		assert.equal(last?.['topic'], 'progress');
		assert.partialDeepStrictEqual(last?.['payload'], { name: 'dos.bin', total: 2 * MIB, acknowledged: 2 * MIB });
	});

	await t.test('are taken from listed folders only, whatever links lead to', async () => {
		const outside = path.join(await directoryOf(t), 'secret.txt');
		await writeFile(outside, 'secret');
		await symlink(outside, path.join(folder, 'link.txt'));
		const before = names(server).length;
		for (const file of [
			outside,
			'link.txt',
			'../secret.txt',
			`${folder}/../${path.basename(path.dirname(outside))}/secret.txt`,
		]) {
			assert.equal((await give({ payload: { file } }))?.code, 'FORBIDDEN', file);
		}
		assert.equal((await give({ payload: { file: 'nowhere.txt' } }))?.code, 'NOT_FOUND');
		assert.equal(names(server).length, before);
	});

	await t.test('are not taken, or removed, for a claim check that somebody else wrote', async () => {
		const outside = path.join(await directoryOf(t), 'secret.txt');
		await writeFile(outside, 'secret');
		const record = path.join(path.dirname(outside), 'secret.txt.json');
		await writeFile(record, '{}');
		const claim = {
			id: 'made-up',
			database: 'd',
			databaseUuid: 'u',
			file: outside,
			record,
			size: 6,
			sha256: sha256('secret'),
		};
		assert.equal((await give({ payload: claim }))?.code, 'FORBIDDEN');
		assert.ok(existsSync(outside));
	});

	await t.test('need words that say what is wanted', async () => {
		for (const message of [
			{ payload: 'x' },
			{ payload: {} },
			{ payload: { content: 'x', name: '../x' } },
			{ payload: 3 },
		]) {
			assert.equal((await give(message))?.code, 'CONFIG_INVALID', JSON.stringify(message));
		}
	});
});

test('a cancelled upload ends, leaves nothing visible, and goes on where it was when it is asked for again', async (t) => {
	const server = await driveOf(t);
	const nodeRed = await startNodeRed(t, { env: driveVariables(server) });
	await nodeRed.deploy(uploadFlow(await serviceConnection(server), SLOW));
	const message = { payload: { content: 'y'.repeat(SIZE), name: 'lento.bin' } };
	const end = ends(nodeRed);
	nodeRed.receive(UPLOAD, message);
	const far = ({ payload }: Record<string, unknown>) =>
		Number((payload as { acknowledged?: number }).acknowledged) >= 2 * MIB;
	await nodeRed.message(PROGRESS, far);
	nodeRed.receive(UPLOAD, { topic: 'cancel', payload: 'another.bin' });
	nodeRed.receive(UPLOAD, { topic: 'cancel', payload: { id: 5 } });
	await nodeRed.until('the refusal', () =>
		nodeRed.completions(UPLOAD).find(({ error }) => error?.code === 'CONFIG_INVALID'),
	);
	assert.equal(
		nodeRed.completions(UPLOAD).some(({ error }) => error?.code === 'CANCELLED'),
		false,
	);
	nodeRed.receive(UPLOAD, { topic: 'cancel', payload: 'lento.bin' });
	await nodeRed.until('the upload to end', () =>
		nodeRed.completions(UPLOAD).some(({ error }) => error?.code === 'CANCELLED'),
	);
	await end();
	assert.deepEqual(names(server), []);
	await nodeRed.status(UPLOAD, /^Cancelled$/);
	nodeRed.receive(UPLOAD, message);
	await uploaded(nodeRed, 'lento.bin');
	assert.equal(server.drive.uploads.sentTwice, 0);
	assert.equal(server.drive.uploads.opened, 1);
});

test('after SIGKILL a file of a flow goes on by itself, without a confirmed byte sent twice', async (t) => {
	const server = await driveOf(t);
	const userDir = await directoryOf(t);
	const options = { userDir, env: driveVariables(server) };
	const first = await startNodeRed(t, options);
	await first.deploy(uploadFlow(await serviceConnection(server), SLOW));
	first.receive(UPLOAD, { payload: { content: 'z'.repeat(SIZE), name: 'corte.bin' } });
	await first.message(
		PROGRESS,
		({ payload }) => Number((payload as { acknowledged?: number }).acknowledged) >= 2 * MIB,
	);
	await first.kill();
	assert.deepEqual(names(server), []);

	const second = await startNodeRed(t, options);
	const file = await uploaded(second, 'corte.bin');
	assert.equal(file['sha256'], sha256('z'.repeat(SIZE)));
	assert.deepEqual(names(server), ['corte.bin']);
	assert.equal(server.drive.uploads.sentTwice, 0);
	assert.equal(server.drive.uploads.opened, 1);
	assert.deepEqual(await readdir(path.join(userDir, 'clinic-hub-outgoing')), []);
});

test('after SIGKILL a backup goes on when its claim check comes again, and only then is the spool emptied', async (t) => {
	const server = await driveOf(t);
	const userDir = await directoryOf(t);
	const claim = await spooled(userDir, SIZE);
	const options = { userDir, env: driveVariables(server) };
	const first = await startNodeRed(t, options);
	await first.deploy(uploadFlow(await serviceConnection(server), SLOW));
	first.receive(UPLOAD, { payload: claim });
	await first.message(
		PROGRESS,
		({ payload }) => Number((payload as { acknowledged?: number }).acknowledged) >= 2 * MIB,
	);
	await first.kill();
	assert.ok(existsSync(claim.file) && existsSync(claim.record));
	assert.equal(await unreleased(userDir), 1);

	const second = await startNodeRed(t, options);
	second.receive(UPLOAD, { payload: claim });
	const file = await uploaded(second, path.basename(claim.file));
	assert.partialDeepStrictEqual(file, {
		id: claim.id,
		kind: 'backup',
		released: true,
		databaseUuid: 'db-1',
		complete: true,
	});
	assert.deepEqual(names(server).toSorted(), [path.basename(claim.file), path.basename(claim.record)]);
	assert.equal(server.drive.uploads.sentTwice, 0);
	assert.equal(server.drive.uploads.opened, 2, 'one session for the backup, one for its record');
	assert.deepEqual(await readdir(path.dirname(claim.file)), []);

	await t.test('a claim check that comes after that finds the backup in Drive', async () => {
		const end = ends(second);
		second.receive(UPLOAD, { payload: claim });
		assert.equal(await end(), null);
		assert.equal(names(server).length, 2);
	});

	await t.test('a claim check whose file is nowhere fails, and says so', async () => {
		const end = ends(second);
		second.receive(UPLOAD, { payload: { ...claim, id: 'nowhere' } });
		const error = await end();
		assert.equal(error?.code, 'NOT_FOUND');
		assert.match(error?.message ?? '', /gone from the spool and not in the folder: make a new backup/);
	});
	await second.stop();
	assert.equal(await unreleased(userDir), 0);
});

/** Faults on the way of two pieces, each of which must leave no trace. */
const BORNE: [title: string, operation: Operation, fault: Fault][] = [
	['a cut connection', 'chunk', { kind: 'cut', afterBytes: 300_000 }],
	['HTTP 503', 'last', { kind: 'status', status: 503 }],
	['too many calls', 'session', { kind: 'status', status: 429, reason: 'rateLimitExceeded' }],
	['a lost last answer', 'last', { kind: 'lost' }],
	['a piece of which only a part was kept', 'chunk', { kind: 'short' }],
	['a session that Drive has forgotten', 'chunk', { kind: 'forget', status: 410 }],
	['a file that Drive spoilt', 'last', { kind: 'spoil' }],
];

test('faults on the way', async (t) => {
	const server = await driveOf(t);
	const nodeRed = await startNodeRed(t, { env: driveVariables(server) });
	await nodeRed.deploy(uploadFlow(await serviceConnection(server), { pieceMib: '1' }));
	const standing = () =>
		server.files().filter((item) => !Object.values(item.appProperties).some(({ state }) => state === 'rejected'));

	for (const [index, [title, operation, fault]] of BORNE.entries()) {
		await t.test(`${title} is borne: one file arrives, whole`, async () => {
			server.drive.faults.add(operation, fault);
			const name = `falla-${index}.bin`;
			const end = ends(nodeRed);
			nodeRed.receive(UPLOAD, { payload: { content: `${index}`.repeat(2 * MIB), name } });
			assert.equal(await end(), null);
			assert.deepEqual(server.drive.faults.happened.at(-1), { operation, fault });
			assert.deepEqual(
				standing().flatMap((item) => (item.name === name ? [item.sha256] : [])),
				[sha256(`${index}`.repeat(2 * MIB))],
			);
			assert.equal(server.drive.uploads.sentTwice, 0);
		});
	}

	await t.test('a full Drive fails at once and says what to do', async () => {
		server.drive.faults.add('session', { kind: 'status', status: 403, reason: 'storageQuotaExceeded' });
		const end = ends(nodeRed);
		nodeRed.receive(UPLOAD, { payload: 'x', filename: 'lleno.txt' });
		const error = await end();
		assert.equal(error?.code, 'DRIVE_FULL');
		assert.match(error?.message ?? '', /no space left\. Free some .* or buy more/);
		const { fill } = await nodeRed.status(UPLOAD, /^Google Drive is full$/);
		assert.equal(fill, 'red');
		const failed = nodeRed.messages(PROGRESS).at(-1);
		assert.partialDeepStrictEqual(failed, { topic: 'failed', payload: { code: 'DRIVE_FULL' } });
		// The next one that goes well is a good state again.
		const again = ends(nodeRed);
		nodeRed.receive(UPLOAD, { payload: 'x', filename: 'lleno.txt' });
		assert.equal(await again(), null);
		await nodeRed.status(UPLOAD, /^uploaded: \d+$/);
	});
});

/** Gives the consent as a browser would: what the page's form sends, with the cookie of the beginning. */
async function consent(nodeRed: NodeRed, server: DriveServer, { withCookie = true } = {}): Promise<Response> {
	const redirectUri = `${nodeRed.url}/clinic-hub/google-drive/return`;
	for (const client of server.drive.records.world.clients) if (client.kind === 'web') client.redirects = [redirectUri];
	const { id, web } = { id: 'drive', web: server.google.web };
	const begun = await fetch(`${nodeRed.url}/clinic-hub/google-drive/connect`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({
			...{ id, redirectUri, language: 'en', config: { accountType: 'consent', clientId: web.id } },
			credentials: { clientSecret: web.secret },
		}),
	});
	assert.equal(begun.status, 200, await begun.clone().text());
	const cookie = begun.headers.get('set-cookie') ?? '';
	assert.match(
		cookie,
		/^clinic-hub-consent=[\w-]{32}; Max-Age=600; Path=\/clinic-hub\/google-drive\/return; HttpOnly; SameSite=Lax$/,
	);
	const { page } = (await begun.json()) as { page: string };
	const form = new URLSearchParams(new URL(page).search);
	assert.equal(form.get('code_challenge_method'), 'S256');
	assert.equal(form.get('scope'), 'https://www.googleapis.com/auth/drive.file');
	form.append('granted', form.get('scope') ?? '');
	form.append('account', server.drive.records.world.users[0]?.email ?? '');
	form.append('decision', 'allow');
	const decided = await fetch(new URL(page).origin + new URL(page).pathname, {
		method: 'POST',
		body: form,
		redirect: 'manual',
	});
	const back = decided.headers.get('location') ?? '';
	const headers = withCookie ? { cookie: cookie.split(';')[0] ?? '' } : {};
	const answer = await fetch(back, { headers });
	// The same once more: the state is spent.
	const replayed = await fetch(back, { headers });
	assert.equal(replayed.status, 400);
	return answer;
}

test('a consent', async (t) => {
	const server = await driveOf(t);
	const userDir = await directoryOf(t);
	const nodeRed = await startNodeRed(t, { userDir, env: driveVariables(server) });
	await nodeRed.deploy(uploadFlow(consentConnection(server)));
	const give = async (name: string) => {
		const end = ends(nodeRed);
		nodeRed.receive(UPLOAD, { payload: 'x', filename: name });
		return end();
	};

	await t.test('that nobody gave yet is asked for in words', async () => {
		const error = await give('uno.txt');
		assert.equal(error?.code, 'DRIVE_CONSENT');
		assert.equal(
			error?.message,
			'Nobody has consented to Google Drive yet. Open the Google Drive connection and click “Connect”.',
		);
		await nodeRed.status(UPLOAD, /consent is needed again\. Open the connection and click Connect/);
	});

	await t.test('that comes back to another browser is none', async () => {
		const answer = await consent(nodeRed, server, { withCookie: false });
		assert.equal(answer.status, 400);
		assert.equal((await give('uno.txt'))?.code, 'DRIVE_CONSENT');
	});

	await t.test('works without a deploy, in a folder that the hub makes, and is sealed', async () => {
		const answer = await consent(nodeRed, server);
		assert.equal(answer.status, 200);
		assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
		assert.match(answer.headers.get('set-cookie') ?? '', /^clinic-hub-consent=; Max-Age=0;/);
		assert.match(await answer.text(), /Google Drive is connected/);
		assert.equal(await give('uno.txt'), null);
		const folder = server.drive.records.all.find(({ name }) => name === 'Respaldos del hub');
		assert.ok(folder);
		assert.deepEqual(
			server.files().map(({ name, parent }) => [name, parent]),
			[['uno.txt', folder.id]],
		);
		const audit = /"event":"clinic-hub\.drive\.connect".*"actor":"editor without sign-in".*"outcome":"done"/;
		await nodeRed.until('the record', () => audit.test(nodeRed.log));
		assert.ok(!nodeRed.log.includes(server.google.web.secret));
	});

	await t.test('that was withdrawn is said in words with what to click, and given again it works', async () => {
		server.drive.tokens.revokeAll();
		const error = await give('dos.txt');
		assert.equal(error?.code, 'DRIVE_CONSENT');
		assert.match(
			error?.message ?? '',
			/withdrawn or has expired\. Open the Google Drive connection and click “Connect”/,
		);
		await nodeRed.status(UPLOAD, /consent is needed again\. Open the connection and click Connect/);
		assert.equal((await consent(nodeRed, server)).status, 200);
		assert.equal(await give('dos.txt'), null);
	});
});

test('the test of the connection lists what it looked at, and where secrets go cannot be chosen in a flow', async (t) => {
	const server = await driveOf(t);
	const nodeRed = await startNodeRed(t, { env: driveVariables(server) });
	const connection = await serviceConnection(server);
	await nodeRed.deploy(uploadFlow(connection));
	const ask = async (config: Record<string, unknown>, serviceKey = '__PWRD__') => {
		const { accountType, folder } = connection;
		const body = { id: connection.id, config: { accountType, folder, ...config }, credentials: { serviceKey } };
		return (await nodeRed.request('POST', '/clinic-hub/test/google-drive', { body })).body as {
			ok: boolean;
			findings?: { level: string; text: { en: string; es: string } }[];
		};
	};
	const good = await ask({ apiUrl: 'https://elsewhere.example' });
	assert.equal(good.ok, true);
	assert.deepEqual(
		good.findings?.slice(0, 2).map(({ level, text }) => [level, text.es]),
		[
			['ok', 'Conectado como hub-backup@clinic-hub.iam.gserviceaccount.com.'],
			['ok', 'La carpeta «Respaldos de Odoo» es accesible.'],
		],
	);
	const missing = await ask({ folder: 'nowhere' });
	assert.equal(missing.ok, false);
	assert.match(JSON.stringify(missing.findings), /does not exist/);
	assert.match(JSON.stringify(await ask({ accountType: 'consent' })), /problem\.missing/);
	assert.match(JSON.stringify(await ask({}, 'not a key')), /problem\.serviceKey/);
});
