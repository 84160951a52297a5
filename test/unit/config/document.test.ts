import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { variablesDocument } from '../../../lib/config/document.ts';
import { VARIABLE_GROUPS } from '../../../lib/config/variables.ts';

const docs = path.resolve(import.meta.dirname, '..', '..', '..', 'docs');

for (const [language, name] of [
	['en', 'variables.md'],
	['es', 'variables.es.md'],
] as const) {
	test(`docs/${name} is current (node scripts/variables.ts writes it)`, async () => {
		assert.equal(await readFile(path.join(docs, name), 'utf8'), variablesDocument(language));
	});
}

test('no variable ends with _FILE, which would be taken for a file that fills another', () => {
	const names = VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables));
	assert.deepEqual(
		names.filter((name) => name.endsWith('_FILE')),
		[],
	);
});

test('a variable stands in one group only', () => {
	const names = VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables));
	assert.equal(new Set(names).size, names.length);
});
