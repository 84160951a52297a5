import { randomUUID } from 'node:crypto';
import type { Mailbox, OutgoingMail } from '../../lib/smtp/client.ts';

const LINES = [
	'Este es un correo de prueba de la conexión «servidor SMTP» del hub de la clínica. No hace falta responder.',
	'This is a test mail of the "SMTP server" connection of the clinic hub. No answer is needed.',
];

/** What "Send a test mail to…" sends: in both languages, for whoever reads it may speak either. */
export function testMail(from: Mailbox, to: string): OutgoingMail {
	const domain = from.address.split('@').at(-1) ?? 'localhost';
	return {
		messageId: `<${randomUUID()}@${domain}>`,
		from,
		to: { address: to },
		subject: 'Correo de prueba · Test mail',
		text: LINES.join('\n\n'),
		html: LINES.map((line) => `<p>${line}</p>`).join(''),
		language: 'es',
		date: new Date(),
	};
}
