/** The language in which the lab speaks to the person at the terminal. */
import type { Text } from './system.ts';

export type Language = 'en' | 'es';

/** Spanish when the locale (LC_ALL, LC_MESSAGES, LANG, in this order) begins with `es`, otherwise English. */
export function languageOf(env: NodeJS.ProcessEnv = process.env): Language {
	const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
	return /^es([_.@-]|$)/i.test(locale) ? 'es' : 'en';
}

/** `{place}` in a text is filled from `values`. */
export function say(language: Language, text: Text, values: Record<string, string | number> = {}): string {
	return text[language].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
