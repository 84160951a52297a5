/** Of the hub itself, read by its settings. */

import { AUDIT_DAYS, MAIL_DAYS, MAX_AGE_DAYS, MIN_AGE_DAYS } from '../../store/personal-data.ts';
import type { Variable } from './variable.ts';

/** Nodes of Node-RED's core that reach the machine itself. Off unless listed in HUB_ALLOW_NODES. */
export const RISKY_NODES = ['exec', 'file', 'tcp', 'udp'] as const;

export const HUB_VARIABLES = {
	HUB_HOST: {
		kind: 'text',
		default: '127.0.0.1',
		text: {
			en: 'Address that the editor listens on. While no sign-in is configured only a loopback address is accepted.',
			es: 'Dirección en la que escucha el editor. Sin inicio de sesión configurado solo se acepta una de loopback.',
		},
	},
	HUB_PORT: {
		kind: 'port',
		default: 1880,
		text: { en: 'TCP port of the editor.', es: 'Puerto TCP del editor.' },
	},
	HUB_EDITOR: {
		kind: 'switch',
		default: true,
		text: {
			en: 'Off: no editor and no administration interface, as for additional mail workers.',
			es: 'Desactivado: sin editor ni interfaz de administración, como en los procesos de correo adicionales.',
		},
	},
	HUB_TITLE: {
		kind: 'text',
		otherwise: {
			en: '`Clinic hub`, with `HUB_LANGUAGE=es` `Hub de la clínica`',
			es: '`Clinic hub`, con `HUB_LANGUAGE=es` `Hub de la clínica`',
		},
		text: { en: 'Title of the editor.', es: 'Título del editor.' },
	},
	HUB_LANGUAGE: {
		kind: 'choice',
		of: ['en', 'es'],
		default: 'en',
		text: {
			en: 'Language of the log and of what nodes report in messages. The editor, with the status of nodes, follows the browser.',
			es: 'Idioma del registro y de lo que los nodos comunican en mensajes. El editor, con el estado de los nodos, sigue al navegador.',
		},
	},
	HUB_USER_DIR: {
		kind: 'text',
		otherwise: { en: '`~/.node-red`', es: '`~/.node-red`' },
		text: {
			en: 'Directory of flows, credentials and the SQLite store. `--userDir` goes first.',
			es: 'Directorio de flujos, credenciales y almacén SQLite. `--userDir` tiene prioridad.',
		},
	},
	HUB_FLOWS: {
		kind: 'text',
		default: 'flows.json',
		text: {
			en: 'File of the flows in that directory. Made from the ready flows when it does not exist.',
			es: 'Archivo de los flujos en ese directorio. Si no existe, se crea a partir de los flujos listos.',
		},
	},
	HUB_CREDENTIAL_SECRET: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'generated into the user directory', es: 'generado en el directorio de usuario' },
		text: {
			en: 'Key that encrypts the credentials of the flows. Keep a copy: without it they cannot be read.',
			es: 'Clave que cifra las credenciales de los flujos. Guarde una copia: sin ella no se pueden leer.',
		},
	},
	HUB_STORE_KEY: {
		kind: 'text',
		secret: true,
		otherwise: {
			en: '`HUB_CREDENTIAL_SECRET`, or else `clinic-hub.key`, generated into the user directory',
			es: '`HUB_CREDENTIAL_SECRET` o, si falta, `clinic-hub.key`, generado en el directorio de usuario',
		},
		text: {
			en: 'Key that encrypts tokens and session addresses in the store. Several hubs that share a store need the same one.',
			es: 'Clave que cifra en el almacén los tokens y las direcciones de sesión. Varios hubs con un mismo almacén necesitan la misma.',
		},
	},
	HUB_STORE_URL: {
		kind: 'text',
		secret: true,
		otherwise: {
			en: 'SQLite, `clinic-hub.sqlite` in the user directory',
			es: 'SQLite, `clinic-hub.sqlite` en el directorio de usuario',
		},
		text: {
			en: 'PostgreSQL store, `postgres://user:password@host:port/database`; needed when several processes share the work.',
			es: 'Almacén PostgreSQL, `postgres://usuario:clave@host:puerto/base`; necesario si varios procesos comparten el trabajo.',
		},
	},
	HUB_AGE_MAIL_DAYS: {
		kind: 'days',
		min: MIN_AGE_DAYS,
		max: MAX_AGE_DAYS,
		default: MAIL_DAYS,
		text: {
			en: 'Days after which the record of a mail no longer names its recipient; see [personal data](personal-data.md).',
			es: 'Días tras los que el registro de un correo ya no nombra al destinatario; véase [datos personales](personal-data.es.md).',
		},
	},
	HUB_AGE_AUDIT_DAYS: {
		kind: 'days',
		min: MIN_AGE_DAYS,
		max: MAX_AGE_DAYS,
		default: AUDIT_DAYS,
		text: {
			en: 'Days after which an audit record no longer names who did it.',
			es: 'Días tras los que un registro de auditoría ya no nombra a quien lo hizo.',
		},
	},
	HUB_HEARTBEAT_URL: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no heartbeat', es: 'sin señal de vida' },
		text: {
			en: 'Address that is called while all checks are well or only degraded, so that a watcher outside alarms when it stays silent; `https://…`.',
			es: 'Dirección que se llama mientras ninguna comprobación haya fallado, para que un vigilante externo avise si deja de llegar; `https://…`.',
		},
	},
	HUB_HEARTBEAT_MINUTES: {
		kind: 'choice',
		of: ['1', '2', '5', '10', '15', '30', '60'],
		default: '5',
		text: { en: 'Minutes between two heartbeats.', es: 'Minutos entre dos señales de vida.' },
	},
	HUB_LOG_LEVEL: {
		kind: 'choice',
		of: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'],
		default: 'info',
		text: { en: 'How much goes to the log.', es: 'Cuánto se escribe en el registro.' },
	},
	HUB_ALLOW_NODES: {
		kind: 'list',
		of: RISKY_NODES,
		text: {
			en: "Nodes of Node-RED's core that reach the machine itself and are off unless listed here, separated by commas.",
			es: 'Nodos de Node-RED que acceden a la propia máquina y están desactivados si no figuran aquí, separados por comas.',
		},
	},
	HUB_PALETTE_INSTALL: {
		kind: 'switch',
		default: false,
		text: {
			en: 'On: packages of nodes can be installed from the editor.',
			es: 'Activado: se pueden instalar paquetes de nodos desde el editor.',
		},
	},
	HUB_FUNCTION_MODULES: {
		kind: 'switch',
		default: false,
		text: {
			en: 'On: function nodes can load npm modules.',
			es: 'Activado: los nodos función pueden cargar módulos npm.',
		},
	},
	HUB_TELEMETRY: {
		kind: 'switch',
		default: false,
		text: {
			en: 'On: Node-RED reports its use to its makers and tells of new versions.',
			es: 'Activado: Node-RED informa de su uso a sus autores y avisa de nuevas versiones.',
		},
	},
} as const satisfies Record<string, Variable>;
