import assert from 'node:assert/strict';
import test from 'node:test';
import { endpoint, isOwnAddress } from '../../lab/endpoint.ts';

const OWN = ['192.0.2.9', 'fd00::9'];

/** Address of `--host`, the one that programs of this machine use, and what people open. */
const CASES = [
	['127.0.0.1', '127.0.0.1', 'http://127.0.0.1:8069', 'http://localhost:8069'],
	['127.0.0.2', '127.0.0.2', 'http://127.0.0.2:8069', 'http://127.0.0.2:8069'],
	['192.0.2.9', '192.0.2.9', 'http://192.0.2.9:8069', 'http://192.0.2.9:8069'],
	['0.0.0.0', '127.0.0.1', 'http://127.0.0.1:8069', 'http://192.0.2.9:8069'],
	['::1', '::1', 'http://[::1]:8069', 'http://[::1]:8069'],
	['::', '::1', 'http://[::1]:8069', 'http://192.0.2.9:8069'],
	['fd00::9', 'fd00::9', 'http://[fd00::9]:8069', 'http://[fd00::9]:8069'],
] as const;

for (const [listen, host, url, openUrl] of CASES) {
	test(`what listens on ${listen} is reached at ${url} and opened at ${openUrl}`, () => {
		assert.deepEqual(endpoint(listen, 8069, OWN), { listen, host, port: 8069, url, openUrl });
	});
}

test('on a machine without a network every address is opened as localhost', () => {
	assert.equal(endpoint('0.0.0.0', 8069, []).openUrl, 'http://localhost:8069');
});

test('an address of another machine is none to listen on, however an own one is spelled', () => {
	for (const own of ['192.0.2.9', 'fd00:0:0::9', '127.9.9.9', '::1', '0.0.0.0', '::'])
		assert.ok(isOwnAddress(own, OWN));
	for (const other of ['192.0.2.8', 'fd00::8', 'fe80::1%eth0']) assert.ok(!isOwnAddress(other, OWN));
});
