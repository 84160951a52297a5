/** Writes the documents that are made from tables of the code: variables, and personal data with its ages. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { variablesDocument } from '../lib/config/document.ts';
import { personalDataDocument } from '../lib/store/personal-data-document.ts';

const docs = path.join(import.meta.dirname, '..', 'docs');
for (const [language, suffix] of [
	['en', '.md'],
	['es', '.es.md'],
] as const) {
	await writeFile(path.join(docs, `variables${suffix}`), variablesDocument(language));
	await writeFile(path.join(docs, `personal-data${suffix}`), personalDataDocument(language));
}
