/** Purchases: drafts, their amounts, and the facts that the message of a confirmed one is written from. */
import { randomUUID } from 'node:crypto';
import { CLINIC, CURRENCY_DIGITS, PRICE_DIGITS } from './clinic.ts';
import type { Records, Row } from './records.ts';

const DAY_MS = 86_400_000;

export interface Draft {
	partner: number;
	/** A user; default the first. */
	buyer?: number;
	reference?: string;
	/** Delivery expected so many days from now. Default 7. */
	inDays?: number;
	/** The price defaults to the product's. */
	lines: { product: number; quantity: number; price?: number }[];
}

/** Adds a draft and gives its id. Inside the caller's transaction. */
export function draftPurchase(
	records: Records,
	{ partner, buyer = 1, reference = '', inDays = 7, lines }: Draft,
): number {
	const priced = lines.map(({ product, quantity, price }) => {
		const good = records.read('product.product', product);
		const unit = price ?? Number(good?.standard_price ?? 0);
		return { product, name: String(good?.name ?? ''), quantity, price: unit, subtotal: rounded(quantity * unit) };
	});
	const untaxed = rounded(priced.reduce((sum, { subtotal }) => sum + subtotal, 0));
	const tax = rounded((untaxed * CLINIC.tax.percent) / 100);
	const id = records.create('purchase.order', {
		name: '',
		partner_id: partner,
		user_id: buyer,
		partner_ref: reference || false,
		state: 'draft',
		amount_untaxed: untaxed,
		amount_tax: tax,
		amount_total: untaxed + tax,
		date_planned: odooTime(Date.now() + inDays * DAY_MS),
		date_approve: false,
		access_token: randomUUID(),
	});
	records.write('purchase.order', id, { name: `P${String(id).padStart(5, '0')}` });
	for (const { product, name, quantity, price, subtotal } of priced) {
		records.create('purchase.order.line', {
			...{ order_id: id, product_id: product, name, product_qty: quantity },
			...{ price_unit: price, price_subtotal: subtotal },
		});
	}
	return id;
}

export function linesOf(records: Records, order: number): Row[] {
	return records.search('purchase.order.line', [['order_id', '=', order]]);
}

/** Where a supplier reads the order without an account, as in Odoo. */
export function portalPath(order: Row): string {
	return `/my/purchase/${order.id}?access_token=${order.access_token}`;
}

/** What the addon's `Order` holds, by the names of its fields. */
export function factsOf(records: Records, order: Row, { database, url }: { database: string; url: string }) {
	const partner = records.read('res.partner', Number(order.partner_id));
	const buyer = records.read('res.users', Number(order.user_id));
	const { company, language, currency } = CLINIC;
	const planned = localDay(`${order.date_planned}Z`);
	return {
		id: randomUUID(),
		confirmed_at: odooTime(Date.now()),
		database,
		database_uuid: String(records.search('ir.config_parameter', [['key', '=', 'database.uuid']])[0]?.value),
		model: 'purchase.order',
		record_id: order.id,
		kind: 'purchase',
		number: order.name,
		reference: order.partner_ref || '',
		date: localDay(new Date()),
		planned_date: planned,
		currency,
		currency_digits: CURRENCY_DIGITS,
		price_digits: PRICE_DIGITS,
		amount_untaxed: order.amount_untaxed,
		amount_tax: order.amount_tax,
		amount_total: order.amount_total,
		company: {
			...{ name: company.name, email: company.email, phone: company.phone },
			...{ tax_id: company.vat, address: `${company.street}\n${company.city}` },
		},
		buyer: { name: buyer?.name || '', email: buyer?.email || '', phone: buyer?.phone || '' },
		recipient: { name: partner?.name || '', email: partner?.email || '', language: partner?.lang || language },
		lines: linesOf(records, order.id).map((line) => ({
			description: line.name,
			quantity: line.product_qty,
			unit_price: line.price_unit,
			subtotal: line.price_subtotal,
			code: records.read('product.product', Number(line.product_id))?.default_code || '',
			unit: String(partner?.lang || language).startsWith('en') ? 'Units' : 'Unidades',
			planned_date: planned,
		})),
		link: url + portalPath(order),
	};
}

function rounded(amount: number): number {
	return Number(amount.toFixed(CURRENCY_DIGITS));
}

/** Odoo's form of a moment, in UTC: `2025-06-03 14:05:09`. */
export function odooTime(milliseconds: number): string {
	return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** The day of a moment where the clinic is, as 2025-06-03. */
function localDay(moment: Date | string): string {
	return new Intl.DateTimeFormat('sv-SE', { timeZone: CLINIC.timezone }).format(new Date(moment));
}
