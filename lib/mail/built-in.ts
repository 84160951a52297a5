/** The templates that come with the package, read from the files beside this one. */

import { readFile } from 'node:fs/promises';
import type { TemplateSources } from './templates.ts';

export const BUILT_IN_LANGUAGES = ['es', 'en'] as const;

let loaded: Promise<TemplateSources> | undefined;

/** Spanish and English templates of the order confirmation; the files are read once a process. */
export function builtInTemplates(): Promise<TemplateSources> {
	loaded ??= load().catch((thrown) => {
		loaded = undefined;
		throw thrown;
	});
	return loaded;
}

async function load(): Promise<TemplateSources> {
	const read = (language: string, file: string): Promise<string> =>
		readFile(new URL(`./templates/purchase/${language}/${file}`, import.meta.url), 'utf8');
	const entries = BUILT_IN_LANGUAGES.map(async (language) => {
		const [subject, text, html] = await Promise.all([
			read(language, 'subject.txt'),
			read(language, 'text.txt'),
			read(language, 'html.html'),
		]);
		return [language, { subject: subject.trim(), text, html }] as const;
	});
	return Object.fromEntries(await Promise.all(entries));
}
