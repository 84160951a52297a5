/** What the hub knows about a backup: the claim check inside, and the signed record that travels beside the file. */
import { HubError } from '../errors.ts';
import { isDatabaseName } from './place.ts';

export type BackupFormat = 'zip' | 'dump';
export type BackupSource = 'manager' | 'direct';

/** Passed on between nodes instead of the file: plain JSON that survives cloning and restarts. Times are ISO 8601, UTC. */
export interface ClaimCheck {
	id: string;
	database: string;
	/** `database.uuid` of the dump: it stays when a database is renamed, and a copy made by Odoo gets another. */
	databaseUuid: string;
	format: BackupFormat;
	source: BackupSource;
	/** Path in the spool. */
	file: string;
	/** Of the file as it lies in the spool, bytes. */
	size: number;
	sha256: string;
	/** Of what Odoo gave, bytes. */
	plainSize: number;
	plainSha256: string;
	startedAt: string;
	finishedAt: string;
	/** False when files were missing at the source. */
	complete: boolean;
	late: string[];
	missing: string[];
	/** Path of the signed record, beside the file. */
	record: string;
}

/** Signed, and trusted because of it; travels beside the file as `<file>.json`. Times are ISO 8601, UTC. */
export interface BackupRecord {
	version: 1;
	id: string;
	database: string;
	databaseUuid: string;
	source: BackupSource;
	format: BackupFormat;
	startedAt: string;
	finishedAt: string;
	size: number;
	sha256: string;
	plainSize: number;
	plainSha256: string;
	encryption: 'age' | 'none';
	/** As in the backup's manifest; empty when its format does not tell. */
	odooVersion: string;
	/** Rows by table. */
	tables: Record<string, number>;
	attachments: { named: number; stored: number; late: string[]; missing: string[] };
}

/** True when nothing was missing at the source; what was written while the backup ran spoils nothing. */
export function isComplete(record: BackupRecord): boolean {
	return record.attachments.missing.length === 0;
}

/** `<database>_<start>.<zip|dump>[.age]`, the start as `2026-11-24T03-00-00Z`: no file system minds it. */
export function backupFileName(record: Pick<BackupRecord, 'database' | 'startedAt' | 'format' | 'encryption'>): string {
	const start = record.startedAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '-');
	return `${record.database}_${start}.${record.format}${record.encryption === 'age' ? '.age' : ''}`;
}

/** Of the signed record that belongs to a file. */
export const recordFileName = (file: string): string => `${file}.json`;

const HASH = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[A-Za-z0-9-]{8,64}$/;

type Check = (value: unknown) => boolean;
const matching =
	(pattern: RegExp): Check =>
	(value) =>
		typeof value === 'string' && pattern.test(value);
const oneOf =
	(...values: unknown[]): Check =>
	(value) =>
		values.includes(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime: Check = (value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
const isNames: Check = (value) => Array.isArray(value) && value.every((name) => typeof name === 'string');
const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
const fits = (value: unknown, checks: Record<string, Check>): boolean =>
	isObject(value) &&
	Object.keys(value).length === Object.keys(checks).length &&
	Object.entries(checks).every(([key, check]) => Object.hasOwn(value, key) && check(value[key]));

const FIELDS: Record<keyof BackupRecord, Check> = {
	version: oneOf(1),
	id: matching(ID),
	database: (value) => typeof value === 'string' && isDatabaseName(value),
	databaseUuid: matching(ID),
	source: oneOf('manager', 'direct'),
	format: oneOf('zip', 'dump'),
	startedAt: isTime,
	finishedAt: isTime,
	size: isCount,
	sha256: matching(HASH),
	plainSize: isCount,
	plainSha256: matching(HASH),
	encryption: oneOf('age', 'none'),
	odooVersion: matching(/^[\w.+~-]{0,40}$/),
	tables: (value) => isObject(value) && Object.values(value).every(isCount),
	attachments: (value) => fits(value, { named: isCount, stored: isCount, late: isNames, missing: isNames }),
};

/**
 * The value as a record, every field checked and none more.
 * @throws HubError BACKUP_UNTRUSTED naming the field
 */
export function parseRecord(value: unknown): BackupRecord {
	if (!isObject(value)) throw new HubError('BACKUP_UNTRUSTED', 'The record of the backup is no object.');
	if (fits(value, FIELDS)) return value as unknown as BackupRecord;
	const wrong = Object.entries(FIELDS).find(([key, check]) => !check(value[key]))?.[0];
	const text = wrong ? `has a wrong field "${wrong}"` : 'has a field that this version does not know';
	throw new HubError('BACKUP_UNTRUSTED', `The record of the backup ${text}. A newer hub may have written it.`);
}
