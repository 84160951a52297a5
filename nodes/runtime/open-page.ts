/**
 * A page of the editor's server that asks for no sign-in, for browsers that come back from a sign-in elsewhere: they bring
 * no token of the editor along. It must act on nothing but what a signed-in person began and this browser alone knows.
 */

import type { AdminRequest, AdminResponse, NodeAPI } from './node-red.ts';

export interface PageRequest {
	query: Record<string, unknown>;
	/** The cookie of that name; null where the browser brings none. */
	cookie(name: string): string | null;
	/** Aborted when the browser goes away or the time is over. */
	signal: AbortSignal;
}

export interface PageAnswer {
	status: number;
	language: 'en' | 'es';
	title: string;
	text: string;
	/** Whole value of `Set-Cookie`. */
	cookie?: string;
}

export interface OpenPage {
	/** Below `clinic-hub/` on the admin root, without a leading slash. */
	path: string;
	/** Must not throw. */
	handle(request: PageRequest): Promise<PageAnswer>;
}

/** As for the routes of the editor: a browser gives up at some point, in ms. */
const PAGE_TIMEOUT_MS = 60_000;

/** No script, nothing from elsewhere, never inside another page; and what the address holds is not passed on. */
const HEADERS = {
	'content-type': 'text/html; charset=utf-8',
	'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
	'cache-control': 'no-store',
	'referrer-policy': 'no-referrer',
	'x-content-type-options': 'nosniff',
};

const STYLE =
	'body{font:16px/1.5 system-ui,sans-serif;color:#333;background:#f3f4f5;margin:0}main{max-width:34em;margin:12vh auto;padding:24px 28px;background:#fff;border:1px solid #ccd;border-radius:6px}h1{font-size:20px;margin:0 0 8px}p{margin:0;overflow-wrap:anywhere}';

/** Adds the page. Call once in a node file. */
export function openPage(RED: NodeAPI, { path, handle }: OpenPage): void {
	RED.httpAdmin?.get(`/clinic-hub/${path}`, (request, response) => {
		answer(request, response, handle).catch((thrown: unknown) => {
			// Anybody can ask for this page: a rejection that nobody takes would end the process for all.
			RED.log.error(`[clinic-hub] ${String((thrown as Error)?.stack ?? thrown)}`);
			response.destroy();
		});
	});
}

async function answer(request: AdminRequest, response: AdminResponse, handle: OpenPage['handle']): Promise<void> {
	const gone = new AbortController();
	response.on('close', () => gone.abort());
	const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)]);
	const cookie = (name: string) => cookieOf(request.headers.cookie ?? '', name);
	const { status, language, title, text, cookie: given } = await handle({ query: request.query, cookie, signal });
	if (response.destroyed) return;
	const [heading, words] = [title, text].map(escaped);
	response.writeHead(status, { ...HEADERS, ...(given ? { 'set-cookie': given } : {}) });
	response.end(
		`<!doctype html><html lang="${language}"><head><title>${heading}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><main><h1>${heading}</h1><p>${words}</p></main></body></html>`,
	);
}

function cookieOf(header: string, name: string): string | null {
	for (const part of header.split(';')) {
		const at = part.indexOf('=');
		if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
	}
	return null;
}

function escaped(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
