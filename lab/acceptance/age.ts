/** The stock `age` program: whoever has a backup and the recovery key needs nothing of this package. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { HubError } from '../../lib/errors.ts';

/** Debian's package, and the command elsewhere. */
export const AGE_NEEDS = { packages: ['age'], commands: ['age'] };

/** It answers in milliseconds. */
const VERSION_TIMEOUT_MS = 10_000;

/** As it tells. @throws what starting it throws */
export async function ageVersion(): Promise<string> {
	const { stdout } = await promisify(execFile)('age', ['--version'], { timeout: VERSION_TIMEOUT_MS });
	return stdout.trim();
}

/**
 * What `age --decrypt` makes of the file; nothing of it touches the disk.
 * @param identity secret key, read by the program from its input: command lines can be seen by everybody
 * @throws HubError `KEY_INVALID` with what the program says
 */
export async function* decryptedByAge(file: string, identity: string, signal: AbortSignal): AsyncGenerator<Buffer> {
	const child = spawn('age', ['--decrypt', '--identity', '-', file], { signal, stdio: ['pipe', 'pipe', 'pipe'] });
	const ended = once(child, 'close');
	ended.catch(() => {}); // awaited below, unless whoever reads stops before
	const said = text(child.stderr);
	said.catch(() => {});
	child.stdin.on('error', () => {}); // it ended without reading; its code tells
	child.stdin.end(`${identity}\n`);
	try {
		for await (const piece of child.stdout) yield piece as Buffer;
		const [code] = (await ended) as [number | null];
		if (code !== 0) throw new HubError('KEY_INVALID', `age ended with ${code}: ${(await said).trim()}`);
	} finally {
		child.kill();
	}
}
