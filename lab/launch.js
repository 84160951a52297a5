/**
 * Starts a script of the lab (`demo`, `accept`) with a Node.js that can run it. Plain JavaScript that Node.js 18 reads,
 * so that an old one gets a sentence and not a syntax error.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The lab's TypeScript runs unbuilt from this version on; tested with it. */
const NEEDED = 24;

const directory = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(directory);
const spanish = /^es([_.@-]|$)/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '');
const [name = '', ...args] = process.argv.slice(2);

/** @param {string} english @param {string} spanishText */
function stop(english, spanishText) {
	process.stderr.write(`${spanish ? spanishText : english}\n`);
	process.exit(1);
}

const major = Number(process.versions.node.split('.')[0]);
const own = path.join(root, 'node_modules', 'node', 'bin', 'node');

if (name !== 'demo' && name !== 'accept') {
	stop('Usage: node lab/launch.js demo|accept', 'Uso: node lab/launch.js demo|accept');
}
if (!existsSync(path.join(root, 'node_modules', 'node-red'))) {
	stop('Run `npm install` first.', 'Ejecute antes `npm install`.');
}
if (major >= NEEDED) {
	process.argv.splice(1, 2, path.join(directory, `${name}.ts`));
	await import(`./${name}.ts`);
} else if (existsSync(own) && process.env.CLINIC_HUB_RELAUNCHED === undefined) {
	// Ctrl-C reaches both from the terminal; the one that does the work decides when it has ended.
	const env = { ...process.env, CLINIC_HUB_RELAUNCHED: '1' };
	const child = spawn(own, [fileURLToPath(import.meta.url), name, ...args], { stdio: 'inherit', env });
	process.on('SIGINT', () => {});
	for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
	child.on('exit', (code) => process.exit(code ?? 1));
	child.on('error', () => missing());
} else {
	missing();
}

function missing() {
	stop(
		`This needs Node.js ${NEEDED}, which \`npm install\` brings when it may run install scripts (this is ${process.version}): run \`npm install --ignore-scripts=false\`, or install Node.js ${NEEDED}.`,
		`Hace falta Node.js ${NEEDED}, que \`npm install\` trae si puede ejecutar scripts de instalación (este es ${process.version}): ejecute \`npm install --ignore-scripts=false\` o instale Node.js ${NEEDED}.`,
	);
}
