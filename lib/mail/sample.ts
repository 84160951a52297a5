/** A made-up order, for the preview of templates and for trying the way of a mail without Odoo. */

import { randomUUID } from 'node:crypto';
import type { JsonObject } from './message.ts';

export interface SampleOptions {
	recipient: string;
	/** Odoo's code; default `es_CL`. */
	language?: string;
	/** Default `purchase`. */
	kind?: 'purchase' | 'sale';
	/** Where the link leads; without it the order has none. */
	origin?: string | null;
	/** Default: one that no Odoo has. */
	databaseUuid?: string;
	now?: Date;
}

/** The source of samples where no database is asked for. */
export const SAMPLE_DATABASE_UUID = '00000000-0000-4000-8000-000000000000';

const DAY_MS = 86_400_000;
/** Suppliers in the example deliver within a week. */
const DELIVERY_DAYS = 7;

/** A message of the order's contract, marked as a sample. */
export function sampleOrder(options: SampleOptions): JsonObject {
	const { recipient, language = 'es_CL', kind = 'purchase', origin, now = new Date() } = options;
	const time = now.toISOString();
	const number = `${kind === 'purchase' ? 'P' : 'S'}-${time.slice(11, 19).replaceAll(':', '')}`;
	return {
		type: 'order.confirmed',
		version: '1.0',
		id: randomUUID(),
		time,
		sample: true,
		source: {
			database: 'muestra',
			databaseUuid: options.databaseUuid ?? SAMPLE_DATABASE_UUID,
			model: `${kind}.order`,
			recordId: 1,
		},
		company: {
			name: 'Clínica Universitaria San Roque',
			sender: { name: 'Compras, Clínica San Roque', address: 'compras@clinica.example' },
			replyTo: { name: 'Ana Rojas', address: 'ana.rojas@clinica.example' },
			phone: '+56 2 2345 6789',
			taxId: '76.543.210-K',
			address: 'Av. Los Aromos 1234\nSantiago\nChile',
		},
		buyer: { name: 'Ana Rojas', address: 'ana.rojas@clinica.example', phone: '+56 2 2345 6701' },
		recipient: { name: 'Insumos Médicos Ñuble Ltda.', address: recipient, language },
		order: {
			kind,
			number,
			reference: 'COT-118',
			date: time.slice(0, 10),
			plannedDate: new Date(now.getTime() + DELIVERY_DAYS * DAY_MS).toISOString().slice(0, 10),
			currency: 'CLP',
			amountUntaxed: '1284500',
			amountTax: '244055',
			amountTotal: '1528555',
			paymentTerms: '30 días',
			deliverTo: 'Bodega central\nAv. Los Aromos 1234, Santiago',
			lines: [
				{
					code: 'GUA-NIT-M',
					description: 'Guantes de nitrilo, talla M\nCaja de 100 unidades',
					quantity: '150',
					unit: 'Caja',
					unitPrice: '5990',
					subtotal: '898500',
				},
				{
					code: 'JER-10',
					description: 'Jeringa 10 ml',
					quantity: '2000',
					unit: 'Unidad',
					unitPrice: '193',
					subtotal: '386000',
				},
			],
			...(origin ? { link: `${origin}/my/home` } : {}),
		},
	};
}

/** A person's own sample of another kind of mail, made new: with an id of its own and for an allowed address. */
export function renewSample(sample: JsonObject, recipient: string): JsonObject {
	const given = sample['recipient'];
	const before = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
	return { ...sample, id: randomUUID(), sample: true, recipient: { ...before, address: recipient } };
}
