/** A backup as it lies in Drive, encrypted and signed, for tests of what reads it. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { AgeEncryptor } from '../../../lib/backup/age.ts';
import { beginAge } from '../../../lib/backup/age-header.ts';
import type { HubKeys } from '../../../lib/backup/keys.ts';
import { recipientsOf } from '../../../lib/backup/keys.ts';
import { proveZip } from '../../../lib/backup/proof.ts';
import { type BackupRecord, backupFileName, recordFileName } from '../../../lib/backup/record.ts';
import { type SignedRecord, signRecord } from '../../../lib/backup/signature.ts';
import { backupZip, pieces, STARTED_AT } from './proof-files.ts';

export interface SignedFile {
	file: string;
	content: Buffer;
	record: BackupRecord;
	signed: SignedRecord;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Made once a process: Python takes longer than all the rest. */
const plainOnce = (() => {
	let made: Buffer | undefined;
	return () => {
		made ??= backupZip({ partners: 50, attachments: [{ content: Buffer.from('a scan') }] });
		return made;
	};
})();

/** @param keys without them the file is not encrypted; `signing` signs in any case */
export async function signedFile(
	directory: string,
	keys: HubKeys,
	change: Partial<BackupRecord> = {},
): Promise<SignedFile> {
	const plain = plainOnce();
	const { tables, databaseUuid, odooVersion, attachments } = await proveZip(pieces(plain), { startedAt: STARTED_AT });
	const encryptor = new AgeEncryptor(await beginAge(await recipientsOf(keys)));
	const content =
		change.encryption === 'none' ? plain : Buffer.concat([...encryptor.push(plain), ...encryptor.finish()]);
	const { named, stored, late, missing } = attachments;
	const record: BackupRecord = {
		version: 1,
		id: '11111111-2222-4333-8444-555555555555',
		database: 'clinica',
		databaseUuid,
		source: 'manager',
		format: 'zip',
		startedAt: new Date(STARTED_AT).toISOString(),
		finishedAt: new Date(STARTED_AT + 60_000).toISOString(),
		size: content.length,
		sha256: sha256(content),
		plainSize: plain.length,
		plainSha256: sha256(plain),
		encryption: 'age',
		odooVersion,
		tables,
		attachments: { named, stored, late, missing },
		...change,
	};
	const signed = signRecord(record, keys.signing);
	const file = path.join(directory, backupFileName(record));
	writeFileSync(file, content);
	writeFileSync(recordFileName(file), JSON.stringify(signed));
	return { file, content, record, signed };
}
