/** What the stand-in's pages say, in Spanish and English. */

export type Language = 'en' | 'es';

const WORDS = {
	title: { en: 'Drive', es: 'Drive' },
	label: {
		en: 'Stand-in for Google Drive: not Google. It answers the hub as Google’s API does.',
		es: 'Sustituto de Google Drive: no es Google. Responde al hub como la API de Google.',
	},
	mine: { en: 'My Drive of {name}', es: 'Mi unidad de {name}' },
	shared: { en: 'Shared drive {name}', es: 'Unidad compartida {name}' },
	trash: { en: 'Trash', es: 'Papelera' },
	name: { en: 'Name', es: 'Nombre' },
	state: { en: 'Status', es: 'Estado' },
	modified: { en: 'Created', es: 'Creado' },
	size: { en: 'Size', es: 'Tamaño' },
	download: { en: 'Download', es: 'Descargar' },
	empty: { en: 'This folder is empty.', es: 'Esta carpeta está vacía.' },
	noTrash: { en: 'Nothing in the trash.', es: 'La papelera está vacía.' },
	uploaded: { en: 'Uploaded, not yet verified', es: 'Subido, aún sin verificar' },
	verified: { en: 'Verified', es: 'Verificado' },
	rejected: { en: 'Rejected', es: 'Rechazado' },
	kept: { en: 'Kept', es: 'Conservado' },
	used: { en: '{used} of {limit} used', es: '{used} de {limit} usados' },
	usedOnly: { en: '{used} used', es: '{used} usados' },
	missing: { en: 'There is no such page.', es: 'Esa página no existe.' },
	other: { en: 'Español', es: 'English' },
	signIn: { en: 'Sign in with Google (stand-in)', es: 'Iniciar sesión con Google (sustituto)' },
	wants: { en: '{name} wants to access your Google Account', es: '{name} quiere acceder a tu cuenta de Google' },
	account: { en: 'Choose an account', es: 'Elige una cuenta' },
	lets: { en: 'This will allow {name} to:', es: 'Esto permitirá a {name}:' },
	allow: { en: 'Continue', es: 'Continuar' },
	deny: { en: 'Cancel', es: 'Cancelar' },
	testing: {
		en: 'Google hasn’t verified this app. It is in testing: the consent ends after seven days.',
		es: 'Google no ha verificado esta aplicación. Está en pruebas: el consentimiento termina a los siete días.',
	},
	blocked: { en: 'Access blocked', es: 'Acceso bloqueado' },
	error: { en: 'Error {status}: {error}', es: 'Error {status}: {error}' },
	'scope.drive.file': {
		en: 'See, edit, create, and delete only the specific Google Drive files you use with this app',
		es: 'Ver, editar, crear y eliminar solo los archivos de Google Drive que usas con esta aplicación',
	},
	'scope.drive': {
		en: 'See, edit, create, and delete all of your Google Drive files',
		es: 'Ver, editar, crear y eliminar todos tus archivos de Google Drive',
	},
} as const;

export type Word = keyof typeof WORDS;

export function word(language: Language, name: Word, values: Record<string, string | number> = {}): string {
	return WORDS[name][language].replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}

/** What a person reads for a scope; a rare one stands for itself. */
export function scopeText(language: Language, scope: string): string {
	const name = `scope.${scope.split('/').at(-1)}`;
	return name in WORDS ? word(language, name as Word) : scope;
}
