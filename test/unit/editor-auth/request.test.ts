/** What a request says of itself that may be believed, and what may not. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { clientOf, cookieOf, isOwnPage, ownPath, pathOf } from '../../../editor-auth/request.ts';

const ORIGIN = 'https://hub.example';
const asking = (headers: Record<string, string>, remoteAddress = '192.0.2.1') =>
	({ method: 'GET', headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe('what a request says of itself', () => {
	test('after signing in a browser stays on this hub', () => {
		for (const path of ['/', '/orders?day=1', '/#flow/1', '/clinic-hub/auth/done']) assert.equal(ownPath(path), path);
		for (const hostile of [
			...['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', 'evil'],
			...['/\t/evil.example', '/a\r\nSet-Cookie: x=1', ' /', '', null, undefined, ['/'], `/${'x'.repeat(600)}`],
		])
			assert.equal(ownPath(hostile), '/', String(hostile));
	});

	test('a step of the sign-in is nowhere to go after signing in', () => {
		for (const step of ['sign-out', 'sign-in', 'callback', '', 'done/x'])
			assert.equal(ownPath(`/clinic-hub/auth/${step}`), '/', step);
	});

	test('only a page of the hub changes something', () => {
		assert.ok(isOwnPage(asking({ origin: ORIGIN }), ORIGIN));
		assert.ok(isOwnPage(asking({ 'sec-fetch-site': 'same-origin' }), ORIGIN));
		for (const origin of ['https://evil.example', 'http://hub.example', `${ORIGIN}.evil.example`, 'null', ''])
			assert.ok(!isOwnPage(asking({ origin, 'sec-fetch-site': 'same-origin' }), ORIGIN), origin);
		for (const site of ['cross-site', 'same-site', 'none'])
			assert.ok(!isOwnPage(asking({ 'sec-fetch-site': site }), ORIGIN), site);
		assert.ok(!isOwnPage(asking({}), ORIGIN), 'nothing said');
	});

	test('a forged x-forwarded-for names nobody else', () => {
		const forged = asking({ 'x-forwarded-for': '198.51.100.7, 203.0.113.9' });
		assert.equal(clientOf(forged, 0), '192.0.2.1');
		assert.equal(clientOf(forged, 1), '203.0.113.9');
		assert.equal(clientOf(forged, 2), '198.51.100.7');
		assert.equal(clientOf(forged, 3), '192.0.2.1', 'fewer names than proxies');
		assert.equal(clientOf(asking({ 'x-forwarded-for': 'unknown' }), 1), '192.0.2.1');
		assert.equal(clientOf(asking({}), 1), '192.0.2.1');
	});

	test('of two cookies of one name none is taken', () => {
		assert.equal(cookieOf(asking({ cookie: 'a=1; hub=x; xhub=2' }), 'hub'), 'x');
		assert.equal(cookieOf(asking({ cookie: 'hub=x; hub=y' }), 'hub'), undefined);
		assert.equal(cookieOf(asking({}), 'hub'), undefined);
	});

	test('a path that is not well formed has no meaning', () => {
		const at = (url: string) => pathOf({ ...asking({}), url } as IncomingMessage);
		assert.equal(at('/a%20b?x=%'), '/a b');
		assert.equal(at('/%zz'), undefined);
	});
});
