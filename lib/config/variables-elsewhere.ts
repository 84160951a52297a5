/** Variables that other programs of a deployment read, in environments of their own: documented here, read there. */

import type { VariableGroup } from './variables/variable.ts';

/** `odoo-addon/clinic_purchase_mail/amqp` reads them in Odoo's environment. */
export const ODOO_SIDE: VariableGroup = {
	title: { en: "Odoo's side", es: 'El lado de Odoo' },
	intro: {
		en:
			"Read by the addon in the environment of Odoo's server; options of the same names in lower case, in the section " +
			"`[clinic_purchase_mail]` of Odoo's configuration file, go before them. Each also as `…_FILE`, except `AMQP_CA_FILE`. " +
			'The variables of the hub of the same name are others: the hub signs in as another user.',
		es:
			'Las lee el módulo en el entorno del servidor de Odoo; las opciones de los mismos nombres en minúsculas, en la ' +
			'sección `[clinic_purchase_mail]` del archivo de configuración de Odoo, tienen prioridad. Cada una también como ' +
			'`…_FILE`, salvo `AMQP_CA_FILE`. Las variables del hub con el mismo nombre son otras: el hub se conecta con otro usuario.',
	},
	variables: {
		AMQP_URL: {
			kind: 'text',
			secret: true,
			text: {
				en: 'RabbitMQ in one line, `amqp://user:password@host:port/vhost` or `amqps://…`; goes before the variables below.',
				es: 'RabbitMQ en una línea, `amqp://usuario:clave@host:puerto/vhost` o `amqps://…`; tiene prioridad sobre las siguientes.',
			},
		},
		AMQP_HOST: {
			kind: 'text',
			otherwise: { en: 'what the settings of Odoo say', es: 'lo que digan los ajustes de Odoo' },
			text: { en: 'Host of RabbitMQ.', es: 'Host de RabbitMQ.' },
		},
		AMQP_PORT: {
			kind: 'port',
			default: 5672,
			otherwise: { en: '`5672`, with TLS `5671`', es: '`5672`, con TLS `5671`' },
			text: { en: 'AMQP port.', es: 'Puerto AMQP.' },
		},
		AMQP_VHOST: { kind: 'text', default: '/', text: { en: 'Virtual host.', es: 'Host virtual.' } },
		AMQP_USER: {
			kind: 'text',
			default: 'guest',
			text: {
				en: 'User that publishes (`odoo`); needs the right to write to `email_exchange`, nothing more.',
				es: 'Usuario que publica (`odoo`); solo necesita permiso de escritura en `email_exchange`.',
			},
		},
		AMQP_PASSWORD: {
			kind: 'text',
			secret: true,
			default: 'guest',
			text: { en: 'Its password.', es: 'Su contraseña.' },
		},
		AMQP_TLS: {
			kind: 'switch',
			default: false,
			text: {
				en: 'On: over TLS; says nothing beside `AMQP_URL`.',
				es: 'Activado: con TLS; no cuenta junto a `AMQP_URL`.',
			},
		},
		AMQP_CA_FILE: {
			kind: 'text',
			otherwise: { en: "the system's authorities only", es: 'solo las autoridades del sistema' },
			text: {
				en: 'Path of a PEM file with an authority that is trusted, too.',
				es: 'Ruta de un archivo PEM con una autoridad en la que también se confía.',
			},
		},
		AMQP_SIGNING_KEY_ID: {
			kind: 'text',
			otherwise: { en: 'messages go unsigned', es: 'los mensajes van sin firma' },
			text: {
				en: 'Name of the key that signs every message; the hub knows it from `AMQP_SIGNATURE_KEYS`.',
				es: 'Nombre de la clave que firma cada mensaje; el hub la conoce por `AMQP_SIGNATURE_KEYS`.',
			},
		},
		AMQP_SIGNING_KEY: { kind: 'text', secret: true, text: { en: 'That key.', es: 'Esa clave.' } },
	},
};

/** `deploy/rabbitmq/fill.ts` reads them where RabbitMQ's definitions are made. */
export const BROKER_SIDE: VariableGroup = {
	title: { en: "RabbitMQ's side", es: 'El lado de RabbitMQ' },
	intro: {
		en: "Passwords of RabbitMQ's users, read by `node deploy/rabbitmq/fill.ts`, each also as `…_FILE`; none may be empty. Nobody may do more than stands here.",
		es: 'Contraseñas de los usuarios de RabbitMQ, leídas por `node deploy/rabbitmq/fill.ts`, cada una también como `…_FILE`; ninguna puede estar vacía. Nadie puede más de lo que aquí figura.',
	},
	variables: Object.fromEntries(
		[
			['AMQP_ADMIN_PASSWORD', 'admin', 'may do everything', 'puede todo'],
			[
				'AMQP_ODOO_PASSWORD',
				'odoo',
				'publishes to `email_exchange`, has and reads queues named `email_results.…` and binds them to `email_results`',
				'publica en `email_exchange`, tiene y lee colas llamadas `email_results.…` y las enlaza a `email_results`',
			],
			[
				'AMQP_PASSWORD',
				'hub-worker',
				'has and reads `purchase_confirmation_queue` and queues named `mail.…`, with their delays and parked mails, binds them to `email_exchange`, and has `email_retry` and `email_results`, to which alone it publishes',
				'tiene y lee `purchase_confirmation_queue` y las colas llamadas `mail.…`, con sus esperas y aparcados, las enlaza a `email_exchange` y tiene `email_retry` y `email_results`, los únicos en los que publica',
			],
			['AMQP_SAMPLE_PASSWORD', 'hub-sample', 'publishes to `email_exchange`', 'publica en `email_exchange`'],
			[
				'AMQP_TAP_PASSWORD',
				'hub-tap',
				'has what is named `hub-tap.…`, and binds it to `email_exchange` and `email_results`',
				'tiene lo llamado `hub-tap.…` y lo enlaza a `email_exchange` y `email_results`',
			],
		].map(([name, user, may, puede]) => [
			name,
			{
				kind: 'text',
				secret: true,
				text: {
					en: `Of the user \`${user}\`, who ${may}.`,
					es: `Del usuario \`${user}\`, que ${puede}.`,
				},
			},
		]),
	),
};

const keycloakSecret = (en: string, es: string) => ({ kind: 'text', secret: true, text: { en, es } }) as const;
const keycloakAddress = (en: string, es: string) => ({ kind: 'text', text: { en, es } }) as const;

/** Keycloak itself puts them into `deploy/keycloak/*.json` when it imports them. */
export const KEYCLOAK_SIDE: VariableGroup = {
	title: { en: "Keycloak's side", es: 'El lado de Keycloak' },
	intro: {
		en:
			"Read from the environment of Keycloak's server when it imports `deploy/keycloak` (`--import-realm`, only while there " +
			'is no realm of that name). All without a default must be set: Keycloak would otherwise take the placeholder itself as ' +
			'the secret. `clinica-users-0.json` holds the fictitious staff, for demonstrations only.',
		es:
			'Se leen del entorno del servidor de Keycloak cuando importa `deploy/keycloak` (`--import-realm`, solo mientras no haya ' +
			'un realm con ese nombre). Deben fijarse todas las que no tienen valor por defecto: si no, Keycloak tomaría el propio ' +
			'marcador como secreto. `clinica-users-0.json` contiene el personal ficticio, solo para demostraciones.',
	},
	variables: {
		KEYCLOAK_READER_SECRET: keycloakSecret(
			'Secret of the client `hub-reader`, which reads users, events and roles and may change nothing.',
			'Secreto del cliente `hub-reader`, que lee usuarios, eventos y roles y no puede cambiar nada.',
		),
		KEYCLOAK_ODOO_SECRET: keycloakSecret(
			'Secret of the client `odoo`, by which people sign in to Odoo.',
			'Secreto del cliente `odoo`, con el que las personas entran en Odoo.',
		),
		KEYCLOAK_HUB_SECRET: keycloakSecret(
			'Secret of the client `clinic-hub`, by which people sign in to the editor.',
			'Secreto del cliente `clinic-hub`, con el que las personas entran en el editor.',
		),
		KEYCLOAK_STAFF_PASSWORD: keycloakSecret(
			'Password of all the fictitious staff; at least 12 characters.',
			'Contraseña de todo el personal ficticio; al menos 12 caracteres.',
		),
		KEYCLOAK_SSL_REQUIRED: {
			kind: 'choice',
			of: ['external', 'all', 'none'],
			default: 'external',
			text: {
				en: 'From where Keycloak takes https only; `none` for tests.',
				es: 'Desde dónde Keycloak solo acepta https; `none` para pruebas.',
			},
		},
		ODOO_URL: keycloakAddress(
			'Odoo as browsers open it, without a slash at the end.',
			'Odoo tal como lo abren los navegadores, sin barra final.',
		),
		ODOO_INTERNAL_URL: keycloakAddress(
			'Odoo as Keycloak itself reaches it, to end sessions.',
			'Odoo tal como lo alcanza el propio Keycloak, para cerrar sesiones.',
		),
		HUB_URL: keycloakAddress(
			'The editor as browsers open it, without a slash at the end.',
			'El editor tal como lo abren los navegadores, sin barra final.',
		),
		HUB_INTERNAL_URL: keycloakAddress(
			'The editor as Keycloak itself reaches it, to end sessions.',
			'El editor tal como lo alcanza el propio Keycloak, para cerrar sesiones.',
		),
	},
};
