/** Installs Debian packages without letting their services start, now or at boot. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { HubError } from '../lib/errors.ts';
import { APT_OPTIONS, aptEnvironment } from './packages.ts';

const run = promisify(execFile);

/** Debian asks this program before it starts a service of a package; 101 forbids it (policy-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';
/** Where a policy that was there before waits; found and put back by the next installation if this one is killed. */
const POLICY_BEFORE = `${POLICY}.before-clinic-hub`;
const POLICY_TEXT = '#!/bin/sh\n# clinic-hub: services of packages being installed are not started.\nexit 101\n';

/** Waiting for another apt to end, in s. */
const LOCK_TIMEOUT_S = 120;

/** How much of apt's output is shown when it fails, in lines. */
const TAIL_LINES = 15;

export interface InstallProgress {
	/** 0 … 100 over fetching and unpacking, each its own run. */
	percent: number;
	phase: 'fetch' | 'install';
}

async function exists(file: string): Promise<boolean> {
	return access(file).then(
		() => true,
		() => false,
	);
}

async function restorePolicy(): Promise<void> {
	if (await exists(POLICY_BEFORE)) await rename(POLICY_BEFORE, POLICY);
	else if ((await readFile(POLICY, 'utf8').catch(() => '')) === POLICY_TEXT) await rm(POLICY);
}

async function forbidStarting(): Promise<void> {
	await restorePolicy(); // of an installation that was killed
	if (await exists(POLICY)) await rename(POLICY, POLICY_BEFORE);
	await writeFile(POLICY, POLICY_TEXT);
	await chmod(POLICY, 0o755);
}

/** Services, sockets and timers that the packages brought. */
async function unitsOf(packages: readonly string[]): Promise<string[]> {
	const { stdout } = await run('dpkg-query', ['-L', ...packages], {
		env: aptEnvironment(),
		maxBuffer: 16 * 1024 * 1024,
	});
	const units = [...stdout.matchAll(/^(?:\/usr)?\/lib\/systemd\/system\/([^/\n@]+\.(?:service|socket|timer))$/gm)];
	return [...new Set(units.map(([, unit]) => unit as string))];
}

async function scriptsOf(packages: readonly string[]): Promise<string[]> {
	const { stdout } = await run('dpkg-query', ['-L', ...packages], {
		env: aptEnvironment(),
		maxBuffer: 16 * 1024 * 1024,
	});
	return [...stdout.matchAll(/^\/etc\/init\.d\/([^/\n]+)$/gm)].map(([, script]) => script as string);
}

/** Takes the services of these packages out of the boot. They stay installed and can be enabled again at will. */
async function disableServices(packages: readonly string[]): Promise<void> {
	const units = await unitsOf(packages);
	for (const script of await scriptsOf(packages))
		await run('update-rc.d', [script, 'disable'], { env: aptEnvironment() });
	if (units.length === 0) return;
	const tool = (await exists('/usr/bin/systemctl')) || (await exists('/bin/systemctl')) ? 'systemctl' : undefined;
	for (const unit of units) {
		// Without systemd a unit is "enabled" by links alone, which Debian's own helper removes.
		const [command, args] = tool ? [tool, ['disable', '-q', unit]] : ['deb-systemd-helper', ['disable', unit]];
		// Units without an [Install] section cannot be disabled and are not started at boot by themselves.
		await run(command, args, {
			env: { ...aptEnvironment(), DEB_MAINTSCRIPT_PACKAGE: unit, DPKG_MAINTSCRIPT_PACKAGE: unit },
		}).catch(() => undefined);
	}
}

async function installedNow(): Promise<Set<string>> {
	const { stdout } = await run('dpkg-query', ['-W', '-f', `\${db:Status-Abbrev} \${Package}\\n`], {
		env: aptEnvironment(),
		maxBuffer: 16 * 1024 * 1024,
	});
	return new Set([...stdout.matchAll(/^ii {1,2}(\S+)$/gm)].map(([, name]) => name as string));
}

/** One call of apt-get in a group of its own: Ctrl-C must reach apt alone, which then leaves dpkg in a sane state. */
async function aptGet(
	args: readonly string[],
	logFile: string,
	signal: AbortSignal,
	onProgress: (progress: InstallProgress) => void,
): Promise<void> {
	const options = ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`, '-o', 'APT::Status-Fd=3', '-q', '-y'];
	const child = spawn('apt-get', [...options, ...args], {
		env: aptEnvironment(),
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
	});
	let output = '';
	const keep = (chunk: Buffer): void => {
		output = (output + chunk.toString()).slice(-100_000);
	};
	child.stdout?.on('data', keep);
	child.stderr?.on('data', keep);
	let rest = '';
	child.stdio[3]?.on('data', (chunk: Buffer) => {
		const lines = (rest + chunk.toString()).split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) {
			// dlstatus:3:21.4:Retrieving file 3 of 40 (…)   pmstatus:erlang-base:33.3:Unpacking erlang-base (amd64)
			const [kind, , percent] = line.split(':');
			if (kind === 'dlstatus') onProgress({ phase: 'fetch', percent: Number(percent) });
			if (kind === 'pmstatus') onProgress({ phase: 'install', percent: Number(percent) });
		}
	});
	const interrupt = () => child.kill('SIGINT');
	signal.addEventListener('abort', interrupt, { once: true });
	try {
		const [code] = (await once(child, 'close')) as [number | null];
		await writeFile(logFile, output);
		signal.throwIfAborted();
		if (code === 0) return;
		const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
		throw new HubError('PACKAGES_MISSING', `apt-get ${args[0]} ended with code ${code} (${logFile}):\n${tail}`);
	} finally {
		signal.removeEventListener('abort', interrupt);
	}
}

/** Refreshes apt's lists. Throws `PACKAGES_MISSING` with what apt said. */
export async function updateLists(labDirectory: string, signal: AbortSignal): Promise<void> {
	await aptGet(['update'], path.join(labDirectory, 'apt-update.log'), signal, () => {});
}

/**
 * Installs packages as root. Their services, and those of what comes with them, do not start and are not enabled at
 * boot; the machine's own policy about starting services is back when this returns or throws.
 * Throws `PACKAGES_MISSING` with what apt said, or the reason of the signal.
 */
export async function install(
	packages: readonly string[],
	labDirectory: string,
	signal: AbortSignal,
	onProgress: (progress: InstallProgress) => void,
): Promise<void> {
	const before = await installedNow();
	await forbidStarting();
	try {
		const log = path.join(labDirectory, 'apt-install.log');
		await aptGet(['install', ...APT_OPTIONS, ...packages], log, signal, onProgress);
	} finally {
		await restorePolicy();
		const brought = [...(await installedNow())].filter((name) => !before.has(name));
		if (brought.length > 0) await disableServices(brought);
	}
}
