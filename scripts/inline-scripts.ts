/**
 * Puts the editor's scripts into a node's HTML: Node-RED loads scripts by address too late, its nodes would stay grey.
 * They are written as modules in `nodes/<node>/editor/*.ts` and marked in the HTML as
 * `<script type="text/javascript" data-inline="editor/panel.ts"></script>`.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { Script } from 'node:vm';

const MARK = /<script type="text\/javascript" data-inline="([^"]+)"><\/script>/g;
const IMPORT = /^import (?:type )?[^;]*? from '(\.[^']+)';\n/gm;

/** @param file path of the HTML, from which the marks are relative */
export function inlineScripts(file: string, html: string): string {
	return html.replace(MARK, (_mark, script: string) => {
		const code = bundle(join(dirname(file), script));
		return `<script type="text/javascript">\n(function () {\n'use strict';\n${code}})();\n</script>`;
	});
}

/** The module and all it imports, dependencies first, in one scope: top-level names must differ. */
function bundle(entry: string): string {
	const parts: string[] = [];
	const seen = new Set<string>();
	const add = (path: string) => {
		if (seen.has(path)) return;
		seen.add(path);
		const source = readFileSync(path, 'utf8');
		for (const [statement, imported] of source.matchAll(IMPORT))
			if (!statement.startsWith('import type') && imported) add(normalize(join(dirname(path), imported)));
		const code = stripTypeScriptTypes(source.replace(IMPORT, '').replace(/^export /gm, ''));
		parts.push(code.replace(/[ \t]+$/gm, '').replace(/\n{3,}/g, '\n\n'));
	};
	add(normalize(entry));
	const code = parts.join('\n');
	// Compiles and does not run: two modules with the same name at top level are found here, not in the browser.
	new Script(`(function () { ${code} })`, { filename: entry });
	// The HTML parser looks for the end of a script even inside a string.
	if (/<\/script/i.test(code)) throw new Error(`${entry} contains "</script": write it otherwise.`);
	return code;
}
