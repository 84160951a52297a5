/** Lines, reasons and conflicts in words, for the person who decides; both languages, so that they stay alike. */
import type { HoldReason } from './guards.ts';
import type { Likeness } from './links.ts';
import type { ConflictReason, Line, LineKind, TargetLimit, Values, Why } from './model.ts';
import type { RunReport, Warning } from './report.ts';

export type Language = 'en' | 'es';

type Words<Key extends string> = Record<Key, Record<Language, string>>;

const KINDS: Words<LineKind> = {
	suspend: { en: 'suspend: no sign-in, nothing removed', es: 'suspender: sin acceso, no se elimina nada' },
	resume: { en: 'resume', es: 'reanudar' },
	archive: { en: 'archive', es: 'archivar' },
	restore: { en: 'restore from the archive', es: 'restaurar del archivo' },
	endSessions: { en: 'end open sessions', es: 'cerrar las sesiones abiertas' },
	create: { en: 'create', es: 'crear' },
	link: { en: 'link to the existing account', es: 'vincular a la cuenta existente' },
	update: { en: 'change', es: 'cambiar' },
	addGroups: { en: 'add groups', es: 'añadir grupos' },
	removeGroups: { en: 'remove groups', es: 'quitar grupos' },
};

const WHYS: Words<Why> = {
	disabled: { en: 'disabled in Keycloak', es: 'desactivado en Keycloak' },
	deleted: { en: 'deleted in Keycloak', es: 'eliminado en Keycloak' },
	missing: {
		en: 'not in Keycloak any more, and no event says why',
		es: 'ya no está en Keycloak y ningún evento dice por qué',
	},
	scope: { en: 'no longer among those who get an account', es: 'ya no está entre quienes tienen cuenta' },
	enabled: { en: 'enabled in Keycloak', es: 'activado en Keycloak' },
	new: { en: 'new in Keycloak', es: 'nuevo en Keycloak' },
	approved: { en: 'approved by a person', es: 'aprobado por una persona' },
	changed: { en: 'changed in Keycloak', es: 'modificado en Keycloak' },
	reset: { en: 'password set anew in Keycloak', es: 'contraseña restablecida en Keycloak' },
};

const HOLDS: Words<HoldReason> = {
	archive: { en: 'archiving is always decided by a person', es: 'archivar lo decide siempre una persona' },
	missing: {
		en: 'nobody deleted this user as far as Keycloak tells',
		es: 'según Keycloak, nadie eliminó a este usuario',
	},
	mass: { en: 'too many changes at once', es: 'demasiados cambios a la vez' },
	privileged: { en: 'gives administration of Odoo', es: 'da la administración de Odoo' },
	shrunken: {
		en: 'the realm has much fewer users than last time',
		es: 'el realm tiene muchos menos usuarios que la última vez',
	},
};

export const kindText = (kind: LineKind, language: Language) => KINDS[kind][language];

const FIELDS: Words<keyof Values> = {
	login: { en: 'login', es: 'usuario' },
	name: { en: 'name', es: 'nombre' },
	email: { en: 'e-mail', es: 'correo' },
	lang: { en: 'language', es: 'idioma' },
};

/** In a few words, for a subject. */
const HOLD_TITLES: Words<HoldReason> = {
	archive: { en: 'archiving', es: 'archivar' },
	missing: { en: 'gone without an event', es: 'desaparecidos sin evento' },
	mass: { en: 'many at once', es: 'muchos a la vez' },
	privileged: { en: 'administration of Odoo', es: 'administración de Odoo' },
	shrunken: { en: 'the realm has shrunk', es: 'el realm ha menguado' },
};

const CONFLICTS: Words<ConflictReason> = {
	loginTaken: { en: 'another account has this login', es: 'otra cuenta tiene este usuario' },
	loginLooksAlike: {
		en: 'another account has a login that looks the same',
		es: 'otra cuenta tiene un usuario que parece el mismo',
	},
	loginInvalid: { en: 'this cannot be a login', es: 'esto no puede ser un usuario' },
	nameInvalid: {
		en: 'the name is too long, empty or holds control characters',
		es: 'el nombre es demasiado largo, está vacío o tiene caracteres de control',
	},
	emailInvalid: { en: 'this is no e-mail address', es: 'esto no es una dirección de correo' },
	protected: { en: 'this account of Odoo is never touched', es: 'esta cuenta de Odoo no se toca nunca' },
	neverTouched: {
		en: 'the account is on the list of those never touched',
		es: 'la cuenta está en la lista de las que no se tocan',
	},
	notInternal: { en: 'this is a portal or public account', es: 'es una cuenta de portal o pública' },
	privilegedNotAllowed: {
		en: 'the group is privileged and not on the list of those that may be granted',
		es: 'el grupo es privilegiado y no está en la lista de los que pueden darse',
	},
	groupUnknown: { en: 'Odoo has no such group', es: 'Odoo no tiene ese grupo' },
	scopeUnknown: { en: 'Keycloak does not say enough to decide', es: 'Keycloak no dice lo bastante para decidir' },
	lastAdministrator: {
		en: 'this is the last administrator of Odoo, who stays',
		es: 'es la última persona administradora de Odoo, que permanece',
	},
	lockedOut: {
		en: 'Keycloak locked this user after wrong passwords; a person decides',
		es: 'Keycloak bloqueó a este usuario por contraseñas erróneas; decide una persona',
	},
	unconfirmed: {
		en: 'disabled in the list, but not when asked by id',
		es: 'desactivado en la lista, pero no al preguntar por su id',
	},
};

const WARNINGS: Words<Warning['code']> = {
	clockSkew: {
		en: "Keycloak's clock and this machine's differ, in seconds",
		es: 'El reloj de Keycloak y el de esta máquina difieren, en segundos',
	},
	noEvents: {
		en: 'Keycloak keeps no admin events: everybody is read every five minutes, so changes arrive late. Turn them on in Keycloak: Realm settings, Events',
		es: 'Keycloak no guarda eventos de administración: se lee a todos cada cinco minutos y los cambios llegan tarde. Actívelos en Keycloak: Realm settings, Events',
	},
	purged: {
		en: 'Events were removed in Keycloak before they were read: everybody was read instead',
		es: 'Se borraron eventos en Keycloak antes de leerlos: en su lugar se leyó a todos',
	},
	realm: {
		en: 'Something of the whole realm changed: everybody was read',
		es: 'Cambió algo de todo el realm: se leyó a todos',
	},
	unknownName: {
		en: 'The realm has no such role or group (roles of clients are not read; give them by a role of the realm)',
		es: 'El realm no tiene ese rol o grupo (los roles de clientes no se leen; délos mediante un rol del realm)',
	},
};

const LIKENESSES: Words<Likeness> = {
	exact: { en: 'exact: login and address or name agree', es: 'exacta: coinciden usuario y correo o nombre' },
	near: { en: 'near: one thing agrees', es: 'parecida: coincide una cosa' },
	colliding: { en: 'colliding: several come into question', es: 'en conflicto: hay varias posibles' },
};

const LIMITS: Words<TargetLimit> = {
	suspend: {
		en: 'It cannot suspend: who is disabled is archived, under the guards.',
		es: 'No puede suspender: a quien se desactiva se le archiva, con las salvaguardas.',
	},
	endSessions: {
		en: 'A new password in Keycloak ends no session, and restoring a user revives unused old ones.',
		es: 'Una contraseña nueva en Keycloak no cierra sesiones, y restaurar a un usuario revive las antiguas sin usar.',
	},
	readOnlyFields: {
		en: 'What Keycloak decides can be changed by hand until the next full run.',
		es: 'Lo que decide Keycloak puede cambiarse a mano hasta la próxima pasada completa.',
	},
	userRights: {
		en: 'The account of the hub needs the right to administer users.',
		es: 'La cuenta del hub necesita el derecho de administrar usuarios.',
	},
	fence: {
		en: 'A hub that was stopped in the middle of a call may still finish that call.',
		es: 'Un hub detenido en mitad de una llamada puede aún terminarla.',
	},
};

export const limitText = (limit: TargetLimit, language: Language) => LIMITS[limit][language];

/** `ana: archive (disabled in Keycloak)`, with what changes. */
export function lineText(line: Line, language: Language): string {
	return `${line.login}: ${whatText(line, language)}`;
}

/** `archive (disabled in Keycloak)`, with what changes. */
export function whatText(line: Line, language: Language): string {
	const changes =
		line.kind === 'update' || line.kind === 'create'
			? Object.entries(line.values).map(([field, value]) => `${FIELDS[field as keyof Values][language]} = ${value}`)
			: [];
	const groups = 'groups' in line ? [...line.groups] : [];
	const details = [...changes, ...groups].join(', ');
	return `${KINDS[line.kind][language]} (${WHYS[line.why][language]})${details ? `: ${details}` : ''}`;
}

export const holdText = (reasons: readonly HoldReason[], language: Language) =>
	reasons.map((reason) => HOLDS[reason][language]).join('; ');

export const holdTitle = (reason: HoldReason, language: Language) => HOLD_TITLES[reason][language];

export function conflictText({ login, reason, detail }: RunReport['conflicts'][number], language: Language): string {
	return `${login}: ${CONFLICTS[reason][language]}${detail ? ` (${detail})` : ''}`;
}

export const warningText = ({ code, detail }: Warning, language: Language) =>
	`${WARNINGS[code][language]}${detail ? `: ${detail}` : ''}`;

export const likenessText = (likeness: Likeness, language: Language) => LIKENESSES[likeness][language];
