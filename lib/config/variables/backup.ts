/** Of backups. */

import type { Variable } from './variable.ts';

export const BACKUP_VARIABLES: Record<string, Variable> = {
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
