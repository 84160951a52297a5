/** The account that a person should have in Odoo, and what of it cannot be had. */
import type { ConflictReason, Person, Values } from './model.ts';
import { isEmail, isLogin, isName } from './names.ts';
import type { IdentitySettings } from './rules.ts';

export interface Wanted {
	/** What Keycloak says; what it does not say, or says in a form that Odoo shall not get, is missing. */
	values: Partial<Values>;
	refused: { reason: ConflictReason; detail: string }[];
}

/** Characters of a refused value that a report quotes. */
const QUOTED = 40;

/** @param languages codes that Odoo has installed */
export function wantedValues(
	person: Person,
	settings: Pick<IdentitySettings, 'login'>,
	languages: readonly string[],
): Wanted {
	const wanted: Wanted = { values: {}, refused: [] };
	const take = (field: keyof Values, value: string | undefined, fits: boolean, reason: ConflictReason) => {
		if (value === undefined) return;
		if (fits) wanted.values[field] = value;
		else wanted.refused.push({ reason, detail: quoted(value) });
	};
	const login = settings.login === 'email' ? person.email : person.username;
	take('login', login, login !== undefined && isLogin(login), 'loginInvalid');
	const name = nameOf(person);
	take('name', name, name !== undefined && isName(name), 'nameInvalid');
	const { email } = person;
	// Keycloak gives no field at all for an address that was removed, just as for one that is hidden.
	if (email !== '') take('email', email, email !== undefined && isEmail(email), 'emailInvalid');
	const lang = languageOf(person.locale, languages);
	if (lang) wanted.values.lang = lang;
	return wanted;
}

function nameOf({ firstName, lastName, username }: Person): string | undefined {
	if (firstName === undefined && lastName === undefined) return undefined;
	const name = [firstName, lastName]
		.map((part) => part?.trim())
		.filter(Boolean)
		.join(' ');
	return name || username;
}

/** Odoo's code for Keycloak's: `es` and `es-CL` are the first installed Spanish unless the very one is there. */
function languageOf(locale: string | undefined, languages: readonly string[]): string | undefined {
	if (!locale) return undefined;
	const code = locale.replace('-', '_');
	return (
		languages.find((lang) => lang === code) ?? languages.find((lang) => lang.split('_', 1)[0] === code.split('_', 1)[0])
	);
}

/** Odoo refuses an account in a language that it does not have: then a relative of it, or any. */
export function installedLanguage(wanted: string, languages: readonly string[]): string {
	return languageOf(wanted, languages) ?? languages[0] ?? wanted;
}

/** One line, without what steers a screen. */
export function quoted(value: string): string {
	const plain = value.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD');
	return plain.length > QUOTED ? `${plain.slice(0, QUOTED)}…` : plain;
}
