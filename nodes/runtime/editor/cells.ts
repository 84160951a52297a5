import type { OperatorCell, Words } from '../operator-view.ts';
import { element } from './elements.ts';
import { ago, type EditorPhrase, editorLanguage, fullTime, inWords, sharedText } from './words.ts';

/** A sentence in the language of this browser. */
export function wordsOf(value: Words | EditorPhrase): string {
	return 'key' in value ? inWords(value) : value[editorLanguage()];
}

/** What stands in a cell; a dash where there is nothing. */
export function cellOf(value: unknown, kind: OperatorCell): Node | string {
	if (value === null || value === undefined || value === '') return '–';
	if (kind === 'words' && typeof value === 'object') return wordsOf(value as Words | EditorPhrase);
	if (kind === 'time' && typeof value === 'number')
		return element('time', { datetime: new Date(value).toISOString(), title: fullTime(value) }, ago(value));
	if (kind === 'number' && typeof value === 'number') return value.toLocaleString(editorLanguage());
	return typeof value === 'object' ? sharedText('panel.unknown') : String(value);
}
