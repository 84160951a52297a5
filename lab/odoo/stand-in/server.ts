/** The stand-in's HTTP server: pages for people, JSON-RPC for programs. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Manager } from './manager.ts';
import { listPage, missingPage, orderPage } from './pages.ts';
import { answerAsWorker } from './prefork.ts';
import { draftPurchase } from './purchases.ts';
import type { Row } from './records.ts';
import { answer, VERSION } from './rpc.ts';
import { confirm, type Shop } from './shop.ts';
import { type Language, pageLanguage } from './words.ts';

/** A JSON-RPC request of the tests has a few hundred bytes; Odoo takes more, nobody here sends it. In bytes. */
const BODY_LIMIT = 1024 * 1024;

export function makeServer(shop: Shop, manager: Manager): Server {
	return createServer((request, response) => {
		// With threads, too, Odoo ends each connection with its answer.
		response.shouldKeepAlive = false;
		if (manager.settings.workers > 0) answerAsWorker(response);
		void route(shop, manager, request, response).catch((thrown) => {
			console.error(thrown);
			if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
			response.end('Internal Server Error');
		});
	});
}

async function route(shop: Shop, manager: Manager, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const url = new URL(request.url ?? '/', 'http://stand-in');
	// Uploads of backups are larger than whatever else is sent here.
	if (await manager.handle(request, response, url.pathname)) return;
	const language = pageLanguage(request.headers['accept-language'], url.searchParams.get('lang'));
	if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT)
		return send(response, 413, 'Too large', 'text/plain');
	const key = `${request.method} ${url.pathname.replace(/\d+/, '#').replace(/(.)\/$/, '$1')}`;
	const order = shop.records.read('purchase.order', Number(/\d+/.exec(url.pathname)?.[0] ?? 0));
	switch (key) {
		case 'GET /':
		case 'GET /web':
		case 'GET /odoo':
			return send(response, 200, listPage(shop, language, justConfirmed(shop, url)));
		case 'GET /web/login':
			return redirect(response, '/');
		case 'GET /web/health':
			return send(response, 200, '{"status": "pass"}', 'application/json');
		case 'POST /jsonrpc': {
			const result = await answer(shop, manager, await text(request));
			if (result === undefined) return send(response, 400, 'Invalid JSON data', 'text/plain');
			return send(response, 200, JSON.stringify(result), 'application/json');
		}
		case 'POST /web/session/authenticate':
		case 'POST /web/session/get_session_info':
			return answerPage(shop, url.pathname, request, response);
		case 'POST /web/webclient/version_info':
			return send(response, 200, JSON.stringify({ jsonrpc: '2.0', id: null, result: VERSION }), 'application/json');
		case 'POST /stand-in/manager':
			if (!isOwnPage(request)) return send(response, 403, 'Forbidden', 'text/plain');
			Object.assign(manager.settings, JSON.parse((await text(request)) || '{}'));
			return send(response, 200, JSON.stringify(manager.settings), 'application/json');
		case 'POST /purchases':
			if (!isOwnPage(request)) return send(response, 403, 'Forbidden', 'text/plain');
			newDraft(shop);
			return redirect(response, `/?lang=${language}`);
		case 'POST /purchase/#/confirm':
			if (!isOwnPage(request)) return send(response, 403, 'Forbidden', 'text/plain');
			return confirmAndReturn(shop, order, language, response);
		case 'GET /purchase/#':
			if (order) return send(response, 200, orderPage(shop, language, order));
			break;
		case 'GET /my/purchase/#':
			if (order && mayRead(order, url.searchParams.get('access_token'))) {
				return send(response, 200, orderPage(shop, language, order, { portal: true }));
			}
			break;
		default:
	}
	send(response, 404, missingPage(language));
}

/** What a page of Odoo asks as JSON: to sign in, and whether it still is. */
async function answerPage(shop: Shop, path: string, request: IncomingMessage, response: ServerResponse) {
	const { params = {} } = JSON.parse((await text(request)) || '{}') as { params?: Record<string, string> };
	const say = (body: object) =>
		send(response, 200, JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }), 'application/json');
	const failed = (code: number, message: string, name: string) =>
		say({ error: { code, message, data: { name, message, debug: name, arguments: [message], context: {} } } });
	if (path.endsWith('/authenticate')) {
		const opened = shop.identity.openPage(String(params.login), String(params.password));
		if (!opened) return failed(200, 'Odoo Server Error', 'odoo.exceptions.AccessDenied');
		response.setHeader('set-cookie', `session_id=${opened.id}; HttpOnly; Path=/`);
		return say({ result: { uid: opened.uid } });
	}
	const cookie = /(?:^|; )session_id=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
	const user = shop.identity.pageOf(cookie);
	if (!user) return failed(100, 'Odoo Session Expired', 'odoo.http.SessionExpiredException');
	return say({ result: { uid: user.id } });
}

async function confirmAndReturn(shop: Shop, order: Row | undefined, language: Language, response: ServerResponse) {
	if (!order) return send(response, 404, missingPage(language));
	const begin = performance.now();
	await confirm(shop, [order.id]);
	const ms = Math.round(performance.now() - begin);
	redirect(response, `/?lang=${language}&confirmed=${order.id}&ms=${ms}`);
}

function justConfirmed({ records }: Shop, url: URL): { name: string; ms: number } | undefined {
	const order = records.read('purchase.order', Number(url.searchParams.get('confirmed') ?? 0));
	return order && { name: String(order.name), ms: Number(url.searchParams.get('ms')) };
}

/** A draft for any supplier, so that a demonstration does not run out of them. */
function newDraft({ records }: Shop): void {
	const any = (rows: Row[]): number => rows[Math.floor(Math.random() * rows.length)]?.id ?? 1;
	const products = records.search('product.product');
	const lines = [1, 2].map(() => ({ product: any(products), quantity: 1 + Math.floor(Math.random() * 50) }));
	records.transaction(() => draftPurchase(records, { partner: any(records.search('res.partner')), lines }));
}

/** Other sites' pages shall not confirm purchases; browsers name the page a form came from. */
function isOwnPage({ headers }: IncomingMessage): boolean {
	return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

function mayRead({ access_token }: Row, token: string | null): boolean {
	const [own, given] = [Buffer.from(String(access_token)), Buffer.from(token ?? '')];
	return own.length === given.length && timingSafeEqual(own, given);
}

function redirect(response: ServerResponse, location: string): void {
	response.writeHead(303, { location }).end();
}

function send(response: ServerResponse, status: number, body: string, type = 'text/html; charset=utf-8'): void {
	response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
