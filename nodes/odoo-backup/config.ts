/** The properties of an `odoo-backup` node and what they mean for a run. */

import { publicKeyOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import { drillKeys, recoveryKeys } from '../runtime/backup-keys.ts';
import {
	choice,
	custom,
	FieldProblem,
	integer,
	optionalFolder,
	optionalInteger,
	type Problem,
	reference,
	secret,
	type ValuesOf,
} from '../runtime/fields.ts';

/** In minutes: Odoo packs a zip whole before its first byte. */
const FIRST_BYTE = { min: 1, max: 1_440, default: 60 };
/** In seconds. */
const IDLE = { min: 10, max: 3_600, default: 300 };
/** In MB/s (10^6 bytes). */
const LIMIT = { min: 1, max: 100_000 };

function readSigning(raw: unknown): string | undefined {
	const key = secret().read(raw)?.trim();
	if (!key) return undefined;
	try {
		publicKeyOf(key);
	} catch (thrown) {
		if (thrown instanceof HubError) throw new FieldProblem('key');
		throw thrown;
	}
	return key;
}

const fields = {
	odoo: reference(),
	/** `manager`: Odoo's database manager. `direct`: PostgreSQL and the folder of attachments. */
	source: choice('manager', 'direct'),
	/** `dump`: the database only. */
	format: choice('zip', 'dump'),
	encryption: choice('age', 'none'),
	/** Public keys; each of their secret keys opens every backup. */
	recovery: recoveryKeys(),
	/** Empty: `spool` in the user directory. */
	spool: optionalFolder(),
	firstByte: integer(FIRST_BYTE),
	idle: integer(IDLE),
	/** Empty: none. */
	limit: optionalInteger(LIMIT),
};

const secrets = {
	/** Secret keys of drills, newest first; a backup is encrypted to the first, too. */
	drill: drillKeys(),
	signing: custom(readSigning),
};

export type BackupConfig = ValuesOf<typeof fields>;
export type BackupSecrets = ValuesOf<typeof secrets>;

function validate({ encryption, recovery, source, format }: BackupConfig, { signing }: BackupSecrets): Problem[] {
	const problems: Problem[] = [];
	if (encryption === 'age' && recovery.length === 0) problems.push({ field: 'recovery', reason: 'missing' });
	if (!signing) problems.push({ field: 'signing', reason: 'missing' });
	if (source === 'direct' && format === 'dump') problems.push({ field: 'format', reason: 'directZip' });
	return problems;
}

export const backupNode = { type: 'odoo-backup', fields, secrets, validate, address: [] } as const;
