/** Whether a file on this machine is the backup that its signed record describes, and, with a key, whether it is whole inside. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HubError } from '../errors.ts';
import { decryptAge } from './age-decrypt.ts';
import { type Proof, proveDump, proveZip } from './proof.ts';
import type { BackupRecord } from './record.ts';
import { verifyFile } from './signature.ts';

export type VerifyPhase = 'checksum' | 'content';

export interface VerifyRequest {
	/** Path of the backup; its name must be the one that it was given. */
	file: string;
	/** The parsed content of its record. */
	signed: unknown;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Secret keys of age; without any the content is not looked at, unless it is not encrypted. */
	identities: readonly string[];
	signal?: AbortSignal;
	onProgress?: (phase: VerifyPhase, bytes: number, total: number) => void;
}

export interface Verified {
	record: BackupRecord;
	/** Null when it was not opened. */
	content: Pick<Proof, 'tables' | 'attachments'> | null;
}

/** Reads at once, in bytes: few system calls, little memory. */
const READ_BYTES = 1_048_576;

/**
 * Checksum and signature first; the file is decrypted only when both hold.
 * @throws HubError `NOT_FOUND` when the file cannot be read, `BACKUP_UNTRUSTED`, `KEY_INVALID`, `BACKUP_ALTERED`,
 * `BACKUP_SPOILED`, `CANCELLED`
 */
export async function verifyBackup(request: VerifyRequest): Promise<Verified> {
	const { file, signed, verifying, identities } = request;
	const { size, sha256 } = await checksum(request);
	const record = verifyFile(signed, verifying, { name: path.basename(file), size, sha256 });
	if (record.encryption === 'age' && identities.length === 0) return { record, content: null };
	return { record, content: await proveContent(request, record) };
}

/**
 * The plain backup of a file that was verified before, for whoever restores it. Opened at the first read only. It is looked
 * at again while it is read: what was exchanged on the disk meanwhile has no good end.
 * @throws HubError while it is read: `NOT_FOUND`, `KEY_INVALID`, `BACKUP_ALTERED`, `CANCELLED`
 */
export async function* plainBackup(
	record: Pick<BackupRecord, 'encryption' | 'plainSize' | 'plainSha256'>,
	file: string,
	{
		identities,
		signal,
		onProgress,
	}: Pick<VerifyRequest, 'identities' | 'signal'> & {
		onProgress?: ((bytes: number, total: number) => void) | undefined;
	},
): AsyncGenerator<Buffer> {
	const hash = createHash('sha256');
	let bytes = 0;
	for await (const chunk of decrypted(record, fileBytes(file, signal), identities)) {
		hash.update(chunk);
		bytes += chunk.length;
		onProgress?.(bytes, record.plainSize);
		yield chunk;
	}
	if (bytes === record.plainSize && hash.digest('hex') === record.plainSha256) return;
	throw new HubError(
		'BACKUP_ALTERED',
		'The file was exchanged after it was checked. Nothing of it is kept; begin again.',
	);
}

/** Authenticated piece by piece. */
function decrypted(
	{ encryption }: Pick<BackupRecord, 'encryption'>,
	source: AsyncIterable<Buffer>,
	identities: readonly string[],
): AsyncIterable<Buffer> {
	return encryption === 'age' ? decryptAge(source, identities) : source;
}

async function checksum({ file, signal, onProgress }: VerifyRequest): Promise<{ size: number; sha256: string }> {
	const { size: total } = await stat(file).catch((thrown: unknown) => {
		throw unreadable(file, thrown);
	});
	const hash = createHash('sha256');
	let size = 0;
	for await (const chunk of fileBytes(file, signal)) {
		hash.update(chunk);
		size += chunk.length;
		onProgress?.('checksum', size, total);
	}
	return { size, sha256: hash.digest('hex') };
}

/**
 * A file in pieces, opened at the first read: one that is not there is said to whoever reads it.
 * @throws HubError `NOT_FOUND`, `CANCELLED`
 */
export async function* fileBytes(file: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
	try {
		yield* createReadStream(file, { highWaterMark: READ_BYTES, ...(signal ? { signal } : {}) });
	} catch (thrown) {
		if (signal?.aborted) throw new HubError('CANCELLED', 'Cancelled while the file was read.', { cause: thrown });
		throw unreadable(file, thrown);
	}
}

function unreadable(file: string, thrown: unknown): HubError {
	const { code } = thrown as NodeJS.ErrnoException;
	return new HubError('NOT_FOUND', `The file ${file} cannot be read (${code ?? 'no code'}).`, { cause: thrown });
}

async function proveContent(
	{ file, identities, signal, onProgress }: VerifyRequest,
	record: BackupRecord,
): Promise<Pick<Proof, 'tables' | 'attachments'>> {
	const hash = createHash('sha256');
	let bytes = 0;
	const plain = decrypted(record, fileBytes(file, signal), identities);
	async function* hashed(): AsyncGenerator<Buffer> {
		for await (const chunk of plain) {
			hash.update(chunk);
			bytes += chunk.length;
			onProgress?.('content', bytes, record.plainSize);
			yield chunk;
		}
	}
	const options = { startedAt: Date.parse(record.startedAt), ...(signal ? { signal } : {}) };
	const { tables, attachments, databaseUuid } = await (record.format === 'zip' ? proveZip : proveDump)(
		hashed(),
		options,
	);
	// The record was written from the same bytes by the same proof; whatever differs was made by another program.
	const differs = [
		[bytes === record.plainSize, 'size'],
		[hash.digest('hex') === record.plainSha256, 'checksum'],
		[databaseUuid === record.databaseUuid, 'database'],
		[isDeepStrictEqual({ ...tables }, { ...record.tables }), 'rows'],
		[attachments.named === record.attachments.named, 'attachments'],
	].find(([same]) => !same);
	if (differs)
		throw new HubError('BACKUP_ALTERED', `The content of the backup is not what its record says: ${differs[1]}.`);
	return { tables, attachments };
}
