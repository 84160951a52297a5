/**
 * `npm run build`: compiles to `dist/`, copies what is not code, and puts the editor's scripts into the nodes' HTML. A
 * build that fails leaves the last good `dist/` in place.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { inlineScripts } from './inline-scripts.ts';

process.chdir(resolve(import.meta.dirname, '..'));

/** Built beside `dist/` and put in its place at the end: a Node-RED that runs meanwhile never sees half a build. */
const target = `dist.new-${process.pid}`;
const old = `dist.old-${process.pid}`;
const editor = `dist.editor-${process.pid}`;

/** What runs or is read as it is. */
const ASSETS = ['{nodes,lib,cli,editor-auth}/**/*.{html,json,svg,png,mustache,txt,css}', 'contracts/*.json'];

/** Both compile at the same time; each says what is wrong itself. */
function compile(project: string, outDir: string): Promise<void> {
	return new Promise((done, failed) => {
		const args = ['--project', project, '--outDir', outDir, '--rootDir', '.', '--noEmit', 'false', '--noEmitOnError'];
		const child = spawn('node_modules/.bin/tsc', args, { stdio: 'inherit' });
		child.on('error', failed);
		child.on('close', (code) => (code === 0 ? done() : failed(new Error(`${project}: not built, see above.`))));
	});
}

async function copyAssets(): Promise<void> {
	for (const file of globSync(ASSETS, { exclude: ['**/tsconfig*.json'] })) {
		const copy = join(target, file);
		await mkdir(dirname(copy), { recursive: true });
		if (file.endsWith('.html')) await writeFile(copy, inlineScripts(file, await readFile(file, 'utf8'), editor));
		else await cp(file, copy);
	}
}

const begin = performance.now();
try {
	await Promise.all([compile('tsconfig.build.json', target), compile('nodes/tsconfig.editor.json', editor)]);
	await copyAssets();
	// Node-RED shows this folder under Import > Examples; the flows themselves live in flows/.
	await rm('examples', { recursive: true, force: true });
	await cp('flows', 'examples', { recursive: true });
	if (existsSync('dist')) await rename('dist', old);
	await rename(target, 'dist');
	console.log(`Built dist/ in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
} catch (thrown) {
	console.error(thrown instanceof Error ? thrown.message : thrown);
	process.exitCode = 1;
} finally {
	for (const directory of [target, old, editor]) await rm(directory, { recursive: true, force: true });
}
