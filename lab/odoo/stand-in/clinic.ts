/** The fictitious clinic, from the same file that fills the real Odoo. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const FILE = path.join(import.meta.dirname, '../../../deploy/odoo/addons/clinic_demo/data/clinic.json');

interface Clinic {
	company: { name: string; email: string; phone: string; vat: string; street: string; city: string };
	language: string;
	currency: string;
	timezone: string;
	tax: { name: string; percent: number };
	buyers: { login: string; name: string; email: string; phone: string }[];
	suppliers: {
		id: string;
		name: string;
		email: string;
		/** The lab's mail server knows nobody at this address, so that there is a mail to correct. */
		misspelt?: boolean;
		language: string;
		city: string;
	}[];
	products: { code: string; name: string; price: number }[];
	purchases: {
		supplier: string;
		buyer: string;
		reference?: string;
		inDays: number;
		lines: [code: string, quantity: number][];
	}[];
}

export const CLINIC = JSON.parse(readFileSync(FILE, 'utf8')) as Clinic;

/** Pesos have no cents. */
export const CURRENCY_DIGITS = 0;

/** Odoo's default for prices a unit. */
export const PRICE_DIGITS = 2;
