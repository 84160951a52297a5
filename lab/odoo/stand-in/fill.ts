/** Brings the clinic into empty records. */
import { randomUUID } from 'node:crypto';
import { CLINIC } from './clinic.ts';
import { draftPurchase } from './purchases.ts';
import type { Records } from './records.ts';

/** Fills empty records with the clinic. */
export function fill(records: Records): void {
	if (records.search('res.partner').length > 0) return;
	records.transaction(() => {
		records.create('ir.config_parameter', { key: 'database.uuid', value: randomUUID() });
		records.create('ir.config_parameter', { key: 'database.secret', value: randomUUID() });
		const { buyers, suppliers, products, purchases } = CLINIC;
		for (const { login, name, email, phone } of buyers) records.create('res.users', { login, name, email, phone });
		const partners = new Map(
			suppliers.map(({ id, name, email, language, city }) => {
				return [id, records.create('res.partner', { name, email, lang: language, city })];
			}),
		);
		const goods = new Map(
			products.map(({ code, name, price }) => {
				const values = { name, default_code: code, standard_price: price, purchase_ok: true };
				return [code, records.create('product.product', values)];
			}),
		);
		for (const { supplier, buyer, reference, inDays, lines } of purchases) {
			draftPurchase(records, {
				partner: partners.get(supplier) as number,
				buyer: records.search('res.users', [['login', '=', buyer]])[0]?.id ?? 1,
				reference: reference ?? '',
				inDays,
				lines: lines.map(([code, quantity]) => ({ product: goods.get(code) as number, quantity })),
			});
		}
	});
}
