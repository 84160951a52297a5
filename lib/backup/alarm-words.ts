/** What the alarm says to a person, in both languages; whoever reads it may speak either. */

import type { FindingCode } from './alarm.ts';
import type { StandingCode } from './standing.ts';

type Language = 'en' | 'es';

export interface FindingWords {
	/** In a subject: the same for every number and every database. */
	short: Record<Language, string>;
	/** What was found and what to do; `{name}` is filled. */
	text: Record<Language, string>;
}

export const FINDING_WORDS: Record<FindingCode, FindingWords> = {
	cannotAsk: {
		short: { en: 'it cannot be asked', es: 'no se puede preguntar' },
		text: {
			en: 'Whether there are backups is not known: {text} ({code}) Press "Test connection" in Google Drive\'s connection, and look at the hub\'s store.',
			es: 'No se sabe si hay copias: {text} ({code}) Pulse «Probar la conexión» en la conexión con Google Drive y revise el almacén del hub.',
		},
	},
	noDatabase: {
		short: { en: 'no database', es: 'ninguna base de datos' },
		text: {
			en: 'No database is looked after: none lies in the folder, and the hub knows of no backup. Make one, and see that the verifying keys are right.',
			es: 'No se vigila ninguna base de datos: no hay ninguna en la carpeta y el hub no conoce ninguna copia. Haga una y compruebe las claves de verificación.',
		},
	},
	noBackup: {
		short: { en: 'no backup', es: 'ninguna copia' },
		text: {
			en: 'No backup that counts lies in the folder. Press "Back up now" and read what it says.',
			es: 'En la carpeta no hay ninguna copia que valga. Pulse «Copiar ahora» y lea lo que dice.',
		},
	},
	tooOld: {
		short: { en: 'too old', es: 'demasiado antigua' },
		text: {
			en: 'The newest backup that counts is {hours} h old; {limit} h are allowed. Press "Back up now" and read what it says. If this database is no longer used, name the others in the connection to Odoo.',
			es: 'La copia más reciente que vale tiene {hours} h; se permiten {limit} h. Pulse «Copiar ahora» y lea lo que dice. Si esta base de datos ya no se usa, nombre las demás en la conexión con Odoo.',
		},
	},
	fromTheFuture: {
		short: { en: 'dated in the future', es: 'con fecha futura' },
		text: {
			en: 'The newest backup is dated {hours} h after now. Somebody changed the file, or a clock is wrong.',
			es: 'La copia más reciente lleva una fecha {hours} h posterior a la actual. Alguien cambió el archivo o un reloj está mal.',
		},
	},
	doNotCount: {
		short: { en: 'newer ones do not count', es: 'hay más recientes que no valen' },
		text: {
			en: 'Newer backups that do not count lie in the folder: {count} ({standing}).',
			es: 'En la carpeta hay copias más recientes que no valen: {count} ({standing}).',
		},
	},
	drillFailed: {
		short: { en: 'the drill failed', es: 'falló el ensayo' },
		text: {
			en: 'The last drill failed {days} days ago: what was restored is not what was backed up, or it could not be restored. See what odoo-restore says.',
			es: 'El último ensayo falló hace {days} días: lo restaurado no es lo que se copió, o no se pudo restaurar. Vea lo que dice odoo-restore.',
		},
	},
	noDrill: {
		short: { en: 'no drill yet', es: 'aún sin ensayo' },
		text: {
			en: 'No backup of it was ever restored for a trial. Press "Drill now".',
			es: 'Nunca se ha restaurado una copia suya a modo de prueba. Pulse «Ensayar ahora».',
		},
	},
	drillTooOld: {
		short: { en: 'the last drill is too old', es: 'el último ensayo es demasiado antiguo' },
		text: {
			en: 'The last drill that passed was {days} days ago; {limit} are allowed. Press "Drill now".',
			es: 'El último ensayo superado fue hace {days} días; se permiten {limit}. Pulse «Ensayar ahora».',
		},
	},
	drillFromTheFuture: {
		short: { en: 'the last drill is dated in the future', es: 'el último ensayo tiene fecha futura' },
		text: {
			en: 'The last drill that passed is dated {days} days after now: a clock was wrong, and how old it is nobody knows. Set the clock, then press "Drill now".',
			es: 'El último ensayo superado lleva una fecha {days} días posterior a la actual: un reloj estaba mal y no se sabe cuándo fue. Ponga el reloj en hora y pulse «Ensayar ahora».',
		},
	},
	full: {
		short: { en: 'the folder is full', es: 'la carpeta está llena' },
		text: {
			en: 'The next backup does not fit: {free} are free, it needs {newest}. Make room or buy space.',
			es: 'La próxima copia no cabe: quedan {free} y necesita {newest}. Haga sitio o amplíe el espacio.',
		},
	},
	nearlyFull: {
		short: { en: 'the folder is nearly full', es: 'la carpeta está casi llena' },
		text: {
			en: 'What retention is to keep will not fit: {free} are free, it needs {needed} more. Make room, buy space or keep fewer.',
			es: 'No cabrá lo que se debe conservar: quedan {free} y hacen falta {needed} más. Haga sitio, amplíe el espacio o conserve menos copias.',
		},
	},
	keyUnproven: {
		short: { en: 'recovery key not proven', es: 'clave de recuperación sin probar' },
		text: {
			en: 'Nobody has decrypted anything with the recovery key: perhaps no backup can be opened. Prove it in the node odoo-backup.',
			es: 'Nadie ha descifrado nada con la clave de recuperación: quizá no se pueda abrir ninguna copia. Pruébela en el nodo odoo-backup.',
		},
	},
	keyCheckDue: {
		short: { en: 'prove the recovery key again', es: 'toca probar la clave de recuperación' },
		text: {
			en: 'The recovery key was proven {days} days ago; do so every {limit}. In the node odoo-backup, or by "clinic-hub keys check".',
			es: 'La clave de recuperación se probó hace {days} días; hágalo cada {limit}. En el nodo odoo-backup o con «clinic-hub keys check».',
		},
	},
	keyCheckFromTheFuture: {
		short: {
			en: 'the proof of the recovery key is dated in the future',
			es: 'la prueba de la clave de recuperación tiene fecha futura',
		},
		text: {
			en: 'The proof of the recovery key is dated {days} days after now: a clock was wrong, and how old it is nobody knows. Set the clock, then prove the key again: in the node odoo-backup, or by "clinic-hub keys check".',
			es: 'La prueba de la clave de recuperación lleva una fecha {days} días posterior a la actual: un reloj estaba mal y no se sabe cuándo fue. Ponga el reloj en hora y pruebe la clave otra vez: en el nodo odoo-backup o con «clinic-hub keys check».',
		},
	},
	clockDiffers: {
		short: { en: 'the clock is wrong', es: 'el reloj está mal' },
		text: {
			en: "This machine's clock is {minutes} minutes ahead of Google's (behind, if negative). Set it: wrongly dated backups do not count.",
			es: 'El reloj de esta máquina va {minutes} minutos por delante del de Google (por detrás, si es negativo). Póngalo en hora: las copias mal fechadas no valen.',
		},
	},
	loginRefused: {
		short: { en: 'Odoo refuses the login', es: 'Odoo rechaza el usuario' },
		text: {
			en: 'Odoo refuses the login {user} or its API key, which may have ended. Make a new key in the preferences of that user, and enter it in the connection.',
			es: 'Odoo rechaza el usuario {user} o su clave de API, que puede haber caducado. Cree otra en las preferencias de ese usuario y escríbala en la conexión.',
		},
	},
	apiKeyEnds: {
		short: { en: 'an API key ends', es: 'caduca una clave de API' },
		text: {
			en: 'An API key of {user} in Odoo ends on {date}, in {days} days. Make a new one in the preferences of that user, and enter it in the connection.',
			es: 'Una clave de API de {user} en Odoo caduca el {date}, dentro de {days} días. Cree otra en las preferencias de ese usuario y escríbala en la conexión.',
		},
	},
};

/** Why a backup does not count. */
export const STANDING_WORDS: Partial<Record<StandingCode, Record<Language, string>>> = {
	incomplete: { en: 'files are missing that nobody accepted', es: 'faltan archivos que nadie aceptó' },
	rejected: { en: 'found wrong after the upload', es: 'halladas erróneas tras la subida' },
	unsigned: { en: 'unsigned: not made by this hub', es: 'sin firma: no las hizo este hub' },
	altered: { en: 'altered after they were signed', es: 'alteradas después de firmadas' },
	redated: {
		en: 'put into the folder at another time than they say',
		es: 'puestas en la carpeta en otro momento del que dicen',
	},
};

export const NOTICE_WORDS = {
	alarm: { en: 'Backups: ALARM', es: 'Copias de seguridad: ALARMA' },
	warning: { en: 'Backups: warning', es: 'Copias de seguridad: advertencia' },
	well: { en: 'Backups: all is well again', es: 'Copias de seguridad: todo vuelve a estar bien' },
	wellText: {
		en: 'Each database has a young backup that counts, and a drill that passed. Nothing needs to be done.',
		es: 'Cada base de datos tiene una copia reciente que vale y un ensayo superado. No hace falta hacer nada.',
	},
	test: { en: 'TEST of the backup alarm', es: 'PRUEBA de la alarma de copias' },
	testText: {
		en: 'This is a test of the alarm of backups, sent on the way that a real one takes. Nothing needs to be done.',
		es: 'Esta es una prueba de la alarma de copias, enviada por el camino que toma una real. No hace falta hacer nada.',
	},
} as const satisfies Record<string, Record<Language, string>>;
