/**
 * `npm run build`: compiles to `dist/`, copies what is not code, and puts the editor's scripts into the nodes' HTML. A
 * build that fails leaves the last good `dist/` in place.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { inlineScripts } from './inline-scripts.ts';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);

/** Built beside `dist/` and put in its place at the end: a Node-RED that runs meanwhile never sees half a build. */
const target = `dist.new-${process.pid}`;

/** Files that run or are read as they are. The editor's scripts and tests are not among them. */
const ASSETS = ['{nodes,lib,cli,editor-auth}/**/*.{html,json,svg,png,mustache,txt,css}', 'contracts/*.json'];

function compile(): Promise<void> {
	return new Promise((done, failed) => {
		const child = spawn('node_modules/.bin/tsc', ['--project', 'tsconfig.build.json', '--outDir', target], {
			stdio: 'inherit',
		});
		child.on('error', failed);
		child.on('close', (code) =>
			code === 0 ? done() : failed(new Error('The types are not right: nothing was built.')),
		);
	});
}

async function copyAssets(): Promise<void> {
	for (const file of globSync(ASSETS, { exclude: ['**/tsconfig*.json'] })) {
		const copy = join(target, file);
		await mkdir(dirname(copy), { recursive: true });
		if (file.endsWith('.html')) await writeFile(copy, inlineScripts(file, await readFile(file, 'utf8')));
		else await cp(file, copy);
	}
}

const begin = performance.now();
try {
	await mkdir(target, { recursive: true });
	await Promise.all([compile(), copyAssets()]);
	if (existsSync('dist')) await rename('dist', `${target}.old`);
	await rename(target, 'dist');
	console.log(`Built dist/ in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
} catch (thrown) {
	console.error(thrown instanceof Error ? thrown.message : thrown);
	process.exitCode = 1;
} finally {
	await rm(target, { recursive: true, force: true });
	await rm(`${target}.old`, { recursive: true, force: true });
}
