/** Of purchase mail and of what people are told. */

import type { Variable } from './variable.ts';

export const MAIL_VARIABLES: Record<string, Variable> = {
	ODOO_URL: {
		kind: 'text',
		default: '',
		otherwise: { en: 'none: mails have no links', es: 'ninguna: los correos no llevan enlaces' },
		text: {
			en: 'Address of Odoo as people open it: scheme, name and port. Links in mails lead nowhere else.',
			es: 'Dirección de Odoo tal como la abren las personas: esquema, nombre y puerto. Los enlaces de los correos no llevan a otro sitio.',
		},
	},
	ODOO_DATABASE_UUIDS: {
		kind: 'text',
		default: '',
		otherwise: { en: 'all', es: 'todas' },
		text: {
			en: 'UUIDs of the Odoo databases whose orders are mailed (`database.uuid` in Odoo), separated by commas. Orders of any other, such as a copy, are parked.',
			es: 'UUID de las bases de datos de Odoo cuyos pedidos se envían (`database.uuid` en Odoo), separados por comas. Los de cualquier otra, como una copia, se aparcan.',
		},
	},
	HUB_SAMPLE_RECIPIENT: {
		kind: 'text',
		default: '',
		otherwise: { en: 'no samples', es: 'sin muestras' },
		text: {
			en: 'Addresses that sample mails may go to, separated by commas; the button uses the first.',
			es: 'Direcciones a las que pueden ir los correos de muestra, separadas por comas; el botón usa la primera.',
		},
	},
	HUB_NOTICE_TO: {
		kind: 'text',
		default: '',
		otherwise: { en: 'nobody', es: 'nadie' },
		text: {
			en: 'Addresses of those who are told when mail is parked or paused, and of the alarm of backups, separated by commas.',
			es: 'Direcciones de quienes reciben un aviso si hay correo aparcado o en pausa, y la alarma de las copias, separadas por comas.',
		},
	},
	HUB_NOTICE_WEBHOOK: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'none', es: 'ninguna' },
		text: {
			en: 'Address of a chat or alarm service that is told, too: the only way while the mail server itself fails, so the ready flow asks for it.',
			es: 'Dirección de un servicio de chat o de alarmas que también recibe los avisos: la única vía si falla el propio servidor de correo, por lo que el flujo listo la pide.',
		},
	},
};
