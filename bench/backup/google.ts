/**
 * A stand-in of Google Drive under Google's own names, for programs that know no others: in a network of its own, in which
 * those names lead to it and a certificate of the lab's authority is theirs. The machine's hosts and ports stay as they are.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createAuthority } from '../../lab/certificates.ts';
import { type ClinicGoogle, clinicGoogle } from '../../lab/drive/clinic.ts';

const run = promisify(execFile);

const NAMES = ['www.googleapis.com', 'oauth2.googleapis.com', 'accounts.google.com'];
const MAIN = path.resolve(import.meta.dirname, '../../lab/drive/main.ts');
/** As in `THREAD_LIMITS` of the hub: what passes through it shall not be looked through. In MiB. */
const SMALL_YOUNG = '--max-semi-space-size=1';
/** `$0` is the file of hosts. */
const ENTER = 'ip link set lo up && mount --bind "$0" /etc/hosts && exec "$@"';
/** Linux counts CPU time in this unit, in ms. */
const TICK_MS = 10;

export interface GoogleStandIn {
	google: ClinicGoogle;
	/** PEM, for clients. */
	caFile: string;
	/** Runs a program where Google's names lead to the stand-in. */
	run(command: string, args: readonly string[], env?: Record<string, string>): Promise<{ stdout: string }>;
	/** CPU time that the stand-in has taken, in ms. */
	cpuMs(): number;
	/** Removes the bytes of what was uploaded. */
	empty(): Promise<void>;
	stop(): void;
}

export const GOOGLE_NEEDS = {
	packages: ['iproute2', 'openssl', 'util-linux'],
	commands: ['ip', 'openssl', 'unshare', 'nsenter'],
};

/** @throws Error with what `unshare` says where it is not allowed: as root, or where users may have namespaces, it is */
export async function startGoogle(directory: string): Promise<GoogleStandIn> {
	const [caFile, cert, key, hosts] = ['ca.pem', 'cert.pem', 'key.pem', 'hosts'].map((name) =>
		path.join(directory, name),
	) as [string, string, string, string];
	const authority = await createAuthority();
	const certificate = await authority.issue(NAMES);
	await writeFile(caFile, authority.ca);
	await writeFile(cert, certificate.cert);
	await writeFile(key, certificate.key, { mode: 0o600 });
	await writeFile(hosts, `127.0.0.1 localhost ${NAMES.join(' ')}\n`);
	const drive = path.join(directory, 'drive');
	const google = clinicGoogle(drive, []);

	const root = process.getuid?.() === 0;
	const user = root ? [] : ['--user', '--map-root-user'];
	const program = [process.execPath, SMALL_YOUNG, MAIN, '127.0.0.1', '443', drive];
	const child = spawn('unshare', [...user, '--net', '--mount', 'sh', '-c', ENTER, hosts, ...program], {
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { ...process.env, DRIVE_TLS_CERT: cert, DRIVE_TLS_KEY: key },
	});
	const ended = once(child, 'exit').then(([code]) => {
		throw new Error(`The stand-in of Google Drive ended with ${code}: it needs a network of its own (unshare --net).`);
	});
	await Promise.race([once(child.stdout, 'data'), ended]);
	ended.catch(() => undefined);
	const place = [
		'--target',
		String(child.pid),
		'--net',
		'--mount',
		...(root ? [] : ['--user', '--preserve-credentials']),
	];
	return {
		google,
		caFile,
		run: (command, args, env = {}) =>
			run('nsenter', [...place, '--', command, ...args], { env: { ...process.env, ...env } }),
		cpuMs() {
			const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
			// utime and stime, see proc(5).
			return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
		},
		async empty() {
			const content = path.join(drive, 'content');
			for (const name of await readdir(content)) await rm(path.join(content, name));
		},
		stop: () => child.kill('SIGKILL'),
	};
}
