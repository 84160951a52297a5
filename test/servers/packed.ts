/** This package as npm would publish it, and installations made from it. Needs `npm run build` before. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** With an empty cache on a slow line npm fetches some 130 MB, in ms. */
const INSTALL_TIMEOUT_MS = 240_000;

export const root = path.resolve(import.meta.dirname, '..', '..');

export interface Manifest {
	name: string;
	version: string;
	keywords: string[];
	'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
}

export async function manifest(): Promise<Manifest> {
	return JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
}

/** Runs npm as a person would, in a directory of its own; a cached package is not asked for again. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
	const { stdout } = await run('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund'], {
		cwd,
		timeout: INSTALL_TIMEOUT_MS,
	});
	return stdout;
}

/** Packs into the directory; gives the tarball's path. */
export async function pack(directory: string): Promise<string> {
	const output = await npm(root, 'pack', '--json', '--pack-destination', directory);
	const [{ filename }] = JSON.parse(output) as [{ filename: string }];
	return path.join(directory, filename);
}

/** A user directory that holds only what an installation of the tarball from the palette manager brings. */
export async function installPacked(userDir: string, tarball: string): Promise<void> {
	await mkdir(userDir, { recursive: true });
	await writeFile(path.join(userDir, 'package.json'), '{"name":"node-red-project","private":true}');
	await npm(userDir, 'install', '--omit=dev', '--save', tarball);
}

/** The hub application as a deployment installs it, from the lock, beside the unpacked package; gives its directory. */
export async function installHub(directory: string, tarball: string): Promise<string> {
	await run('tar', ['-xzf', tarball, '-C', directory]);
	const hub = path.join(directory, 'package', 'deploy', 'hub');
	await mkdir(hub, { recursive: true });
	for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
		await cp(path.join(root, 'deploy', 'hub', name), path.join(hub, name));
	}
	await npm(hub, 'ci', '--omit=dev');
	return hub;
}

/** Every package on disk below a directory: where it lies, its name and version. */
export async function packagesBelow(directory: string): Promise<{ place: string; name: string; version: string }[]> {
	const entries = await readdir(directory, { recursive: true });
	const manifests = entries.filter((entry) => /(^|\/)node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(entry));
	return Promise.all(
		manifests.map(async (entry) => {
			const { name, version } = JSON.parse(await readFile(path.join(directory, entry), 'utf8'));
			return { place: entry, name, version };
		}),
	);
}
