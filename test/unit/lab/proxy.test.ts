import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from '../../../lab/proxy.ts';

/** Long enough for loopback to deliver what it is going to deliver, in ms. */
const SILENCE_MS = 150;

/** A server that sends back what it gets, behind a proxy. */
async function echo(t: TestContext, heard: string[] = []): Promise<FaultProxy> {
	const server = createServer((socket) => {
		socket.on('data', (data) => heard.push(String(data)));
		socket.on('error', () => {}).pipe(socket);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const proxy = await FaultProxy.start({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
	t.after(() => {
		proxy.close();
		server.close();
	});
	return proxy;
}

async function client(proxy: FaultProxy): Promise<{ socket: Socket; received: () => string }> {
	const socket = connect(proxy.port, proxy.host);
	let text = '';
	socket.setEncoding('utf8').on('data', (chunk: string) => {
		text += chunk;
	});
	await once(socket, 'connect');
	return { socket, received: () => text };
}

async function roundTrip(socket: Socket, text: string): Promise<number> {
	const begun = performance.now();
	socket.write(text);
	for (let length = 0; length < text.length; ) length += String((await once(socket, 'data'))[0]).length;
	return performance.now() - begun;
}

test('a healthy proxy hands on bytes and ends', async (t) => {
	const proxy = await echo(t);
	const { socket, received } = await client(proxy);
	socket.end('x'.repeat(3_000_000));
	await once(socket, 'close');
	assert.equal(received().length, 3_000_000);
});

test('a cut connection is reset at the client, and new ones work', async (t) => {
	const proxy = await echo(t);
	const { socket } = await client(proxy);
	await roundTrip(socket, 'a');
	const failed = once(socket, 'error');
	proxy.cut();
	assert.equal((await failed)[0].code, 'ECONNRESET');
	await roundTrip((await client(proxy)).socket, 'b');
});

test('answers to a text are lost, the text itself is not, and other connections are answered', async (t) => {
	const heard: string[] = [];
	const proxy = await echo(t, heard);
	const { socket, received } = await client(proxy);
	const other = await client(proxy);
	proxy.loseAnswersTo('order');
	await roundTrip(socket, 'before');
	socket.write('an order');
	while (proxy.unanswered === 0) await delay(5);
	socket.write('after');
	await roundTrip(other.socket, 'something else');
	await delay(SILENCE_MS);
	assert.deepEqual([received(), other.received(), proxy.unanswered], ['before', 'something else', 1]);
	assert.ok(heard.includes('an order') && heard.includes('after'), heard.join());
	await proxy.forward();
	await roundTrip((await client(proxy)).socket, 'an order');
});

test('a mute proxy keeps connections open, accepts new ones, and delivers when it is heard again', async (t) => {
	const proxy = await echo(t);
	const { socket, received } = await client(proxy);
	await roundTrip(socket, 'a');
	proxy.mute();
	const fresh = await client(proxy);
	socket.write('b');
	fresh.socket.write('c');
	await delay(SILENCE_MS);
	assert.equal(received() + fresh.received(), 'a');
	assert.equal(socket.readyState, 'open');
	const heard = Promise.all([once(socket, 'data'), once(fresh.socket, 'data')]);
	await proxy.forward();
	await heard;
	assert.equal(received() + fresh.received(), 'abc');
});

test('a slow proxy delays by its latency and bounds its rate', async (t) => {
	const proxy = await echo(t);
	const { socket } = await client(proxy);
	proxy.slow({ latencyMs: 100 });
	assert.ok((await roundTrip(socket, 'a')) >= 200);
	proxy.slow({ bytesPerSecond: 100_000 });
	assert.ok((await roundTrip(socket, 'x'.repeat(20_000))) >= 200);
});

test('a refusing proxy refuses new connections only, and takes them again on the same port', async (t) => {
	const proxy = await echo(t);
	const { socket } = await client(proxy);
	proxy.refuse();
	await assert.rejects(client(proxy), { code: 'ECONNREFUSED' });
	await roundTrip(socket, 'a');
	await proxy.forward();
	await roundTrip((await client(proxy)).socket, 'b');
	assert.equal(proxy.connections, 2);
});
