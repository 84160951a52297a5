/**
 * `npm run dev [-- Node-RED's arguments]`: builds, starts Node-RED with settings.ts, and does both again after a change.
 * A build that fails leaves the running Node-RED alone. Ctrl-C ends it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { resolve } from 'node:path';

process.chdir(resolve(import.meta.dirname, '..'));

const WATCHED = ['nodes', 'lib', 'editor-auth', 'contracts', 'flows', 'settings.ts'];

/** Editors write a file in several steps, and a change of branch touches many; in ms. */
const SETTLE_MS = 300;

/** Node-RED gives its nodes 15 s to close; in ms. */
const STOP_MS = 16_000;

let nodeRed: ChildProcess | undefined;
let timer: NodeJS.Timeout | undefined;
let building = false;
let changed = false;

async function build(): Promise<boolean> {
	const [code] = await once(spawn(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' }), 'close');
	return code === 0;
}

async function stop(): Promise<void> {
	const running = nodeRed;
	nodeRed = undefined;
	if (!running || running.exitCode !== null || running.signalCode !== null) return;
	const gone = once(running, 'exit');
	running.kill('SIGTERM');
	const force = setTimeout(() => running.kill('SIGKILL'), STOP_MS);
	await gone;
	clearTimeout(force);
}

function start(): void {
	const args = ['node_modules/node-red/red.js', '--settings', resolve('settings.ts'), ...process.argv.slice(2)];
	nodeRed = spawn(process.execPath, args, { stdio: 'inherit' });
}

async function renew(): Promise<void> {
	if (building) {
		changed = true;
		return;
	}
	building = true;
	do {
		changed = false;
		if (await build()) {
			await stop();
			start();
		} else console.error('Not built: the running Node-RED stays as it is.');
	} while (changed);
	building = false;
}

for (const path of WATCHED) {
	try {
		watch(path, { recursive: true }, () => {
			clearTimeout(timer);
			timer = setTimeout(() => void renew(), SETTLE_MS);
		});
	} catch (thrown) {
		// A part that does not exist yet; anything else is worth knowing.
		if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
	}
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().then(() => process.exit()));
await renew();
