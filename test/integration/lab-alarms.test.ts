/** The lab's watcher with the hub's own channel and heartbeat. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeServer, PATHS } from '../../lab/alarms/server.ts';
import { webhookChannel } from '../../lib/notices/webhook-channel.ts';

async function watcher(t: TestContext) {
	const server = makeServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => server.close());
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const channel = webhookChannel({ url: `${url}${PATHS.notices}` });
	const tell = (subject: string, more: { id?: string; text?: string } = {}) => {
		const notice = { id: randomUUID(), at: Date.now(), severity: 'critical', text: 'Text', ...more } as const;
		return channel.deliver({ ...notice, subject, about: 'smtp', target: null }, t.signal);
	};
	const page = async (language = 'en') => (await fetch(url, { headers: { 'accept-language': language } })).text();
	return { url, tell, page };
}

test('notices that the hub posts are listed, newest first, each once, whatever is in them', async (t) => {
	const { tell, page } = await watcher(t);
	const id = randomUUID();
	assert.deepEqual(await tell('First', { id, text: '<script>alert(1)</script>' }), { outcome: 'delivered' });
	await tell('Second');
	await tell('First', { id, text: '<script>alert(1)</script>' });
	const text = await page();
	assert.deepEqual(
		[...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, subject]) => subject),
		['Second', 'First'],
	);
	assert.ok(text.includes('&lt;script&gt;alert(1)') && !text.includes('<script>alert'));
	assert.match(text, /Critical/);
	assert.match(await page('es-CL,es;q=0.9'), /Crítico/);
});

test('of many notices the newest hundred are kept, and one that is too large is refused', async (t) => {
	const { tell, page } = await watcher(t);
	for (let number = 1; number <= 105; number += 1) await tell(`Notice ${number}`);
	const text = await page();
	assert.equal(text.match(/<article/g)?.length, 100);
	assert.ok(text.includes('>Notice 6<') && !text.includes('>Notice 5<'));
	assert.equal((await tell('Large', { text: 'x'.repeat(100_000) })).outcome, 'never');
});

test('the page says when the hub gave its last sign of life', async (t) => {
	const { url, page } = await watcher(t);
	assert.match(await page(), /No sign of life/);
	assert.equal((await fetch(`${url}${PATHS.heartbeat}`)).status, 200);
	assert.match(await page('es'), /Última señal de vida del hub: .*\d:\d\d:\d\d/);
});
