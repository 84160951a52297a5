/** One HTTP exchange with Odoo whose body, in one direction, is too large to hold. */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { cancelledBy, throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';
import { isHttpUrl } from '../http.ts';
import { baseAddress } from './address.ts';

export interface Transfer {
	method: 'GET' | 'POST';
	url: URL;
	headers?: OutgoingHttpHeaders;
	body?: string | AsyncIterable<Buffer>;
	/** From the end of the body to the first byte of the answer's head, in ms. */
	firstByteMs: number;
	/** Without a byte of the request's body leaving for so long it is broken, in ms. */
	idleMs: number;
	signal?: AbortSignal | undefined;
}

/** Odoo's pages have 43 kB; what is longer is none of them. In bytes. */
const PAGE_BYTES = 1024 * 1024;

/** A path of Odoo below the address that a person gave. @throws HubError CONFIG_INVALID */
export function odooUrl(address: string, path: string): URL {
	if (!isHttpUrl(address)) {
		throw new HubError(
			'CONFIG_INVALID',
			'The address of Odoo must begin with https:// (or http://) and hold no user name.',
		);
	}
	return new URL(`${baseAddress(address)}${path}`);
}

/**
 * Gives the answer once its head is there, the body unread. It may come before the whole body was sent: the rest stays unsent.
 * @throws HubError ODOO_UNREACHABLE, TIMEOUT, CANCELLED, and what `body` throws
 */
export async function transfer(options: Transfer): Promise<IncomingMessage> {
	const { method, url, headers = {}, body, firstByteMs, idleMs, signal } = options;
	throwIfCancelled(signal);
	const secure = url.protocol === 'https:';
	// A connection of its own: it lives for minutes or hours, and a kept one may be dead by the next call.
	const agentOptions = { proxyEnv: process.env, keepAlive: false };
	const agent = secure ? new SecureAgent(agentOptions) : new Agent(agentOptions);
	const outgoing = (secure ? secureRequest : plainRequest)(url, {
		...{ method, headers, agent },
		...(signal ? { signal } : {}),
	});
	let over = false;
	const answered = new Promise<IncomingMessage>((resolve, reject) => {
		outgoing.once('response', resolve).on('error', reject);
	}).finally(() => {
		over = true;
	});
	const ended = answered.then(
		() => undefined,
		() => undefined,
	);
	const patience = (ms: number, doing: string) => setTimeout(() => outgoing.destroy(silent(url, ms, doing)), ms);
	let timer = patience(idleMs, 'taking what is sent');
	try {
		if (typeof body === 'string') outgoing.write(body);
		else if (body) {
			for await (const piece of body) {
				if (over) break;
				const left = new Promise<void>((resolve) => outgoing.write(piece, () => resolve()));
				await Promise.race([left, ended]);
				timer.refresh();
			}
		}
		if (!over) outgoing.end();
		clearTimeout(timer);
		timer = patience(firstByteMs, 'answering');
		const answer = await answered;
		answer.once('close', () => outgoing.destroy());
		return answer;
	} catch (thrown) {
		outgoing.destroy();
		throwIfCancelled(signal);
		throw failureOf(thrown, url);
	} finally {
		clearTimeout(timer);
	}
}

export interface Waits {
	/** For the first byte of the body, in ms. */
	firstByteMs: number;
	/** Between two bytes, in ms. A reader that is slow does not count. */
	idleMs: number;
	signal?: AbortSignal | undefined;
}

/**
 * The body of an answer as a stream that ends in a `HubError` when the connection breaks, is silent for too long, or is
 * cancelled. Odoo sends pieces of 242 bytes: what has arrived meanwhile is given as one.
 */
export function bodyOf(answer: IncomingMessage, url: URL, { firstByteMs, idleMs, signal }: Waits): Readable {
	let timer: NodeJS.Timeout | undefined;
	let waited = firstByteMs;
	const pull = () => {
		clearTimeout(timer);
		const chunk = answer.read() as Buffer | null;
		if (chunk !== null) {
			waited = idleMs;
			body.push(chunk);
			return;
		}
		if (answer.readableEnded) return;
		timer = setTimeout(() => body.destroy(silent(url, waited, 'sending')), waited);
		answer.once('readable', pull);
	};
	const cancel = () => body.destroy(cancelledBy(signal));
	const body: Readable = new Readable({
		read: pull,
		destroy(error, done) {
			clearTimeout(timer);
			signal?.removeEventListener('abort', cancel);
			answer.off('readable', pull);
			answer.destroy();
			done(error);
		},
	});
	answer.once('end', () => {
		clearTimeout(timer);
		body.push(null);
	});
	// An answer that is destroyed by us may complain later; by then nobody listens.
	answer.on('error', (thrown) => body.destroy(signal?.aborted ? cancelledBy(signal) : failureOf(thrown, url)));
	if (signal?.aborted) cancel();
	else signal?.addEventListener('abort', cancel, { once: true });
	return body;
}

/** Reads a page to its end. @throws HubError ODOO_UNREACHABLE, ODOO_REFUSED when it is too long, TIMEOUT, CANCELLED */
export async function pageOf(answer: IncomingMessage, url: URL, waits: Waits): Promise<string> {
	const pieces: Buffer[] = [];
	let size = 0;
	for await (const piece of bodyOf(answer, url, waits) as AsyncIterable<Buffer>) {
		size += piece.length;
		if (size > PAGE_BYTES) throw new HubError('ODOO_REFUSED', `${url.host} answers with more than a page of Odoo has.`);
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString('utf8');
}

function silent({ host }: URL, ms: number, doing: string): HubError {
	return new HubError('TIMEOUT', `${host} was silent for ${ms / 1000} s instead of ${doing}.`);
}

function failureOf(thrown: unknown, { host }: URL): HubError {
	if (thrown instanceof HubError) return thrown;
	const code = (thrown as NodeJS.ErrnoException).code ?? 'no code';
	const text = `The connection to Odoo at ${host} failed (${code}). Check the address, the network and the server’s log.`;
	return new HubError('ODOO_UNREACHABLE', text, { cause: thrown });
}
