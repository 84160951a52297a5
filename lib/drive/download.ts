/** Files from Drive: broken connections are taken up where they broke, and the last byte comes only if the whole is right. */
import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';
import { Pace } from '../pace.ts';
import type { DriveClient } from './client.ts';
import { brokenConnection, DriveFailure } from './failure.ts';
import type { DriveFile } from './file.ts';
import { Attempts } from './patience.ts';
import { TargetFile } from './target-file.ts';
import { refusalOf, transfer } from './transfer.ts';

export interface DownloadOptions {
	signal?: AbortSignal;
	/** Bytes so far and in all. */
	onProgress?: (progress: { bytes: number; total: number }) => void;
	/** Default no limit. */
	bytesPerSecond?: number;
}

type Wanted = Pick<DriveFile, 'id' | 'name' | 'size' | 'sha256'>;

/**
 * The file as a stream that ends only when size and SHA-256 are right.
 * @throws (the stream) HubError DRIVE_MISMATCH, DRIVE_*, CANCELLED
 */
export function downloadStream(client: DriveClient, file: Wanted, options: DownloadOptions = {}): Readable {
	return Readable.from(pieces(client, file, createHash('sha256'), 0, options), { objectMode: false });
}

/**
 * The file at `path`, complete or not at all; what an earlier attempt left in `path` + `.part` is taken up.
 * @throws HubError DRIVE_MISMATCH, DRIVE_*, SPOOL_FULL, SPOOL_UNAVAILABLE, CANCELLED
 */
export async function downloadFile(
	client: DriveClient,
	file: Wanted,
	path: string,
	options: DownloadOptions = {},
): Promise<void> {
	const target = await TargetFile.open(path, file.size, options.signal);
	try {
		for await (const piece of pieces(client, file, target.hash, target.begun, options)) await target.write(piece);
		await target.finish();
	} catch (thrown) {
		await target.leave(thrown instanceof HubError && thrown.code === 'DRIVE_MISMATCH');
		throw thrown;
	}
}

async function* pieces(
	client: DriveClient,
	file: Wanted,
	hash: Hash,
	begun: number,
	{ signal, onProgress, bytesPerSecond }: DownloadOptions,
): AsyncGenerator<Buffer> {
	if (file.sha256 === '') {
		throw new HubError('DRIVE_MISMATCH', `Drive does not tell the checksum of ${file.name}. Try again later.`);
	}
	const attempts = new Attempts(client.patience, signal);
	const pace = new Pace(bytesPerSecond);
	const host = new URL(client.addresses.api).host;
	let refreshed = false;
	let at = begun;
	while (at < file.size) {
		try {
			const answer = await request(client, file, at, signal);
			try {
				for await (const piece of answer as AsyncIterable<Buffer>) {
					await pace.take(piece.length, signal);
					const wanted = piece.subarray(0, file.size - at);
					hash.update(wanted);
					at += wanted.length;
					if (wanted.length < piece.length) throw mismatch(file);
					attempts.progressed();
					refreshed = false;
					onProgress?.({ bytes: at, total: file.size });
					yield wanted;
				}
			} catch (thrown) {
				throw thrown instanceof HubError ? thrown : brokenConnection(thrown, host);
			} finally {
				answer.destroy();
			}
			if (at < file.size) await attempts.pause(brokenConnection(new Error('short'), host));
		} catch (thrown) {
			throwIfCancelled(signal);
			if (!(thrown instanceof DriveFailure)) throw thrown;
			if (thrown.remedy !== 'again' && thrown.remedy !== 'refresh') throw thrown;
			if (thrown.remedy === 'refresh') client.dropToken();
			if (thrown.remedy === 'again' || refreshed) await attempts.pause(thrown);
			refreshed = thrown.remedy === 'refresh';
		}
	}
	if (hash.digest('hex') !== file.sha256) throw mismatch(file);
}

async function request(
	client: DriveClient,
	{ id }: Wanted,
	from: number,
	signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
	const url = new URL(`${client.addresses.api}/drive/v3/files/${encodeURIComponent(id)}`);
	url.search = new URLSearchParams({ alt: 'media', supportsAllDrives: 'true' }).toString();
	const range = from > 0 ? { range: `bytes=${from}-` } : {};
	const headers = { authorization: `Bearer ${await client.token(signal)}`, ...range };
	const answer = await transfer({ method: 'GET', url, headers, idleMs: client.idleMs, signal });
	if (answer.statusCode !== (from > 0 ? 206 : 200)) throw await refusalOf(answer, url.host);
	return answer;
}

function mismatch({ name }: Wanted): HubError {
	return new HubError('DRIVE_MISMATCH', `${name} in Drive is not what its checksum says. Use another backup.`);
}
