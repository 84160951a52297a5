/** The stand-in's database manager: its ways in, and the failures that a test asks for. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Databases, ManagerError } from './databases.ts';
import { managerPage } from './manager-page.ts';

/** What a test sets by `POST /stand-in/manager`; what it leaves out stays. */
export interface ManagerSettings {
	masterPassword: string;
	listDb: boolean;
	/** Processes that answer; with any the answers are those of HTTP/1.0. Default 0, threads. */
	workers: number;
	/** pg_dump fails: a zip becomes a page, a dump ends empty and clean. */
	pgDumpFails: boolean;
	/** A backup ends after so many bytes, cleanly, as when the server kills its worker; null: whole. */
	cutAfter: number | null;
	/** The connection breaks after so many bytes. */
	breakAfter: number | null;
	/** Nothing more comes after so many bytes. */
	stallAfter: number | null;
	/** A proxy in front announces so many bytes, whatever comes; null: none are announced, as Odoo does it. */
	announced: number | null;
	/** Before the answer begins, in ms. */
	firstByteMs: number;
	/** Calls with a password since the start. */
	calls: number;
}

const DEFAULT = 'admin';
/** Odoo iterates the file by lines: pieces of this size on average, measured. In bytes. */
const PIECE_BYTES = 242;
/** A backup of the tests has half a megabyte. In bytes. */
const UPLOAD_LIMIT = 256 * 1024 * 1024;
const REQUIRED: Record<string, readonly string[]> = {
	backup: ['master_pwd', 'name'],
	restore: ['master_pwd', 'backup_file', 'name'],
	drop: ['master_pwd', 'name'],
	change_password: ['master_pwd', 'master_pwd_new'],
};
const WHAT: Record<string, string> = { backup: 'backup', restore: 'restore', drop: 'deletion' };

export class Manager {
	readonly databases: Databases;
	readonly settings: ManagerSettings;

	constructor(databases: Databases, masterPassword: string) {
		this.databases = databases;
		const whole = { cutAfter: null, breakAfter: null, stallAfter: null, announced: null };
		this.settings = {
			masterPassword,
			listDb: true,
			workers: 0,
			pgDumpFails: false,
			...whole,
			firstByteMs: 0,
			calls: 0,
		};
	}

	/** An empty password opens nothing. */
	readonly accepts = (password: unknown): boolean => password !== '' && password === this.settings.masterPassword;

	/** Answers what lies below /web/database; false when it is none of it. */
	async handle(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<boolean> {
		const action = /^\/web\/database\/(\w+)$/.exec(pathname)?.[1] ?? '';
		if (request.method === 'GET' && (action === 'manager' || action === 'selector')) {
			this.#page(response, undefined, action === 'manager');
			return true;
		}
		if (!REQUIRED[action]) return false;
		if (request.method !== 'POST') {
			response.writeHead(405, { 'content-type': 'text/html', allow: 'POST' }).end('<h1>Method Not Allowed</h1>');
			return true;
		}
		const fields = await formOf(request);
		if (!REQUIRED[action].every((name) => fields?.has(name))) {
			response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Internal Server Error</h1>');
			return true;
		}
		await this.#act(action, fields as FormData, response);
		return true;
	}

	async #act(action: string, fields: FormData, response: ServerResponse): Promise<void> {
		const { settings } = this;
		const text = (name: string) => String(fields.get(name) ?? '');
		const password = text('master_pwd');
		settings.calls++;
		// As Odoo: the default password gives way to the first one that is sent.
		if (action !== 'change_password' && settings.masterPassword === DEFAULT && password)
			settings.masterPassword = password;
		try {
			if (!this.accepts(password) || !settings.listDb) throw new ManagerError('Access Denied');
			if (action === 'backup') return await this.#backup(text('name'), text('backup_format') || 'zip', response);
			if (action === 'restore') {
				const file = Buffer.from(await (fields.get('backup_file') as File).arrayBuffer());
				const options = {
					copy: /^(true|1|yes|on)$/i.test(text('copy')),
					neutralize: text('neutralize_database') !== '',
				};
				await this.databases.restore(text('name'), file, options);
			}
			if (action === 'drop') await this.databases.drop(text('name'));
			if (action === 'change_password') settings.masterPassword = text('master_pwd_new');
			response.writeHead(303, { location: '/web/database/manager' }).end();
		} catch (thrown) {
			if (!(thrown instanceof ManagerError)) throw thrown;
			const error = WHAT[action]
				? `Database ${WHAT[action]} error: ${thrown.message}`
				: `Master password update error: ${thrown.message}`;
			this.#page(response, error, true);
		}
	}

	async #backup(name: string, format: string, response: ServerResponse): Promise<void> {
		const { pgDumpFails, firstByteMs, cutAfter, breakAfter, stallAfter, announced } = this.settings;
		const file = await this.databases.backup(name, format);
		if (pgDumpFails && format === 'zip') {
			throw new ManagerError("Command '['/usr/bin/pg_dump', '--no-owner', ...]' returned non-zero exit status 1.");
		}
		await delay(firstByteMs);
		response.writeHead(200, {
			'content-type': 'application/octet-stream; charset=binary',
			'content-disposition': `attachment; filename*=UTF-8''${name}_2026-11-24_03-00-00.${format}`,
			...(announced === null ? {} : { 'content-length': announced }),
		});
		response.flushHeaders();
		const most = Math.min(cutAfter ?? Infinity, breakAfter ?? Infinity, stallAfter ?? Infinity);
		const sent = pgDumpFails ? Buffer.alloc(0) : file.subarray(0, most);
		const left = new AbortController();
		response.once('close', () => left.abort());
		for (let at = 0; at < sent.length; at += PIECE_BYTES) {
			if (!response.write(sent.subarray(at, at + PIECE_BYTES))) {
				await once(response, 'drain', { signal: left.signal }).catch(() => {}); // or it was closed
			}
			if (response.destroyed) return;
		}
		if (stallAfter !== null) return;
		if (breakAfter !== null || announced !== null) setTimeout(() => response.destroy(), 50);
		else response.end();
	}

	#page(response: ServerResponse, error: string | undefined, manage: boolean): void {
		const { listDb, masterPassword } = this.settings;
		const facts = { listDb, insecure: masterPassword === DEFAULT, databases: this.databases.list() };
		const html = managerPage({ ...facts, error, manage });
		response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
	}
}

/** Either encoding of a form; undefined when it is neither. */
async function formOf(request: IncomingMessage): Promise<FormData | undefined> {
	const pieces: Buffer[] = [];
	let size = 0;
	for await (const piece of request as AsyncIterable<Buffer>) {
		size += piece.length;
		if (size > UPLOAD_LIMIT) return undefined;
		pieces.push(piece);
	}
	const type = request.headers['content-type'] ?? '';
	return new Response(Buffer.concat(pieces), { headers: { 'content-type': type } }).formData().catch(() => undefined);
}
