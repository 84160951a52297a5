/**
 * Every environment variable that the hub, its ready flows and its laboratory read: the one place where a name, its
 * default and its meaning stand. `docs/variables.md` and `docs/variables.es.md` are written from it
 * (`node scripts/documents.ts`).
 */

import { AUDIT_DAYS, MAIL_DAYS, MAX_AGE_DAYS, MIN_AGE_DAYS } from '../store/personal-data.ts';

/** What is said to a person, in both languages. */
interface Text {
	en: string;
	es: string;
}

interface Common {
	/** What it does, one or two sentences; Markdown. */
	text: Text;
	/** True when its value must never be shown. */
	secret?: true;
	/** What applies without it, where that is no fixed value. */
	otherwise?: Text;
}

/** A variable; the default of a text without one is undefined. */
export type Variable = Common &
	(
		| { kind: 'text'; default?: string }
		| { kind: 'switch'; default: boolean }
		| { kind: 'port'; default: number }
		| { kind: 'days'; default: number; min: number; max: number }
		| { kind: 'choice'; of: readonly string[]; default: string }
		| { kind: 'list'; of: readonly string[] }
	);

export interface VariableGroup {
	title: Text;
	/** Stands above the table. */
	intro?: Text;
	variables: Readonly<Record<string, Variable>>;
}

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

const BROKER_VARIABLES: Record<string, Variable> = {
	AMQP_HOST: { kind: 'text', text: { en: 'Host of RabbitMQ.', es: 'Host de RabbitMQ.' } },
	AMQP_PORT: {
		kind: 'port',
		default: 5672,
		text: {
			en: 'AMQP port. Whether TLS is used is chosen in the connection node, not by the port; the ready flow goes without, so for 5671 choose TLS there.',
			es: 'Puerto AMQP. El uso de TLS se elige en el nodo de conexión, no por el puerto; el flujo listo no lo usa: para 5671, elija TLS allí.',
		},
	},
	AMQP_VHOST: { kind: 'text', default: '/', text: { en: 'Virtual host.', es: 'Host virtual.' } },
	AMQP_USER: {
		kind: 'text',
		text: {
			en: 'User that reads the mail queues (`hub-worker`).',
			es: 'Usuario que lee las colas de correo (`hub-worker`).',
		},
	},
	AMQP_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	AMQP_SIGNATURE_KEYS: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'none: signatures are not looked at', es: 'ninguna: no se comprueban firmas' },
		text: {
			en: 'Keys of the orders, `id=secret`, separated by blanks; with any, only messages signed by one of them are mailed.',
			es: 'Claves de los pedidos, `id=secreto`, separadas por espacios; si hay alguna, solo se envían los mensajes firmados con una de ellas.',
		},
	},
	AMQP_SAMPLE_USER: {
		kind: 'text',
		text: {
			en: 'User that publishes the sample purchase (`hub-sample`).',
			es: 'Usuario que publica la compra de ejemplo (`hub-sample`).',
		},
	},
	AMQP_SAMPLE_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	AMQP_TAP_USER: {
		kind: 'text',
		text: {
			en: 'User for taps that analysts make (`hub-tap`).',
			es: 'Usuario para las derivaciones que hacen los analistas (`hub-tap`).',
		},
	},
	AMQP_TAP_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
};

const SMTP_VARIABLES: Record<string, Variable> = {
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

const MAIL_VARIABLES: Record<string, Variable> = {
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

const BACKUP_VARIABLES: Record<string, Variable> = {
	HUB_BACKUP_RECOVERY_KEYS: {
		kind: 'text',
		text: {
			en: 'Public recovery keys, `age1…`, separated by commas: backups are encrypted to all of them. `clinic-hub keys create` makes this and the next three.',
			es: 'Claves públicas de recuperación, `age1…`, separadas por comas: las copias se cifran para todas. `clinic-hub keys create` crea esta y las tres siguientes.',
		},
	},
	HUB_BACKUP_DRILL_KEYS: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'no drills', es: 'sin ensayos' },
		text: {
			en: 'Secret keys that open backups for the weekly drill, `AGE-SECRET-KEY-1…`, newest first; never the recovery key.',
			es: 'Claves secretas que abren las copias para el ensayo semanal, `AGE-SECRET-KEY-1…`, la más reciente primero; nunca la de recuperación.',
		},
	},
	HUB_BACKUP_SIGNING_KEY: {
		kind: 'text',
		secret: true,
		text: {
			en: 'Secret key that signs the records of backups, `clinic-hub-sign-…`.',
			es: 'Clave secreta que firma las actas de las copias, `clinic-hub-sign-…`.',
		},
	},
	HUB_BACKUP_VERIFYING_KEYS: {
		kind: 'text',
		default: '',
		otherwise: { en: 'no backup is believed', es: 'no se cree ninguna copia' },
		text: {
			en: 'Public keys whose records are believed, `clinic-hub-verify-…`, separated by commas; those of before a change of keys stay here.',
			es: 'Claves públicas cuyas actas se creen, `clinic-hub-verify-…`, separadas por comas; las anteriores a un cambio de claves se quedan aquí.',
		},
	},
	HUB_SPOOL: {
		kind: 'text',
		otherwise: { en: '`spool` in the user directory', es: '`spool` en el directorio de usuario' },
		text: {
			en: 'Directory in which `clinic-hub backup` keeps a backup, encrypted, until it lies in Drive. The node has a field for it.',
			es: 'Directorio en el que `clinic-hub backup` guarda una copia, cifrada, hasta que está en Drive. El nodo tiene un campo para ello.',
		},
	},
	ODOO_MASTER_PASSWORD: {
		kind: 'text',
		secret: true,
		text: {
			en: "Master password of Odoo's database manager.",
			es: 'Contraseña maestra del gestor de bases de datos de Odoo.',
		},
	},
	ODOO_DRILL_URL: {
		kind: 'text',
		otherwise: { en: 'no drills', es: 'sin ensayos' },
		text: {
			en: 'Address of an Odoo that only the weekly drill uses, of the same version; never the one that is backed up.',
			es: 'Dirección de un Odoo que solo usa el ensayo semanal, de la misma versión; nunca el que se copia.',
		},
	},
	ODOO_DRILL_MASTER_PASSWORD: {
		kind: 'text',
		secret: true,
		text: { en: 'Master password of its database manager.', es: 'Contraseña maestra de su gestor de bases de datos.' },
	},
	ODOO_PG_HOST: {
		kind: 'text',
		otherwise: { en: 'only by the database manager', es: 'solo por el gestor de bases de datos' },
		text: {
			en: "Host of Odoo's PostgreSQL, for `clinic-hub restore`: to restore directly, to count rows afterwards, to end sessions and hold waiting mails.",
			es: 'Host del PostgreSQL de Odoo, para `clinic-hub restore`: restaurar directamente, contar después las filas, terminar sesiones y retener correos en espera.',
		},
	},
	ODOO_PG_PORT: { kind: 'port', default: 5432, text: { en: 'Its port.', es: 'Su puerto.' } },
	ODOO_PG_USER: {
		kind: 'text',
		default: 'odoo',
		text: {
			en: 'Role that owns the databases of Odoo.',
			es: 'Rol al que pertenecen las bases de datos de Odoo.',
		},
	},
	ODOO_PG_PASSWORD: { kind: 'text', secret: true, default: '', text: { en: 'Its password.', es: 'Su contraseña.' } },
	ODOO_FILESTORE: {
		kind: 'text',
		text: {
			en: "Folder `filestore` of Odoo's data directory, as this machine sees it.",
			es: 'Carpeta `filestore` del directorio de datos de Odoo, tal como la ve esta máquina.',
		},
	},
	DRIVE_SERVICE_ACCOUNT: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'a consent, by the next two', es: 'un consentimiento, con las dos siguientes' },
		text: {
			en: "Key of a service account, the JSON that Google's console gives to download; best as `DRIVE_SERVICE_ACCOUNT_FILE`.",
			es: 'Clave de una cuenta de servicio, el JSON que da a descargar la consola de Google; mejor como `DRIVE_SERVICE_ACCOUNT_FILE`.',
		},
	},
	DRIVE_RETENTION_ACCOUNT: {
		kind: 'text',
		secret: true,
		otherwise: {
			en: 'nothing is removed; with a consent choose its connection in the node of retention, too',
			es: 'no se quita nada; con un consentimiento, elija su conexión también en el nodo de retención',
		},
		text: {
			en: 'Key of a second service account, a content manager of the shared drive, that removes superfluous backups: the one that uploads must not be able to. Best as `DRIVE_RETENTION_ACCOUNT_FILE`.',
			es: 'Clave de una segunda cuenta de servicio, gestora de contenido de la unidad compartida, que quita las copias sobrantes: la que sube no debe poder. Mejor como `DRIVE_RETENTION_ACCOUNT_FILE`.',
		},
	},
	DRIVE_CLIENT_ID: {
		kind: 'text',
		text: {
			en: 'OAuth client for a consent; of type "Desktop app" for `clinic-hub drive connect`.',
			es: 'Cliente OAuth para un consentimiento; del tipo «Aplicación de escritorio» para `clinic-hub drive connect`.',
		},
	},
	DRIVE_CLIENT_SECRET: { kind: 'text', secret: true, text: { en: 'Its secret.', es: 'Su secreto.' } },
	DRIVE_FOLDER: {
		kind: 'text',
		otherwise: {
			en: 'with a consent the folder that the hub makes',
			es: 'con un consentimiento, la carpeta que crea el hub',
		},
		text: {
			en: 'Folder of the backups, its id or its address in a browser; a service account needs it.',
			es: 'Carpeta de las copias, su id o su dirección en un navegador; una cuenta de servicio la necesita.',
		},
	},
	DRIVE_API_URL: {
		kind: 'text',
		otherwise: { en: "Google's", es: 'la de Google' },
		text: {
			en: 'Another address for all of the API of Google Drive, as in the laboratory. Tokens go there.',
			es: 'Otra dirección para toda la API de Google Drive, como en el laboratorio. Allí se envían los tokens.',
		},
	},
	HUB_BACKUP_SPACE_GB: {
		kind: 'text',
		default: '',
		otherwise: { en: 'what Google Drive tells', es: 'lo que diga Google Drive' },
		text: {
			en: 'Space set aside for backups on a shared drive, which does not tell its own, in GB: the alarm says when it is nearly used up.',
			es: 'Espacio reservado para las copias en una unidad compartida, que no dice el suyo, en GB: la alarma avisa si está casi lleno.',
		},
	},
	HUB_HEARTBEAT_BACKUP_URL: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'no sign of life for backups', es: 'sin señal de vida de las copias' },
		text: {
			en: 'Address that the alarm calls every hour while each database has a young backup in Drive, so that a watcher outside alarms when it stays silent; `https://…`.',
			es: 'Dirección que la alarma llama cada hora mientras cada base de datos tiene una copia reciente en Drive, para que un vigilante externo avise si deja de llegar; `https://…`.',
		},
	},
	HUB_HEARTBEAT_DRILL_URL: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'no sign of life for drills', es: 'sin señal de vida de los ensayos' },
		text: {
			en: 'The same while the last drill of each database passed and is young.',
			es: 'Lo mismo mientras el último ensayo de cada base de datos se superó y es reciente.',
		},
	},
	HUB_DEMO_KEYS: {
		kind: 'switch',
		default: false,
		text: {
			en: 'On: the published recovery key for demonstrations is accepted, as in the laboratory. Never where data is real.',
			es: 'Activado: se acepta la clave de recuperación publicada para demostraciones, como en el laboratorio. Nunca con datos reales.',
		},
	},
	HUB_UPLOAD_FOLDERS: {
		kind: 'text',
		default: '',
		otherwise: {
			en: 'none: only backups and contents of messages',
			es: 'ninguna: solo copias y contenidos de mensajes',
		},
		text: {
			en: 'Folders of this machine from which flows may upload files, whole paths separated by commas.',
			es: 'Carpetas de esta máquina desde las que los flujos pueden subir archivos, rutas completas separadas por comas.',
		},
	},
};

/** Read by Node itself. */
const NETWORK_VARIABLES: Record<string, Variable> = {
	HTTPS_PROXY: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no proxy', es: 'sin proxy' },
		text: {
			en: 'Proxy for addresses that begin with `https://`, `http://user:password@host:port`; needs Node 24.5 or later.',
			es: 'Proxy para las direcciones que empiezan por `https://`, `http://usuario:clave@host:puerto`; requiere Node 24.5 o posterior.',
		},
	},
	HTTP_PROXY: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no proxy', es: 'sin proxy' },
		text: { en: 'The same for `http://`.', es: 'Lo mismo para `http://`.' },
	},
	NO_PROXY: {
		kind: 'text',
		text: {
			en: 'Hosts that are reached without the proxy, separated by commas: `localhost,.clinic.example`.',
			es: 'Hosts a los que se llega sin el proxy, separados por comas: `localhost,.clinica.example`.',
		},
	},
	NODE_EXTRA_CA_CERTS: {
		kind: 'text',
		text: {
			en: "Path of a PEM file with further authorities that are trusted, such as the clinic's own: for every connection over TLS that has no TLS configuration of its own.",
			es: 'Ruta de un archivo PEM con otras autoridades de confianza, como la propia de la clínica: para toda conexión TLS sin configuración TLS propia.',
		},
	},
};

const LAB_VARIABLES: Record<string, Variable> = {
	HUB_LAB_DIR: {
		kind: 'text',
		otherwise: { en: '`.lab` in the checkout', es: '`.lab` en la copia de trabajo' },
		text: { en: 'Directory of the laboratory.', es: 'Directorio del laboratorio.' },
	},
	ODOO_SRC: {
		kind: 'text',
		otherwise: { en: 'a labelled stand-in', es: 'un sustituto señalado como tal' },
		text: {
			en: "Directory of Odoo 18's source; with it the laboratory runs the real Odoo.",
			es: 'Directorio del código de Odoo 18; con él, el laboratorio usa el Odoo real.',
		},
	},
};

/** What `npm run accept` reads; the laboratory sets all of it for itself. */
const ACCEPTANCE_VARIABLES: Record<string, Variable> = {
	HUB_URL: {
		kind: 'text',
		otherwise: { en: 'the laboratory on this machine', es: 'el laboratorio de esta máquina' },
		text: {
			en: "Address of the hub's editor. With it `npm run accept` tests the deployment that the variables of this table name.",
			es: 'Dirección del editor del hub. Con ella, `npm run accept` prueba el despliegue que nombran las variables de esta tabla.',
		},
	},
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
	ODOO_DATABASE: { kind: 'text', text: { en: 'Its database.', es: 'Su base de datos.' } },
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

/** What only flows read, as `${NAME}`. */
export const FLOW_VARIABLES: readonly VariableGroup['variables'][] = [
	BROKER_VARIABLES,
	SMTP_VARIABLES,
	MAIL_VARIABLES,
	BACKUP_VARIABLES,
];

/** All groups that programs of this package read, in the order of the documentation. */
export const VARIABLE_GROUPS: readonly VariableGroup[] = [
	{ title: { en: 'The hub', es: 'El hub' }, variables: HUB_VARIABLES },
	{ title: { en: 'RabbitMQ', es: 'RabbitMQ' }, variables: BROKER_VARIABLES },
	{ title: { en: 'Mail server', es: 'Servidor de correo' }, variables: SMTP_VARIABLES },
	{ title: { en: 'Purchase mail', es: 'Correo de compras' }, variables: MAIL_VARIABLES },
	{ title: { en: 'Backups', es: 'Copias de seguridad' }, variables: BACKUP_VARIABLES },
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
