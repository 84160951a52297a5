/** What "Test connection" says about Google Drive, in Spanish and English. */

export const CHECK_WORDS = {
	account: { en: 'Signed in as {account}.', es: 'Conectado como {account}.' },
	folder: { en: 'Folder “{name}” is reachable.', es: 'La carpeta «{name}» es accesible.' },
	folderUnset: {
		en: 'No folder yet. With a consent the hub makes its own; a service account needs one on a shared drive.',
		es: 'Aún no hay carpeta. Con un consentimiento el hub crea la suya; una cuenta de servicio necesita una en una unidad compartida.',
	},
	folderMissing: {
		en: 'The folder does not exist, or {account} does not see it. With a consent let the hub make its own folder; with a service account share the drive with it, as contributor.',
		es: 'La carpeta no existe o {account} no la ve. Con un consentimiento deje que el hub cree la suya; con una cuenta de servicio comparta la unidad con ella, como colaboradora.',
	},
	folderTrashed: {
		en: 'The folder is in the trash: Google empties it after 30 days. Take it out.',
		es: 'La carpeta está en la papelera: Google la vacía a los 30 días. Sáquela de allí.',
	},
	cannotAdd: {
		en: '{account} may not add files to the folder. Give it the role of contributor.',
		es: '{account} no puede agregar archivos a la carpeta. Dele el rol de colaborador.',
	},
	notShared: {
		en: 'The folder is in somebody’s My Drive: a service account cannot own files there. Use a folder on a shared drive.',
		es: 'La carpeta está en «Mi unidad» de alguien: una cuenta de servicio no puede tener archivos allí. Use una carpeta de una unidad compartida.',
	},
	space: { en: '{free} free of {limit}.', es: '{free} libres de {limit}.' },
	spaceUnknown: {
		en: 'Drive does not tell how much space a shared drive has.',
		es: 'Drive no dice cuánto espacio tiene una unidad compartida.',
	},
	spaceUntold: {
		en: 'Drive does not tell how much space a shared drive has; the plan needs {needed}.',
		es: 'Drive no dice cuánto espacio tiene una unidad compartida; el plan necesita {needed}.',
	},
	spaceShort: {
		en: 'The retention plan needs {needed}, and only {free} are free. Keep fewer backups or buy space.',
		es: 'El plan de retención necesita {needed} y solo hay {free} libres. Conserve menos respaldos o compre espacio.',
	},
	consentEnds: {
		en: 'The consent ends on {date}: the application is in testing at Google. Publish it there (Audience, Publish app), then connect again.',
		es: 'El consentimiento termina el {date}: la aplicación está en pruebas en Google. Publíquela allí (Público, Publicar aplicación) y conecte de nuevo.',
	},
	scopeWide: {
		en: 'The consent reaches all files of the account; the hub needs only its own. Connect again.',
		es: 'El consentimiento alcanza todos los archivos de la cuenta; el hub solo necesita los suyos. Conecte de nuevo.',
	},
	roleWide: {
		en: '{account} may also trash or delete here. To upload, the role of contributor is enough; give retention an identity of its own.',
		es: '{account} también puede mandar a la papelera o eliminar aquí. Para subir basta el rol de colaborador; dé a la retención una identidad propia.',
	},
	cannotTrash: {
		en: '{account} may not move files to the trash: retention needs the role of content manager.',
		es: '{account} no puede mover archivos a la papelera: la retención necesita el rol de administrador de contenido.',
	},
	public: {
		en: 'Whoever has the link can open the folder. Take that away in Drive (Share).',
		es: 'Cualquiera con el enlace puede abrir la carpeta. Quítelo en Drive (Compartir).',
	},
	outsiders: {
		en: 'The folder is shared with {count} outside of {domains}. Look at them in Drive (Share).',
		es: 'La carpeta está compartida con {count} fuera de {domains}. Revíselo en Drive (Compartir).',
	},
	sharingUntold: {
		en: 'Drive does not tell {account} with whom the folder is shared.',
		es: 'Drive no dice a {account} con quién se comparte la carpeta.',
	},
} as const;

export type CheckKey = keyof typeof CHECK_WORDS;
