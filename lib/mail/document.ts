/** Fetches the document of an order, a PDF, from Odoo and from nowhere else. */

import { HubError, toHubError } from '../errors.ts';
import type { Attachment } from '../smtp/mail.ts';
import { isOfOrigin } from './origin.ts';

export interface DocumentOptions {
	/** Origin that the address must have, see `parseOrigin`. */
	origin: string | null;
	/** Where the hub itself reaches Odoo, when that is another address than the one people use. */
	internalOrigin?: string | null;
	/** Names the file when Odoo does not. */
	reference?: string | null;
	/** Default 10 MiB: most mail servers refuse mails above 20 to 25 MB, and base64 adds a third. */
	maxBytes?: number;
	/** For the whole of it, in milliseconds; default 30,000: Odoo renders a PDF in 1 to 5 s. */
	timeoutMs?: number;
	signal?: AbortSignal;
}

export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;
export const DOCUMENT_TIMEOUT_MS = 30_000;

/** A file name longer than this is cut by mail clients anyway. */
const MAX_FILENAME_CHARACTERS = 100;
const PDF_MAGIC = '%PDF-';

/**
 * @throws HubError DOCUMENT_REFUSED (foreign origin, redirect, 4xx, too large, no PDF: trying again does not help) or
 * DOCUMENT_UNAVAILABLE (no connection, 5xx, 429, time-out); CANCELLED when `signal` aborts
 */
export async function fetchDocument(address: string, options: DocumentOptions): Promise<Attachment> {
	const { origin, internalOrigin, maxBytes = MAX_DOCUMENT_BYTES, timeoutMs = DOCUMENT_TIMEOUT_MS, signal } = options;
	if (!isOfOrigin(address, origin)) {
		throw refused('its address does not belong to the configured address of Odoo');
	}
	const asked = requestAddress(address, internalOrigin);
	const timeout = AbortSignal.timeout(timeoutMs);
	try {
		const response = await fetch(asked, {
			redirect: 'manual',
			headers: { accept: 'application/pdf' },
			signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
		});
		try {
			checkAnswer(response, maxBytes);
			const content = await readBounded(response, maxBytes);
			if (content.subarray(0, PDF_MAGIC.length).toString('latin1') !== PDF_MAGIC) {
				throw refused('what Odoo answered is not a PDF');
			}
			return {
				filename: fileName(response.headers.get('content-disposition'), options.reference),
				contentType: 'application/pdf',
				content,
			};
		} finally {
			// An unread body would hold the connection.
			if (response.body && !response.bodyUsed) await response.body.cancel();
		}
	} catch (thrown) {
		if (thrown instanceof HubError) throw thrown;
		if (signal?.aborted) throw new HubError('CANCELLED', 'Fetching the document was cancelled', { cause: thrown });
		const why = timeout.aborted ? `Odoo did not answer within ${timeoutMs / 1000} s` : reasonOf(thrown);
		throw new HubError('DOCUMENT_UNAVAILABLE', `The document cannot be fetched now: ${why}`, { cause: thrown });
	}
}

/** Put together by parts: resolved against an origin, a path that begins with `//` would name another server. */
function requestAddress(address: string, internalOrigin: string | null | undefined): URL {
	const asked = new URL(internalOrigin ?? address);
	const { pathname, search } = new URL(address);
	asked.pathname = pathname;
	asked.search = search;
	asked.hash = '';
	return asked;
}

function checkAnswer(response: Response, maxBytes: number): void {
	const { status, headers } = response;
	if (status >= 500 || status === 429 || status === 408) {
		throw new HubError('DOCUMENT_UNAVAILABLE', `The document cannot be fetched now: Odoo answered ${status}`);
	}
	if (status >= 300 && status < 400) {
		throw refused('Odoo answered with a redirect: the access token of the link is missing, wrong or expired');
	}
	if (status !== 200) throw refused(`Odoo answered ${status}`);
	const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
	if (type !== 'application/pdf') throw refused('what Odoo answered is not declared as PDF');
	if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

async function readBounded(response: Response, maxBytes: number): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of response.body ?? []) {
		size += chunk.byteLength;
		if (size > maxBytes) throw tooLarge(maxBytes);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks, size);
}

/** Odoo's name for the file where it is plain, else the order's number. */
function fileName(disposition: string | null, reference: string | null | undefined): string {
	const encoded = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition ?? '')?.[1];
	const plain = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1];
	let given = plain ?? '';
	if (encoded !== undefined) {
		try {
			given = decodeURIComponent(encoded);
		} catch (thrown) {
			// Badly encoded: the plain name, or the order's number, does as well.
			if (!(thrown instanceof URIError)) throw thrown;
		}
	}
	const name = (given || `${reference ?? 'document'}.pdf`)
		.replace(/[\p{C}\u2028\u2029/\\:*?"<>|]+/gu, '-')
		.replace(/^\.+/, '')
		.slice(-MAX_FILENAME_CHARACTERS);
	return name.toLowerCase().endsWith('.pdf') ? name : `${name}.pdf`;
}

function refused(why: string): HubError {
	return new HubError('DOCUMENT_REFUSED', `The document may not be attached: ${why}`);
}

function tooLarge(maxBytes: number): HubError {
	return refused(`it is larger than ${Math.floor(maxBytes / 1024)} KiB`);
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(thrown: unknown): string {
	const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
	const code = (cause as { code?: unknown }).code;
	return typeof code === 'string' ? code : toHubError(cause).message;
}
