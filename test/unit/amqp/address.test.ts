import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, type AddressOptions, endpoint, parseAddress } from '../../../lib/amqp/address.ts';

const DEFAULTS: Address = {
	host: 'localhost',
	port: 5672,
	vhost: '/',
	user: 'guest',
	password: 'guest',
	tls: undefined,
	heartbeatSeconds: 10,
};

const CASES: [what: string, options: AddressOptions, expected: Partial<Address>][] = [
	['nothing', {}, {}],
	[
		'fields',
		{ host: 'h', port: 1, vhost: 'v', user: 'u', password: 'p' },
		{ host: 'h', port: 1, vhost: 'v', user: 'u', password: 'p' },
	],
	['an empty virtual host', { vhost: '' }, { vhost: '/' }],
	['a user without a password', { user: 'u' }, { user: 'u', password: '' }],
	['TLS', { tls: {} }, { tls: {}, port: 5671 }],
	['a URL', { url: 'amqp://u:p@h:1/v' }, { host: 'h', port: 1, vhost: 'v', user: 'u', password: 'p' }],
	['a URL with TLS', { url: 'amqps://h' }, { host: 'h', port: 5671, tls: {} }],
	['a URL with a port and TLS', { url: 'AMQPS://h:443' }, { host: 'h', port: 443, tls: {} }],
	['a URL without a path', { url: 'amqp://h' }, { host: 'h', vhost: '/' }],
	['a URL with an empty path', { url: 'amqp://h/' }, { host: 'h', vhost: '/' }],
	['a URL with the escaped default', { url: 'amqp://h/%2f' }, { host: 'h', vhost: '/' }],
	['a URL with the plain default', { url: 'amqp://h//' }, { host: 'h', vhost: '/' }],
	['a URL with slashes in the virtual host', { url: 'amqp://h/a%2Fb/c' }, { host: 'h', vhost: 'a/b/c' }],
	[
		'a URL with an IPv6 address',
		{ url: 'amqp://u:p@[::1]:5673/v' },
		{ host: '::1', port: 5673, vhost: 'v', user: 'u', password: 'p' },
	],
	['a URL with a heartbeat', { url: 'amqp://h?heartbeat=30' }, { host: 'h', heartbeatSeconds: 30 }],
	['escapes', { url: 'amqp://us%40er:%40%2F%23%25%3A%3F@h' }, { host: 'h', user: 'us@er', password: '@/#%:?' }],
	[
		'a password pasted as it is',
		{ url: 'amqp://u:p@ss/w#rd:%?ñ€@h:1/v' },
		{ host: 'h', port: 1, vhost: 'v', user: 'u', password: 'p@ss/w#rd:%?ñ€' },
	],
	['escaped Unicode', { url: 'amqp://u:%C3%B1%E2%82%AC@h' }, { host: 'h', user: 'u', password: 'ñ€' }],
	['bytes that are not UTF-8', { url: 'amqp://u:%FF@h' }, { host: 'h', user: 'u', password: '%FF' }],
	[
		'fields beside a URL that leaves them out',
		{ url: 'amqp://h', user: 'u', password: 'p', vhost: 'v', port: 7 },
		{ host: 'h', port: 7, vhost: 'v', user: 'u', password: 'p' },
	],
	[
		'a URL before fields',
		{ url: 'amqp://u:p@h:1/v', host: 'x', port: 2, vhost: 'x', user: 'x', password: 'x' },
		{ host: 'h', port: 1, vhost: 'v', user: 'u', password: 'p' },
	],
];

for (const [what, options, expected] of CASES) {
	test(`an address is read from ${what}`, () => {
		assert.deepEqual(parseAddress(options), { ...DEFAULTS, ...expected });
	});
}

const BAD: AddressOptions[] = [
	{ url: 'http://u:secret@h' },
	{ url: 'amqp:u:secret@h' },
	{ host: 'amqp://u:secret@h' },
	{ host: 'h/secret' },
	{ port: 0 },
	{ port: 65_536 },
	{ heartbeatSeconds: 0 },
	{ url: 'amqp://u:secret@h?heartbeat=soon' },
];

for (const options of BAD) {
	test(`${JSON.stringify(options)} is refused without showing what it holds`, () => {
		assert.throws(
			() => parseAddress(options),
			(error: Error & { code: string }) => error.code === 'CONFIG_INVALID' && !error.message.includes('secret'),
		);
	});
}

test('an endpoint shows host and port only', () => {
	assert.equal(endpoint(parseAddress({ url: 'amqp://u:p@h:1/v' })), 'h:1');
	assert.equal(endpoint(parseAddress({ url: 'amqp://[::1]' })), '[::1]:5672');
});
