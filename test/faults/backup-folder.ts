/** A Drive folder with a history: backups as the hub brings them, laid there at whatever time. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Item } from '../../lab/drive/records.ts';
import { backupFileName } from '../../lib/backup/record.ts';
import type { SignedRecord } from '../../lib/backup/signature.ts';
import { markState } from '../../lib/drive/files.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { backupZip, UUID } from '../unit/backup/proof-files.ts';
import { signedFile } from '../unit/backup/signed-file.ts';
import type { BackupLab } from './backup-lab.ts';

/** A backup of the hub as it lies in the folder. */
export interface Genuine {
	file: Item;
	record: Item;
	signed: SignedRecord;
	content: Buffer;
}

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Those of the hub's project. */
export const properties = ({ appProperties }: Pick<Item, 'appProperties'>) => Object.values(appProperties)[0] ?? {};

/** Puts a file there by the API, with the account of the uploader, marked as one of this backup and as verified. */
export async function layFile(
	{ drive, client, directory }: BackupLab,
	kind: 'backup' | 'record',
	name: string,
	content: Buffer,
	id: string,
): Promise<Item> {
	const file = path.join(directory, `laid-${randomUUID()}`);
	await writeFile(file, content);
	const parcel = { path: file, name, folderId: drive.google.folderId, size: content.length, sha256: sha256(content) };
	// Under an id of its own first: the uploader would find what lies there under the other one.
	const own = { ...parcel, id: randomUUID(), kind, databaseUuid: UUID };
	const { id: laid } = await uploadFile(client, own, { save: async () => {} });
	await markState(client, laid, 'verified');
	await rm(file);
	const item = drive.drive.records.find(laid) ?? assert.fail();
	properties(item)['backup'] = id;
	return item;
}

/** A backup that ended at that time and arrived a minute later. */
export async function layBackup(lab: BackupLab, at: number): Promise<Genuine> {
	const times = { startedAt: new Date(at - 60_000).toISOString(), finishedAt: new Date(at).toISOString() };
	const { record, signed, content } = await signedFile(lab.directory, lab.keys, { id: randomUUID(), ...times });
	const name = backupFileName(record);
	const its = await layFile(lab, 'record', `${name}.json`, Buffer.from(JSON.stringify(signed)), record.id);
	const file = await layFile(lab, 'backup', name, content, record.id);
	file.createdTime = new Date(at + 60_000).toISOString();
	its.createdTime = file.createdTime;
	return { file, record: its, signed, content };
}

/** One that is made now, of the same database. */
export async function runAndUpload(lab: BackupLab): Promise<Genuine> {
	lab.odoo.databases.content = backupZip({ partners: 50 });
	const made = await lab.run();
	assert.ok(made.outcome === 'made', JSON.stringify(made));
	const content = await readFile(made.claim.file);
	const signed = JSON.parse(await readFile(made.claim.record, 'utf8')) as SignedRecord;
	await lab.upload(made.claim);
	const [record, file] = lab.drive.files().slice(-2);
	assert.ok(record && file);
	return { file, record, signed, content };
}
