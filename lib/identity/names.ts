/** What may become a login, a name or an address in Odoo, and which logins a person would take for the same. */

/** As Keycloak bounds them; Odoo bounds nothing. */
const LOGIN_CHARACTERS = 255;
const NAME_CHARACTERS = 255;
const EMAIL_CHARACTERS = 254;

/** Controls, line separators, marks of direction and of no width, halves of a character. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const EMAIL = /^[^\s@<>",;:\\[\]()]+@[^\s@<>",;:\\[\]()]+$/;

export function isLogin(text: string): boolean {
	return text.length <= LOGIN_CHARACTERS && !UNSEEN.test(text) && !/^\s|\s$|^$/.test(text);
}

export function isName(text: string): boolean {
	return text.trim() !== '' && text.length <= NAME_CHARACTERS && !UNSEEN.test(text);
}

export function isEmail(text: string): boolean {
	return text.length <= EMAIL_CHARACTERS && !UNSEEN.test(text) && EMAIL.test(text);
}

/** Letters of Greek and Cyrillic, and some of Latin, that look like Latin ones (Unicode TR 39, the ones of whole words). */
const ALIKE = new Map(
	Object.entries({
		...{
			а: 'a',
			в: 'b',
			с: 'c',
			ԁ: 'd',
			е: 'e',
			һ: 'h',
			і: 'i',
			ј: 'j',
			к: 'k',
			ӏ: 'l',
			м: 'm',
			н: 'h',
			о: 'o',
			р: 'p',
		},
		...{
			ԛ: 'q',
			ѕ: 's',
			т: 't',
			у: 'y',
			ѵ: 'v',
			ԝ: 'w',
			х: 'x',
			α: 'a',
			β: 'b',
			ε: 'e',
			η: 'n',
			ι: 'i',
			κ: 'k',
			ν: 'v',
		},
		...{ ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', γ: 'y', ı: 'i', ł: 'l', ø: 'o', '0': 'o', '1': 'l' },
	}),
);

/** Equal for logins that differ in case or in the way of writing the same characters only. */
export function folded(login: string): string {
	return login.normalize('NFKC').toLowerCase();
}

/** Equal for logins that a person would take for the same. */
export function skeleton(login: string): string {
	const plain = folded(login).normalize('NFD').replace(/\p{M}/gu, '');
	return [...plain].map((letter) => ALIKE.get(letter) ?? letter).join('');
}
