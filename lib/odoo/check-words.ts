/** What "Test connection" says about Odoo, in Spanish and English. */

export const CHECK_WORDS = {
	version: { en: 'Odoo {version} answers.', es: 'Odoo {version} responde.' },
	versionOther: {
		en: 'Odoo {version} answers. The hub was tried with Odoo 18 only.',
		es: 'Odoo {version} responde. El hub solo se probó con Odoo 18.',
	},
	plainHttp: {
		en: 'The address begins with http:// and leaves this machine: passwords and backups travel in the clear. Use https://.',
		es: 'La dirección empieza por http:// y sale de esta máquina: las contraseñas y las copias viajan sin cifrar. Use https://.',
	},
	manager: { en: 'The database manager is on and protected.', es: 'El gestor de bases está activo y protegido.' },
	managerOff: {
		en: 'The list of databases is hidden (list_db = False), so the database manager refuses backups. The direct way is used.',
		es: 'La lista de bases está oculta (list_db = False), por lo que el gestor rechaza las copias. Se usa la vía directa.',
	},
	onlyDirect: {
		en: 'The list of databases is hidden (list_db = False): only the direct way works. Enter PostgreSQL and the filestore’s folder below.',
		es: 'La lista de bases está oculta (list_db = False): solo funciona la vía directa. Indique abajo PostgreSQL y la carpeta de adjuntos (filestore).',
	},
	unprotected: {
		en: 'The database manager still has its default master password. Nothing was sent: any other one would become the password. Open {address}, press “Set Master Password”, and enter it here.',
		es: 'El gestor de bases aún tiene la contraseña maestra predeterminada. No se envió nada: cualquier otra se convertiría en la contraseña. Abra {address}, pulse «Set Master Password» e indíquela aquí.',
	},
	masterPassword: { en: 'The master password is right.', es: 'La contraseña maestra es correcta.' },
	masterPasswordWrong: {
		en: 'Odoo refuses the master password. Compare it with admin_passwd in odoo.conf.',
		es: 'Odoo rechaza la contraseña maestra. Compárela con admin_passwd en odoo.conf.',
	},
	masterPasswordMissing: {
		en: 'Without the master password the database manager makes no backups.',
		es: 'Sin la contraseña maestra el gestor de bases no hace copias.',
	},
	databases: { en: 'Databases: {names}.', es: 'Bases de datos: {names}.' },
	databasesNone: { en: 'There is no database.', es: 'No hay ninguna base de datos.' },
	databaseMissing: {
		en: '“{database}” is not among the databases. Correct the name.',
		es: '«{database}» no está entre las bases de datos. Corrija el nombre.',
	},
	login: { en: '{database}: signed in as {user}.', es: '{database}: conectado como {user}.' },
	loginFailed: { en: '{database}: {reason}', es: '{database}: no se pudo entrar como {user}. {reason}' },
	keyForever: { en: '{database}: the API key does not expire.', es: '{database}: la clave de API no caduca.' },
	keyEnds: {
		en: '{database}: the API key expires on {date}.',
		es: '{database}: la clave de API caduca el {date}.',
	},
	keyEndsSoon: {
		en: '{database}: the API key expires on {date}, in {days} days. Make a new one in the preferences of {user} and enter it here.',
		es: '{database}: la clave de API caduca el {date}, en {days} días. Cree otra en las preferencias de {user} e indíquela aquí.',
	},
	keyOneOfSeveral: {
		en: '{database}: {user} has {count} API keys, and Odoo does not tell which one this is. The first expires on {date}.',
		es: '{database}: {user} tiene {count} claves de API y Odoo no dice cuál es esta. La primera caduca el {date}.',
	},
	keyNone: {
		en: '{database}: {user} has no API key, so this is a password. Better use a key: each call is then checked faster.',
		es: '{database}: {user} no tiene clave de API; esto es una contraseña. Es mejor una clave: cada llamada se comprueba más rápido.',
	},
	postgresql: {
		en: '{database}: PostgreSQL {server} can be read; pg_dump {program} is new enough.',
		es: '{database}: se puede leer PostgreSQL {server}; pg_dump {program} es bastante nuevo.',
	},
	postgresqlFailed: { en: '{database}: {reason}', es: '{database}: PostgreSQL no se puede usar. {reason}' },
	cannotRead: {
		en: '{database}: {user} may not read every table. As PostgreSQL’s superuser: grant pg_read_all_data to "{user}".',
		es: '{database}: {user} no puede leer todas las tablas. Como superusuario de PostgreSQL: grant pg_read_all_data to "{user}".',
	},
	canWrite: {
		en: '{database}: {user} may also write. A backup needs to read only: make a role with pg_read_all_data for it.',
		es: '{database}: {user} también puede escribir. Una copia solo necesita leer: cree para ella un rol con pg_read_all_data.',
	},
	filestore: { en: '{database}: the attachments can be read.', es: '{database}: los adjuntos se pueden leer.' },
	filestoreFailed: {
		en: '{database}: {reason}',
		es: '{database}: no se puede usar la carpeta de adjuntos. {reason}',
	},
	filestoreOther: {
		en: '{database}: none of the newest attachments is in the folder. It belongs to another database, or is not mounted.',
		es: '{database}: ninguno de los adjuntos más recientes está en la carpeta. Es de otra base o no está montada.',
	},
} as const;

export type CheckKey = keyof typeof CHECK_WORDS;
