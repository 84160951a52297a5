/** The addon's plain-Python parts, run by Debian's Python on a real RabbitMQ. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { PYTHON } from '../../lab/odoo/source.ts';
import { sharedBroker } from '../broker.ts';

const ROOT = path.join(import.meta.dirname, '../..');

test("the addon's publisher, message and addresses pass their own tests", async (t) => {
	const broker = await sharedBroker();
	const { host, port, vhost, user, password } = broker.options(await broker.vhost(t));
	const child = spawn(PYTHON, ['-W', 'error', '-m', 'unittest', 'discover', '-s', 'test/python'], {
		cwd: ROOT,
		env: { ...process.env, AMQP_URL: `amqp://${user}:${password}@${host}:${port}/${encodeURIComponent(vhost)}` },
		stdio: ['ignore', 'ignore', 'pipe'],
		signal: t.signal,
		killSignal: 'SIGKILL',
	});
	let output = '';
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
		output += chunk;
	});
	const [code] = (await once(child, 'close')) as [number | null];
	assert.equal(code, 0, output);
	assert.match(output, /Ran [1-9]\d+ tests/);
	t.diagnostic(output.trim().split('\n').slice(-3).join(' '));
});
