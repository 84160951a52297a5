/** What a request says of itself that may be believed. */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Value of a cookie; undefined where the browser brings none, or two of that name. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
	const found = (request.headers.cookie ?? '')
		.split(';')
		.map((part) => part.trim())
		.filter((part) => part.startsWith(`${name}=`))
		.map((part) => part.slice(name.length + 1));
	return found.length === 1 ? found[0] : undefined;
}

/** Path without query, decoded once; undefined for one that is not well formed. */
export function pathOf(request: IncomingMessage & { originalUrl?: string }): string | undefined {
	const [raw = ''] = (request.originalUrl ?? request.url ?? '').split('?', 1);
	try {
		return decodeURIComponent(raw);
	} catch {
		return undefined; // not an address that the hub ever gave out
	}
}

/** A browser that opens a page, as against one that asks for data. */
export function isNavigation(request: IncomingMessage): boolean {
	const destination = request.headers['sec-fetch-dest'];
	if (request.method !== 'GET') return false;
	return destination === undefined ? (request.headers.accept ?? '').includes('text/html') : destination === 'document';
}

/**
 * Whether a request that changes something, or opens a websocket, was made by a page of the hub. A browser says where it
 * comes from; what says nothing is no browser, and has no business with a cookie.
 */
export function isOwnPage(request: IncomingMessage, origin: string): boolean {
	const said = request.headers.origin;
	if (said !== undefined) return said === origin;
	return request.headers['sec-fetch-site'] === 'same-origin';
}

/** Only a path of this hub, for what a browser is sent to after signing in. */
export function ownPath(text: unknown): string {
	if (typeof text !== 'string' || text.length > 500 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return '/';
	// Another step of the sign-in would begin it anew; `done` only closes the window that was opened for it.
	return /^\/clinic-hub\/auth(\/(?!done$)|$)/.test(text) ? '/' : text;
}

/** Whom attempts are counted for: the peer, or whom a trusted proxy names last. */
export function clientOf(request: IncomingMessage, trustedProxies: number): string {
	const peer = request.socket.remoteAddress ?? 'unknown';
	if (trustedProxies === 0) return peer;
	const named = String(request.headers['x-forwarded-for'] ?? '')
		.split(',')
		.map((part) => part.trim())
		.filter(Boolean);
	const client = named.at(-trustedProxies);
	return client !== undefined && isIP(client) ? client : peer;
}
