/**
 * RabbitMQ 4.0 beside this machine's own 3.10: a Debian 13 root that holds it, entered by chroot. For the full tests; needs
 * root and the package debootstrap.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { HubError } from '../../lib/errors.ts';

const run = promisify(execFile);

const DISTRIBUTION = 'trixie';

/** About 300 MB are fetched and unpacked: 40 s with a near mirror, in ms. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** Where the root is kept: RABBITMQ_4_ROOT, or the user's cache. */
function location(): string {
	return process.env['RABBITMQ_4_ROOT'] || path.join(homedir(), '.cache', 'clinic-hub', 'rabbitmq-4');
}

/**
 * The directory of the root, made at first use.
 * @throws HubError NOT_FOUND when it cannot be made here
 */
export async function rabbitmq4Root(): Promise<string> {
	const root = location();
	if (process.getuid?.() !== 0)
		throw new HubError('NOT_FOUND', 'RABBITMQ_VERSION=4 needs root: it runs in a Debian root');
	if (await exists(path.join(root, 'usr/lib/rabbitmq'))) return root;
	const partial = `${root}.${process.pid}`;
	await mkdir(path.dirname(root), { recursive: true });
	try {
		const args = ['--variant=minbase', '--include=rabbitmq-server', DISTRIBUTION, partial];
		await run('debootstrap', args, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
		await writeFile(path.join(partial, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
		await rename(partial, root);
	} catch (thrown) {
		await rm(partial, { recursive: true, force: true });
		if (await exists(path.join(root, 'usr/lib/rabbitmq'))) return root; // another process was faster
		const why = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown);
		throw new HubError('NOT_FOUND', `RabbitMQ 4 cannot be installed by debootstrap (is the package there?): ${why}`, {
			cause: thrown,
		});
	}
	return root;
}

function exists(file: string): Promise<boolean> {
	return access(file).then(
		() => true,
		() => false,
	);
}
