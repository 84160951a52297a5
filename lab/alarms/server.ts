/**
 * Plays the chat or alarm service of a clinic: takes notices by webhook and the hub's heartbeat, and shows both on a page.
 * Keeps the newest in memory, forgets them when it ends.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pageLanguage } from '../odoo/stand-in/words.ts';
import { alarmPage } from './page.ts';

/** Where the hub posts its notices and calls as a sign of life. */
export const PATHS = { notices: '/notices', heartbeat: '/heartbeat' };

export interface Alarm {
	/** The same for a notice that is told again because its answer was lost. */
	id: string;
	at: Date;
	severity: string;
	subject: string;
	text: string;
}

export interface Alarms {
	/** Newest first. */
	alarms: readonly Alarm[];
	lastHeartbeat: Date | undefined;
}

/** Notices kept; a page of more is read by nobody. */
const KEPT = 100;

/** The hub cuts a text at 10,000 characters. In bytes. */
const BODY_LIMIT = 64 * 1024;

export function makeServer(): Server {
	const kept = new Map<string, Alarm>();
	let lastHeartbeat: Date | undefined;

	const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const url = new URL(request.url ?? '/', 'http://alarms');
		switch (`${request.method} ${url.pathname}`) {
			case 'GET /': {
				const language = pageLanguage(request.headers['accept-language'], url.searchParams.get('lang'));
				const alarms = [...kept.values()].reverse();
				return send(response, 200, alarmPage({ alarms, lastHeartbeat }, language), 'text/html');
			}
			case `GET ${PATHS.heartbeat}`:
				lastHeartbeat = new Date();
				return send(response, 200, 'OK');
			case `POST ${PATHS.notices}`: {
				const body = await bodyOf(request);
				if (body === undefined) return send(response, 413, 'Too large');
				const alarm = alarmOf(body);
				if (alarm === undefined) return send(response, 400, 'No notice');
				kept.set(alarm.id, alarm);
				for (const id of [...kept.keys()].slice(0, -KEPT)) kept.delete(id);
				return send(response, 200, 'OK');
			}
			default:
				return send(response, 404, 'Not found');
		}
	};
	return createServer((request, response) => {
		answer(request, response).catch((thrown: unknown) => {
			console.error(thrown);
			response.destroy();
		});
	});
}

/** undefined when it is too large; the rest is read and dropped, so that the sender reads the answer. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size <= BODY_LIMIT) chunks.push(chunk);
	}
	return size > BODY_LIMIT ? undefined : Buffer.concat(chunks).toString('utf8');
}

function alarmOf(body: string): Alarm | undefined {
	let notice: Record<string, unknown>;
	try {
		notice = JSON.parse(body) as Record<string, unknown>;
	} catch {
		return undefined;
	}
	const { id, severity, subject, text } = notice ?? {};
	if (![id, severity, subject, text].every((part) => typeof part === 'string')) return undefined;
	const at = new Date(String(notice['at']));
	return {
		id: String(id),
		at: Number.isNaN(at.getTime()) ? new Date() : at,
		severity: String(severity),
		subject: String(subject),
		text: String(text),
	};
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
	response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
}
