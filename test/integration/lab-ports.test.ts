import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { listeners } from '../../lab/ports.ts';
import type { System } from '../../lab/system.ts';
import { sshTunnel } from '../../lab/table.ts';

function systemOn(port: number): System {
	return {
		name: 'queue',
		ports: { main: port },
		async ensure() {},
		async start() {},
		async ready() {},
		async stop() {},
	};
}

for (const host of ['127.0.0.1', '0.0.0.0', '::1']) {
	test(`a port taken on ${host} is named with the process that has it, and an offset that is free`, async (t) => {
		const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
		t.after(() => rm(directory, { recursive: true, force: true }));
		const server = createServer();
		server.listen(0, host);
		try {
			await once(server, 'listening');
		} catch (thrown) {
			if (host === '::1') return t.skip(`this machine has no IPv6: ${thrown}`);
			throw thrown;
		}
		t.after(() => server.close());
		const { port } = server.address() as { port: number };
		const lab = await Lab.open({ systems: [systemOn(port)], directory, language: 'en' });
		t.after(() => lab.stop());
		await assert.rejects(lab.checkPorts(), (thrown: Error & { code?: string }) => {
			assert.equal(thrown.code, 'PORT_TAKEN');
			assert.match(
				thrown.message,
				new RegExp(`^Port ${port} \\(queue\\) is taken by process ${process.pid}: .*node`, 'm'),
			);
			return true;
		});
		const offset = await lab.checkPorts().catch((thrown) => Number(/--port-offset (\d+)/.exec(thrown.message)?.[1]));
		assert.deepEqual(await listeners([port + Number(offset)]), []);
	});
}

test('ports that nobody listens on are no obstacle', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const lab = await Lab.open({ systems: [systemOn(0)], directory, ports: 'free' });
	t.after(() => lab.stop());
	await lab.checkPorts();
});

test('a terminal that came by ssh gets one command for the ports of all systems, another one none', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const first = { ...systemOn(5672), ports: { amqp: 5672, inner: 25672 }, loopback: ['inner'] };
	const lab = await Lab.open({ systems: [first, { ...systemOn(8069), name: 'shop' }], directory, host: '::1' });
	t.after(() => lab.stop());
	const env = { SSH_CONNECTION: '192.0.2.7 50000 198.51.100.4 2222', USER: 'ana' };
	assert.equal(
		sshTunnel(lab.ports, env),
		'ssh -N -p 2222 -L 5672:[::1]:5672 -L 25672:127.0.0.1:25672 -L 8069:[::1]:8069 ana@198.51.100.4',
	);
	assert.equal(sshTunnel(lab.ports, { USER: 'ana' }), undefined);
});
