import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from '../../lib/loopback.ts';

test('addresses that only this machine reaches are told apart from all others', () => {
	for (const host of ['127.0.0.1', '127.8.9.10', '::1', '[::1]', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST']) {
		assert.equal(isLoopback(host), true, host);
	}
	for (const host of [
		'0.0.0.0',
		'::',
		'192.168.1.4',
		'128.0.0.1',
		'fe80::1',
		'hub.example',
		'127.0.0.1.example',
		'localhost.example',
		'127.1',
		'',
	]) {
		assert.equal(isLoopback(host), false, host);
	}
});
