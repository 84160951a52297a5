/** Mails and credentials that tests send. */
import { randomUUID } from 'node:crypto';
import type { OutgoingMail } from '../lib/smtp/client.ts';

/** Must never be seen in a message, a log or an error. */
export const SECRET = 'pw-7Qz!xK§';

/** An ordinary purchase confirmation to one supplier. */
export function aMail(overrides: Partial<OutgoingMail> = {}): OutgoingMail {
	return {
		messageId: `<${randomUUID()}@clinica.test>`,
		from: { name: 'Clínica Ñuñoa', address: 'compras@clinica.test' },
		to: { name: 'Suministros Médicos', address: 'ventas@proveedor.test' },
		subject: 'Pedido de compra P00042 confirmado',
		text: 'Estimados:\nHemos confirmado el pedido P00042.\n',
		html: '<p>Estimados:</p><p>Hemos confirmado el pedido <b>P00042</b>.</p>',
		language: 'es',
		date: new Date('2026-03-02T10:15:00Z'),
		...overrides,
	};
}
