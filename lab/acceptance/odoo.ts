/** Confirms a purchase in Odoo as the web client would, over JSON-RPC; works on Odoo 18 and on its stand-in alike. */
import { HubError } from '../../lib/errors.ts';
import type { MailTarget } from './target.ts';

/** A first call after Odoo's start loads its registry and was seen to take 4 s, in ms. */
const CALL_TIMEOUT_MS = 30_000;

/** Together 12,345.00: large enough for a thousands separator, so that the mail's number format shows. */
const QUANTITY = 10;
const UNIT_PRICE = 1234.5;

export interface Purchase {
	id: number;
	number: string;
	/** As Odoo gives it, a number; only compared with what the mail says. */
	total: number;
	supplier: string;
}

interface Answer {
	result?: unknown;
	error?: { message: string; data?: { message?: string } };
}

export class OdooSession {
	readonly #target: MailTarget['odoo'];
	#uid: number | undefined;

	constructor(target: MailTarget['odoo']) {
		this.#target = target;
	}

	async #rpc(service: string, method: string, args: unknown[]): Promise<unknown> {
		const response = await fetch(`${this.#target.url}/jsonrpc`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }),
			signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
		});
		if (!response.ok) throw new HubError('INTERNAL', `Odoo answered ${response.status} to ${service}.${method}`);
		const answer = (await response.json()) as Answer;
		if (answer.error) throw new HubError('INTERNAL', `Odoo: ${answer.error.data?.message ?? answer.error.message}`);
		return answer.result;
	}

	/** Signs in. Throws `FORBIDDEN` for a wrong user or password. */
	async signIn(): Promise<void> {
		const { database, user, password } = this.#target;
		const uid = await this.#rpc('common', 'authenticate', [database, user, password, {}]);
		if (typeof uid !== 'number') throw new HubError('FORBIDDEN', `Odoo refuses ${user} in database ${database}`);
		this.#uid = uid;
	}

	async #call<T>(model: string, method: string, args: unknown[], kwargs: Record<string, unknown> = {}): Promise<T> {
		const { database, password } = this.#target;
		return (await this.#rpc('object', 'execute_kw', [database, this.#uid, password, model, method, args, kwargs])) as T;
	}

	/** A draft purchase of one line from the test's supplier, who is made at the first run. */
	async draft(supplier: string, address: string): Promise<Purchase> {
		const found = await this.#call<number[]>('res.partner', 'search', [[['email', '=', address]]], { limit: 1 });
		const partner =
			found[0] ?? (await this.#call<number>('res.partner', 'create', [{ name: supplier, email: address }]));
		const products = await this.#call<number[]>('product.product', 'search', [[['purchase_ok', '=', true]]], {
			limit: 1,
		});
		if (products[0] === undefined) throw new HubError('NOT_FOUND', 'Odoo has no product that can be purchased');
		const line = { product_id: products[0], product_qty: QUANTITY, price_unit: UNIT_PRICE };
		const id = await this.#call<number>('purchase.order', 'create', [
			{ partner_id: partner, order_line: [[0, 0, line]] },
		]);
		return this.#read(id);
	}

	async #read(id: number): Promise<Purchase> {
		const fields = ['name', 'amount_total', 'partner_id'];
		const rows = await this.#call<{ name: string; amount_total: number; partner_id: [number, string] }[]>(
			'purchase.order',
			'read',
			[[id], fields],
		);
		const row = rows[0];
		if (row === undefined) throw new HubError('NOT_FOUND', `Odoo has no purchase ${id}`);
		return { id, number: row.name, total: row.amount_total, supplier: row.partner_id[1] };
	}

	/** Presses "Confirm Order"; resolves with the time until Odoo answered, in ms. Throws when it is not confirmed then. */
	async confirm(purchase: Purchase): Promise<number> {
		const begin = performance.now();
		await this.#call('purchase.order', 'button_confirm', [[purchase.id]]);
		const took = performance.now() - begin;
		const rows = await this.#call<{ state: string }[]>('purchase.order', 'read', [[purchase.id], ['state']]);
		const state = rows[0]?.state;
		if (state !== 'purchase' && state !== 'done') {
			throw new HubError('INTERNAL', `Odoo leaves ${purchase.number} in state ${state}: it needs a second approval`);
		}
		return took;
	}
}
