/** Guards that stop a whole run: what was read cannot be the realm that Odoo follows. Nothing was changed then. */
import { HubError } from '../errors.ts';
import type { Language } from './words.ts';

export const STOPS = ['empty', 'otherUsers', 'otherRealm', 'sentinel', 'endless'] as const;

export type Stop = (typeof STOPS)[number];

const WORDS: Record<Stop, Record<Language, string>> = {
	empty: {
		en: 'Keycloak shows no user at all; most likely the reader has lost its right to see them.',
		es: 'Keycloak no muestra ningún usuario; lo más probable es que el lector haya perdido el derecho de verlos.',
	},
	otherUsers: {
		en: 'None of the users that Odoo knows is in this realm; most likely this is another realm.',
		es: 'Ninguno de los usuarios que Odoo conoce está en este realm; lo más probable es que sea otro realm.',
	},
	otherRealm: {
		en: "Until now Odoo followed another realm; correct the realm's address.",
		es: 'Hasta ahora Odoo seguía a otro realm; corrija la dirección del realm.',
	},
	sentinel: {
		en: 'The user who must always be there (sentinel) is missing or disabled.',
		es: 'Falta o está desactivado el usuario que debe estar siempre (centinela).',
	},
	endless: {
		en: 'Keycloak gives pages of users without end.',
		es: 'Keycloak da páginas de usuarios sin fin.',
	},
};

const NEXT: Record<Language, string> = {
	en: 'Nothing was changed; see to it in Keycloak, then run again.',
	es: 'No se cambió nada; compruébelo en Keycloak y vuelva a ejecutar.',
};

export class IdentityStopped extends HubError {
	readonly stop: Stop;

	constructor(stop: Stop) {
		super('IDENTITY_STOPPED', stopText(stop, 'en'));
		this.stop = stop;
	}
}

export function stopText(stop: Stop, language: Language): string {
	return `${WORDS[stop][language]} ${NEXT[language]}`;
}
