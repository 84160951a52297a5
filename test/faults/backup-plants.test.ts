/**
 * What somebody who reaches the folder lays there or changes: refused before anything is decrypted, counted neither by the
 * alarm nor by retention, whatever else lies there.
 */

import assert from 'node:assert/strict';
import crypto, { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Item } from '../../lab/drive/records.ts';
import { AgeEncryptor } from '../../lib/backup/age.ts';
import { beginAge } from '../../lib/backup/age-header.ts';
import { databaseState } from '../../lib/backup/alarm.ts';
import { bringBack } from '../../lib/backup/bring-back.ts';
import { drillFile } from '../../lib/backup/drill-run.ts';
import { createKeys, recipientsOf } from '../../lib/backup/keys.ts';
import { type BackupRecord, backupFileName, recordFileName } from '../../lib/backup/record.ts';
import { DEFAULT_RETENTION } from '../../lib/backup/retention.ts';
import { type RetentionReport, runRetention } from '../../lib/backup/retention-run.ts';
import { signRecord } from '../../lib/backup/signature.ts';
import type { Standing, StandingCode } from '../../lib/backup/standing.ts';
import { verifyBackup } from '../../lib/backup/verify-file.ts';
import { plantFile } from '../plant-file.ts';
import { full, SEED, seeded } from '../seed.ts';
import { MASTER_PASSWORD } from '../servers/odoo-manager.ts';
import { backupZip, UUID } from '../unit/backup/proof-files.ts';
import { type Genuine, layBackup, properties, runAndUpload, sha256 } from './backup-folder.ts';
import { type BackupLab, backupLab, noonZone } from './backup-lab.ts';

const DAY_MS = 86_400_000;
/** Beside the one that a run makes, one a day; and one from so long ago that it would be new again if it counted. */
const DAYS_AGO = [40, 4, 3, 2, 1];
/** Forgeries in a run; every kind has its turn with either count. */
const FORGERIES = full(200, 16);
/** Of several at the same time. */
const MIXTURES = full(20, 2);

const RULES = { ...DEFAULT_RETENTION, daily: 2, weekly: 0, monthly: 0, floor: 1, timeZone: noonZone() };
const OTHER = backupZip({ partners: 3 });

interface Place {
	lab: BackupLab;
	/** Oldest first. */
	genuine: Genuine[];
	random: () => number;
	/** Puts a file there by the API, with the account of the uploader. */
	lay(kind: 'backup' | 'record', name: string, content: Buffer, id: string): Promise<Item>;
	encrypted(content: Buffer): Promise<Buffer>;
	stranger: string;
}

interface Forged {
	/** What is worth nothing now. */
	file: Item;
	code: StandingCode;
	/** True where nothing of the hub's own was changed: then nothing of it may lose its worth. */
	beside: boolean;
	/** False for what is a backup of the hub, at its own name, once it lies on a disk: only Drive's clock tells. */
	onDisk: boolean;
}

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Record and name of a backup that never was, made after one that was. */
function invented(record: BackupRecord, content: Buffer, daysAgo: number): BackupRecord {
	const at = Date.now() - daysAgo * DAY_MS;
	return {
		...{ ...record, id: randomUUID(), size: content.length, sha256: sha256(content) },
		startedAt: new Date(at - 60_000).toISOString(),
		finishedAt: new Date(at).toISOString(),
	};
}

const planted = (file: Item, code: StandingCode): Forged => ({ file, code, beside: true, onDisk: true });
const changed = (file: Item, code: StandingCode): Forged => ({ file, code, beside: false, onDisk: true });

async function plant(place: Place): Promise<{ record: BackupRecord; content: Buffer; name: string }> {
	const { genuine, random } = place;
	const content = await place.encrypted(OTHER);
	const record = invented(pick(random, genuine).signed.record, content, random());
	return { record, content, name: backupFileName(record) };
}

/** Lays another record in the place of that of a backup. */
async function replaceRecord({ lay }: Place, { record, file }: Genuine, signed: unknown): Promise<void> {
	const { backup = '' } = Object.values(file.appProperties)[0] ?? {};
	record.trashed = true;
	await lay('record', record.name, Buffer.from(JSON.stringify(signed)), backup);
}

const FORGERIES_OF: Record<string, (place: Place) => Promise<Forged>> = {
	'encrypted to the right keys, signed by a stranger': async (place) => {
		const { record, content, name } = await plant(place);
		await place.lay(
			'record',
			`${name}.json`,
			Buffer.from(JSON.stringify(signRecord(record, place.stranger))),
			record.id,
		);
		return planted(await place.lay('backup', name, content, record.id), 'unsigned');
	},
	'signed by a stranger under the name of our key': async (place) => {
		const { record, content, name } = await plant(place);
		const { keyId } = pick(place.random, place.genuine).signed;
		const signed = { ...signRecord(record, place.stranger), keyId };
		await place.lay('record', `${name}.json`, Buffer.from(JSON.stringify(signed)), record.id);
		return planted(await place.lay('backup', name, content, record.id), 'unsigned');
	},
	'encrypted to the right keys, with the signature of another backup': async (place) => {
		const { record, content, name } = await plant(place);
		const signed = { ...pick(place.random, place.genuine).signed, record };
		await place.lay('record', `${name}.json`, Buffer.from(JSON.stringify(signed)), record.id);
		return planted(await place.lay('backup', name, content, record.id), 'unsigned');
	},
	'without a record': async (place) => {
		const { record, content, name } = await plant(place);
		return planted(await place.lay('backup', name, content, record.id), 'unsigned');
	},
	'beside the record of a backup, under its name': async (place) => {
		const { record } = pick(place.random, place.genuine).signed;
		const { content } = await plant(place);
		return planted(await place.lay('backup', backupFileName(record), content, record.id), 'altered');
	},
	'beside the record of a backup, under a newer name': async (place) => {
		const { record } = pick(place.random, place.genuine).signed;
		const { content, name } = await plant(place);
		return planted(await place.lay('backup', name, content, record.id), 'altered');
	},
	'an old backup laid there again, with its record': async (place) => {
		const [old] = place.genuine;
		assert.ok(old);
		const { record } = old.signed;
		await place.lay('record', old.record.name, Buffer.from(JSON.stringify(old.signed)), record.id);
		const again = await place.lay('backup', old.file.name, old.content, record.id);
		return { file: again, code: 'redated', beside: true, onDisk: false };
	},
	'an old backup under a name of today': async (place) => {
		const [old] = place.genuine;
		assert.ok(old);
		const name = backupFileName({ ...old.signed.record, startedAt: new Date().toISOString() });
		return planted(await place.lay('backup', name, old.content, old.signed.record.id), 'altered');
	},
	'an old backup, its record dated anew': async (place) => {
		const [old] = place.genuine;
		assert.ok(old);
		const record = { ...invented(old.signed.record, old.content, 0), id: randomUUID() };
		const name = backupFileName(record);
		await place.lay('record', `${name}.json`, Buffer.from(JSON.stringify({ ...old.signed, record })), record.id);
		return planted(await place.lay('backup', name, old.content, record.id), 'unsigned');
	},
	'its time in Drive changed': async ({ genuine, random }) => {
		const { file } = pick(random, genuine);
		file.createdTime = new Date(Date.parse(file.createdTime) + (16 + 300 * random()) * DAY_MS).toISOString();
		return { file, code: 'redated', beside: false, onDisk: false };
	},
	'renamed to another day': async ({ genuine, random }) => {
		const { file, signed } = pick(random, genuine);
		const startedAt = new Date(Date.parse(signed.record.startedAt) + DAY_MS * (1 + random())).toISOString();
		file.name = backupFileName({ ...signed.record, startedAt });
		return changed(file, 'altered');
	},
	'its mark names another backup': async ({ genuine, random }) => {
		const { file, signed } = pick(random, genuine);
		const others = genuine.filter((one) => one.signed.record.id !== signed.record.id);
		properties(file)['backup'] = pick(random, others).signed.record.id;
		return { ...changed(file, 'altered'), onDisk: false };
	},
	'its mark says that it was not compared': async ({ genuine, random }) => {
		const { file } = pick(random, genuine);
		properties(file)['state'] = 'uploaded';
		return { file, code: 'unverified', beside: false, onDisk: false };
	},
	'its record altered': async (place) => {
		const one = pick(place.random, place.genuine);
		const { record } = one.signed;
		const tables = { ...record.tables, res_partner: (record.tables['res_partner'] ?? 0) + 1 };
		await replaceRecord(place, one, { ...one.signed, record: { ...record, tables } });
		return changed(one.file, 'unsigned');
	},
	'signatures of two backups exchanged': async (place) => {
		const one = pick(place.random, place.genuine);
		const other = pick(
			place.random,
			place.genuine.filter((each) => each !== one),
		);
		await replaceRecord(place, one, { ...one.signed, signature: other.signed.signature });
		await replaceRecord(place, other, { ...other.signed, signature: one.signed.signature });
		return changed(one.file, 'unsigned');
	},
	'its content changed, its size the same': async (place) => {
		const { file, content } = pick(place.random, place.genuine);
		const other = Buffer.from(content);
		const at = Math.floor(place.random() * other.length);
		other.writeUInt8(other.readUInt8(at) ^ 1, at);
		await writeFile(place.lab.drive.drive.records.contentFile(file.id), other);
		file.sha256 = sha256(other);
		return changed(file, 'altered');
	},
};

const KINDS = Object.entries(FORGERIES_OF);

async function prepared(t: TestContext): Promise<Place> {
	const lab = await backupLab(t);
	const genuine: Genuine[] = [];
	for (const daysAgo of DAYS_AGO) genuine.push(await layBackup(lab, Date.now() - daysAgo * DAY_MS));
	genuine.push(await runAndUpload(lab));
	const recipients = await recipientsOf(lab.keys);
	return {
		...{ lab, genuine, random: seeded(), stranger: (await createKeys()).keys.signing },
		lay: (...given) => plantFile(lab.drive, ...given),
		async encrypted(plain) {
			const encryptor = new AgeEncryptor(await beginAge(recipients));
			return Buffer.concat([...encryptor.push(plain), ...encryptor.finish()]);
		},
	};
}

/** Notices every look at a secret key of age, and every piece that is deciphered. */
function watchDecryption(t: TestContext, secrets: readonly string[]) {
	const seen = { keys: 0, pieces: 0 };
	const identities = new Proxy(secrets, {
		get(target, name, receiver) {
			if (name !== 'length') seen.keys += 1;
			return Reflect.get(target, name, receiver) as unknown;
		},
	});
	const { createDecipheriv } = crypto;
	t.mock.method(crypto, 'createDecipheriv', (...given: Parameters<typeof createDecipheriv>) => {
		// The store's own secrets are sealed with another cipher.
		if (String(given[0]).startsWith('chacha20')) seen.pieces += 1;
		return createDecipheriv(...given);
	});
	syncBuiltinESMExports();
	t.after(() => {
		t.mock.restoreAll();
		syncBuiltinESMExports();
	});
	return { seen, identities };
}

type Watch = ReturnType<typeof watchDecryption>;

/** What retention would do now, what the alarm takes for the newest backup, and what each file is worth. */
async function judgement({ lab }: Place): Promise<RetentionReport & { newest: number; standings: Standing[] }> {
	const [report] = await retention(lab, true);
	const standings = (await lab.catalogue()).databases.get(UUID) ?? [];
	const { newestCounting } = databaseState('clinica', standings, {});
	assert.ok(report);
	return { ...report, newest: newestCounting?.createdAt ?? 0, standings };
}

/** Those of the hub's own backups. */
function backupsIn({ genuine }: Place, ids: readonly string[]): string[] {
	return genuine.map(({ file }) => file.id).filter((id) => ids.includes(id));
}

function retention({ client, drive, store, keys }: BackupLab, dry: boolean) {
	const open = async () => ({
		client: dry ? client : await drive.service('retention'),
		folderId: drive.google.folderId,
	});
	const tools = { open, store: async () => store, owner: 'test', verifying: keys.verifying };
	return runRetention({ ...tools, rules: RULES, removal: 'trash' }, { dry, signal: new AbortController().signal });
}

/** Neither by its name or id in Drive, nor as a file on the disk beside its record, is it opened. */
async function assertRefused({ lab }: Place, forged: Forged, { identities, seen }: Watch, why: string): Promise<void> {
	const { file, onDisk } = forged;
	const { drive, client, keys, odoo } = lab;
	const open = async () => ({ client, folderId: drive.google.folderId });
	const directory = path.join(lab.directory, 'brought');
	const accepted = async () => new Set<string>();
	const request = { open, verifying: keys.verifying, accepted, directory, signal: new AbortController().signal };
	await assert.rejects(bringBack({ ...request, wanted: { backup: file.id } }), { code: 'BACKUP_UNTRUSTED' }, why);
	if (onDisk) {
		// As with a browser: the file and what lies beside it under its name.
		await mkdir(directory, { recursive: true });
		const target = path.join(directory, file.name);
		await copyFile(drive.drive.records.contentFile(file.id), target);
		const beside = drive.files().findLast(({ name, trashed }) => name === recordFileName(file.name) && !trashed);
		if (beside) await copyFile(drive.drive.records.contentFile(beside.id), recordFileName(target));
		const { calls } = odoo.settings;
		const address = { url: odoo.url, masterPassword: MASTER_PASSWORD };
		const drill = drillFile(
			{
				...{ store: async () => lab.store, sealer: lab.tools.sealer, owner: 'test', verifying: keys.verifying },
				...{ target: { kind: 'manager', ...address }, targetUrl: odoo.url, identities },
			},
			target,
			{ signal: new AbortController().signal },
		);
		await assert.rejects(drill, { code: 'BACKUP_UNTRUSTED' }, why);
		assert.equal(odoo.settings.calls, calls, why);
	}
	await rm(directory, { recursive: true, force: true });
	assert.deepEqual(seen, { keys: 0, pieces: 0 }, why);
}

/** Lets something be forged, and takes it back. */
async function forging(place: Place, work: () => Promise<void>): Promise<void> {
	const { records } = place.lab.drive.drive;
	const before = new Map(records.all.map((item) => [item.id, structuredClone(item)]));
	await work();
	for (const { id } of records.all) if (!before.has(id)) records.remove(id);
	for (const { file, record, content } of place.genuine) {
		for (const item of [file, record]) Object.assign(item, structuredClone(before.get(item.id)));
		await writeFile(records.contentFile(file.id), content);
	}
}

/** What the hub signed is opened by the same ways, and the watch notices it. */
async function assertOpened({ lab, genuine }: Place, { identities, seen }: Watch): Promise<void> {
	const { drive, client, keys } = lab;
	const brought = await bringBack({
		open: async () => ({ client, folderId: drive.google.folderId }),
		...{ verifying: keys.verifying, wanted: {}, directory: path.join(lab.directory, 'brought') },
		accepted: async () => new Set(),
		signal: new AbortController().signal,
	});
	assert.equal(brought.id, genuine.at(-1)?.signed.record.id);
	const signed = JSON.parse(await readFile(brought.record, 'utf8')) as unknown;
	const { content } = await verifyBackup({ file: brought.file, signed, verifying: keys.verifying, identities });
	assert.ok(content);
	assert.ok(seen.keys > 0 && seen.pieces > 0, JSON.stringify(seen));
}

test(`${FORGERIES} forgeries are refused before anything is decrypted, and count neither for the alarm nor for retention`, async (t) => {
	t.diagnostic(`TEST_SEED=${SEED}`);
	const place = await prepared(t);
	const { lab, random } = place;
	const watch = watchDecryption(t, lab.keys.drill);
	const before = await judgement(place);
	assert.deepEqual([before.counting, before.hold, before.trash.length], [place.genuine.length, null, 8]);
	const assertWorthless = async (forged: readonly Forged[], why: string) => {
		const after = await judgement(place);
		for (const { file, code } of forged) {
			const its = after.standings.find((standing) => standing.file.id === file.id);
			const decision = after.decisions.find(({ id }) => id === file.id);
			assert.deepEqual([its?.code, decision?.action], [code, 'leave'], why);
		}
		assert.ok(after.newest <= before.newest, why);
		assert.ok(after.counting <= before.counting, why);
		if (!forged.every(({ beside }) => beside)) return;
		assert.deepEqual([after.newest, after.counting], [before.newest, before.counting], why);
		assert.deepEqual(backupsIn(place, after.trash), backupsIn(place, before.trash), why);
		// A record stays while anything lies there that says it is its backup.
		assert.ok(
			after.trash.every((id) => before.trash.includes(id)),
			why,
		);
	};
	for (let round = 0; round < FORGERIES; round += 1) {
		const [title, forge] = KINDS[round % KINDS.length] ?? assert.fail();
		const why = `seed ${SEED}, round ${round}: ${title}`;
		await forging(place, async () => {
			const forged = await forge(place);
			await assertWorthless([forged], why);
			await assertRefused(place, forged, watch, why);
		});
	}
	const plants = KINDS.slice(
		0,
		KINDS.findIndex(([title]) => title === 'its time in Drive changed'),
	);
	for (let round = 0; round < MIXTURES; round += 1) {
		const chosen = plants.filter(() => random() < 0.5);
		const why = `seed ${SEED}, mixture ${round}: ${chosen.map(([title]) => title).join('; ')}`;
		await forging(place, async () => {
			const forged: Forged[] = [];
			for (const [, forge] of chosen) forged.push(await forge(place));
			await assertWorthless(forged, why);
			if (round < MIXTURES - 1) return;
			const [report] = await retention(lab, false);
			assert.deepEqual([report?.removed, report?.failure], [report?.trash, null], why);
			assert.deepEqual(backupsIn(place, report?.removed ?? []), backupsIn(place, before.trash), why);
		});
	}
	t.diagnostic(`${FORGERIES} forgeries, ${MIXTURES} mixtures: 0 count, 0 opened`);
	await assertOpened(place, watch);
});
