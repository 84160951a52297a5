/** Own files, roles, and what "Test connection" finds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PERSON, UPLOADER } from '../../lab/drive/clinic.ts';
import { FOLDER } from '../../lab/drive/records.ts';
import { checkDrive, type DriveCheck } from '../../lib/drive/check.ts';
import { openDrive } from '../../lib/drive/client.ts';
import { isKept } from '../../lib/drive/file.ts';
import {
	deleteFile,
	filesOfDatabase,
	findFiles,
	getFile,
	markKept,
	markState,
	trashFile,
} from '../../lib/drive/files.ts';
import { folderIdOf, getFolder, ownFolder } from '../../lib/drive/folder.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';

const save = async () => {};

describe('own files', () => {
	it('of one database are found, newest first, and nothing else that lies in the folder', async () => {
		await using server = await startDrive();
		const { google, drive } = server;
		const client = await server.service();
		const ids: string[] = [];
		for (const databaseUuid of ['db-1', 'db-2', 'db-1']) {
			ids.push((await uploadFile(client, await server.parcel(5, { databaseUuid }), { save })).id);
		}
		const foreign = { name: 'notes.txt', mimeType: 'text/plain', parent: google.folderId, project: 'clinic-hub' };
		drive.records.put(drive.records.make({ ...foreign, size: 1 }));
		const copied = { ...foreign, project: 'another', appProperties: { another: { hub: 'clinic-hub', db: 'db-1' } } };
		drive.records.put(drive.records.make({ ...copied, size: 1 }));
		const found = await filesOfDatabase(client, { folderId: google.folderId, databaseUuid: 'db-1' });
		assert.deepEqual(
			found.map(({ id }) => id),
			[ids[2], ids[0]],
		);
		const all = await findFiles(client, { folderId: google.folderId, properties: {} });
		assert.equal(all.length, 3);
	});

	it('are all found on many pages', async () => {
		await using server = await startDrive();
		const { google, drive } = server;
		for (let count = 0; count < 2_345; count += 1) {
			const appProperties = { 'clinic-hub': { hub: 'clinic-hub', db: 'db-1' } };
			const file = { name: `${count}`, mimeType: 'x/y', parent: google.folderId, project: 'clinic-hub', appProperties };
			(drive.records as unknown as { save: () => void }).save = () => {}; // one write a file would take long
			drive.records.put(drive.records.make({ ...file, size: 1 }));
		}
		const found = await filesOfDatabase(await server.service(), { folderId: google.folderId, databaseUuid: 'db-1' });
		assert.equal(new Set(found.map(({ id }) => id)).size, 2_345);
		assert.equal(drive.calls.filter((call) => call === 'GET /drive/v3/files').length, 3);
	});

	it('are found whatever stands in the names of their database', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const databaseUuid = `it's a \\ 'test' and trashed = true`;
		const { id } = await uploadFile(client, await server.parcel(5, { databaseUuid }), { save });
		const found = await filesOfDatabase(client, { folderId: server.google.folderId, databaseUuid });
		assert.deepEqual(
			found.map((file) => file.id),
			[id],
		);
	});

	it('are kept with a note that a person reads, and released again', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const { id } = await uploadFile(client, await server.parcel(5), { save });
		const at = new Date('2026-11-24T03:00:00Z');
		const kept = await markKept(client, id, 'Antes del cambio de versión', { at });
		assert.deepEqual([isKept(kept), kept.description], [true, 'Antes del cambio de versión']);
		assert.equal(kept.appProperties['keep'], '2026-11-24T03:00:00.000Z');
		const released = await markKept(client, id, null);
		assert.deepEqual(
			[isKept(released), released.description, released.appProperties['state']],
			[false, '', 'verified'],
		);
	});

	it('may be added and marked, not trashed or deleted, by a contributor; trashed by a content manager', async () => {
		await using server = await startDrive();
		const { folderId } = server.google;
		const [uploader, retention] = [await server.service('uploader'), await server.service('retention')];
		const { id } = await uploadFile(uploader, await server.parcel(5), { save });
		const refused = { code: 'DRIVE_FORBIDDEN', message: /may not do this in the folder/ };
		await assert.rejects(trashFile(uploader, id), refused);
		await assert.rejects(deleteFile(uploader, id), refused);
		assert.equal((await markState(uploader, id, 'rejected')).appProperties['state'], 'rejected');
		await assert.rejects(deleteFile(retention, id), refused);
		assert.equal((await trashFile(retention, id)).trashed, true);
		assert.deepEqual(await filesOfDatabase(uploader, { folderId, databaseUuid: 'db-1' }), []);
		const trashed = await filesOfDatabase(uploader, { folderId, databaseUuid: 'db-1', trashed: true });
		assert.deepEqual(
			trashed.map((file) => [file.id, file.trashed]),
			[[id, true]],
		);
	});

	it('are deleted for good by their owner, once', async () => {
		await using server = await startDrive();
		const client = await server.consented();
		const { id: folderId } = await ownFolder(client, 'Respaldos');
		const { id } = await uploadFile(client, await server.parcel(5, { folderId }), { save });
		server.drive.faults.add('delete', { kind: 'lost' });
		await deleteFile(client, id);
		await assert.rejects(getFile(client, id), { code: 'DRIVE_NOT_FOUND' });
	});
});

describe('a folder', () => {
	it('is read from the address that a browser shows', () => {
		assert.equal(folderIdOf(' https://drive.google.com/drive/u/0/folders/1AbC_-9?usp=sharing '), '1AbC_-9');
		assert.equal(folderIdOf('1AbC_-9'), '1AbC_-9');
	});

	it('that others made is not reached by a consent for own files', async () => {
		await using server = await startDrive();
		const client = await server.consented();
		await assert.rejects(getFolder(client, server.google.folderId), { code: 'DRIVE_NOT_FOUND' });
	});

	it('must be one', async () => {
		await using server = await startDrive();
		const client = await server.service();
		const { id, name } = await uploadFile(client, await server.parcel(5), { save });
		await assert.rejects(getFolder(client, id), {
			code: 'CONFIG_INVALID',
			message: `${name} is a file, not a folder.`,
		});
	});
});

const keysOf = ({ findings }: DriveCheck) => findings.map(({ key, level }) => `${key}: ${level}`);

describe('the test of a connection', () => {
	it('finds a contributor on a shared drive right', async () => {
		await using server = await startDrive();
		const { folderId: folder } = server.google;
		const check = await checkDrive(await server.service(), {
			folder,
			neededBytes: 3 * 1024 ** 3,
			domains: ['clinica.example'],
		});
		assert.deepEqual([check.ok, check.account, check.folder?.name], [true, UPLOADER, 'Respaldos de Odoo']);
		assert.deepEqual(keysOf(check), ['account: ok', 'folder: ok', 'spaceUntold: ok']);
		assert.match(check.findings[2]?.text.es ?? '', /el plan necesita 3\.0 GiB/);
	});

	it('finds more power than an uploader needs, and less than retention needs', async () => {
		await using server = await startDrive();
		const { folderId: folder } = server.google;
		const wide = await checkDrive(await server.service('retention'), { folder });
		assert.deepEqual([wide.ok, keysOf(wide).includes('roleWide: warning')], [true, true]);
		const retention = await checkDrive(await server.service('retention'), { folder, purpose: 'retention' });
		assert.deepEqual(keysOf(retention), ['account: ok', 'folder: ok', 'spaceUnknown: ok']);
		const weak = await checkDrive(await server.service(), { folder, purpose: 'retention' });
		assert.deepEqual([weak.ok, keysOf(weak).includes('cannotTrash: failed')], [false, true]);
	});

	it('finds a role that may not add, a folder in the trash, and one that is not there', async () => {
		await using server = await startDrive();
		const { google, drive } = server;
		const members = drive.records.world.sharedDrives[0]?.members ?? {};
		members[UPLOADER] = 'reader';
		const folder = drive.records.find(google.folderId);
		if (folder) folder.trashed = true;
		const check = await checkDrive(await server.service(), { folder: google.folderId });
		assert.equal(check.ok, false);
		assert.deepEqual(keysOf(check).slice(1), [
			'folder: ok',
			'folderTrashed: failed',
			'cannotAdd: failed',
			'spaceUnknown: ok',
			'sharingUntold: warning',
		]);
		const missing = await checkDrive(await server.service(), { folder: 'none' });
		assert.deepEqual(keysOf(missing), ['account: ok', 'folderMissing: failed']);
	});

	it('finds a service account in My Drive of a person, which cannot own files', async () => {
		await using server = await startDrive();
		const { records } = server.drive;
		const root = records.all.find(({ owner, parent }) => owner === PERSON && parent === undefined);
		const folder = records.make({ name: 'Personal', mimeType: FOLDER, parent: root?.id, project: '' });
		folder.permissions.push({ id: '1', type: 'user', role: 'writer', emailAddress: UPLOADER });
		records.put(folder);
		const client = await server.service();
		const check = await checkDrive(client, { folder: folder.id });
		assert.deepEqual([check.ok, keysOf(check).includes('notShared: failed')], [false, true]);
		const upload = uploadFile(client, await server.parcel(5, { folderId: folder.id }), { save });
		await assert.rejects(upload, { code: 'DRIVE_FULL' });
	});

	it('finds a folder that is shared with outsiders or with everybody', async () => {
		await using server = await startDrive();
		const { google, drive } = server;
		const folder = drive.records.find(google.folderId);
		folder?.permissions.push({ id: '1', type: 'user', role: 'reader', emailAddress: 'someone@elsewhere.cl' });
		const question = { folder: google.folderId, domains: ['clinica.example'] };
		const outsiders = await checkDrive(await server.service(), question);
		assert.deepEqual([outsiders.ok, keysOf(outsiders).at(-1)], [true, 'outsiders: warning']);
		assert.match(outsiders.findings.at(-1)?.text.en ?? '', /shared with 1 outside of clinica\.example/);
		folder?.permissions.push({ id: '2', type: 'anyone', role: 'reader' });
		const everybody = await checkDrive(await server.service(), question);
		assert.deepEqual([everybody.ok, keysOf(everybody).includes('public: failed')], [false, true]);
	});

	it('finds the space that is left, and that the plan does not fit', async () => {
		await using server = await startDrive();
		const client = await server.consented();
		const { id: folder } = await ownFolder(client, 'Respaldos');
		const fits = await checkDrive(client, { folder, neededBytes: 1024 ** 3 });
		assert.deepEqual(keysOf(fits), ['account: ok', 'folder: ok', 'space: ok']);
		assert.equal(fits.findings[2]?.text.en, '15.0 GiB free of 15.0 GiB.');
		const short = await checkDrive(client, { folder, neededBytes: 20 * 1024 ** 3 });
		assert.match(short.findings[2]?.text.en ?? '', /plan needs 20\.0 GiB, and only 15\.0 GiB are free/);
	});

	it('finds a consent that ends, and one that reaches too far', async () => {
		await using server = await startDrive();
		const client = await server.consented({}, [SCOPES.everything, SCOPES.own]);
		const { account } = client;
		const ending = await openDrive({
			account: { ...account, expiresAt: Date.parse('2026-12-01T00:00:00Z') } as typeof account,
			apiUrl: server.url,
		});
		const check = await checkDrive(ending, {});
		assert.deepEqual(keysOf(check).slice(1, 4), ['consentEnds: warning', 'scopeWide: warning', 'folderUnset: warning']);
		assert.match(check.findings[1]?.text.es ?? '', /termina el 2026-12-01/);
	});

	it('says in words that a consent was withdrawn, or that a key is refused', async () => {
		await using server = await startDrive();
		const client = await server.consented();
		server.drive.tokens.revokeAll();
		const withdrawn = await checkDrive(client, {});
		assert.deepEqual([withdrawn.ok, withdrawn.error?.code], [false, 'DRIVE_CONSENT']);
		assert.match(withdrawn.error?.text ?? '', /click “Connect”/);
		server.drive.records.world.serviceAccounts.length = 0;
		const refused = await checkDrive(await server.service(), {});
		assert.deepEqual([refused.ok, refused.error?.code], [false, 'DRIVE_CREDENTIALS']);
	});

	it('takes no key that is none, and no address to which a secret may not go', async () => {
		const key = { kind: 'service-account', key: '{"type":"authorized_user"}' } as const;
		await assert.rejects(openDrive({ account: key }), {
			code: 'CONFIG_INVALID',
			message: /no key of a service account/,
		});
		await assert.rejects(openDrive({ account: { ...key, key: 'x' } }), { code: 'CONFIG_INVALID' });
		await assert.rejects(openDrive({ account: key, apiUrl: 'http://drive.clinica.cl' }), {
			code: 'CONFIG_INVALID',
			message: 'The address of Google Drive must begin with https://.',
		});
	});
});

/** Only what the checks above rely on: that the stand-in is no softer than Google. */
describe('the stand-in', () => {
	async function call(server: DriveServer, path: string, init: RequestInit = {}) {
		const token = await (await server.service()).token();
		const answer = await fetch(`${server.url}${path}`, {
			...init,
			headers: { authorization: `Bearer ${token}`, ...init.headers },
		});
		return { status: answer.status, text: await answer.text() };
	}

	it('refuses queries, fields and pages that it does not know', async () => {
		await using server = await startDrive();
		const drives = 'supportsAllDrives=true&includeItemsFromAllDrives=true';
		for (const query of ["title = 'x'", 'trashed = maybe', "name = 'x' or", "'x' in owners", "appProperties has 'x'"]) {
			assert.equal((await call(server, `/drive/v3/files?${drives}&q=${encodeURIComponent(query)}`)).status, 400, query);
		}
		for (const rest of ['fields=files(nonsense)', 'pageToken=x', 'pageSize=1001', 'orderBy=colour', 'corpora=drive']) {
			assert.equal((await call(server, `/drive/v3/files?${drives}&q=trashed=false&${rest}`)).status, 400, rest);
		}
		assert.equal((await call(server, '/drive/v3/about')).status, 400);
	});

	it('hides shared drives from whoever does not ask for them', async () => {
		await using server = await startDrive();
		assert.equal((await call(server, `/drive/v3/files/${server.google.folderId}`)).status, 404);
		assert.equal((await call(server, `/drive/v3/files/${server.google.folderId}?supportsAllDrives=true`)).status, 200);
		assert.match((await call(server, '/drive/v3/files')).text, /"files":\[\]/);
	});

	it('refuses calls without a token, chunks that do not fit, and times that nobody may set', async () => {
		await using server = await startDrive();
		assert.equal((await fetch(`${server.url}/drive/v3/files`)).status, 401);
		const token = await (await server.service()).token();
		const opened = await fetch(`${server.url}/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true`, {
			method: 'POST',
			headers: { authorization: `Bearer ${token}`, 'x-upload-content-length': '1000000' },
			body: JSON.stringify({ name: 'x', parents: [server.google.folderId] }),
		});
		const session = opened.headers.get('location') ?? '';
		const put = async (range: string, bytes: number) => {
			const answer = await fetch(session, {
				method: 'PUT',
				headers: { 'content-range': range },
				body: Buffer.alloc(bytes),
			});
			return answer.status;
		};
		assert.equal(await put('bytes 0-99/1000000', 100), 400, 'less than a unit');
		assert.equal(await put('bytes 262144-524287/1000000', 262_144), 400, 'not where it ends');
		assert.equal(await put('bytes 0-262143/1000000', 1_000), 400, 'not as long as it says');
		assert.equal(await put('bytes 0-262143/2000000', 262_144), 400, 'another size');
		assert.equal(await put('bytes 0-300000/1000000', 300_001), 308, 'kept in part');
		const asked = await fetch(session, { method: 'PUT', headers: { 'content-range': 'bytes */1000000' } });
		assert.deepEqual([asked.status, asked.headers.get('range')], [308, 'bytes=0-262143']);
		assert.deepEqual(server.files(), [], 'nothing is visible');
		const { id } = await uploadFile(await server.service(), await server.parcel(5), { save });
		const body = JSON.stringify({ createdTime: '2020-01-01T00:00:00Z' });
		const headers = { 'content-type': 'application/json' };
		const changed = await call(server, `/drive/v3/files/${id}?supportsAllDrives=true`, {
			method: 'PATCH',
			headers,
			body,
		});
		assert.deepEqual([changed.status, /fieldNotWritable/.test(changed.text)], [403, true]);
	});

	it('refuses an assertion that is signed with another key, for another audience, or for too long', async () => {
		await using server = await startDrive();
		const { generateKeyPairSync, createSign } = await import('node:crypto');
		const { readFile } = await import('node:fs/promises');
		const { private_key } = JSON.parse(await readFile(server.google.keyFiles.uploader, 'utf8')) as {
			private_key: string;
		};
		const now = Math.floor(Date.now() / 1_000);
		const claims = {
			iss: UPLOADER,
			scope: SCOPES.everything,
			aud: 'https://oauth2.googleapis.com/token',
			iat: now,
			exp: now + 3_600,
		};
		const give = async (changed: object, key: string, alg = 'RS256') => {
			const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
			const signed = `${part({ alg, typ: 'JWT' })}.${part({ ...claims, ...changed })}`;
			const signature = createSign('sha256').update(signed).sign(key, 'base64url');
			const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
			const body = new URLSearchParams({ grant_type, assertion: `${signed}.${signature}` });
			return (await fetch(`${server.url}/token`, { method: 'POST', body })).status;
		};
		assert.equal(await give({}, private_key), 200);
		const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
			type: 'pkcs8',
			format: 'pem',
		});
		assert.equal(await give({}, String(other)), 400);
		assert.equal(await give({ aud: server.url }, private_key), 400);
		assert.equal(await give({ exp: now + 7_200 }, private_key), 400);
		assert.equal(await give({ iat: now - 7_200, exp: now - 3_600 }, private_key), 400);
		assert.equal(await give({ iss: 'nobody@x.iam.gserviceaccount.com' }, private_key), 400);
		assert.equal(await give({}, private_key, 'none'), 400);
	});
});
