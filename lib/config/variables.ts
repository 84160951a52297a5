/**
 * Every environment variable that the hub, its ready flows and its laboratory read: a name, its default and its meaning
 * stand in one place, a file a topic in `variables/`. `docs/variables.md` and `docs/variables.es.md` are written from it
 * (`node scripts/documents.ts`).
 */

import { ACCEPTANCE_VARIABLES } from './variables/acceptance.ts';
import { BACKUP_VARIABLES } from './variables/backup.ts';
import { BROKER_VARIABLES } from './variables/broker.ts';
import { HUB_VARIABLES } from './variables/hub.ts';
import { IDENTITY_VARIABLES } from './variables/identity.ts';
import { LAB_VARIABLES } from './variables/lab.ts';
import { MAIL_VARIABLES } from './variables/mail.ts';
import { NETWORK_VARIABLES } from './variables/network.ts';
import { SIGN_IN_VARIABLES } from './variables/sign-in.ts';
import { SMTP_VARIABLES } from './variables/smtp.ts';
import type { VariableGroup } from './variables/variable.ts';

/** What only flows read, as `${NAME}`. */
export const FLOW_VARIABLES: readonly VariableGroup['variables'][] = [
	BROKER_VARIABLES,
	SMTP_VARIABLES,
	MAIL_VARIABLES,
	BACKUP_VARIABLES,
	IDENTITY_VARIABLES,
];

/** All groups that programs of this package read, in the order of the documentation. */
export const VARIABLE_GROUPS: readonly VariableGroup[] = [
	{ title: { en: 'The hub', es: 'El hub' }, variables: HUB_VARIABLES },
	{ title: { en: "The editor's sign-in", es: 'Inicio de sesión del editor' }, variables: SIGN_IN_VARIABLES },
	{ title: { en: 'RabbitMQ', es: 'RabbitMQ' }, variables: BROKER_VARIABLES },
	{ title: { en: 'Mail server', es: 'Servidor de correo' }, variables: SMTP_VARIABLES },
	{ title: { en: 'Purchase mail', es: 'Correo de compras' }, variables: MAIL_VARIABLES },
	{ title: { en: 'Backups', es: 'Copias de seguridad' }, variables: BACKUP_VARIABLES },
	{ title: { en: 'Users', es: 'Usuarios' }, variables: IDENTITY_VARIABLES },
	{
		title: { en: 'Proxy and authorities', es: 'Proxy y autoridades' },
		intro: {
			en:
				'Webhooks, the heartbeat and the tokens of OAuth 2 go through the proxy. RabbitMQ, PostgreSQL and ' +
				"Odoo's documents are reached directly, and so is the mail server unless its connection node names a proxy: " +
				'the variable `HTTPS_PROXY` may stand there, where that proxy lets the port of mail through.',
			es:
				'Los webhooks, la señal de vida y los tokens de OAuth 2 pasan por el proxy. RabbitMQ, PostgreSQL y los documentos ' +
				'de Odoo se alcanzan directamente, y también el servidor de correo si su nodo de conexión no nombra un proxy: allí ' +
				'puede figurar la variable `HTTPS_PROXY`, si ese proxy deja pasar el puerto de correo.',
		},
		variables: NETWORK_VARIABLES,
	},
	{ title: { en: 'Laboratory', es: 'Laboratorio' }, variables: LAB_VARIABLES },
	{ title: { en: 'Acceptance test', es: 'Prueba de aceptación' }, variables: ACCEPTANCE_VARIABLES },
];
