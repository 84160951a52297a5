/** Odoo's database manager over HTTP: look, back up, restore, drop. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { HubError, type HubErrorCode } from '../errors.ts';
import { type ManagerPage, parseManagerPage, reasonOf } from './manager-page.ts';
import { rpc } from './rpc.ts';
import { bodyOf, odooUrl, pageOf, transfer } from './transfer.ts';

export interface ManagerAddress {
	/** Where people open Odoo. */
	url: string;
	masterPassword: string;
}

export interface ManagerBackup {
	database: string;
	format: 'zip' | 'dump';
	signal?: AbortSignal | undefined;
	/** Until the first byte, in ms; a zip is packed on the server before it. Default `FIRST_BYTE_MS`. */
	firstByteMs?: number | undefined;
	/** Between two bytes, in ms. Default `IDLE_MS`. */
	idleMs?: number | undefined;
}

export interface ManagerRestore {
	/** Name of the database to make. */
	database: string;
	/** A backup as the manager makes it, zip or dump. */
	file: AsyncIterable<Buffer>;
	/** Of the file, in bytes; without it the server must accept a body of unknown length. */
	size?: number | undefined;
	/** The database gets an id of its own. False only when it takes the place of the one that was backed up. Default true. */
	copy?: boolean | undefined;
	/** No mail, no jobs, no payments. Default true. */
	neutralize?: boolean | undefined;
	signal?: AbortSignal | undefined;
	/** From the last byte sent to the answer, in ms. Default `RESTORE_MS`. */
	timeoutMs?: number | undefined;
}

/** A page takes 0.1 s; in ms. */
const PAGE_MS = 30_000;
/** A zip of 100 GB is packed in half an hour; whoever waits longer waits for a dead server. In ms. */
export const FIRST_BYTE_MS = 3_600_000;
/** Odoo sends without pauses once it sends; a network that stalls recovers within this or never. In ms. */
export const IDLE_MS = 120_000;
/** Odoo loads the dump and starts the database's modules before it answers; in ms. */
const RESTORE_MS = 4 * 3_600_000;
/** Dropping waits for nobody: sessions are ended. In ms. */
const DROP_MS = 120_000;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * What the manager shows to anybody. Sends no password.
 * @throws HubError ODOO_MANAGER_OFF when there is no manager at the address, ODOO_UNREACHABLE, TIMEOUT, CANCELLED
 */
export async function managerPage(url: string, signal?: AbortSignal): Promise<ManagerPage> {
	const target = odooUrl(url, '/web/database/manager');
	const waits = { firstByteMs: PAGE_MS, idleMs: PAGE_MS, signal };
	const answer = await transfer({ method: 'GET', url: target, ...waits });
	const html = await pageOf(answer, target, waits);
	if ((answer.statusCode ?? 0) >= 500) {
		throw new HubError('ODOO_UNREACHABLE', `Odoo answers HTTP ${answer.statusCode} at ${target.host}. See its log.`);
	}
	return parseManagerPage(answer.statusCode === 200 ? html : '');
}

/**
 * The database as the manager gives it. That the stream ended proves nothing: Odoo ends a cut file as cleanly as a whole one.
 * @throws HubError ODOO_UNPROTECTED, ODOO_MANAGER_OFF, ODOO_CREDENTIALS, ODOO_DATABASE_UNKNOWN, ODOO_REFUSED with what Odoo
 * says, ODOO_UNREACHABLE, TIMEOUT, CANCELLED; the last three also while it is read
 */
export async function openManagerBackup(address: ManagerAddress, options: ManagerBackup): Promise<Readable> {
	const { database, format, signal, firstByteMs = FIRST_BYTE_MS, idleMs = IDLE_MS } = options;
	await refuseUnlessProtected(address.url, signal);
	const url = odooUrl(address.url, '/web/database/backup');
	const body = form({ master_pwd: address.masterPassword, name: database, backup_format: format });
	const waits = { firstByteMs, idleMs, signal };
	const answer = await transfer({ method: 'POST', url, headers: FORM, body, ...waits });
	if (answer.statusCode === 200 && isFile(answer)) return bodyOf(answer, url, waits);
	throw refusal(answer, await pageOf(answer, url, { firstByteMs: PAGE_MS, idleMs: PAGE_MS, signal }));
}

/**
 * Makes a database from a backup, which is sent on while it is read.
 * @throws HubError ODOO_DATABASE_EXISTS, and as `openManagerBackup`; and what `file` throws
 */
export async function restoreByManager(address: ManagerAddress, options: ManagerRestore): Promise<void> {
	const { database, file, size, copy = true, neutralize = true, signal, timeoutMs = RESTORE_MS } = options;
	await refuseUnlessProtected(address.url, signal);
	const url = odooUrl(address.url, '/web/database/restore');
	const boundary = `clinic-hub-${randomBytes(16).toString('hex')}`;
	const fields = {
		master_pwd: address.masterPassword,
		name: database,
		copy: String(copy),
		// Any text at all counts as yes.
		...(neutralize ? { neutralize_database: 'true' } : {}),
	};
	const head = Buffer.from(
		Object.entries(fields)
			.map(([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
			.join('') +
			`--${boundary}\r\ncontent-disposition: form-data; name="backup_file"; filename="backup"\r\n` +
			'content-type: application/octet-stream\r\n\r\n',
	);
	const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
	async function* body() {
		yield head;
		yield* file;
		yield tail;
	}
	const answer = await transfer({
		...{ method: 'POST', url, body: body(), firstByteMs: timeoutMs, idleMs: IDLE_MS, signal },
		headers: {
			'content-type': `multipart/form-data; boundary=${boundary}`,
			...(size === undefined ? {} : { 'content-length': head.length + size + tail.length }),
		},
	});
	await requireRedirect(answer, url, signal);
}

/**
 * Removes a database and its attachments, ending its sessions. One that does not exist is no error.
 * @throws HubError as `openManagerBackup`
 */
export async function dropByManager(address: ManagerAddress, database: string, signal?: AbortSignal): Promise<void> {
	await refuseUnlessProtected(address.url, signal);
	const url = odooUrl(address.url, '/web/database/drop');
	const body = form({ master_pwd: address.masterPassword, name: database });
	const waits = { firstByteMs: DROP_MS, idleMs: DROP_MS, signal };
	await requireRedirect(await transfer({ method: 'POST', url, headers: FORM, body, ...waits }), url, signal);
}

/** With its attachments, ending its sessions. Nothing of that name may be there. @throws HubError as `openManagerBackup` */
export async function renameByManager(
	{ url, masterPassword }: ManagerAddress,
	database: string,
	name: string,
	signal?: AbortSignal,
): Promise<void> {
	await refuseUnlessProtected(url, signal);
	// Its page has no button for it; the service behind it does.
	await rpc(url, 'db', 'rename', [masterPassword, database, name], { timeoutMs: DROP_MS, signal });
}

/** Looked at before every call that carries a password: an unprotected manager takes any one as its new password. */
async function refuseUnlessProtected(url: string, signal: AbortSignal | undefined): Promise<void> {
	const { enabled, unprotected } = await managerPage(url, signal);
	if (unprotected) {
		throw new HubError(
			'ODOO_UNPROTECTED',
			'Odoo’s database manager still has its default master password, so nothing was sent. Set one: open ' +
				'/web/database/manager and press “Set Master Password”, or write admin_passwd into odoo.conf.',
		);
	}
	if (!enabled) {
		throw new HubError(
			'ODOO_MANAGER_OFF',
			'Odoo’s database manager is switched off (list_db = False). Use the direct way: PostgreSQL and the filestore.',
		);
	}
}

/** Success is a redirect to the manager's page; every failure is a page with its reason. */
async function requireRedirect(answer: IncomingMessage, url: URL, signal: AbortSignal | undefined): Promise<void> {
	const html = await pageOf(answer, url, { firstByteMs: PAGE_MS, idleMs: PAGE_MS, signal });
	if (answer.statusCode !== 303 && answer.statusCode !== 302) throw refusal(answer, html);
}

function isFile({ headers }: IncomingMessage): boolean {
	return (headers['content-type'] ?? '').startsWith('application/octet-stream');
}

/** Odoo's own sentences, which its manager does not translate. */
const REASONS: [RegExp, HubErrorCode, string][] = [
	[
		/Access Denied/i,
		'ODOO_CREDENTIALS',
		'Odoo refuses the master password. Compare it with admin_passwd in odoo.conf.',
	],
	[
		/is not known/,
		'ODOO_DATABASE_UNKNOWN',
		'Odoo does not know the database. Choose one of those that “Test connection” shows.',
	],
	[
		/already exists/i,
		'ODOO_DATABASE_EXISTS',
		'A database with that name is there already. Choose another name, or drop it first.',
	],
];

function refusal({ statusCode = 0 }: IncomingMessage, html: string): HubError {
	const reason = reasonOf(html);
	const [, code, text] = REASONS.find(([pattern]) => pattern.test(reason)) ?? [];
	if (code && text) return new HubError(code, text);
	if (reason !== '') return new HubError('ODOO_REFUSED', `Odoo refuses: ${reason}`);
	if (statusCode >= 500) {
		return new HubError('ODOO_UNREACHABLE', `Odoo, or a proxy before it, answers HTTP ${statusCode}. See its log.`);
	}
	const text413 = 'The proxy before Odoo takes no file of that size (HTTP 413). Raise client_max_body_size.';
	if (statusCode === 413) return new HubError('ODOO_REFUSED', text413);
	return new HubError('ODOO_REFUSED', `Odoo, or a proxy before it, answers HTTP ${statusCode} without a reason.`);
}

function form(fields: Record<string, string>): string {
	return new URLSearchParams(fields).toString();
}
