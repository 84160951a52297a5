import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { listeners } from '../../lab/ports.ts';
import { marked } from '../../lab/processes.ts';
import { allSystems } from '../../lab/systems.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..', '..');

/** An offset at which every port of the clinic is free; another range than that of the demo's tests. */
async function freeOffset(): Promise<number> {
	const ports = allSystems({}).flatMap((system) => Object.values(system.ports));
	for (let offset = 20_000 + (process.pid % 500); offset < 30_000; offset += 501) {
		if ((await listeners(ports.map((port) => port + offset))).length === 0) return offset;
	}
	throw new Error('No offset with free ports');
}

/** Without the ready flow the hub has no mail worker, and there is nothing to accept. */
const skip = existsSync(path.join(root, 'flows', 'purchase-mail.json')) ? false : 'flows/purchase-mail.json is missing';

test('the acceptance test starts the clinic, sees every step hold, and leaves nothing running', { skip }, async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const args = ['run', '-s', 'accept', '--', '--no-install', '--port-offset', String(await freeOffset())];
	const env = { ...process.env, HUB_LAB_DIR: directory, HUB_URL: '', ODOO_SRC: '', LANG: 'en_US.UTF-8', LC_ALL: '' };
	const { stdout } = await run('npm', args, { cwd: root, env });
	assert.equal(stdout.match(/^✓ /gm)?.length, 10, stdout);
	assert.match(stdout, /^10 steps hold\.$/m);
	assert.deepEqual(await marked(directory), []);
});
