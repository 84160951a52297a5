import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { listeners } from '../../lab/ports.ts';
import { marked } from '../../lab/processes.ts';
import { runningLab } from '../../lab/running.ts';
import { freeOffset } from '../free-offset.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const launcher = path.join(root, 'lab', 'launch.js');

/** Ports of the systems that these tests start, before the offset. */
const PORTS = [1025, 1080, 5672, 15672, 25672, 14369];

/** Not one that a person would choose. */
const FIRST_OFFSET = 501;

/** Starts the demo as a terminal does, in a process group of its own; resolves when it says that it runs. */
async function demo(directory: string, offset: number, only: string) {
	const args = ['run', '-s', 'demo', '--', '--no-install', '--only', only, '--port-offset', String(offset)];
	const child = spawn('npm', args, {
		cwd: root,
		detached: true,
		env: { ...process.env, HUB_LAB_DIR: directory, LANG: 'en_US.UTF-8', LC_ALL: '' },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const run = { child, output: '', exited: once(child, 'exit') };
	for await (const chunk of child.stdout.setEncoding('utf8')) {
		run.output += chunk;
		if (run.output.includes('It runs until Ctrl-C')) break;
	}
	assert.match(run.output, /It runs until Ctrl-C/);
	return run;
}

test('Ctrl-C in the demo ends the broker, its port mapper and everything else, and frees their ports', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const offset = await freeOffset(PORTS, FIRST_OFFSET);
	const { child, output, exited } = await demo(directory, offset, 'rabbitmq,inbox');
	assert.match(output, new RegExp(`http://localhost:${15672 + offset} +admin +admin`));
	assert.ok((await marked(directory)).length >= 3);
	assert.equal((await runningLab(directory))?.ready, true);
	process.kill(-(child.pid as number), 'SIGINT');
	await exited;
	assert.deepEqual(await marked(directory), []);
	assert.deepEqual(await listeners(PORTS.map((port) => port + offset)), []);
});

test('a demo killed with SIGKILL is cleaned up by the next one, which starts on the same ports', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const offset = await freeOffset(PORTS, FIRST_OFFSET);
	const first = await demo(directory, offset, 'inbox');
	process.kill(-(first.child.pid as number), 'SIGKILL');
	await first.exited;
	assert.ok((await marked(directory)).length > 0);
	const second = await demo(directory, offset, 'inbox');
	assert.match(second.output, /Ended \d+ processes that an earlier start, killed, had left/);
	process.kill(-(second.child.pid as number), 'SIGINT');
	await second.exited;
	assert.deepEqual(await marked(directory), []);
});

/** Arguments of Node.js that let it say it were an old one. */
const OLD = [
	'--import',
	'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})',
];

test('an old Node.js runs the right one that lies beside it, with its arguments and its exit code', () => {
	const run = (...args: string[]) => {
		const env = { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: '' };
		return spawnSync(process.execPath, [...OLD, launcher, ...args], { encoding: 'utf8', env });
	};
	const help = run('demo', '--help');
	assert.equal(help.status, 0, help.stderr);
	assert.match(help.stdout, /^The whole clinic on this machine\.$/m);
	const wrong = run('accept', '--host');
	assert.equal(wrong.status, 1);
	assert.match(wrong.stdout, /--host/);
});

test('an old Node.js without the right one beside it gets one sentence within two seconds, in both languages', () => {
	for (const [lang, words] of [
		['en_US.UTF-8', /^This needs Node\.js 24.*\n$/],
		['es_CL.UTF-8', /^Hace falta Node\.js 24.*\n$/],
	] as const) {
		const begin = performance.now();
		const { status, stderr } = spawnSync(process.execPath, [...OLD, launcher, 'demo'], {
			encoding: 'utf8',
			env: { ...process.env, LANG: lang, LC_ALL: '', CLINIC_HUB_RELAUNCHED: '1' },
		});
		assert.equal(status, 1);
		assert.match(stderr, words);
		assert.ok(performance.now() - begin < 2_000);
	}
});

test('an argument that does not exist, and an address that is not of this machine, are named', () => {
	for (const [args, words] of [
		[['--prot-offset', '1'], /--prot-offset/],
		[['--host', '198.51.100.1'], /^--host 198\.51\.100\.1 is no address of this machine; it has [\d.]/],
		[['--host', 'clinica'], /^--host clinica\? It takes an IP address\.$/m],
	] as const) {
		const { status, stdout } = spawnSync(process.execPath, [launcher, 'demo', ...args], {
			encoding: 'utf8',
			env: { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: '' },
		});
		assert.equal(status, 1);
		assert.match(stdout, words);
	}
});
