/** One call to the stand-in: its body, its answer, and what goes wrong on the way on command. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Faults, Operation, Taken } from './faults.ts';
import type { Records } from './records.ts';
import { Refusal, TokenRefusal } from './refusal.ts';
import type { Tokens } from './tokens.ts';
import type { Uploads } from './uploads.ts';
import type { Caller } from './world.ts';

export interface DriveStandIn {
	readonly server: Server;
	readonly records: Records;
	readonly tokens: Tokens;
	readonly uploads: Uploads;
	readonly faults: Faults;
	/** Every call as `METHOD path`, without what a path keeps secret. */
	readonly calls: string[];
	close(): Promise<void>;
}

/** Metadata is never longer, in bytes. */
const BODY_LIMIT = 256 * 1024;

/** The call is over without an answer. */
export class Hangup extends Error {}

/** @throws Refusal 401 */
export function callerOf(drive: DriveStandIn, request: IncomingMessage): Caller {
	const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
	const caller = token === undefined ? undefined : drive.tokens.caller(token);
	if (caller) return caller;
	if (token !== undefined) throw new Refusal(401, 'authError', 'Invalid Credentials');
	throw new Refusal(401, 'required', 'Login Required.');
}

/** Runs `work`, or lets happen what is planned instead, or afterwards. */
export async function withFault(
	drive: DriveStandIn,
	operation: Operation,
	request: IncomingMessage,
	response: ServerResponse,
	work: () => Promise<void>,
): Promise<void> {
	const fault = drive.faults.take(operation);
	begin(fault, request);
	if (fault?.kind !== 'lost') return work();
	// The answer goes nowhere, as it would on a connection that broke.
	const { writeHead, end: finish } = response;
	Object.assign(response, { writeHead: () => response, end: () => response });
	await work();
	Object.assign(response, { writeHead, end: finish });
	fault.happens();
	throw new Hangup();
}

export function begin(fault: Taken | undefined, request: IncomingMessage): void {
	if (fault?.kind === 'status') {
		fault.happens();
		request.resume();
		const { status, reason = 'backendError', message = 'Fault on command', retryAfter } = fault;
		throw new Refusal(status, reason, message, retryAfter);
	}
	if (fault?.kind === 'cut' && fault.afterBytes === undefined) {
		fault.happens();
		throw new Hangup();
	}
	if (fault?.kind === 'silent') {
		fault.happens();
		throw new Silence();
	}
}

export function end(fault: Taken | undefined): void {
	if (fault?.kind !== 'lost') return;
	fault.happens();
	throw new Hangup();
}

class Silence extends Error {}

export function fail(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
	if (thrown instanceof Silence) return void request.resume();
	if (thrown instanceof Hangup || response.headersSent) return void request.socket.destroy();
	if (!(thrown instanceof Refusal || thrown instanceof TokenRefusal)) {
		if (!request.destroyed) console.error(thrown);
		return void request.socket.destroy();
	}
	if (thrown instanceof Refusal && thrown.retryAfter !== undefined)
		response.setHeader('retry-after', thrown.retryAfter);
	request.resume();
	json(response, thrown.status, thrown.toJSON());
}

export function json(response: ServerResponse, status: number, body: unknown): void {
	const text = Buffer.from(JSON.stringify(body));
	response
		.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'content-length': text.length })
		.end(text);
}

export function html(response: ServerResponse, status: number, body: string): void {
	response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
	if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT)
		throw new Refusal(413, 'uploadTooLarge', 'Too large');
	return text(request);
}

export async function jsonOf(request: IncomingMessage): Promise<Record<string, unknown>> {
	const body = await bodyOf(request);
	try {
		return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
	} catch {
		throw new Refusal(400, 'parseError', 'Parse Error');
	}
}
