/** Makes one backup: fetched, proven, encrypted and signed in one pass, and only then visible, in the spool. */
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../errors.ts';
import { beginAge } from './age-header.ts';
import {
	type BackupFormat,
	type BackupRecord,
	type BackupSource,
	backupFileName,
	type ClaimCheck,
	isComplete,
} from './record.ts';
import { signRecord } from './signature.ts';
import type { SourceDescription } from './source.ts';
import type { Spool } from './spool.ts';
import { runThreads, type ThreadsResult } from './threads.ts';

export type Encryption = { kind: 'age'; recipients: string[] } | { kind: 'none' };

export interface BackupRequest {
	/** Of the run; unique. */
	id: string;
	database: string;
	source: SourceDescription;
	/** As it is written down. */
	sourceName: BackupSource;
	format: BackupFormat;
	encryption: Encryption;
	/** `clinic-hub-sign-…`. */
	signingKey: string;
	spool: Spool;
	/** Bytes of the last backup of this database, for the look at the disk; 0 when there is none. */
	expectedBytes?: number;
	/** Upper bound for the fetch, bytes a second; 0, the default, for none. */
	bytesPerSecond?: number;
	/** Default 1 h: Odoo makes a zip whole before its first byte, 18 s for 372 MB (measured). */
	firstByteMs?: number;
	/** Default 5 min. */
	idleMs?: number;
	/** Default found by PATH. */
	pgRestore?: string;
}

export type BackupPhase = 'waiting' | 'receiving' | 'publishing';

export interface BackupProgress {
	phase: BackupPhase;
	/** Received in this fetch. */
	bytes: number;
	/** Mean of this fetch. */
	bytesPerSecond: number;
	/** 1 for the first fetch; more when files were written meanwhile. */
	fetch: number;
}

export interface BackupOptions {
	signal?: AbortSignal;
	/** Called a few times a second at most. */
	onProgress?: (progress: BackupProgress) => void;
}

export interface BackupMade {
	claim: ClaimCheck;
	record: BackupRecord;
	/** Of `claim.missing`: there, with a content that does not hash to their name. */
	damaged: string[];
}

const FIRST_BYTE_MS = 3_600_000;
const IDLE_MS = 300_000;

/** Fetched again for files that were written while Odoo made the backup: more would not end in a busy clinic. */
const REFETCHES = 2;

/**
 * The backup lies in the spool when this returns, and nothing does when it throws.
 * @throws HubError SPOOL_FULL, SPOOL_UNAVAILABLE, KEY_INVALID, BACKUP_REFUSED, BACKUP_SPOILED, TIMEOUT, CANCELLED, and what
 * the client of the source throws
 */
export async function makeBackup(request: BackupRequest, options: BackupOptions = {}): Promise<BackupMade> {
	for (let fetch = 1; ; fetch++) {
		await request.spool.requireSpace(request.expectedBytes ?? 0);
		const partial = request.spool.begin();
		try {
			const startedAt = await freeStart(request, options.signal);
			const task = await taskOf(request, partial, startedAt);
			const result = await runThreads(task, options.signal, progressOf(fetch, options));
			const late = result.proven.attachments.late.length > 0;
			if (late && fetch <= REFETCHES) continue;
			const { plainSize: bytes } = result.fetched;
			options.onProgress?.({ phase: 'publishing', bytes, bytesPerSecond: 0, fetch });
			return await publish(request, partial, startedAt, result);
		} finally {
			await request.spool.discard(partial);
		}
	}
}

/** Names tell starts apart by the second: whoever presses twice within one waits for the next. */
async function freeStart(request: BackupRequest, signal?: AbortSignal): Promise<Date> {
	for (;;) {
		const start = new Date();
		const { database, format, encryption } = request;
		const name = backupFileName({ database, format, encryption: encryption.kind, startedAt: start.toISOString() });
		if (!(await request.spool.holds(name))) return start;
		await delay(1_000 - start.getMilliseconds(), undefined, { signal }).catch(() => undefined);
		signal?.throwIfAborted();
	}
}

async function taskOf(request: BackupRequest, target: string, startedAt: Date) {
	const { source, encryption, format } = request;
	return {
		source,
		target,
		format,
		age: encryption.kind === 'age' ? await beginAge(encryption.recipients) : null,
		startedAt: startedAt.getTime(),
		firstByteMs: request.firstByteMs ?? FIRST_BYTE_MS,
		idleMs: request.idleMs ?? IDLE_MS,
		bytesPerSecond: request.bytesPerSecond ?? 0,
		pgRestore: request.pgRestore ?? 'pg_restore',
	};
}

function progressOf(fetch: number, { onProgress }: BackupOptions): (bytes: number) => void {
	const begin = performance.now();
	onProgress?.({ phase: 'waiting', bytes: 0, bytesPerSecond: 0, fetch });
	return (bytes) => {
		const bytesPerSecond = Math.round((bytes * 1_000) / Math.max(performance.now() - begin, 1));
		onProgress?.({ phase: 'receiving', bytes, bytesPerSecond, fetch });
	};
}

async function publish(
	request: BackupRequest,
	partial: string,
	startedAt: Date,
	result: ThreadsResult,
): Promise<BackupMade> {
	const { fetched, proven } = result;
	if (fetched.plainSize !== proven.bytes) {
		throw new HubError('INTERNAL', `${fetched.plainSize} bytes were written and ${proven.bytes} proven.`);
	}
	const { named, stored, late, missing, damaged } = proven.attachments;
	const { id, database, format, encryption, spool } = request;
	const record: BackupRecord = {
		version: 1,
		id,
		database,
		databaseUuid: proven.databaseUuid,
		source: request.sourceName,
		format,
		startedAt: startedAt.toISOString(),
		finishedAt: new Date().toISOString(),
		size: fetched.size,
		sha256: fetched.sha256,
		plainSize: fetched.plainSize,
		plainSha256: proven.plainSha256,
		encryption: encryption.kind,
		odooVersion: proven.odooVersion,
		tables: proven.tables,
		attachments: { named, stored, late, missing },
	};
	const signed = `${JSON.stringify(signRecord(record, request.signingKey), null, '\t')}\n`;
	const { file, record: recordFile } = await spool.publish(partial, backupFileName(record), signed);
	return { claim: claimOf(record, file, recordFile), record, damaged };
}

/** The claim check for a file in the spool, from its record. */
export function claimOf(record: BackupRecord, file: string, recordFile: string): ClaimCheck {
	const { id, database, databaseUuid, format, source, size, sha256, plainSize, plainSha256, attachments } = record;
	return {
		...{ id, database, databaseUuid, format, source, file, size, sha256, plainSize, plainSha256 },
		startedAt: record.startedAt,
		finishedAt: record.finishedAt,
		complete: isComplete(record),
		late: attachments.late,
		missing: attachments.missing,
		record: recordFile,
	};
}
