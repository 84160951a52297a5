/** Lets `pg_restore` read a whole dump from a stream: nothing else knows the format to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HubError } from '../errors.ts';

/** Of what the program complains about, in bytes: its last line is shown. */
const COMPLAINT_BYTES = 4_096;

/** After a request to stop, in ms: less than a thread of a backup has. */
const KILL_MS = 1_500;

/**
 * @param take the SQL that the dump restores to
 * @returns bytes of the dump
 * @throws HubError BACKUP_SPOILED with what the program says, CONFIG_INVALID when it cannot be started
 */
export async function restoreToText(
	dump: AsyncIterable<Buffer>,
	take: (chunk: Buffer) => void,
	{ pgRestore = 'pg_restore', signal }: { pgRestore?: string; signal?: AbortSignal },
): Promise<number> {
	const child = spawn(pgRestore, ['--format=custom', '--no-owner', '--no-privileges', '--file=-'], {
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	const closed = new Promise<number | null>((resolve, reject) => {
		child.once('error', (cause) => {
			const text = `The program pg_restore cannot be started (${pgRestore}). Install PostgreSQL's client programs.`;
			reject(new HubError('CONFIG_INVALID', text, { cause }));
		});
		child.once('close', resolve);
	});
	// Each of the three below may fail first; the others then end by the killed program.
	closed.catch(() => undefined);
	const stop = () => {
		child.kill();
		setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref();
	};
	signal?.addEventListener('abort', stop, { once: true });
	let complaint = '';
	child.stderr.on('data', (bytes: Buffer) => {
		complaint = (complaint + bytes.toString('utf8')).slice(-COMPLAINT_BYTES);
	});
	const reading = (async () => {
		for await (const chunk of child.stdout as AsyncIterable<Buffer>) take(chunk);
	})();
	try {
		const [fed, code] = await Promise.all([feed(dump, child.stdin, closed), closed, reading]);
		if (signal?.aborted) throw new HubError('CANCELLED', 'The proof of the dump was cancelled.');
		if (code !== 0) {
			const lastLine = complaint.trim().split('\n').at(-1) || `it ended with ${code}`;
			throw new HubError('BACKUP_SPOILED', `pg_restore cannot read the dump to its end: ${lastLine}`);
		}
		if (!fed.whole) throw new HubError('BACKUP_SPOILED', 'More follows the end of the dump.');
		return fed.bytes;
	} finally {
		signal?.removeEventListener('abort', stop);
		if (child.exitCode === null) stop();
	}
}

/** A program that ends early takes no more; whether that is a failure, its exit tells. */
async function feed(dump: AsyncIterable<Buffer>, stdin: NodeJS.WritableStream, closed: Promise<unknown>) {
	let bytes = 0;
	let open = true;
	stdin.on('error', () => {
		open = false;
	});
	const gone = closed.then(
		() => undefined,
		() => undefined,
	);
	for await (const chunk of dump) {
		if (!open) return { bytes, whole: false };
		bytes += chunk.length;
		// Waits until the chunk is handed over: its memory is used again.
		await Promise.race([new Promise<void>((resolve) => stdin.write(chunk, () => resolve())), gone]);
	}
	stdin.end();
	await Promise.race([once(stdin, 'close'), gone]);
	return { bytes, whole: true };
}
