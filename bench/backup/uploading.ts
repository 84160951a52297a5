/**
 * Bringing a file to Drive: the hub beside rclone at the same stand-in, encrypted and as it lies in the spool. Each is measured
 * as it is used: the hub runs already when there is something to upload, rclone is started for it. What the hub takes with
 * its start stands beside, as a measure of its own.
 */
import { execFile } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import type { Bench, BenchOptions, Measure } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import { GOOGLE_NEEDS, type GoogleStandIn, startGoogle } from './google.ts';
import { compared, inTurns, type Round } from './rounds.ts';
import type { Spooled, UploadFigures, UploadTask } from './upload-hub.ts';

const run = promisify(execFile);
const MIB = 1_048_576;

/** As the hub's; rclone's own 8 MiB make four times the requests, which it slows down beyond a hundred. */
const CHUNK = '32M';

const RUNNING = 'rclone as a whole command, the hub as a process that runs and has sent a small file before';

/** Of the work: rclone's from the start of its process to its end, the hub's from the order to the file in Drive. */
interface Figures {
	ms: number;
	/** User and system, of all threads. */
	cpuMs: number;
	/** Of the whole process. */
	started: { ms: number; cpuMs: number };
}

interface Party {
	/** From the plain file to the encrypted one in Drive. */
	encrypted(): Promise<Figures>;
	/** The file as it is. */
	plain(): Promise<Figures>;
}

export const uploading: Bench = async function* ({ quick, log }) {
	await ensurePrograms([{ packages: ['rclone'], commands: ['rclone'] }, GOOGLE_NEEDS], log);
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-upload-'));
	let standIn: GoogleStandIn | undefined;
	try {
		const drive = await startGoogle(directory);
		standIn = drive;
		const bytes = (quick ? 64 : 1024) * MIB;
		const plain = path.join(directory, 'plain');
		await writeRandom(plain, bytes);
		const parties = { hub: await hub(drive, directory, plain), rclone: await rclone(drive, directory, plain) };
		const count = quick ? 2 : 5;
		const rounds = (what: keyof Party) => {
			const of = (name: keyof typeof parties) => () =>
				observed(drive, bytes, `${what}, ${name}`, parties[name][what], log);
			return inTurns(count, of('hub'), of('rclone'));
		};
		yield* encrypted(await rounds('encrypted'), bytes);
		yield {
			bench: 'upload',
			measure: 'from_spool',
			...speed(await rounds('plain'), bytes),
			against: `rclone without crypt, ${bytes / MIB} MiB that lie ready; ${RUNNING}`,
		};
	} finally {
		standIn?.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

function* encrypted(rounds: readonly Round<Figures, Figures>[], bytes: number): Generator<Measure> {
	const both = `rclone with crypt, ${bytes / MIB} MiB`;
	const started = 'both from the start of the process to its end, the hub with a small file that it sends first';
	const inSeconds = ({ cpuMs }: { cpuMs: number }) => cpuMs / 1_000;
	const cpu = { bench: 'upload', unit: 's of CPU' };
	yield {
		bench: 'upload',
		measure: 'vs_rclone_speed',
		...speed(rounds, bytes),
		against: `${both}; ${RUNNING}; it encrypts into its spool, then uploads`,
		goal: 'at least 1.0',
	};
	yield {
		...cpu,
		measure: 'vs_rclone_cpu',
		...compared(rounds, inSeconds, inSeconds),
		against: `${both}; ${RUNNING}; both encrypt, and the hub writes its spool`,
		goal: 'at most 0.7',
	};
	const whole = rounds.map(({ hub, other }) => ({ hub: hub.started, other: other.started }));
	yield { ...cpu, measure: 'started_cpu', ...compared(whole, inSeconds, inSeconds), against: `${both}; ${started}` };
}

function speed(rounds: readonly Round<Figures, Figures>[], bytes: number) {
	const rate = ({ ms }: Figures) => bytes / 1_000 / ms;
	return { unit: 'MB/s', ...compared(rounds, rate, rate) };
}

/** Says how busy the stand-in was, too: as long as it idles it is not what is measured. */
async function observed(
	drive: GoogleStandIn,
	bytes: number,
	name: string,
	work: () => Promise<Figures & { detail?: string }>,
	log: BenchOptions['log'],
): Promise<Figures> {
	const before = drive.cpuMs();
	const { detail = '', ...figures } = await work();
	const { ms, cpuMs, started } = figures;
	const busy = (drive.cpuMs() - before) / started.ms;
	const rate = (bytes / 1_000 / ms).toFixed(0);
	log(
		`${name}: ${rate} MB/s, CPU ${cpuMs.toFixed(0)} ms${detail}; the stand-in was busy for ${(100 * busy).toFixed(0)} %`,
	);
	await drive.empty();
	return figures;
}

/** Runs a program where the stand-in is, and says what all of it took. */
async function whole(
	{ run: inside }: GoogleStandIn,
	command: readonly string[],
	env: Record<string, string>,
): Promise<Figures['started'] & { stdout: string }> {
	const begin = performance.now();
	// The second line of `times` are the children's user and system time.
	const { stdout } = await inside('sh', ['-c', '"$@" && times', 'sh', ...command], env);
	const ms = performance.now() - begin;
	const lines = stdout.trim().split('\n');
	const times = [...(lines.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
	const cpuMs = times.reduce(
		(sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
		0,
	);
	return { ms, cpuMs, stdout: lines.slice(0, -2).join('\n') };
}

async function hub(drive: GoogleStandIn, directory: string, file: string): Promise<Party> {
	const script = path.join(import.meta.dirname, 'upload-hub.ts');
	const spool = path.join(directory, 'spool');
	await mkdir(spool);
	const { recipient } = await createAgeKey();
	const { folderId, keyFiles } = drive.google;
	const before = path.join(directory, 'before');
	await writeRandom(before, 4 * MIB);
	const task: UploadTask = { file, before, spool, recipient, folderId, keyFile: keyFiles.uploader };
	const spooled = await spooledOf(file);
	// A hub as it is installed is compiled; Node keeps here what it makes of the bench's own files, and of the hub's.
	const env = { NODE_EXTRA_CA_CERTS: drive.caFile, NODE_COMPILE_CACHE: path.join(directory, 'compiled') };
	const upload = async (task: UploadTask) => {
		const command = [process.execPath, script, JSON.stringify(task)];
		const { stdout, ...started } = await whole(drive, command, env);
		const { encryptMs, uploadMs, cpuMs } = JSON.parse(stdout) as UploadFigures;
		const seconds = (ms: number) => (ms / 1_000).toFixed(1);
		const detail = ` of ${started.cpuMs.toFixed(0)} (encrypted in ${seconds(encryptMs)} s, uploaded in ${seconds(uploadMs)} s)`;
		return { ms: encryptMs + uploadMs, cpuMs, started, detail };
	};
	return { encrypted: () => upload(task), plain: () => upload({ ...task, spooled }) };
}

async function spooledOf(file: string): Promise<Spooled> {
	const hash = createHash('sha256');
	let size = 0;
	await pipeline(createReadStream(file, { highWaterMark: MIB }), async (pieces: AsyncIterable<Buffer>) => {
		for await (const piece of pieces) {
			hash.update(piece);
			size += piece.length;
		}
	});
	return { size, sha256: hash.digest('hex') };
}

async function rclone(drive: GoogleStandIn, directory: string, file: string): Promise<Party> {
	const { driveId, folderId, keyFiles } = drive.google;
	const { stdout: password } = await run('rclone', ['obscure', 'bench-password-of-no-worth']);
	const config = path.join(directory, 'rclone.conf');
	await writeFile(
		config,
		`[drive]
type = drive
scope = drive
service_account_file = ${keyFiles.uploader}
team_drive = ${driveId}
root_folder_id = ${folderId}
[crypt]
type = crypt
remote = drive:
password = ${password.trim()}
`,
	);
	let count = 0;
	const upload = (remote: 'drive' | 'crypt') => async () => {
		count += 1;
		const args = ['copyto', file, `${remote}:${count}.zip`, '--config', config, '--drive-chunk-size', CHUNK];
		const { ms, cpuMs } = await whole(drive, ['rclone', ...args], { SSL_CERT_FILE: drive.caFile });
		return { ms, cpuMs, started: { ms, cpuMs } };
	};
	return { encrypted: upload('crypt'), plain: upload('drive') };
}

async function writeRandom(file: string, bytes: number): Promise<void> {
	const handle = await open(file, 'w');
	const piece = Buffer.allocUnsafe(16 * MIB);
	for (let at = 0; at < bytes; at += piece.length)
		await handle.write(randomFillSync(piece), 0, Math.min(piece.length, bytes - at));
	await handle.close();
}
