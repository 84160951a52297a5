/** A Drive folder with a history: backups as the hub brings them, laid there at whatever time. */

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Item } from '../../lab/drive/records.ts';
import { backupFileName } from '../../lib/backup/record.ts';
import type { SignedRecord } from '../../lib/backup/signature.ts';
import { plantFile } from '../plant-file.ts';
import { backupZip } from '../unit/backup/proof-files.ts';
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

/** A backup that ended at that time and arrived a minute later. */
export async function layBackup(lab: BackupLab, at: number): Promise<Genuine> {
	const times = { startedAt: new Date(at - 60_000).toISOString(), finishedAt: new Date(at).toISOString() };
	const { record, signed, content } = await signedFile(lab.directory, lab.keys, { id: randomUUID(), ...times });
	const name = backupFileName(record);
	const its = await plantFile(lab.drive, 'record', `${name}.json`, Buffer.from(JSON.stringify(signed)), record.id);
	const file = await plantFile(lab.drive, 'backup', name, content, record.id);
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
