import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Lab } from '../../lab/lab.ts';
import { identify, isRunning, marked } from '../../lab/processes.ts';
import { runningLab } from '../../lab/running.ts';
import type { LabProcess, System } from '../../lab/system.ts';

/** Starts a lab in a process of its own; resolves when its system runs. */
async function labProcess(directory: string) {
	const child = fork(path.join(import.meta.dirname, 'lab-process.ts'), [directory], { stdio: 'inherit' });
	await once(child, 'message');
	return child;
}

/** The last of the three starts by the hand of another: it may take a moment longer than the lab. */
async function threeRun(directory: string) {
	for (const deadline = Date.now() + 10_000; (await marked(directory)).length < 3; await delay(20))
		assert.ok(Date.now() < deadline, 'three processes of the lab run');
}

/** A process that no lab started. */
async function stranger() {
	const child = spawn('sleep', ['300'], { stdio: 'ignore', detached: true });
	await once(child, 'spawn');
	const identity = await identify(child.pid as number);
	assert.ok(identity);
	return { child, identity };
}

describe('processes of a lab', () => {
	let directory: string;
	before(async () => {
		directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	});
	after(() => rm(directory, { recursive: true, force: true }));

	test('a lab that is asked to end leaves none of its processes, nor one that left its group', async () => {
		const place = path.join(directory, 'asked');
		const lab = await labProcess(place);
		await threeRun(place);
		lab.send('stop');
		await once(lab, 'exit');
		assert.deepEqual(await marked(place), []);
		assert.equal(await runningLab(place), undefined);
	});

	test('what a lab killed with SIGKILL left is ended by the next start in its directory', async () => {
		const place = path.join(directory, 'killed');
		const lab = await labProcess(place);
		const other = await stranger();
		lab.kill('SIGKILL');
		await once(lab, 'exit');
		await threeRun(place);
		const next = await Lab.open({ systems: [], directory: place });
		assert.ok(next.leftovers >= 3);
		assert.deepEqual(await marked(place), []);
		assert.ok(await isRunning(other.identity));
		await next.stop();
		other.child.kill('SIGKILL');
	});

	test('a process that now has the pid of one that the killed lab had started is left alone', async () => {
		const place = path.join(directory, 'reused');
		const { child, identity } = await stranger();
		await mkdir(path.join(place, 'run'), { recursive: true });
		const earlier = { ...identity, startTicks: String(Number(identity.startTicks) - 1) };
		await writeFile(path.join(place, 'run', 'sleeper.json'), JSON.stringify(earlier));
		const lab = await Lab.open({ systems: [], directory: place });
		assert.equal(lab.leftovers, 0);
		assert.ok(await isRunning(identity));
		await lab.stop();
		child.kill('SIGKILL');
	});

	test('a pid file from before the last boot ends nothing', async () => {
		const place = path.join(directory, 'rebooted');
		const { child, identity } = await stranger();
		await mkdir(path.join(place, 'run'), { recursive: true });
		await writeFile(path.join(place, 'run', 'sleeper.json'), JSON.stringify({ ...identity, bootId: 'another' }));
		const lab = await Lab.open({ systems: [], directory: place });
		assert.ok(await isRunning(identity));
		await lab.stop();
		child.kill('SIGKILL');
	});

	test('a second lab in the same directory is refused and does not touch the first', async () => {
		const place = path.join(directory, 'twice');
		const lab = await labProcess(place);
		await threeRun(place);
		const before = await marked(place);
		await assert.rejects(Lab.open({ systems: [], directory: place }), (thrown: Error & { code?: string }) => {
			assert.equal(thrown.code, 'LAB_RUNNING');
			assert.match(thrown.message, new RegExp(`\\b${lab.pid}\\b`));
			return true;
		});
		assert.deepEqual(await marked(place), before);
		lab.send('stop');
		await once(lab, 'exit');
	});

	test('a system that never becomes ready is named with its log, and everything is ended', async () => {
		const place = path.join(directory, 'mute');
		let started: LabProcess | undefined;
		const mute: System = {
			name: 'mute',
			ports: {},
			async ensure() {},
			async start(context) {
				started = await context.run({ command: 'bash', args: ['-c', 'echo the disk is full; sleep 300'] });
			},
			async ready(context) {
				const options = { timeoutMs: 500, ...(started ? { process: started } : {}) };
				await context.until({ en: 'Mute answering', es: 'Que Mute responda' }, async () => false, options);
			},
			async stop() {},
		};
		const lab = await Lab.open({ directory: place, language: 'en', systems: [mute] });
		await assert.rejects(lab.start(), (thrown: Error & { code?: string }) => {
			assert.equal(thrown.code, 'TIMEOUT');
			assert.match(thrown.message, /Mute answering did not come about within/);
			assert.ok(thrown.message.includes(path.join(place, 'log', 'mute.log')));
			assert.match(thrown.message, /the disk is full/);
			return true;
		});
		assert.deepEqual(await marked(place), []);
	});
});
