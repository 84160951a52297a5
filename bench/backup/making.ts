/** Making a backup: fetched, proven, encrypted and spooled, beside stock programs that do the same one after the other. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import { type Bench, type BenchOptions, type Measure, median, ratioOf } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import { writeArchive } from './archive.ts';
import type { HubFigures } from './hub.ts';
import { hubBackup } from './hub-process.ts';
import { compared, inTurns } from './rounds.ts';

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

export const making: Bench = async function* (options) {
	const { quick, log } = options;
	await ensurePrograms([STOCK], log);
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-'));
	const server = await startServer(directory);
	try {
		const { recipient } = await createAgeKey();
		const setting: Setting = { base: server.base, recipient, directory };
		const sizes = quick ? [96 * MIB, 256 * MIB] : [1024 * MIB, 4096 * MIB];
		const [small = 0, large = 0] = sizes;
		const archive = await writeArchive(path.join(directory, 'small.zip'), small);
		log(`${mb(small)} of zip: ${mb(archive.sqlBytes)} of SQL, ${archive.attachments} attachments`);

		const count = quick ? 2 : 5;
		const rounds = await inTurns(
			count,
			() => hub(setting, 'small.zip'),
			() => stock(setting, 'small.zip'),
			(round, { hub: { ms, cpuMs, addedMiB, delayMs }, other }) =>
				log(
					`round ${round} of ${count}: hub ${rate(small, ms).toFixed(0)} MB/s (CPU ${Math.round(cpuMs)} ms, ${Math.round(addedMiB)} MiB added, main thread late by ${delayMs.toFixed(1)} ms), stock ${rate(small, other).toFixed(0)} MB/s`,
				),
		);
		yield {
			measure: 'vs_stock',
			unit: 'MB/s',
			...compared(
				rounds,
				({ ms }) => rate(small, ms),
				(ms) => rate(small, ms),
			),
			against: `curl, unzip -t and age, one after the other, with ${mb(small)}`,
			goal: 'at least 1.2',
		};
		const delayMs = median(rounds.map(({ hub }) => hub.delayMs));
		const idleDelayMs = median(rounds.map(({ hub }) => hub.idleDelayMs));
		yield {
			measure: 'delay_p99_ms',
			value: delayMs,
			unit: 'ms',
			against: 'the same thread before the backup',
			reference: idleDelayMs,
			ratio: ratioOf(delayMs, idleDelayMs),
			goal: 'at most 20 ms',
		};
		yield await besideDownload(setting, small, options);

		const smallAdded = median(rounds.map(({ hub }) => hub.addedMiB));
		await rm(path.join(directory, 'downloaded.zip'), { force: true });
		await writeArchive(path.join(directory, 'large.zip'), large);
		const { addedMiB } = await hub(setting, 'large.zip');
		yield {
			measure: 'added_rss_mib',
			value: addedMiB,
			unit: 'MiB',
			against: `with ${mb(large)} over idle; the reference is the same with ${mb(small)}`,
			reference: smallAdded,
			ratio: addedMiB / smallAdded,
			goal: 'at most 300 MiB, and flat',
		};
	} finally {
		server.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

/** From a source that is slower than the hub: what proving and encrypting add to the time that fetching takes anyway. */
async function besideDownload(setting: Setting, bytes: number, { quick, log }: BenchOptions): Promise<Measure> {
	const throttle = `?rate=${THROTTLED_BYTES_PER_SECOND}`;
	const rounds = await inTurns(
		quick ? 1 : 3,
		async () => (await hub(setting, 'small.zip', throttle)).ms,
		() => timed(() => download(setting, 'small.zip', throttle)),
		(round, { hub, other }) => log(`throttled, round ${round}: hub ${seconds(hub)} s, curl ${seconds(other)} s`),
	);
	const inSeconds = (ms: number) => ms / 1_000;
	return {
		measure: 'vs_download',
		unit: 's',
		...compared(rounds, inSeconds, inSeconds),
		against: `curl alone, from a source of 100 MB/s, with ${mb(bytes)}`,
		goal: 'at most 1.05',
	};
}

/** In MB/s. */
function rate(bytes: number, ms: number): number {
	return bytes / 1_000 / ms;
}

function mb(bytes: number): string {
	return `${Math.round(bytes / 1e6)} MB`;
}

function seconds(ms: number): string {
	return (ms / 1_000).toFixed(2);
}
