/** Bringing a file to Drive: the hub beside rclone at the same stand-in, encrypted and as it lies in the spool. */
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

/** Of a whole process, from its start to its end. */
interface Figures {
	ms: number;
	/** User and system, of all its threads. */
	cpuMs: number;
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
			against: `rclone without crypt; both bring ${bytes / MIB} MiB that lie ready`,
		};
	} finally {
		standIn?.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

function* encrypted(rounds: readonly Round<Figures, Figures>[], bytes: number): Generator<Measure> {
	const from = `${bytes / MIB} MiB, from the start of the process to its end`;
	yield {
		bench: 'upload',
		measure: 'vs_rclone_speed',
		...speed(rounds, bytes),
		against: `rclone with crypt, ${from}; the hub encrypts into its spool, then uploads`,
		goal: 'at least 1.0',
	};
	const inSeconds = ({ cpuMs }: Figures) => cpuMs / 1_000;
	yield {
		bench: 'upload',
		measure: 'vs_rclone_cpu',
		unit: 's of CPU',
		...compared(rounds, inSeconds, inSeconds),
		against: `rclone with crypt, ${from}; both encrypt, and the hub writes its spool`,
		goal: 'at most 0.7',
	};
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
	const { ms, cpuMs, detail = '' } = await work();
	const busy = (drive.cpuMs() - before) / ms;
	const rate = (bytes / 1_000 / ms).toFixed(0);
	log(
		`${name}: ${rate} MB/s, CPU ${cpuMs.toFixed(0)} ms${detail}; the stand-in was busy for ${(100 * busy).toFixed(0)} %`,
	);
	await drive.empty();
	return { ms, cpuMs };
}

/** Runs a program where the stand-in is, and says what all of it took. */
async function whole(
	{ run: inside }: GoogleStandIn,
	command: readonly string[],
	env: Record<string, string>,
): Promise<Figures & { stdout: string }> {
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
	const task: UploadTask = { file, spool, recipient, folderId, keyFile: keyFiles.uploader };
	const spooled = await spooledOf(file);
	// A hub as it is installed is compiled; Node keeps here what it makes of the bench's own files, and of the hub's.
	const env = { NODE_EXTRA_CA_CERTS: drive.caFile, NODE_COMPILE_CACHE: path.join(directory, 'compiled') };
	const upload = async (task: UploadTask) => {
		const command = [process.execPath, script, JSON.stringify(task)];
		const { stdout, ...figures } = await whole(drive, command, env);
		const { encryptMs, uploadMs } = JSON.parse(stdout) as UploadFigures;
		const seconds = (ms: number) => (ms / 1_000).toFixed(1);
		return { ...figures, detail: ` (encrypted in ${seconds(encryptMs)} s, uploaded in ${seconds(uploadMs)} s)` };
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
	const upload = (remote: 'drive' | 'crypt') => () => {
		count += 1;
		const args = ['copyto', file, `${remote}:${count}.zip`, '--config', config, '--drive-chunk-size', CHUNK];
		return whole(drive, ['rclone', ...args], { SSL_CERT_FILE: drive.caFile });
	};
	return { encrypted: upload('crypt'), plain: upload('drive') };
}

async function writeRandom(file: string, bytes: number): Promise<void> {
	const handle = await open(file, 'w');
	const piece = Buffer.allocUnsafe(16 * MIB);
	for (let at = 0; at < bytes; at += piece.length) await handle.write(randomFillSync(piece));
	await handle.close();
}
