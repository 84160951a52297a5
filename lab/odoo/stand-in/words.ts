/** What the stand-in's pages say, in Spanish and English. */

export type Language = 'en' | 'es';

const WORDS = {
	title: { en: 'Purchases', es: 'Compras' },
	label: {
		en: 'Stand-in for Odoo 18: not Odoo itself. It confirms purchases and publishes as the addon does.',
		es: 'Sustituto de Odoo 18: no es Odoo. Confirma compras y publica como lo hace el módulo.',
	},
	real: {
		en: 'Set ODOO_SRC to a directory of Odoo 18’s source to run the real one.',
		es: 'Indique en ODOO_SRC un directorio con el código de Odoo 18 para usar el de verdad.',
	},
	number: { en: 'Order', es: 'Pedido' },
	supplier: { en: 'Vendor', es: 'Proveedor' },
	buyer: { en: 'Buyer', es: 'Comprador' },
	planned: { en: 'Expected', es: 'Previsto' },
	total: { en: 'Total', es: 'Total' },
	untaxed: { en: 'Untaxed amount', es: 'Base imponible' },
	tax: { en: 'Taxes', es: 'Impuestos' },
	state: { en: 'Status', es: 'Estado' },
	mail: { en: 'Mail', es: 'Correo' },
	draft: { en: 'Request for quotation', es: 'Solicitud de presupuesto' },
	purchase: { en: 'Purchase order', es: 'Pedido de compra' },
	pending: { en: 'Waiting', es: 'En espera' },
	held: { en: 'Held', es: 'Retenido' },
	published: { en: 'Handed over', es: 'En el hub' },
	unsent: { en: 'Not sent', es: 'No enviado' },
	confirm: { en: 'Confirm Order', es: 'Confirmar orden' },
	confirmed: { en: '{name} was confirmed in {ms} ms.', es: '{name} se confirmó en {ms} ms.' },
	create: { en: 'New purchase', es: 'Nueva compra' },
	product: { en: 'Product', es: 'Producto' },
	quantity: { en: 'Quantity', es: 'Cantidad' },
	price: { en: 'Unit price', es: 'Precio unitario' },
	back: { en: 'All purchases', es: 'Todas las compras' },
	missing: { en: 'There is no such page.', es: 'Esa página no existe.' },
	other: { en: 'Español', es: 'English' },
} as const;

export type Word = keyof typeof WORDS;

export function word(language: Language, name: Word, values: Record<string, string | number> = {}): string {
	return WORDS[name][language].replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}

/** Spanish when the browser prefers it to English, or when the address says so. */
export function pageLanguage(accept: string | undefined, chosen: string | null): Language {
	if (chosen === 'es' || chosen === 'en') return chosen;
	const first = (accept ?? '').split(',').find((tag) => /^\s*(es|en)\b/i.test(tag));
	return /^\s*es/i.test(first ?? '') ? 'es' : 'en';
}
