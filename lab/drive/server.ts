/**
 * Stands in for Google Drive and for Google's sign-in, at one address: the API below /drive/v3 and /upload/drive/v3, tokens
 * at /token, /revoke and /tokeninfo, the consent at /o/oauth2/v2/auth, a page with the folders at /.
 */
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { pipeline } from 'node:stream/promises';
import * as api from './api.ts';
import { ask, type ConsentAnswer, decide } from './consent.ts';
import { bodyOf, callerOf, type DriveStandIn, fail, html, json, jsonOf, withFault } from './exchange.ts';
import { type Fault, Faults, type Operation } from './faults.ts';
import { folderPage } from './page.ts';
import { Records } from './records.ts';
import { Refusal } from './refusal.ts';
import { Tokens } from './tokens.ts';
import { media, upload } from './transfer.ts';
import { Uploads } from './uploads.ts';
import { type Language, word } from './words.ts';
import type { World } from './world.ts';

export interface StandInOptions {
	/** Files are kept there. */
	directory: string;
	world: World;
	/** PEM. */
	tls?: { cert: string; key: string };
}

/** Listens nowhere yet. */
export function makeDrive({ directory, world, tls }: StandInOptions): DriveStandIn {
	const records = new Records(directory, world);
	const tokens = new Tokens(world, () => records.now());
	const uploads = new Uploads(records);
	const faults = new Faults();
	const calls: string[] = [];
	const listener = (request: IncomingMessage, response: ServerResponse) => {
		// One clock for everything that it says.
		response.setHeader('date', new Date(records.now()).toUTCString());
		request.on('error', () => {}); // whoever reads the body learns of it
		handle(drive, request, response).catch((thrown: unknown) => fail(request, response, thrown));
	};
	const server = tls ? createSecureServer(tls, listener) : createServer(listener);
	const drive: DriveStandIn = {
		...{ server, records, tokens, uploads, faults, calls },
		async close() {
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
			await uploads.close();
		},
	};
	return drive;
}

async function handle(drive: DriveStandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const url = new URL(request.url ?? '/', 'http://drive');
	const { pathname, searchParams: query } = url;
	const route = `${request.method} ${pathname}`;
	drive.calls.push(route);
	if (pathname.startsWith('/upload/drive/v3/files')) return upload(drive, request, response, url);
	if (pathname.startsWith('/drive/v3/')) return metadata(drive, request, response, url);
	const language = pageLanguage(request.headers['accept-language'], query.get('hl') ?? query.get('lang'));
	const { world } = drive.records;
	switch (route) {
		case 'POST /token':
			return withFault(drive, 'token', request, response, async () => {
				json(response, 200, drive.tokens.exchange(new URLSearchParams(await bodyOf(request))));
			});
		case 'POST /revoke': {
			const form = new URLSearchParams(await bodyOf(request));
			drive.tokens.revoke(query.get('token') ?? form.get('token') ?? '');
			return json(response, 200, {});
		}
		case 'GET /tokeninfo':
		case 'POST /tokeninfo':
			return json(response, 200, drive.tokens.info(query.get('access_token') ?? ''));
		case 'GET /o/oauth2/v2/auth':
			return consent(response, ask({ world, tokens: drive.tokens }, query, language));
		case 'POST /o/oauth2/v2/auth': {
			const form = new URLSearchParams(await bodyOf(request));
			return consent(response, decide({ world, tokens: drive.tokens }, form, language));
		}
		case 'GET /': {
			const page = folderPage(drive.records, query.get('folder'), language);
			return html(response, page === undefined ? 404 : 200, page ?? word(language, 'missing'));
		}
		case 'GET /uc': {
			// As a person downloads in a browser; here nobody signs in to look.
			const item = drive.records.find(query.get('id') ?? '');
			if (item?.size === undefined) return html(response, 404, word(language, 'missing'));
			const name = encodeURIComponent(item.name);
			response.writeHead(200, {
				'content-length': item.size,
				'content-disposition': `attachment; filename*=UTF-8''${name}`,
			});
			return pipeline(createReadStream(drive.records.contentFile(item.id)), response);
		}
		case 'POST /lab/faults': {
			const { operation, fault, times } = JSON.parse(await bodyOf(request)) as {
				operation: Operation;
				fault: Fault;
				times?: number;
			};
			drive.faults.add(operation, fault, times);
			return json(response, 200, {});
		}
		case 'POST /lab/clear':
			drive.faults.clear();
			return json(response, 200, {});
		case 'POST /lab/expire':
			drive.tokens.expireAccess();
			return json(response, 200, {});
		case 'POST /lab/withdraw':
			drive.tokens.revokeAll();
			return json(response, 200, {});
		default:
			return html(response, 404, word(language, 'missing'));
	}
}

async function metadata(
	drive: DriveStandIn,
	request: IncomingMessage,
	response: ServerResponse,
	url: URL,
): Promise<void> {
	const caller = callerOf(drive, request);
	const call = { records: drive.records, caller, query: url.searchParams };
	const [kind = '', id, sub] = url.pathname.slice('/drive/v3/'.length).split('/').map(decodeURIComponent);
	const route = `${request.method} ${kind}${id === undefined ? '' : '/:id'}${sub === undefined ? '' : `/${sub}`}`;
	const does = (operation: Operation, work: () => unknown) =>
		withFault(drive, operation, request, response, async () => {
			const answer = await work();
			if (answer === undefined) response.writeHead(204).end();
			else json(response, 200, answer);
		});
	switch (route) {
		case 'GET about':
			return does('about', () => api.about(call));
		case 'GET files':
			return does('list', () => api.list(call));
		case 'POST files':
			return does('create', async () => api.create(call, await jsonOf(request)));
		case 'GET files/:id':
			if (url.searchParams.get('alt') === 'media') return media(drive, request, response, call, id ?? '');
			return does('get', () => api.get(call, id ?? ''));
		case 'PATCH files/:id':
			return does('change', async () => api.change(call, id ?? '', await jsonOf(request)));
		case 'DELETE files/:id':
			return does('delete', () => api.remove(call, id ?? ''));
		case 'GET files/:id/permissions':
			return does('permissions', () => api.permissions(call, id ?? ''));
		case 'GET drives/:id':
			return does('drives', () => api.drive(call, id ?? ''));
		default:
			throw new Refusal(404, 'notFound', 'Not Found');
	}
}

/** Spanish when the browser prefers it to English, or when the address says so. */
function pageLanguage(accept: string | undefined, chosen: string | null): Language {
	if (chosen === 'es' || chosen === 'en') return chosen;
	const first = (accept ?? '').split(',').find((tag) => /^\s*(es|en)\b/i.test(tag));
	return /^\s*es/i.test(first ?? '') ? 'es' : 'en';
}
function consent(response: ServerResponse, answer: ConsentAnswer): void {
	if ('redirect' in answer) response.writeHead(302, { location: answer.redirect }).end();
	else html(response, answer.status, answer.html);
}
