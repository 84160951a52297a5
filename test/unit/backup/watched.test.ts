/** Sources and threads that hear nothing of a time-out or a cancellation do not hold up a backup. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runThreads } from '../../../lib/backup/threads.ts';
import { openWatched, watched } from '../../../lib/backup/watched.ts';
import { HubError } from '../../../lib/errors.ts';
import { serve, whole } from './serving.ts';

/** Of the waits of a test, in ms; and what a busy machine may add. */
const SHORT_MS = 200;
const SLACK_MS = 1_500;

async function directory(t: TestContext): Promise<string> {
	const made = await mkdtemp(path.join(tmpdir(), 'clinic-hub-watched-'));
	t.after(() => rm(made, { recursive: true, force: true }));
	return made;
}

/** As the direct way gives it: made of a generator, which waits for what never comes. */
function stuck(...pieces: Buffer[]): Readable {
	return Readable.from(
		(async function* () {
			yield* pieces;
			await new Promise(() => undefined);
		})(),
		{ objectMode: false },
	);
}

test('a source that hears nothing ends in time, before its first piece and after it, and when it is cancelled', {
	timeout: 10_000,
}, async () => {
	const cancel = new AbortController();
	const limits = { firstByteMs: SHORT_MS, idleMs: SHORT_MS, signal: cancel.signal };
	const read = async (stream: Readable, change = {}) => {
		for await (const _ of watched(stream, { ...limits, ...change }));
	};
	await assert.rejects(read(stuck()), { code: 'TIMEOUT', message: /it answered, and nothing followed/ });
	await assert.rejects(read(stuck(Buffer.alloc(7))), {
		code: 'TIMEOUT',
		message: /nothing came for 0\.2 s after 7 bytes/,
	});
	const reading = read(stuck(), { firstByteMs: 60_000, idleMs: 60_000 });
	cancel.abort(new HubError('CANCELLED', 'A person cancelled it.'));
	await assert.rejects(reading, { code: 'CANCELLED' });
});

test('a server that takes the connection and says nothing is given up after the time for the first byte', async (t) => {
	const filestore = path.join(await directory(t), 'filestore');
	await mkdir(path.join(filestore, 'clinica'), { recursive: true });
	const sockets: Socket[] = [];
	const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	const postgres = { host: '127.0.0.1', port, user: 'odoo', password: '', database: 'clinica' };
	const begin = performance.now();
	const { signal } = new AbortController();
	await assert.rejects(
		openWatched({ kind: 'direct', postgres, filestore }, { firstByteMs: SHORT_MS, idleMs: SHORT_MS, signal }),
		{ code: 'TIMEOUT', message: /no answer within 0\.2 s/ },
	);
	assert.ok(performance.now() - begin < SHORT_MS + SLACK_MS);
});

test('a thread that waits for a program which nobody can end does not hold up a cancellation', async (t) => {
	const folder = await directory(t);
	const pgRestore = path.join(folder, 'pg_restore');
	// What it started holds its output open, also after it was killed.
	await writeFile(pgRestore, "#!/bin/sh\ntrap '' TERM\nsleep 12\n", { mode: 0o700 });
	const serving = await serve(whole(Buffer.from('PGDMP and more')));
	t.after(() => serving.close());
	const address = { url: serving.url, masterPassword: 'master' };
	const cancel = new AbortController();
	const task = {
		...{ target: path.join(folder, 'partial'), age: null, firstByteMs: 60_000, idleMs: 60_000, bytesPerSecond: 0 },
		...{ format: 'dump' as const, startedAt: 0, pgRestore },
		source: { kind: 'manager' as const, address, database: 'clinica', format: 'dump' as const },
	};
	let received = 0;
	const running = runThreads(task, cancel.signal, (bytes) => {
		received = bytes;
	});
	running.catch(() => undefined); // looked at below
	while (received === 0) await delay(20);
	const begin = performance.now();
	cancel.abort();
	await assert.rejects(running, { code: 'CANCELLED' });
	assert.ok(performance.now() - begin < 2_000 + SLACK_MS);
});
