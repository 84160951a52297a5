/**
 * Stands before every websocket of the hub's server: none is opened without a session, and each ends with its session.
 * Node-RED's own socket takes a frame as it comes (`null` ends the process), so the editor's is held here and only frames
 * of the right form are handed on, bounded in size and rate.
 */

import { IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { type Gate, KEY_HEADER, maySeeDebug } from './gate.ts';
import { isOwnPage, pathOf } from './request.ts';
import type { Session, Sessions } from './session.ts';

export interface CommsGuardOptions {
	gate: Gate;
	sessions: Sessions;
	/** Public address of the hub, without a path. */
	origin: string;
	/** Path of the editor's own websocket. */
	commsPath: string;
}

/** The editor sends subscriptions and small messages of plugins; in bytes. */
const MAX_FRAME_BYTES = 65_536;
/** A frame a second is much for a person; an editor that opens sends some dozens at once. */
const FRAMES = { most: 200, windowMs: 10_000 };
/** Sockets of one session: tabs, each with one, and dashboards. */
const MAX_SOCKETS = 100;
/** What the editor may have waiting for a browser that reads too slowly, in bytes. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** A topic of Node-RED is short. */
const MAX_TOPIC = 500;

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export class CommsGuard {
	readonly #options: CommsGuardOptions;
	readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
	readonly #sockets = new Map<string, Set<() => void>>();

	constructor(options: CommsGuardOptions) {
		this.#options = options;
		options.sessions.onEnd(({ key }) => {
			for (const close of this.#sockets.get(key) ?? []) close();
			this.#sockets.delete(key);
		});
	}

	/** Before any other listener, whenever those are added. */
	install(server: Server): void {
		const emit = server.emit.bind(server) as (event: string, ...values: unknown[]) => boolean;
		const upgrade: Upgrade = (request, socket, head) => emit('upgrade', request, socket, head);
		// A listener cannot keep the others from being called, and theirs are added later: so the event itself is held back.
		server.emit = ((event: string, ...values: unknown[]) => {
			if (event !== 'upgrade') return emit(event, ...values);
			const [request, socket, head] = values as Parameters<Upgrade>;
			this.#upgrade(request, socket, head, upgrade);
			return true;
		}) as typeof server.emit;
	}

	#upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, onward: Upgrade) {
		socket.on('error', () => socket.destroy());
		delete request.headers[KEY_HEADER];
		const { gate, origin, commsPath } = this.#options;
		const path = pathOf(request);
		if (path === undefined) return refuse(socket, 400);
		if (gate.isOpen(path) && path !== commsPath) return onward(request, socket, head);
		const session = gate.sessionOf(request);
		if (!session) return refuse(socket, 401);
		if (!isOwnPage(request, origin)) return refuse(socket, 403);
		if ((this.#sockets.get(session.key)?.size ?? 0) >= MAX_SOCKETS) return refuse(socket, 429);
		if (path === commsPath) return this.#holdEditor(request, socket, head, session, onward);
		// A dashboard's own protocol: its socket ends with the session.
		const forget = this.#remember(session, () => socket.destroy());
		socket.once('close', forget);
		onward(request, socket, head);
	}

	#holdEditor(request: IncomingMessage, socket: Duplex, head: Buffer, session: Session, onward: Upgrade): void {
		const { key } = session;
		this.#server.handleUpgrade(request, socket, head, (browser) => {
			const [near, far] = duplexPair();
			const editor = new WebSocket(`ws://clinic-hub${this.#options.commsPath}`, {
				createConnection: () => near as never,
				headers: { [KEY_HEADER]: key },
				perMessageDeflate: false,
			});
			const close = () => {
				browser.terminate();
				editor.terminate();
				near.destroy();
				far.destroy();
			};
			const forget = this.#remember(session, close);
			for (const side of [browser, editor]) {
				side.on('error', close);
				side.once('close', () => {
					forget();
					close();
				});
			}
			far.on('error', close);
			this.#relay(browser, editor, session);
			this.#answer(far, key, onward);
		});
	}

	/** Reads the request that the held side has written, and gives it to Node-RED as if a browser had sent it. */
	#answer(far: Duplex, key: string, onward: Upgrade): void {
		let text = '';
		const read = (chunk: Buffer) => {
			text += chunk.toString('latin1');
			if (!text.includes('\r\n\r\n')) return;
			far.off('data', read);
			far.pause();
			const inner = new IncomingMessage(far as never);
			inner.method = 'GET';
			inner.url = this.#options.commsPath;
			inner.httpVersion = '1.1';
			for (const line of text.split('\r\n').slice(1)) {
				const at = line.indexOf(':');
				if (at > 0) inner.headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
			}
			inner.headers[KEY_HEADER] = key;
			onward(inner, far, Buffer.alloc(0));
		};
		far.on('data', read);
	}

	#relay(browser: WebSocket, editor: WebSocket, session: Session): void {
		const waiting: string[] = [];
		const times: number[] = [];
		browser.on('message', (data, isBinary) => {
			const now = Date.now();
			while (times.length > 0 && (times[0] ?? 0) < now - FRAMES.windowMs) times.shift();
			times.push(now);
			const frame = isBinary ? null : checked(String(data));
			if (times.length > FRAMES.most || frame === null) return browser.close(1008, 'Frame refused');
			if (frame === '') return;
			session.usedAt = now;
			if (editor.readyState === WebSocket.OPEN) editor.send(frame);
			else if (waiting.length < FRAMES.most) waiting.push(frame);
		});
		editor.on('open', () => {
			for (const frame of waiting.splice(0)) editor.send(frame);
		});
		editor.on('message', (data) => {
			if (browser.bufferedAmount > MAX_WAITING_BYTES) return browser.terminate();
			const frame = maySeeDebug(session.roles) ? String(data) : withoutDebug(String(data));
			if (frame !== null && browser.readyState === WebSocket.OPEN) browser.send(frame);
		});
	}

	#remember({ key }: Session, close: () => void): () => void {
		const sockets = this.#sockets.get(key) ?? new Set();
		sockets.add(close);
		this.#sockets.set(key, sockets);
		return () => {
			sockets.delete(close);
			if (sockets.size === 0 && this.#sockets.get(key) === sockets) this.#sockets.delete(key);
		};
	}
}

/** A frame as Node-RED's socket may take it; empty for one that needs no answer, null for one that no editor sends. */
function checked(text: string): string | null {
	let frame: unknown;
	try {
		frame = JSON.parse(text);
	} catch {
		return null;
	}
	if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return null;
	const { subscribe, topic, data, auth } = frame as Record<string, unknown>;
	// The session stands behind the socket already, so the editor's own way of signing in has nothing to do here.
	if (auth !== undefined) return '';
	const isTopic = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= MAX_TOPIC;
	if (isTopic(subscribe)) return JSON.stringify({ subscribe });
	return isTopic(topic) ? JSON.stringify({ topic, data }) : null;
}

function withoutDebug(text: string): string | null {
	const messages = JSON.parse(text) as unknown;
	if (!Array.isArray(messages)) return text;
	const shown = messages.filter(({ topic }: { topic?: unknown }) => topic !== 'debug');
	return shown.length > 0 ? JSON.stringify(shown) : null;
}

function refuse(socket: Duplex, status: number): void {
	const reasons: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden' };
	socket.end(
		`HTTP/1.1 ${status} ${reasons[status] ?? 'Too Many Requests'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
	);
	socket.once('finish', () => socket.destroy());
}
