/** The part of Odoo's JSON-RPC that the hub's tests use, answering as Odoo 18 was measured to answer, errors included. */
import { RpcError } from './errors.ts';
import type { User } from './identity/users.ts';
import type { Manager } from './manager.ts';
import { draftPurchase } from './purchases.ts';
import type { Records, Row, Term, Value } from './records.ts';
import { executeInRestored } from './restored.ts';
import { confirm, type Shop } from './shop.ts';

/** Fields a model has besides `id`; what is not here is an error, as in Odoo. */
const FIELDS: Record<string, readonly string[]> = {
	'res.partner': ['name', 'email', 'lang', 'city'],
	'product.product': ['name', 'default_code', 'standard_price', 'purchase_ok'],
	'purchase.order': [
		...['name', 'partner_id', 'user_id', 'partner_ref', 'state', 'amount_untaxed', 'amount_tax', 'amount_total'],
		...['date_planned', 'date_approve', 'access_token'],
	],
	'res.users.apikeys': ['name', 'scope', 'user_id', 'expiration_date'],
	'clinic.mail.outbox': [
		...['uuid', 'res_id', 'order_name', 'body', 'state', 'attempts', 'next_try', 'reason_code', 'reason'],
		'published_at',
	],
};

/** Fields that hold another model's record and are read as `[id, name]`. */
const LINKS: Record<string, string> = { partner_id: 'res.partner', user_id: 'res.users' };

export const VERSION = {
	...{ server_version: '18.0-20250506', server_version_info: [18, 0, 0, 'final', 0, ''] },
	...{ server_serie: '18.0', protocol_version: 1 },
};

interface Call {
	service?: string;
	method?: string;
	args?: unknown[];
}

/** The JSON-RPC answer to a request's body, for which Odoo always answers 200; undefined for what it answers 400. */
export async function answer(shop: Shop, manager: Manager, body: string): Promise<object | undefined> {
	let request: { id?: unknown; params?: Call };
	try {
		request = JSON.parse(body) as typeof request;
	} catch {
		return undefined;
	}
	const envelope = { jsonrpc: '2.0', id: request.id ?? null };
	try {
		return { ...envelope, result: await dispatch(shop, manager, request.params ?? {}) };
	} catch (thrown) {
		const { name, message } = thrown instanceof Error ? thrown : new RpcError('Exception', String(thrown));
		const data = { name, message, debug: `Traceback (most recent call last):\n${name}: ${message}\n` };
		const error = { code: 200, message: 'Odoo Server Error', data: { ...data, arguments: [message], context: {} } };
		return { ...envelope, error };
	}
}

async function dispatch(shop: Shop, manager: Manager, { service, method, args = [] }: Call): Promise<unknown> {
	if (service === 'common' && method === 'version') return VERSION;
	if (service === 'db') return databaseService(manager, String(method), args);
	const [database, ...rest] = args;
	const restored = database !== shop.database;
	if (restored && !manager.databases.list().includes(String(database))) {
		const text = `connection to server failed: FATAL:  database "${database}" does not exist`;
		throw new RpcError('psycopg2.OperationalError', text);
	}
	if (service === 'common' && (method === 'authenticate' || method === 'login')) {
		return shop.identity.users.whoIs(String(rest[0]), String(rest[1]))?.id ?? false;
	}
	if (service === 'object' && method === 'execute_kw') {
		const [uid, password, model, name, positional = [], named = {}] = rest;
		const caller = shop.identity.users.caller(uid, password);
		if (restored) {
			const called = `${model}.${name}`;
			const done = await executeInRestored(manager.databases, String(database), called, positional as unknown[]);
			if (done !== undefined) return done;
			throw new RpcError('odoo.exceptions.UserError', `The stand-in does not know ${called} in a restored database`);
		}
		return execute(
			shop,
			caller,
			String(model),
			String(name),
			positional as unknown[],
			named as Record<string, unknown>,
		);
	}
	throw new RpcError('builtins.NameError', `Method not available ${service}.${method}`);
}

/** The service `db`: some methods for anybody, the others with the master password before their own arguments. */
function databaseService({ databases, settings, accepts }: Manager, method: string, args: unknown[]): unknown {
	const denied = new RpcError('odoo.exceptions.AccessDenied', 'Access Denied');
	if (method === 'server_version') return VERSION.server_version;
	if (method === 'db_exist') return databases.list().includes(String(args[0]));
	if (method === 'list') {
		if (!settings.listDb) throw denied;
		return databases.list();
	}
	if (!accepts(args[0])) throw denied;
	if (method === 'list_countries') return [['cl', 'Chile']];
	if (method === 'rename') {
		if (!settings.listDb) throw denied;
		return databases.rename(String(args[1]), String(args[2]));
	}
	throw new RpcError('builtins.KeyError', `'Method not found: ${method}'`);
}

async function execute(
	shop: Shop,
	caller: User,
	model: string,
	method: string,
	args: unknown[],
	named: Record<string, unknown>,
) {
	const { records, identity } = shop;
	if (identity.knows(model)) return identity.execute(caller, model, method, args, named);
	if (model === 'ir.model' && method === 'search_count') return 1;
	if (model === 'ir.config_parameter' && method === 'set_param') return setParameter(records, args as [string, string]);
	if (FIELDS[model] === undefined) {
		throw new RpcError('odoo.exceptions.UserError', `Object ${model} doesn't exist`);
	}
	const ids = () => [args[0] ?? []].flat() as number[];
	const search = () => found(shop, model, (args[0] ?? []) as Term[], named.limit);
	switch (`${model}.${method}`) {
		case 'purchase.order.create':
			return createPurchase(shop, args[0] as Record<string, unknown>);
		case 'res.partner.create':
			checkFields(model, Object.keys(args[0] as object));
			return records.create(model, args[0] as Record<string, Value>);
		case 'clinic.mail.outbox.hold_pending':
			return shop.outbox.holdPending();
		case 'purchase.order.button_confirm':
			existing(shop, model, ids());
			await confirm(shop, ids());
			return true;
		default:
	}
	if (method === 'search') return search().map(({ id }) => id);
	if (method === 'search_count') return search().length;
	if (method === 'search_read') {
		const fields = (named.fields ?? args[1] ?? FIELDS[model]) as string[];
		return search().map((row) => shown(shop, model, row, fields));
	}
	if (method === 'read') {
		const fields = (args[1] ?? named.fields ?? FIELDS[model]) as string[];
		const rows = ids().map((id) => records.read(model, id));
		return rows.filter((row) => row !== undefined).map((row) => shown(shop, model, row, fields));
	}
	const text = `The method '${model}.${method}' does not exist`;
	throw new RpcError('builtins.AttributeError', text);
}

function setParameter(records: Records, [key, value]: [string, string]): Value {
	const found = records.search('ir.config_parameter', [['key', '=', key]])[0];
	if (found) records.write('ir.config_parameter', found.id, { value });
	else records.create('ir.config_parameter', { key, value });
	return found?.value ?? false;
}

function found({ records }: Shop, model: string, domain: Term[], limit: unknown): Row[] {
	checkFields(
		model,
		domain.map(([field]) => field),
	);
	const rows = records.search(model, domain);
	return typeof limit === 'number' ? rows.slice(0, limit) : rows;
}

/** Ids without a record, which `read` leaves out, are fatal to everything else; Odoo says so only when a field is needed. */
function existing({ records }: Shop, model: string, ids: number[]): Row[] {
	return ids.map((id) => {
		const row = records.read(model, id);
		if (row === undefined) {
			throw new RpcError(
				'odoo.exceptions.MissingError',
				`Record does not exist or has been deleted. (${model}(${id},))`,
			);
		}
		return row;
	});
}

function shown({ records }: Shop, model: string, row: Row, fields: string[]): Record<string, unknown> {
	checkFields(model, fields);
	const values = fields.map((field): [string, unknown] => {
		const link = LINKS[field];
		const value = row[field] ?? false;
		return [field, link && value ? [value, records.read(link, Number(value))?.name ?? ''] : value];
	});
	return { id: row.id, ...Object.fromEntries(values) };
}

function createPurchase({ records }: Shop, values: Record<string, unknown>): number {
	if (typeof values.partner_id !== 'number' || !records.read('res.partner', values.partner_id)) {
		throw new RpcError('odoo.exceptions.ValidationError', 'The vendor of a purchase is missing');
	}
	const partner = values.partner_id;
	const commands = (values.order_line ?? []) as [number, number, Record<string, number>][];
	const lines = commands.map(([, , line]) => ({
		product: Number(line.product_id),
		quantity: Number(line.product_qty ?? 1),
		...(line.price_unit === undefined ? {} : { price: line.price_unit }),
	}));
	return records.transaction(() => draftPurchase(records, { partner, lines }));
}

function checkFields(model: string, fields: readonly string[]): void {
	const unknown = fields.find((field) => field !== 'id' && !FIELDS[model]?.includes(field));
	if (unknown !== undefined) {
		throw new RpcError('builtins.ValueError', `Invalid field '${unknown}' on model '${model}'`);
	}
}
