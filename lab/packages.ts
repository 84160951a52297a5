/** The Debian packages that the chosen systems need: which are missing, and what they would bring. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findProgram } from './programs.ts';

const run = promisify(execFile);

/** Looking into package lists takes apt up to about 2 s on a slow disk; more means that another apt holds its lock. */
const LOOK_TIMEOUT_MS = 30_000;

/** Messages of apt are parsed, so they must be English. */
export const aptEnvironment = () => ({ ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' });

/** Options of every installation: nothing that was not asked for comes along, nothing that is there goes away. */
export const APT_OPTIONS = ['--no-install-recommends', '--no-remove'];

export interface Plan {
	/** The packages asked for, with the size of each one's archive in bytes where apt knows it. */
	wanted: { name: string; bytes?: number }[];
	/** Archives to fetch, those that the wanted ones need included. */
	archives: number;
	downloadBytes: number;
	/** As apt says it, e.g. `61.2 MB`. */
	onDisk: string;
}

/** True on Debian and what descends from it. */
export async function hasApt(): Promise<boolean> {
	if ((await findProgram('apt-get')) === undefined || (await findProgram('dpkg-query')) === undefined) return false;
	return access('/etc/debian_version').then(
		() => true,
		() => false,
	);
}

/** Those of `names` that dpkg does not have installed. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
	if (names.length === 0) return [];
	const format = ['-W', '-f', `\${Package} \${Status}\\n`];
	const { stdout } = await run('dpkg-query', [...format, ...names], { env: aptEnvironment() }).catch(
		(failed) => failed,
	);
	const installed = new Set(
		String(stdout ?? '')
			.split('\n')
			.filter((line) => line.endsWith(' install ok installed'))
			.map((line) => line.split(' ')[0]),
	);
	return names.filter((name) => !installed.has(name));
}

/** What installing would fetch; undefined when apt does not know a package (its lists are empty: `apt-get update`). */
export async function planOf(names: readonly string[]): Promise<Plan | undefined> {
	const options = { env: aptEnvironment(), timeout: LOOK_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
	let uris: string;
	try {
		uris = (await run('apt-get', ['install', '-qq', '--print-uris', ...APT_OPTIONS, ...names], options)).stdout;
	} catch {
		return undefined;
	}
	// 'http://…/rabbitmq-server_3.10.8-1.1_all.deb' rabbitmq-server_3.10.8-1.1_all.deb 15309020 SHA256:…
	const archives = [...uris.matchAll(/^'\S+' ([^_\s]+)_\S+ (\d+)/gm)].map(([, name, bytes]) => ({
		name,
		bytes: Number(bytes),
	}));
	// `--assume-no` ends with code 1 after having said what it would do.
	const dry = ['install', '--assume-no', ...APT_OPTIONS, ...names];
	const { stdout } = await run('apt-get', dry, options).catch((failed) => failed);
	return {
		wanted: names.map((name) => {
			const archive = archives.find((one) => one.name === name);
			return archive === undefined ? { name } : { name, bytes: archive.bytes };
		}),
		archives: archives.length,
		downloadBytes: archives.reduce((sum, { bytes }) => sum + bytes, 0),
		onDisk: /After this operation, (.+?) of additional/.exec(String(stdout ?? ''))?.[1] ?? '?',
	};
}
