import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { HUB_ERROR_CODES } from '../../../lib/errors.ts';
import { WHYS } from '../../../lib/why.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const json = (file: string): Record<string, unknown> => JSON.parse(read(file));

/** Every key with its text, as `a.b.c`. */
function texts(value: unknown, prefix = ''): Map<string, string> {
	if (typeof value === 'string') return new Map([[prefix, value]]);
	return new Map(
		Object.entries(value as Record<string, unknown>).flatMap(([key, child]) => [
			...texts(child, prefix ? `${prefix}.${key}` : key),
		]),
	);
}
const blanks = (text: string) => [...text.matchAll(/__(\w+?)__/g)].map(([, name]) => name).sort();

const catalogues = globSync('nodes/*/locales/en-US/*.json', { cwd: root });

test('every catalogue exists', () => {
	for (const node of globSync('nodes/*/*.html', { cwd: root }))
		for (const language of ['en-US', 'es']) {
			const { dir, name } = path.parse(node);
			json(`${dir}/locales/${language}/${name}.json`);
			if (name !== 'clinic-hub')
				assert.match(read(`${dir}/locales/${language}/${name}.html`), new RegExp(`data-help-name="${name}"`));
		}
});

for (const english of catalogues) {
	const spanish = english.replace('/en-US/', '/es/');

	test(`${path.basename(english)} has the same texts with the same blanks in Spanish`, () => {
		const [en, es] = [texts(json(english)), texts(json(spanish))];
		assert.deepEqual([...es.keys()].sort(), [...en.keys()].sort());
		for (const [key, text] of en) {
			assert.notEqual(text.trim(), '', key);
			assert.deepEqual(blanks(es.get(key) ?? ''), blanks(text), key);
		}
	});

	test(`${path.basename(english)} has every text that its node's dialog asks for`, () => {
		const html = english.replace('/locales/en-US/', '/').replace(/json$/, 'html');
		const en = texts(json(english));
		for (const [, key] of read(html).matchAll(/data-i18n="(?:\[[\w-]+\])?([^"]+)"/g)) assert.ok(en.has(key ?? ''), key);
	});
}

test('every failure has a name in both languages', () => {
	for (const language of ['en-US', 'es']) {
		const known = texts(json(`nodes/runtime/locales/${language}/clinic-hub.json`));
		for (const code of HUB_ERROR_CODES) assert.ok(known.has(`error.${code}`), `${language}: ${code}`);
	}
});

test('every frequent reason has a sentence in both languages', () => {
	for (const language of ['en-US', 'es']) {
		const known = texts(json(`nodes/runtime/locales/${language}/clinic-hub.json`));
		for (const why of WHYS) assert.ok(known.has(`why.${why}`), `${language}: ${why}`);
	}
});

test('every text of the shared catalogue that the code asks for exists', () => {
	const known = texts(json('nodes/runtime/locales/en-US/clinic-hub.json'));
	for (const file of globSync('nodes/**/*.ts', { cwd: root }))
		for (const [, key] of read(file).matchAll(/\b(?:shared|sharedText)\('([\w.]+)'/g))
			assert.ok(known.has(key ?? ''), `${file}: ${key}`);
});
