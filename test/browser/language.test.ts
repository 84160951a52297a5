/** The editor under the hub's settings, in browsers of several languages. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startHub } from '../servers/hub.ts';
import { openEditor, startBrowser } from './editor.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

/** One text of the editor's own catalogue, one of core's nodes, and how core's help of `inject` begins. */
const CORE = {
	es: { deploy: 'Instanciar', name: 'Nombre', help: /^\s*<p>Inyecta un mensaje/ },
	'en-US': { deploy: 'Deploy', name: 'Name', help: /^\s*<p>Injects a message/ },
};

/** The first text of a catalogue and its key. */
function firstText(catalogue: object, prefix = ''): { key: string; text: string } {
	const [key, value] = Object.entries(catalogue)[0] as [string, string | object];
	return typeof value === 'string' ? { key: prefix + key, text: value } : firstText(value, `${prefix}${key}.`);
}

async function ownTexts(language: keyof typeof CORE): Promise<{ key: string; text: string }[]> {
	const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
	return Promise.all(
		Object.entries<string>(manifest['node-red'].nodes).map(async ([name, file]) => {
			const set = path.basename(file, '.js');
			const catalogue = path.join(root, path.dirname(file), 'locales', language, `${set}.json`);
			const { key, text } = firstText(JSON.parse(await readFile(catalogue, 'utf8')));
			return { key: `${manifest.name}/${name}:${key}`, text };
		}),
	);
}

test("every Spanish of a browser gets Spanish: the editor's own texts, core's and this package's", async (t) => {
	const hub = await startHub(t);
	const browser = await startBrowser(t);
	for (const [language, expected] of [
		['es-ES', 'es'],
		['es-CL', 'es'],
		['es-419', 'es'],
		['es', 'es'],
		['en-US', 'en-US'],
	] as const) {
		const { page, errors } = await openEditor(browser, hub.url, { language });
		const { deploy, name, help } = CORE[expected];
		assert.equal((await page.locator('#red-ui-header-button-deploy').textContent())?.trim(), deploy, language);
		const say = (key: string) => page.evaluate<string>(`RED._(${JSON.stringify(key)})`);
		assert.equal(await say('node-red:common.label.name'), name, language);
		assert.match(await page.evaluate<string>(`RED.nodes.getNodeHelp('inject')`), help, language);
		for (const { key, text } of await ownTexts(expected)) assert.equal(await say(key), text, `${language} ${key}`);
		assert.deepEqual(errors, [], language);
		await page.context().close();
	}
});
