/** What `npm run accept` reads; the laboratory sets all of it for itself. */

import type { Variable } from './variable.ts';

export const ACCEPTANCE_VARIABLES: Record<string, Variable> = {
	HUB_TOKEN: {
		kind: 'text',
		secret: true,
		text: {
			en: 'Access token, where the editor asks for a sign-in: of an operator for the mail, of somebody who may deploy for the backups.',
			es: 'Token de acceso, si el editor pide iniciar sesión: de un operador para el correo, de alguien que puede instanciar para las copias.',
		},
	},
	HUB_ACCEPT_RECIPIENT: {
		kind: 'text',
		default: 'aceptacion@proveedor.example',
		text: {
			en: "Mail address of the test's supplier, who is made in Odoo at the first run. The inbox must receive it.",
			es: 'Correo del proveedor de prueba, que se crea en Odoo la primera vez. El buzón debe recibirlo.',
		},
	},
	HUB_ACCEPT_RECOVERY_KEY: {
		kind: 'text',
		secret: true,
		text: {
			en: 'Recovery key (or a drill key) with which the test opens a backup, `AGE-SECRET-KEY-1…`; best as `HUB_ACCEPT_RECOVERY_KEY_FILE`, for the time of the test only.',
			es: 'Clave de recuperación (o una de ensayo) con la que la prueba abre una copia, `AGE-SECRET-KEY-1…`; mejor como `HUB_ACCEPT_RECOVERY_KEY_FILE` y solo mientras dure la prueba.',
		},
	},
	ODOO_USER: {
		kind: 'text',
		text: { en: 'User who may confirm purchases.', es: 'Usuario que puede confirmar compras.' },
	},
	ODOO_PASSWORD: { kind: 'text', secret: true, text: { en: 'Password or API key.', es: 'Contraseña o clave de API.' } },
	AMQP_MANAGEMENT_URL: {
		kind: 'text',
		text: { en: "Address of RabbitMQ's management.", es: 'Dirección de la administración de RabbitMQ.' },
	},
	AMQP_ADMIN_USER: {
		kind: 'text',
		text: {
			en: 'User of the management who may read the queue.',
			es: 'Usuario de la administración que puede leer la cola.',
		},
	},
	AMQP_ADMIN_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	AMQP_QUEUE: {
		kind: 'text',
		default: 'purchase_confirmation_queue',
		text: { en: 'Queue of the purchases.', es: 'Cola de las compras.' },
	},
	SMTP_INBOX_URL: {
		kind: 'text',
		text: {
			en: 'Address of the web inbox (MailDev) that receives the mails of the deployment.',
			es: 'Dirección del buzón web (MailDev) que recibe los correos del despliegue.',
		},
	},
};
