import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { sharedDirectory } from '../../lab/accounts.ts';
import { Lab } from '../../lab/lab.ts';
import { runningLab } from '../../lab/running.ts';
import type { System } from '../../lab/system.ts';

/** Keeps a file in its own directory and one where another account could reach it. */
function keeper(): System {
	return {
		name: 'keeper',
		ports: {},
		async ensure(context) {
			const account = process.getuid?.() === 0 ? 'nobody' : undefined;
			const place = account ? await context.directoryFor(account, 'keeper') : context.directory;
			for (const directory of [context.directory, place]) await writeFile(path.join(directory, 'kept'), '');
		},
		async start() {},
		async ready() {},
		async stop() {},
	};
}

/** One start and end; gives what the lab had kept before, and a secret of it. */
async function startAndEnd(directory: string, fresh: boolean): Promise<{ kept: boolean[]; secret: string }> {
	const system = keeper();
	const lab = await Lab.open({ systems: [system], directory, fresh });
	const places = [path.join(directory, 'keeper'), path.join(sharedDirectory(directory), 'keeper')];
	const kept = places.map((place) => existsSync(path.join(place, 'kept')));
	const secret = lab.context(system).secret('password');
	assert.equal((await runningLab(directory))?.owner.pid, process.pid);
	await lab.start();
	await lab.stop();
	return { kept, secret };
}

test('a second start finds what the first one kept, a fresh one neither that nor its passwords', async (t) => {
	// Closed to other accounts, as a checkout of root is.
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	t.after(() => rm(sharedDirectory(directory), { recursive: true, force: true }));
	const asRoot = process.getuid?.() === 0;
	const first = await startAndEnd(directory, false);
	assert.deepEqual(first.kept, [false, false]);
	const second = await startAndEnd(directory, false);
	assert.deepEqual(second, { kept: [true, asRoot], secret: first.secret });
	const fresh = await startAndEnd(directory, true);
	assert.deepEqual(fresh.kept, [false, false]);
	assert.notEqual(fresh.secret, first.secret);
	assert.equal((await startAndEnd(directory, false)).secret, fresh.secret);
});
