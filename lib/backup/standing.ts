/**
 * What a file in the folder is worth. Names, properties and dates there can be written by whoever reaches the folder, so
 * a file counts only through its signed record; whatever does not fit its record is said to be so and never used.
 */

import { type BackupRecord, backupFileName } from './record.ts';

/** A file as Drive lists it. */
export interface StoredFile {
	id: string;
	name: string;
	/** Bytes. */
	size: number;
	/** Drive's own checksum, hexadecimal; empty while Drive has not computed it. */
	sha256: string;
	/** By Drive's clock, RFC 3339. */
	createdTime: string;
	trashed: boolean;
	appProperties: Readonly<Record<string, string>>;
	/** The note beside a file that a person marked to be kept. */
	description: string;
}

/** What is used of a record after its signature was checked. */
export type SignedFacts = Pick<
	BackupRecord,
	'id' | 'database' | 'databaseUuid' | 'format' | 'startedAt' | 'finishedAt' | 'size' | 'sha256' | 'encryption'
> & { attachments: { missing: readonly string[] } };

/** The content of record files whose signature was checked, by the id of the record's file; others are absent. */
export type SignedRecords = ReadonlyMap<string, SignedFacts>;

/**
 * - `counts`: signed, verified, complete.
 * - `databaseOnly`: the same of a dump, which holds no attachments.
 * - `incomplete`: the same, but attachments are missing that nobody accepted.
 * - `foreign`, `otherDatabase`: not made by a hub, or not of this database.
 * - `record`: the record beside a backup; it goes where its backup goes.
 * - `trashed`: lies in the bin already.
 * - `unverified`: its upload has not been confirmed, or Drive does not tell the checksum of its record yet.
 * - `rejected`: its upload was found wrong.
 * - `unsigned`: no record beside it whose signature holds.
 * - `altered`: its name, size, checksum or database is not that of its record.
 * - `redated`: it came into the folder at another time than its record says.
 * - `duplicate`: a second copy of a backup.
 */
export type StandingCode =
	| 'counts'
	| 'databaseOnly'
	| 'incomplete'
	| 'foreign'
	| 'otherDatabase'
	| 'record'
	| 'trashed'
	| 'unverified'
	| 'rejected'
	| 'unsigned'
	| 'altered'
	| 'redated'
	| 'duplicate';

export interface Standing {
	file: StoredFile;
	code: StandingCode;
	/** Milliseconds since 1970 by Drive's clock. */
	createdAt: number;
	/** Present when the file is what its signed record says; then it is `counts`, `databaseOnly`, `incomplete`, `duplicate` or `rejected`. */
	signed?: SignedFacts;
	/** The record's file, where there is one. */
	record?: StoredFile;
	/** Attachments that are missing and not accepted, by name. */
	missing?: string[];
}

export interface StandingQuestion {
	files: readonly StoredFile[];
	records: SignedRecords;
	/** Odoo's `database.uuid`. */
	databaseUuid: string;
	/** Names of attachments that a person accepted to be missing in this database. */
	accepted: ReadonlySet<string>;
}

const HOUR_MS = 3_600_000;

/**
 * How much later than the start of a backup Drive must have seen it at the earliest, in ms: negative, for a clock of the
 * clinic may be off by time zone and summer time. One that is off by more makes its backups `redated`, and is said to be.
 */
const EARLIEST_MS = -26 * HOUR_MS;

/**
 * How long after its end a backup may arrive, in ms. An upload's session lives a week and is begun anew once; an older
 * backup that is laid into the folder again would else pass for a new one.
 */
const LATEST_MS = 15 * 24 * HOUR_MS;

/** Looks at every file; the answer has one entry a file, newest first by Drive's clock. */
export function standings(question: StandingQuestion): Standing[] {
	const { files, records } = question;
	const newestFirst = files.map((file) => ({ file, createdAt: Date.parse(file.createdTime) })).sort(byTime);
	const recordOf = new Map<string, StoredFile>();
	// The oldest record of a backup is its own; a later one was added by somebody.
	for (const { file } of newestFirst.toReversed()) {
		const signed = records.get(file.id);
		if (signed && !file.trashed && !recordOf.has(signed.id)) recordOf.set(signed.id, file);
	}
	const unread = backupsOfUnreadRecords(question);
	const judged = newestFirst.map(({ file }) => judge(file, { recordOf, unread }, question));
	const seen = new Set<string>();
	// Oldest first: a copy is younger than what it is a copy of.
	for (const standing of judged.toReversed()) {
		if (!standing.signed || standing.code === 'rejected') continue;
		if (seen.has(standing.signed.id)) standing.code = 'duplicate';
		seen.add(standing.signed.id);
	}
	return judged;
}

/** Ids of backups whose record lies there, and cannot be believed or not before Drive tells its checksum. */
function backupsOfUnreadRecords({ files, databaseUuid }: StandingQuestion): Set<string> {
	const unread = files.filter(({ sha256, trashed, appProperties: { hub, db, kind } }) => {
		return sha256 === '' && !trashed && hub === 'clinic-hub' && db === databaseUuid && kind === 'record';
	});
	return new Set(unread.map(({ appProperties }) => appProperties['backup'] ?? '').filter((id) => id !== ''));
}

type Dated = Pick<Standing, 'file' | 'createdAt'>;

/** Newest first; of two with the same time the order is that of their ids, so that two hubs decide the same. */
function byTime(a: Dated, b: Dated): number {
	return b.createdAt - a.createdAt || (a.file.id < b.file.id ? 1 : -1);
}

function judge(
	file: StoredFile,
	{ recordOf, unread }: { recordOf: ReadonlyMap<string, StoredFile>; unread: ReadonlySet<string> },
	{ databaseUuid, records, accepted }: StandingQuestion,
): Standing {
	const createdAt = Date.parse(file.createdTime);
	const { hub, db, kind, state, backup } = file.appProperties;
	const plain = (code: StandingCode): Standing => ({ file, code, createdAt });
	if (hub !== 'clinic-hub') return plain('foreign');
	if (db !== databaseUuid) return plain('otherDatabase');
	if (file.trashed) return plain('trashed');
	if (kind === 'record') return plain('record');
	if (kind !== 'backup') return plain('foreign');

	const record = recordOf.get(backup ?? '');
	const signed = record && records.get(record.id);
	const said = (code: StandingCode): Standing => ({ file, code, createdAt, ...(record ? { record } : {}) });
	const fits = signed && signed.databaseUuid === databaseUuid && isContentOf(file, signed);
	if (state === 'rejected') return fits ? { ...said('rejected'), signed } : said('rejected');
	if (state !== 'verified' || file.sha256 === '') return said('unverified');
	if (!signed) return said(unread.has(backup ?? '') ? 'unverified' : 'unsigned');
	if (!fits) return said('altered');
	if (!arrivedInTime(createdAt, signed)) return said('redated');

	const missing = signed.attachments.missing.filter((name) => !accepted.has(name));
	const trusted = (code: StandingCode): Standing => ({ ...said(code), signed });
	if (signed.format === 'dump') return trusted('databaseOnly');
	return missing.length > 0 ? { ...trusted('incomplete'), missing } : trusted('counts');
}

function isContentOf(file: StoredFile, signed: SignedFacts): boolean {
	return file.size === signed.size && file.sha256 === signed.sha256 && file.name === backupFileName(signed);
}

function arrivedInTime(createdAt: number, { startedAt, finishedAt }: SignedFacts): boolean {
	return createdAt >= Date.parse(startedAt) + EARLIEST_MS && createdAt <= Date.parse(finishedAt) + LATEST_MS;
}
