/** That transfers with Drive go where the environment says, over TLS that is checked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { createAuthority } from '../../lab/certificates.ts';
import { PATIENCE, startDrive } from '../servers/drive.ts';
import { startHttp } from '../servers/http.ts';
import type { Orders } from './drive-upload-process.ts';

const run = promisify(execFile);

it('an upload, its metadata and its tokens go through HTTPS_PROXY and trust an extra authority', async () => {
	const authority = await createAuthority();
	await using server = await startDrive({ tls: await authority.issue(['127.0.0.1']) });
	await using proxy = await startHttp();
	const ca = path.join(server.directory, 'ca.pem');
	await writeFile(ca, authority.ca);
	const host = new URL(server.url).host;
	const upload = async (env: Record<string, string>) => {
		const key = await readFile(server.google.keyFiles.uploader, 'utf8');
		const drive = { account: { kind: 'service-account', key } as const, apiUrl: server.url };
		const patience = { ...PATIENCE, failures: 2 };
		const parcel = await server.parcel(1_000_000);
		const orders: Orders = { drive: { ...drive, patience }, parcel, bytesPerSecond: 1e9, chunkBytes: 262_144 };
		const file = path.join(server.directory, 'orders.json');
		await writeFile(file, JSON.stringify(orders));
		const main = path.join(import.meta.dirname, 'drive-upload-process.ts');
		const { PATH = '' } = process.env;
		return run(process.execPath, [main, file], { env: { PATH, ...env } });
	};
	await assert.rejects(upload({}), /DRIVE_UNREACHABLE/, 'an unknown authority is not trusted');
	assert.deepEqual(server.drive.calls, []);
	await upload({ NODE_EXTRA_CA_CERTS: ca });
	assert.deepEqual(proxy.tunnels, []);
	const direct = server.drive.calls.length;
	await upload({ NODE_EXTRA_CA_CERTS: ca, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
	assert.deepEqual([...new Set(proxy.tunnels)], [host]);
	assert.equal(server.drive.calls.length, 2 * direct);
	const tunnels = proxy.tunnels.length;
	await upload({ NODE_EXTRA_CA_CERTS: ca, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.1' });
	assert.equal(proxy.tunnels.length, tunnels);
});
