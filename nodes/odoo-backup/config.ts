/** The properties of an `odoo-backup` node and what they mean for a run. */

import path from 'node:path';
import { publicKeyOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import {
	choice,
	custom,
	FieldProblem,
	integer,
	optionalInteger,
	optionalText,
	type Problem,
	reference,
	secret,
	type ValuesOf,
} from '../runtime/fields.ts';
import { recoveryKeys } from '../runtime/verifying-keys.ts';

/** In minutes: Odoo packs a zip whole before its first byte. */
const FIRST_BYTE = { min: 1, max: 1_440, default: 60 };
/** In seconds. */
const IDLE = { min: 10, max: 3_600, default: 300 };
/** In MB/s (10^6 bytes). */
const LIMIT = { min: 1, max: 100_000 };

/** Its check sum is looked at when the node starts; the package for that is loaded only then. */
const IDENTITY = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/** Keys separated by blanks or lines, as `clinic-hub keys create` writes them. */
function readDrillKeys(raw: unknown): string[] {
	const keys = (secret().read(raw) ?? '').split(/[\s,;]+/).filter((word) => word !== '');
	if (keys.every((key) => IDENTITY.test(key))) return keys;
	throw new FieldProblem('key');
}

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

function readSpool(raw: unknown): string | undefined {
	const folder = optionalText().read(raw);
	if (folder !== undefined && !path.isAbsolute(folder)) throw new FieldProblem('folder');
	return folder;
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
	spool: custom(readSpool),
	firstByte: integer(FIRST_BYTE),
	idle: integer(IDLE),
	/** Empty: none. */
	limit: optionalInteger(LIMIT),
};

const secrets = {
	/** Secret keys of drills, newest first; a backup is encrypted to the first, too. */
	drill: custom(readDrillKeys),
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
