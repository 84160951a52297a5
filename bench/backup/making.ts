/** Making a backup: fetched, proven, encrypted and spooled, beside stock programs that do the same one after the other. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import { type Bench, median, ratioOf } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import { writeArchive } from './archive.ts';
import type { HubFigures } from './hub.ts';
import { hubBackup } from './hub-process.ts';

const run = promisify(execFile);
const MIB = 1_048_576;
const STOCK = { packages: ['curl', 'unzip', 'age'], commands: ['curl', 'unzip', 'age'] };
const THROTTLED_BYTES_PER_SECOND = 100_000_000;

interface Setting {
	base: string;
	recipient: string;
	directory: string;
}

function hub({ base, recipient, directory }: Setting, file: string, query = ''): Promise<HubFigures> {
	const address = { url: base, masterPassword: 'master' };
	const source = { kind: 'manager', address, database: `${file}${query}`, format: 'zip' } as const;
	return hubBackup({ source, spool: path.join(directory, 'spool'), recipient });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
	const begin = performance.now();
	await work();
	return performance.now() - begin;
}

async function download({ base, directory }: Setting, file: string, query = ''): Promise<string> {
	const target = path.join(directory, 'downloaded.zip');
	await run('curl', ['--silent', '--show-error', '--fail', '--output', target, `${base}/${file}${query}`]);
	return target;
}

/** They do less: no hashes, no attachments, no rows, and the plain text lies on the disk. */
async function stock(setting: Setting, file: string): Promise<number> {
	const encrypted = path.join(setting.directory, 'stock.age');
	const ms = await timed(async () => {
		const target = await download(setting, file);
		await run('unzip', ['-tqq', target]);
		await run('age', ['--encrypt', '--recipient', setting.recipient, '--output', encrypted, target]);
	});
	await rm(encrypted);
	await rm(path.join(setting.directory, 'downloaded.zip'));
	return ms;
}

async function startServer(directory: string) {
	const child = spawn(process.execPath, [path.join(import.meta.dirname, 'server.ts'), directory], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const port = await new Promise<string>((resolve, reject) => {
		child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
		child.once('exit', (code) => reject(new Error(`the server of files ended with ${code}`)));
	});
	return { base: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') };
}

export const making: Bench = async function* ({ quick, log }) {
	await ensurePrograms([STOCK], log);
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-'));
	const server = await startServer(directory);
	try {
		const { recipient } = await createAgeKey();
		const setting: Setting = { base: server.base, recipient, directory };
		const sizes = quick ? [96 * MIB, 256 * MIB] : [1024 * MIB, 4096 * MIB];
		const [small = 0, large = 0] = sizes;
		const archive = await writeArchive(path.join(directory, 'small.zip'), small);
		const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
		log(`${mb(small)} of zip: ${mb(archive.sqlBytes)} of SQL, ${archive.attachments} attachments`);

		const rounds = quick ? 2 : 5;
		const pairs: { hub: HubFigures; stockMs: number }[] = [];
		for (let round = 1; round <= rounds; round++) {
			const pair = { stockMs: await stock(setting, 'small.zip'), hub: await hub(setting, 'small.zip') };
			pairs.push(pair);
			const { ms, cpuMs, peakMiB, idleMiB, delayMs } = pair.hub;
			log(
				`round ${round} of ${rounds}: hub ${rate(small, ms)} MB/s (CPU ${Math.round(cpuMs)} ms, ${Math.round(peakMiB - idleMiB)} MiB added, main thread late by ${delayMs.toFixed(1)} ms), stock ${rate(small, pair.stockMs)} MB/s`,
			);
		}
		yield {
			measure: 'vs_stock',
			value: Number(rate(small, median(pairs.map((pair) => pair.hub.ms)))),
			unit: 'MB/s',
			against: 'curl, unzip -t and age, one after the other',
			reference: Number(rate(small, median(pairs.map((pair) => pair.stockMs)))),
			ratio: median(pairs.map((pair) => pair.stockMs / pair.hub.ms)),
			goal: 'at least 1.2',
		};
		const delayMs = median(pairs.map((pair) => pair.hub.delayMs));
		const idleDelayMs = median(pairs.map((pair) => pair.hub.idleDelayMs));
		yield {
			measure: 'delay_p99_ms',
			value: delayMs,
			unit: 'ms',
			against: 'the same thread before the backup',
			reference: idleDelayMs,
			ratio: ratioOf(delayMs, idleDelayMs),
			goal: 'at most 20 ms',
		};

		const throttle = `?rate=${THROTTLED_BYTES_PER_SECOND}`;
		const throttled: { hubMs: number; curlMs: number }[] = [];
		for (let round = 1; round <= (quick ? 1 : 3); round++) {
			const curlMs = await timed(() => download(setting, 'small.zip', throttle));
			throttled.push({ curlMs, hubMs: (await hub(setting, 'small.zip', throttle)).ms });
		}
		yield {
			measure: 'vs_download',
			value: median(throttled.map(({ hubMs }) => hubMs)) / 1_000,
			unit: 's',
			against: 'curl alone, from a source of 100 MB/s',
			reference: median(throttled.map(({ curlMs }) => curlMs)) / 1_000,
			ratio: median(throttled.map(({ hubMs, curlMs }) => hubMs / curlMs)),
			goal: 'at most 1.05',
		};

		const smallAdded = median(pairs.map((pair) => pair.hub.peakMiB - pair.hub.idleMiB));
		await rm(path.join(directory, 'downloaded.zip'), { force: true });
		await writeArchive(path.join(directory, 'large.zip'), large);
		const { peakMiB, idleMiB } = await hub(setting, 'large.zip');
		yield {
			measure: 'added_rss_mib',
			value: Math.max(peakMiB - idleMiB, smallAdded),
			unit: 'MiB',
			against: `over idle at a quarter of the size or less; the larger has ${mb(large)}`,
			reference: smallAdded,
			ratio: (peakMiB - idleMiB) / smallAdded,
			goal: 'at most 300 MiB, and flat',
		};
	} finally {
		server.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

function rate(bytes: number, ms: number): string {
	return (bytes / 1_000 / ms).toFixed(0);
}
