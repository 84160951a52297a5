/** That calls to HTTP servers are bounded, private, and go where the environment says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createAuthority } from '../../lab/certificates.ts';
import { freePort } from '../../lab/ports.ts';
import { exchange } from '../../lib/http.ts';
import { startHttp } from '../servers/http.ts';

const run = promisify(execFile);

/** Calls `url` from a process of its own, for NODE_EXTRA_CA_CERTS is read at the start of a process. */
async function callFrom(env: Record<string, string>, url: string): Promise<string> {
	const module = new URL('../../lib/http.ts', import.meta.url).href;
	const code = `import { exchange } from ${JSON.stringify(module)};
		exchange({ method: 'GET', url: ${JSON.stringify(url)}, timeoutMs: 5000 })
			.then(({ status, body }) => console.log(status, body.toString()), ({ code }) => console.log(code));`;
	const { PATH = '' } = process.env;
	const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { env: { PATH, ...env } });
	return stdout.trim();
}

describe('a call to an HTTP server', () => {
	it('sends method, headers and body, and gives the answer of any status', async () => {
		await using http = await startHttp(() => ({ status: 418, headers: { 'x-a': '1' }, body: 'ñ' }));
		const request = {
			method: 'POST',
			url: `http://127.0.0.1:${http.port}/a?b=c`,
			headers: { 'x-b': '2' },
			body: 'á',
		} as const;
		const { status, headers, body } = await exchange({ ...request, timeoutMs: 5_000 });
		assert.deepEqual([status, headers['x-a'], body.toString()], [418, '1', 'ñ']);
		const [received] = http.requests;
		assert.deepEqual(
			[received?.method, received?.path, received?.headers['x-b'], received?.body],
			['POST', '/a?b=c', '2', 'á'],
		);
	});

	it('ends at its deadline, when it is cancelled, and when too much comes back', async () => {
		await using http = await startHttp(() => 'stall');
		const url = `http://127.0.0.1:${http.port}/secret-path`;
		const late = exchange({ method: 'GET', url, timeoutMs: 50 });
		await assert.rejects(late, { code: 'TIMEOUT', message: `127.0.0.1:${http.port} did not answer within 0.05 s.` });
		const cancelled = exchange({ method: 'GET', url, timeoutMs: 5_000, signal: AbortSignal.timeout(20) });
		await assert.rejects(cancelled, { code: 'CANCELLED' });
		http.answer = () => ({ body: 'x'.repeat(100) });
		await assert.rejects(exchange({ method: 'GET', url, timeoutMs: 5_000, maxBytes: 99 }), {
			code: 'HTTP_UNREACHABLE',
		});
		assert.equal((await exchange({ method: 'GET', url, timeoutMs: 5_000, maxBytes: 100 })).status, 200);
	});

	it('follows no redirect', async () => {
		await using http = await startHttp(() => ({ status: 302, headers: { location: '/elsewhere' } }));
		const { status } = await exchange({ method: 'GET', url: `http://127.0.0.1:${http.port}/`, timeoutMs: 5_000 });
		assert.equal(status, 302);
		assert.equal(http.requests.length, 1);
	});

	it('names the host but not the path when nobody listens', async () => {
		const url = `http://127.0.0.1:${await freePort()}/secret-path`;
		await assert.rejects(exchange({ method: 'GET', url, timeoutMs: 5_000 }), (thrown: Error & { code?: string }) => {
			assert.equal(thrown.code, 'HTTP_UNREACHABLE');
			assert.match(thrown.message, /127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/);
			assert.ok(!thrown.message.includes('secret-path'));
			return true;
		});
	});

	it('honours HTTPS_PROXY, NO_PROXY and an extra authority', async () => {
		const authority = await createAuthority();
		const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-http-'));
		const ca = path.join(directory, 'ca.pem');
		await writeFile(ca, authority.ca);
		await using proxy = await startHttp();
		await using https = await startHttp(() => ({ body: 'ok' }), { tls: await authority.issue(['127.0.0.1']) });
		const url = `https://127.0.0.1:${https.port}/`;
		const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
		assert.equal(await callFrom({}, url), 'HTTP_UNREACHABLE', 'an unknown authority is not trusted');
		assert.equal(await callFrom({ NODE_EXTRA_CA_CERTS: ca }, url), '200 ok');
		assert.deepEqual(proxy.tunnels, []);
		assert.equal(await callFrom({ NODE_EXTRA_CA_CERTS: ca, HTTPS_PROXY }, url), '200 ok');
		assert.deepEqual(proxy.tunnels, [`127.0.0.1:${https.port}`]);
		assert.equal(await callFrom({ NODE_EXTRA_CA_CERTS: ca, HTTPS_PROXY, NO_PROXY: '127.0.0.1' }, url), '200 ok');
		assert.equal(proxy.tunnels.length, 1);
		await rm(directory, { recursive: true });
	});
});
