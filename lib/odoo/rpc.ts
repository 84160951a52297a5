/** Odoo's JSON-RPC. Decides on the class that Odoo names (`data.name`), for its messages come in the user's language. */
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import { exchange } from '../http.ts';
import { lastLine } from './manager-page.ts';
import { odooUrl } from './transfer.ts';

export interface RpcAddress {
	url: string;
	database: string;
	user: string;
	/** An API key takes the password's place. */
	password: string;
}

export interface RpcOptions {
	/** For one call, in ms. Default `CALL_MS`. */
	timeoutMs?: number | undefined;
	signal?: AbortSignal | undefined;
}

/** Creating 100 users took 2.5 s; in ms. */
const CALL_MS = 30_000;
/** Of one answer; callers read pages of records, not whole tables. */
const ANSWER_BYTES = 16 * 1024 * 1024;

interface RpcFailure {
	name?: string;
	message?: string;
	debug?: string;
}

/** Python's classes, as Odoo 18 was measured to name them. */
const CLASSES: Record<string, [code: HubErrorCode, text: string]> = {
	'odoo.exceptions.AccessDenied': ['ODOO_CREDENTIALS', 'Odoo refuses the login, the API key or the master password.'],
	'odoo.exceptions.AccessError': ['ODOO_FORBIDDEN', 'The account of Odoo lacks a right.'],
	'psycopg2.OperationalError': [
		'ODOO_DATABASE_UNKNOWN',
		'Odoo cannot open the database; most likely it does not exist.',
	],
};

/** A call of any service. @throws HubError ODOO_CREDENTIALS, ODOO_FORBIDDEN, ODOO_DATABASE_UNKNOWN, ODOO_REFUSED, ODOO_UNREACHABLE, TIMEOUT, CANCELLED */
export async function rpc(
	url: string,
	service: 'common' | 'db' | 'object',
	method: string,
	args: readonly unknown[],
	{ timeoutMs = CALL_MS, signal }: RpcOptions = {},
): Promise<unknown> {
	const target = odooUrl(url, '/jsonrpc');
	const body = JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } });
	const answer = await exchange({
		...{ method: 'POST', url: target.href, headers: { 'content-type': 'application/json' }, body },
		...{ timeoutMs, maxBytes: ANSWER_BYTES, ...(signal ? { signal } : {}) },
	}).catch((thrown) => {
		const { code, message } = toHubError(thrown);
		throw code === 'HTTP_UNREACHABLE' ? new HubError('ODOO_UNREACHABLE', message, { cause: thrown }) : thrown;
	});
	const { status } = answer;
	if (status >= 500) throw new HubError('ODOO_UNREACHABLE', `Odoo answers HTTP ${status}. See its log.`);
	const parsed = parse(answer.body);
	if (status !== 200 || parsed === undefined) {
		throw new HubError(
			'ODOO_REFUSED',
			`${target.host} does not answer as Odoo does (HTTP ${status}). Correct the address.`,
		);
	}
	if (parsed.error) throw failureOf(parsed.error.data ?? {});
	return parsed.result;
}

/** Signs in with the first call and remembers its number. */
export class OdooRpc {
	readonly #address: RpcAddress;
	readonly #options: RpcOptions;
	#uid: number | undefined;

	constructor(address: RpcAddress, options: RpcOptions = {}) {
		this.#address = address;
		this.#options = options;
	}

	/** The user's id. @throws HubError ODOO_CREDENTIALS, and as `rpc` */
	async signIn(): Promise<number> {
		if (this.#uid !== undefined) return this.#uid;
		const { url, database, user, password } = this.#address;
		const uid = await rpc(url, 'common', 'authenticate', [database, user, password, {}], this.#options);
		if (typeof uid !== 'number') {
			const text =
				'Odoo refuses the login or the API key. A key may have expired: make a new one in the user’s preferences.';
			throw new HubError('ODOO_CREDENTIALS', text);
		}
		this.#uid = uid;
		return uid;
	}

	/** `execute_kw`. @throws HubError as `rpc` */
	async call(model: string, method: string, args: readonly unknown[], named: object = {}): Promise<unknown> {
		const uid = await this.signIn();
		const { url, database, password } = this.#address;
		return rpc(url, 'object', 'execute_kw', [database, uid, password, model, method, args, named], this.#options);
	}
}

interface RpcResponse {
	result?: unknown;
	error?: { data?: RpcFailure };
}

function parse(body: Buffer): RpcResponse | undefined {
	try {
		const parsed: unknown = JSON.parse(body.toString('utf8'));
		return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
	} catch {
		return undefined; // a page, not Odoo's JSON; the caller says so
	}
}

function failureOf({ name = '', message, debug }: RpcFailure): HubError {
	const known = CLASSES[name];
	if (known) return new HubError(known[0], known[1]);
	return new HubError(
		'ODOO_REFUSED',
		`Odoo refuses: ${raisedIn(debug ?? '', name) || lastLine(message ?? '') || name}`,
	);
}

/** The traceback's line that names class and message; the lines before it quote code and values, those after it records. */
function raisedIn(debug: string, name: string): string {
	const raised = [`${name}:`, `${name.split('.').at(-1)}:`];
	const line = debug.split('\n').findLast((text) => raised.some((start) => text.startsWith(start)));
	return line?.trim() || lastLine(debug);
}
