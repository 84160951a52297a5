/**
 * What the package adds to the start of a stock Node-RED 5: time until "Started flows", and resident memory once it is
 * idle. The packed tarball is installed into a user directory as an analyst would; the peer is the same Node-RED with an
 * empty user directory, started alternately.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../lab/ports.ts';
import { type Bench, median } from './measure.ts';
import { startNodeRed } from './servers/node-red.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
/** Memory is read this long after the start, when the garbage of loading has been collected or never will be. */
const SETTLE_MS = 3_000;

async function userDirectory(base: string, name: string, tarball?: string): Promise<string> {
	const directory = join(base, name);
	await mkdir(directory);
	const settings =
		"module.exports = { uiHost: '127.0.0.1', credentialSecret: 'bench', telemetry: { enabled: false } };\n";
	await writeFile(join(directory, 'settings.js'), settings);
	await writeFile(join(directory, 'package.json'), '{"name":"bench","private":true}\n');
	if (tarball) await run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: directory });
	return directory;
}

async function residentMiB(child: ChildProcess): Promise<number> {
	const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

async function start(userDir: string): Promise<{ ms: number; mib: number; sets: string[] }> {
	const port = await freePort();
	const { child, ms } = await startNodeRed(['--userDir', userDir, '--port', String(port)]);
	try {
		await wait(SETTLE_MS);
		const nodes = (await (
			await fetch(`http://127.0.0.1:${port}/nodes`, { headers: { accept: 'application/json' } })
		).json()) as { module: string; name: string; enabled: boolean; err?: unknown }[];
		const sets = nodes.filter((set) => set.module.startsWith('@clinic-hub/') && set.enabled && !set.err);
		return { ms, mib: await residentMiB(child), sets: sets.map((set) => set.name) };
	} finally {
		child.kill('SIGKILL');
	}
}

const bench: Bench = async function* ({ quick, log }) {
	const rounds = quick ? 2 : 9;
	const base = await mkdtemp(join(tmpdir(), 'clinic-hub-bench-'));
	try {
		log('Building and packing …');
		await run('npm', ['run', 'build'], { cwd: ROOT });
		const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base], { cwd: ROOT });
		// npm 11 prints a list, npm 12 an object by package name.
		const [entry] = Object.values(JSON.parse(packed.stdout) as Record<string, { filename: string }>);
		if (!entry) throw new Error('npm pack named no file');
		const stock = await userDirectory(base, 'stock');
		const hub = await userDirectory(base, 'hub', join(base, entry.filename));
		const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
			'node-red': { nodes: Record<string, string> };
		};
		const expected = Object.keys(manifest['node-red'].nodes);
		await start(stock);
		await start(hub);
		const times = { stock: [] as number[], hub: [] as number[], stockMiB: [] as number[], hubMiB: [] as number[] };
		for (let round = 1; round <= rounds; round++) {
			const a = await start(stock);
			const b = await start(hub);
			const absent = expected.filter((set) => !b.sets.includes(set));
			if (absent.length) throw new Error(`Node sets are missing or broken: ${absent.join(', ')}`);
			times.stock.push(a.ms);
			times.hub.push(b.ms);
			times.stockMiB.push(a.mib);
			times.hubMiB.push(b.mib);
			log(
				`round ${round} of ${rounds}: stock ${a.ms.toFixed(0)} ms ${a.mib.toFixed(0)} MiB, hub ${b.ms.toFixed(0)} ms ${b.mib.toFixed(0)} MiB`,
			);
		}
		const [stockMs, hubMs] = [median(times.stock), median(times.hub)];
		const [stockMiB, hubMiB] = [median(times.stockMiB), median(times.hubMiB)];
		const against = 'start of a stock Node-RED';
		const addedMs = { measure: 'added_ms', value: hubMs - stockMs, unit: 'ms', goal: 'at most 300' };
		yield { ...addedMs, against, reference: stockMs, ratio: (hubMs - stockMs) / stockMs };
		const addedMiB = { measure: 'added_mib', value: hubMiB - stockMiB, unit: 'MiB', goal: 'at most 40' };
		yield {
			...addedMiB,
			against: 'memory of a stock Node-RED',
			reference: stockMiB,
			ratio: (hubMiB - stockMiB) / stockMiB,
		};
	} finally {
		await rm(base, { recursive: true, force: true });
	}
};

export default bench;
