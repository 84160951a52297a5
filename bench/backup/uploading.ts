/** Bringing a file to Drive, encrypted: the hub beside rclone with its crypt, at the same stand-in. */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import { type Bench, type BenchOptions, type Measure, median } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import { GOOGLE_NEEDS, type GoogleStandIn, startGoogle } from './google.ts';
import type { UploadFigures, UploadTask } from './upload-hub.ts';

const run = promisify(execFile);
const MIB = 1_048_576;

/** As the hub's; rclone's own 8 MiB make four times the requests, which it slows down beyond a hundred. */
const CHUNK = '32M';

interface Figures {
	/** Of the upload. */
	ms: number;
	/** From the plain file on; rclone encrypts while it uploads, the hub has done so while it fetched. */
	allMs: number;
	/** From the plain file on. */
	cpuMs: number;
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
		const names = ['hub', 'rclone'] as const;
		const rounds: Record<'hub' | 'rclone', Figures>[] = [];
		for (let round = 1; round <= (quick ? 2 : 5); round++) {
			const figures = {} as Record<'hub' | 'rclone', Figures>;
			for (const name of round % 2 ? names : names.toReversed()) {
				figures[name] = await observed(drive, bytes, name, parties[name], log);
				await drive.empty();
			}
			rounds.push(figures);
		}
		yield* measures(rounds, bytes);
	} finally {
		standIn?.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

function* measures(rounds: Record<'hub' | 'rclone', Figures>[], bytes: number): Generator<Measure> {
	const rate = (ms: number) => bytes / 1_000 / ms;
	const speed = (measure: string, of: (figures: Figures) => number) => ({
		...{ bench: 'upload', measure, unit: 'MB/s' },
		value: median(rounds.map(({ hub }) => rate(of(hub)))),
		reference: median(rounds.map(({ rclone }) => rate(rclone.ms))),
		ratio: median(rounds.map(({ hub, rclone }) => rclone.ms / of(hub))),
	});
	yield {
		...speed('vs_rclone_speed', ({ ms }) => ms),
		against: 'rclone with crypt at the same stand-in; the hub encrypted while it fetched',
		goal: 'at least 1.0',
	};
	yield {
		...speed('with_encryption', ({ allMs }) => allMs),
		against: 'the same; the hub encrypts into its spool first, then uploads',
	};
	yield {
		bench: 'upload',
		measure: 'vs_rclone_cpu',
		value: median(rounds.map(({ hub }) => hub.cpuMs)) / 1_000,
		unit: 's of CPU',
		against: 'rclone with crypt; both encrypt, and the hub writes its spool',
		reference: median(rounds.map(({ rclone }) => rclone.cpuMs)) / 1_000,
		ratio: median(rounds.map(({ hub, rclone }) => hub.cpuMs / rclone.cpuMs)),
		goal: 'at most 0.7',
	};
}

/** Says how busy the stand-in was, too: as long as it idles it is not what is measured. */
async function observed(
	drive: GoogleStandIn,
	bytes: number,
	name: string,
	work: () => Promise<Figures & { detail: string }>,
	log: BenchOptions['log'],
): Promise<Figures> {
	const before = drive.cpuMs();
	const begin = performance.now();
	const { detail, ...figures } = await work();
	const busy = (drive.cpuMs() - before) / (performance.now() - begin);
	const { allMs, cpuMs } = figures;
	const rate = (bytes / 1_000 / allMs).toFixed(0);
	log(
		`${name}: ${rate} MB/s, CPU ${cpuMs.toFixed(0)} ms${detail}; the stand-in was busy for ${(100 * busy).toFixed(0)} %`,
	);
	return figures;
}

async function hub({ google, caFile, run: inside }: GoogleStandIn, directory: string, plain: string) {
	const script = path.join(import.meta.dirname, 'upload-hub.ts');
	const spool = path.join(directory, 'spool');
	await mkdir(spool);
	const { recipient } = await createAgeKey();
	const { folderId, keyFiles } = google;
	const task: UploadTask = { plain, spool, recipient, folderId, keyFile: keyFiles.uploader };
	return async () => {
		const env = { NODE_EXTRA_CA_CERTS: caFile };
		const { stdout } = await inside(process.execPath, [script, JSON.stringify(task)], env);
		const { encryptMs, uploadMs, cpuMs } = JSON.parse(stdout) as UploadFigures;
		const seconds = (ms: number) => (ms / 1_000).toFixed(1);
		return {
			...{ ms: uploadMs, allMs: encryptMs + uploadMs, cpuMs },
			detail: ` (encrypted in ${seconds(encryptMs)} s, uploaded in ${seconds(uploadMs)} s)`,
		};
	};
}

async function rclone({ google, caFile, run: inside }: GoogleStandIn, directory: string, plain: string) {
	const { driveId, folderId, keyFiles } = google;
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
	return async () => {
		count += 1;
		const args = ['copyto', plain, `crypt:${count}.zip`, '--config', config, '--drive-chunk-size', CHUNK];
		const begin = performance.now();
		// The second line of `times` are the children's user and system time.
		const { stdout } = await inside('sh', ['-c', '"$@" && times', 'sh', 'rclone', ...args], { SSL_CERT_FILE: caFile });
		const ms = performance.now() - begin;
		const times = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
		const cpuMs = times.reduce(
			(sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
			0,
		);
		return { ms, allMs: ms, cpuMs, detail: '' };
	};
}

async function writeRandom(file: string, bytes: number): Promise<void> {
	const handle = await open(file, 'w');
	const piece = Buffer.allocUnsafe(16 * MIB);
	for (let at = 0; at < bytes; at += piece.length) await handle.write(randomFillSync(piece));
	await handle.close();
}
