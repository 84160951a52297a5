/** The few words that notices add to what flows say. */
import type { Severity } from './notice.ts';

export type Language = 'en' | 'es';

export const SEVERITY_WORDS: Record<Language, Record<Severity, string>> = {
	en: { info: 'Info', warning: 'Warning', critical: 'CRITICAL' },
	es: { info: 'Aviso', warning: 'Advertencia', critical: 'CRÍTICO' },
};

/** The line that closes a window in which the same notice came again. */
export function moreTimes(language: Language, times: number, from: Date, until: Date): string {
	const [first, last] = [from.toISOString(), until.toISOString()];
	return language === 'es'
		? `${times} ${times === 1 ? 'vez' : 'veces'} más entre ${first} y ${last}.`
		: `${times} more ${times === 1 ? 'time' : 'times'} between ${first} and ${last}.`;
}
