/** One HTTP exchange whose body, in one direction, is too large to hold. */
import { type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';
import { agentFor } from './agents.ts';
import { brokenConnection, DriveFailure, failureOf } from './failure.ts';

export interface Transfer {
	method: 'GET' | 'POST' | 'PUT';
	url: URL;
	headers: OutgoingHttpHeaders;
	/** Writes the body, each piece when the one before has left; stops early when `write` gives false. */
	body?: (write: (piece: Buffer) => Promise<boolean>) => Promise<void>;
	/** Without a byte in either direction for so long it is broken, in ms. */
	idleMs: number;
	signal?: AbortSignal | undefined;
}

/** An answer about metadata is never longer, in bytes. */
const ANSWER_BYTES = 1024 * 1024;

/**
 * Gives whatever was answered, the body unread. The answer may come before the body was sent: then the rest stays unsent.
 * @throws DriveFailure DRIVE_UNREACHABLE, HubError CANCELLED, and what `body` throws
 */
export async function transfer({ method, url, headers, body, idleMs, signal }: Transfer): Promise<IncomingMessage> {
	throwIfCancelled(signal);
	const send = url.protocol === 'https:' ? secureRequest : plainRequest;
	const outgoing = send(url, { method, headers, agent: agentFor(url), ...(signal ? { signal } : {}) });
	outgoing.setTimeout(idleMs, () => outgoing.destroy(new HubError('TIMEOUT', `silent for ${idleMs / 1000} s`)));
	const answered = new Promise<IncomingMessage>((resolve, reject) => {
		// More errors may follow the first one; nobody else listens.
		outgoing.once('response', resolve).on('error', reject);
	});
	let over = false;
	const ended = answered.then(
		() => {
			over = true;
		},
		() => {
			over = true; // whoever waits for the answer learns why
		},
	);
	const write = async (piece: Buffer): Promise<boolean> => {
		if (over) return false;
		const left = new Promise<void>((resolve) => outgoing.write(piece, () => resolve()));
		await Promise.race([left, ended]);
		return !over;
	};
	try {
		await body?.(write);
		if (!over) outgoing.end();
		const answer = await answered;
		// A request that was answered before its end blocks its connection; once the answer is read nothing needs it.
		if (!outgoing.writableEnded) answer.once('close', () => outgoing.destroy()).once('end', () => outgoing.destroy());
		return answer;
	} catch (thrown) {
		outgoing.destroy();
		throwIfCancelled(signal);
		if (thrown instanceof HubError && thrown.code !== 'TIMEOUT') throw thrown;
		throw brokenConnection(thrown, url.host);
	}
}

/** Reads a short answer to its end, so that the connection can be used again. */
export async function readAnswer(answer: IncomingMessage, host: string): Promise<unknown> {
	const pieces: Buffer[] = [];
	let size = 0;
	try {
		for await (const piece of answer as AsyncIterable<Buffer>) {
			size += piece.length;
			if (size > ANSWER_BYTES)
				throw new DriveFailure('DRIVE_REFUSED', `${host} answers too much. Check the address and the proxy.`, 'never');
			pieces.push(piece);
		}
	} catch (thrown) {
		throw thrown instanceof HubError ? thrown : brokenConnection(thrown, host);
	}
	const text = Buffer.concat(pieces).toString('utf8');
	try {
		return text === '' ? undefined : (JSON.parse(text) as unknown);
	} catch {
		return undefined; // a proxy's page, not Google's JSON; the status says enough
	}
}

/** The error for an answer that was not hoped for. */
export async function refusalOf(answer: IncomingMessage, host: string): Promise<DriveFailure> {
	const body = await readAnswer(answer, host);
	return failureOf({ status: answer.statusCode ?? 0, body, retryAfter: answer.headers['retry-after'] });
}
