import { SHARED_CATALOGUE } from '../catalogue.ts';
import type { EditorNode } from './red.ts';

/** As the runtime sends it: see `nodes/runtime/phrase.ts`. */
export interface EditorPhrase {
	key: string;
	values?: Record<string, string | number | EditorPhrase | EditorPhrase[]>;
}

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** The phrase in the language of this browser. `translate` finds keys without a namespace: a node's own `_`. */
export function inWords({ key, values = {} }: EditorPhrase, translate: Translate = RED._): string {
	const filled = Object.entries(values).map(([name, value]) => {
		if (Array.isArray(value)) return [name, value.map((phrase) => inWords(phrase, translate)).join(', ')];
		return [name, typeof value === 'object' ? inWords(value, translate) : value];
	});
	return translate(key, Object.fromEntries(filled));
}

/** Finds keys without a namespace in the catalogue of that node. */
export function translatorOf(node: EditorNode | null): Translate {
	return node ? (key, values) => node._(key, values) : RED._;
}

/** A text of the shared catalogue. */
export function sharedText(key: string, values?: Record<string, unknown>): string {
	return RED._(`${SHARED_CATALOGUE}:${key}`, values);
}

/** The language that the editor speaks: one of the two that this package has. */
export function editorLanguage(): 'es' | 'en' {
	const language = localStorage.getItem('editor-language') ?? RED.i18n.detectLanguage();
	return /^es\b/i.test(language) ? 'es' : 'en';
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in one unit: "3 h". */
export function ago(time: number, now = Date.now()): string {
	const age = Math.max(0, now - time);
	if (age < MINUTE) return sharedText('panel.ago.now');
	if (age < HOUR) return sharedText('panel.ago.minutes', { n: Math.floor(age / MINUTE) });
	if (age < DAY) return sharedText('panel.ago.hours', { n: Math.floor(age / HOUR) });
	return sharedText('panel.ago.days', { n: Math.floor(age / DAY) });
}

/** Date and time in full, as this browser's people write them. */
export function fullTime(time: number): string {
	return new Date(time).toLocaleString(editorLanguage(), { dateStyle: 'medium', timeStyle: 'medium' });
}
