/**
 * Puts the editor's scripts into a node's HTML: Node-RED loads scripts by address too late, its nodes would stay grey.
 * They are written as modules in `nodes/<node>/editor/*.ts` and marked in the HTML as
 * `<script type="text/javascript" data-inline="editor/plugin.ts"></script>`.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Script } from 'node:vm';

const MARK = /<script type="text\/javascript" data-inline="([^"]+)\.ts"><\/script>/g;
const IMPORT = /^import [^;]*? from '(\.[^']+)';\n/gm;
const EXPORT = /^export (?:\{\};\n)?/gm;

/**
 * @param file path of the HTML, from which the marks are relative
 * @param compiled directory that holds the compiled modules under the same paths
 */
export function inlineScripts(file: string, html: string, compiled: string): string {
	return html.replace(MARK, (_mark, script: string) => {
		const code = bundle(join(compiled, dirname(file), `${script}.js`));
		return `<script type="text/javascript">\n(() => {\n'use strict';\n${code}})();\n</script>`;
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
		for (const [, imported] of source.matchAll(IMPORT)) if (imported) add(normalize(join(dirname(path), imported)));
		parts.push(source.replace(IMPORT, '').replace(EXPORT, ''));
	};
	add(normalize(entry));
	const code = parts.join('\n');
	// Compiles and does not run: two modules with the same name at top level are found here, not in the browser.
	new Script(`(() => { ${code} })`, { filename: entry });
	// The HTML parser looks for the end of a script even inside a string.
	if (/<\/script/i.test(code)) throw new Error(`${entry} contains "</script": write it otherwise.`);
	return code;
}
