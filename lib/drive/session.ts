/**
 * Resumable sessions, call by call: https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable
 * The address of a session is a secret: whoever knows it can write the file.
 */
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { HubError } from '../errors.ts';
import type { Pace } from '../pace.ts';
import type { DriveClient } from './client.ts';
import { DriveFailure } from './failure.ts';
import { type DriveFile, driveFile, FILE_FIELDS } from './file.ts';
import { readAnswer, refusalOf, transfer } from './transfer.ts';

/** What Drive has: so many bytes from the start, or the whole file. */
export type Kept = { done: false; bytes: number } | { done: true; file: DriveFile };

export interface Metadata {
	name: string;
	parents: [string];
	mimeType: string;
	appProperties: Record<string, string>;
}

/** Larger writes over TLS cost three times the CPU (measured with one of 32 MiB). In bytes. */
const PIECE_BYTES = 1024 * 1024;
/** One is read while another is encrypted and a third leaves. */
const PIECES = 3;

/** Opens a session and gives its address. @throws DriveFailure, HubError CANCELLED */
export async function beginSession(
	client: DriveClient,
	metadata: Metadata,
	size: number,
	signal?: AbortSignal,
): Promise<string> {
	const url = new URL(`${client.addresses.api}/upload/drive/v3/files`);
	url.search = new URLSearchParams({
		uploadType: 'resumable',
		supportsAllDrives: 'true',
		fields: FILE_FIELDS,
	}).toString();
	const body = Buffer.from(JSON.stringify(metadata));
	const headers = {
		...(await authorization(client, signal)),
		'content-type': 'application/json; charset=UTF-8',
		'content-length': body.length,
		'x-upload-content-type': metadata.mimeType,
		'x-upload-content-length': size,
	};
	const sending = async (write: Write) => void (await write(body));
	const answer = await transfer({ method: 'POST', url, headers, body: sending, idleMs: client.idleMs, signal });
	const { location } = answer.headers;
	if (answer.statusCode !== 200 || !location) throw await refusalOf(answer, url.host);
	await readAnswer(answer, url.host);
	return location;
}

/** How much has arrived? @throws DriveFailure (`gone` for a session that is over), HubError CANCELLED */
export async function askSession(client: DriveClient, uri: string, size: number, signal?: AbortSignal): Promise<Kept> {
	const url = new URL(uri);
	const headers = {
		...(await authorization(client, signal)),
		'content-length': 0,
		'content-range': `bytes */${size}`,
	};
	return keptOf(await transfer({ method: 'PUT', url, headers, idleMs: client.idleMs, signal }), url.host);
}

export interface Chunk {
	uri: string;
	source: FileHandle;
	/** First byte, and one behind the last one. */
	from: number;
	to: number;
	/** Of the whole file. */
	size: number;
	pace: Pace;
	/** Told how many bytes left this machine. */
	onSent: (bytes: number) => void;
}

type Write = (piece: Buffer) => Promise<boolean>;

/** Sends one chunk and believes what Drive says it kept. @throws DriveFailure, HubError CANCELLED */
export async function sendChunk(client: DriveClient, chunk: Chunk, signal?: AbortSignal): Promise<Kept> {
	const { uri, source, from, to, size, pace, onSent } = chunk;
	const url = new URL(uri);
	const range = size === 0 ? {} : { 'content-range': `bytes ${from}-${to - 1}/${size}` };
	const headers = { ...(await authorization(client, signal)), 'content-length': to - from, ...range };
	const send = async (write: Write, piece: Buffer): Promise<boolean> => {
		const left = await write(piece);
		if (left) onSent(piece.length);
		return left;
	};
	const body = async (write: Write): Promise<void> => {
		const length = Math.min(pace.piece(PIECE_BYTES), to - from);
		const buffers = Array.from({ length: PIECES }, () => Buffer.allocUnsafe(length));
		const underWay: Promise<boolean>[] = [];
		for (let at = from, turn = 0; at < to; turn = (turn + 1) % PIECES) {
			const buffer = buffers[turn] as Buffer;
			const { bytesRead } = await source.read(buffer, 0, Math.min(length, to - at), at);
			if (bytesRead === 0)
				throw new HubError(
					'DRIVE_MISMATCH',
					'The file became shorter while it was sent. Send it again when nobody writes to it.',
				);
			await pace.take(bytesRead, signal);
			// The piece before may still be leaving while this one is encrypted; the one before that has left.
			if (underWay.length === PIECES - 1 && !(await underWay.shift())) return;
			underWay.push(send(write, buffer.subarray(0, bytesRead)));
			at += bytesRead;
		}
		await Promise.all(underWay);
	};
	return keptOf(await transfer({ method: 'PUT', url, headers, body, idleMs: client.idleMs, signal }), url.host);
}

async function authorization(client: DriveClient, signal?: AbortSignal): Promise<{ authorization: string }> {
	return { authorization: `Bearer ${await client.token(signal)}` };
}

async function keptOf(answer: IncomingMessage, host: string): Promise<Kept> {
	switch (answer.statusCode) {
		case 200:
		case 201: {
			const raw = await readAnswer(answer, host);
			if (raw === undefined || raw === null)
				throw new DriveFailure(
					'DRIVE_UNREACHABLE',
					`${host} answered without a file. Check the proxy, if there is one, or try again later.`,
					'again',
				);
			return { done: true, file: driveFile(raw) };
		}
		case 308: {
			await readAnswer(answer, host);
			const last = /^bytes=0-(\d+)$/.exec(answer.headers.range ?? '')?.[1];
			return { done: false, bytes: last === undefined ? 0 : Number(last) + 1 };
		}
		default:
			throw await refusalOf(answer, host);
	}
}
