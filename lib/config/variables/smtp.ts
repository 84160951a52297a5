/** How flows reach the mail server. */

import type { Variable } from './variable.ts';

export const SMTP_VARIABLES: Record<string, Variable> = {
	SMTP_HOST: { kind: 'text', text: { en: 'Host of the SMTP server.', es: 'Host del servidor SMTP.' } },
	SMTP_PORT: {
		kind: 'port',
		default: 587,
		text: {
			en: 'Its port. The kind of TLS is chosen in the connection node, not by the port; the ready flow requires STARTTLS, so for 465 choose implicit TLS there.',
			es: 'Su puerto. El tipo de TLS se elige en el nodo de conexión, no por el puerto; el flujo listo exige STARTTLS: para 465, elija TLS implícito allí.',
		},
	},
	SMTP_USER: {
		kind: 'text',
		text: { en: 'User, where the server asks for one.', es: 'Usuario, si el servidor lo pide.' },
	},
	SMTP_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	SMTP_FROM: {
		kind: 'text',
		text: {
			en: 'Address that mails are sent from, one that the account may use.',
			es: 'Dirección desde la que se envían los correos; la cuenta debe poder usarla.',
		},
	},
};
