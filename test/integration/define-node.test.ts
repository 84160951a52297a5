import assert from 'node:assert/strict';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red.ts';

const TAB: FlowNode = { id: 'flow', type: 'tab', label: 'test' };
const TAP: FlowNode = { id: 'tap', type: 'test-tap', z: 'flow', wires: [] };

/** Other than the node's 2.5 s and Node-RED's 15 s for a close that hangs. In ms. */
const CLOSE_LIMIT_MS = 5_000;

function scripted(id: string, properties: Record<string, unknown> = {}): FlowNode {
	return { id, type: 'test-scripted', z: 'flow', host: 'a', ...properties, wires: [['tap']] };
}

/** As a flow file names a variable of the environment. */
const variable = (name: string) => `\${${name}}`;

/** What happened to the next message that a node gets. */
async function outcome(nodeRed: NodeRed, id: string, message: Record<string, unknown>) {
	const before = nodeRed.completions(id).length;
	nodeRed.receive(id, message);
	return nodeRed.until(`the end of a message in ${id}`, () => nodeRed.completions(id)[before]);
}

test('a node of this package', async (t) => {
	const nodeRed = await startNodeRed(t, {
		nodes: ['scripted.js'],
		env: { SCRIPTED_HOST: 'h.example', SCRIPTED_PORT: '2525', SCRIPTED_SECRET: 's3' },
	});

	await t.test('sends its answer and ends the message once', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('works')]);
		assert.equal((await outcome(nodeRed, 'works', { payload: 'ok' })).error, null);
		const { payload } = await nodeRed.message('tap');
		assert.deepEqual(payload, { order: 'ok', host: 'a', port: 25, password: false });
		await outcome(nodeRed, 'works', { payload: 'ok' });
		assert.equal(nodeRed.completions('works').length, 2);
	});

	await t.test(
		'ends a message whose work throws with the code and the words, once, and says so in its status',
		async () => {
			await nodeRed.deploy([TAB, TAP, scripted('throws')]);
			const { error } = await outcome(nodeRed, 'throws', { payload: 'throw' });
			assert.deepEqual(error, { code: 'MESSAGE_INVALID', message: 'Not like this.' });
			assert.deepEqual(nodeRed.statuses('throws').at(-1), { fill: 'red', shape: 'ring', text: 'Message is not valid' });
			assert.equal((await outcome(nodeRed, 'throws', { payload: 'ok' })).error, null);
			assert.equal(nodeRed.statuses('throws').at(-1)?.text, 'test-scripted.idle');
			assert.equal(nodeRed.completions('throws').length, 2);
		},
	);

	await t.test('survives a promise that rejects with a foreign error', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('rejects')]);
		assert.deepEqual((await outcome(nodeRed, 'rejects', { payload: 'reject' })).error, {
			code: 'INTERNAL',
			message: 'a bug',
		});
		assert.equal((await outcome(nodeRed, 'rejects', { payload: 'ok' })).error, null);
	});

	await t.test('survives a typed input of type json that does not parse', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('json', { input: { type: 'json', value: '{"a":' } })]);
		assert.equal((await outcome(nodeRed, 'json', {})).error?.code, 'CONFIG_INVALID');
	});

	await t.test('reads typed inputs of the message, the flow, the environment and as they are', async () => {
		const inputs: Record<string, { type: string; value: string }> = {
			msg: { type: 'msg', value: 'a.b' },
			str: { type: 'str', value: 'fixed' },
			env: { type: 'env', value: 'SCRIPTED_HOST' },
			json: { type: 'json', value: '{"x":1}' },
		};
		const nodes = Object.entries(inputs).map(([id, input]) => scripted(`input-${id}`, { input }));
		await nodeRed.deploy([TAB, { ...TAP, id: 'tap' }, ...nodes]);
		const seen = nodeRed.messages('tap').length;
		for (const { id } of nodes) await outcome(nodeRed, id, { a: { b: 'deep' } });
		await nodeRed.until('all messages', () => nodeRed.messages('tap').length === seen + nodes.length);
		const orders = nodeRed.messages('tap').slice(seen);
		assert.deepEqual(
			orders.map(({ payload }) => (payload as { order: unknown }).order),
			['deep', 'fixed', 'h.example', { x: 1 }],
		);
	});

	await t.test('shows a status only when it changes', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('status')]);
		await outcome(nodeRed, 'status', { payload: 'status' });
		const busy = nodeRed.statuses('status').filter(({ fill }) => fill === 'blue');
		assert.equal(busy.length, 1);
	});

	await t.test('takes variables of the environment in properties and credentials', async () => {
		const properties = {
			host: variable('SCRIPTED_HOST'),
			port: variable('SCRIPTED_PORT'),
			credentials: { password: variable('SCRIPTED_SECRET') },
		};
		await nodeRed.deploy([TAB, TAP, scripted('env', properties)]);
		await outcome(nodeRed, 'env', { payload: 'ok' });
		const expected = { order: 'ok', host: 'h.example', port: 2525, password: true };
		const { payload } = await nodeRed.message('tap', (message) => isDeepStrictEqual(message['payload'], expected));
		assert.deepEqual(payload, expected);
	});

	await t.test('that is not ready lists everything that is missing, in status, log and for every message', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('missing', { host: '', port: variable('NOT_SET') })]);
		const words =
			'Not ready: test-scripted.label.host is missing, test-scripted.label.port: the variable NOT_SET does not exist';
		assert.equal((await nodeRed.status('missing', /^Not ready/)).text, words);
		// The log comes another way than the status and may be later.
		await nodeRed.until('the log to say so', () => nodeRed.log.includes(words));
		assert.deepEqual((await outcome(nodeRed, 'missing', { payload: 'ok' })).error, {
			code: 'CONFIG_INVALID',
			message: words,
		});
	});

	await t.test('whose setup fails says why and keeps the others running', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('broken', { setup: 'throw' }), scripted('fine')]);
		assert.equal((await nodeRed.status('broken', /./)).text, 'Store cannot be used');
		assert.deepEqual((await outcome(nodeRed, 'broken', { payload: 'ok' })).error?.message, 'The store is gone.');
		assert.equal((await outcome(nodeRed, 'fine', { payload: 'ok' })).error, null);
	});

	await t.test('saved by a newer release is not started', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('newer', { version: 99 })]);
		assert.match((await outcome(nodeRed, 'newer', { payload: 'ok' })).error?.message ?? '', /newer release/);
	});

	await t.test('that hangs while closing holds up a deploy for less than 5 s', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('hangs', { close: 'hang' })]);
		const begin = performance.now();
		await nodeRed.deploy([TAB, TAP]);
		assert.ok(performance.now() - begin < CLOSE_LIMIT_MS);
		await nodeRed.until('the log to say so', () => /did not end within 2.5 s/.test(nodeRed.log));
	});

	await t.test('that throws while closing does not hold up a deploy', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('fails', { close: 'throw' })]);
		await nodeRed.deploy([TAB, TAP]);
		await nodeRed.until('the log to say so', () => /cannot end/.test(nodeRed.log));
	});

	await t.test('ends the messages that wait when it closes', async () => {
		await nodeRed.deploy([TAB, TAP, scripted('waits')]);
		nodeRed.receive('waits', { payload: 'wait' });
		nodeRed.receive('waits', { payload: 'ok' });
		await nodeRed.until('the second message to pass the first', () => nodeRed.completions('waits').length === 1);
		await nodeRed.deploy([TAB, TAP]);
		await nodeRed.until('the end of the first', () => nodeRed.completions('waits').length === 2);
		assert.equal(nodeRed.completions('waits')[1]?.error?.code, 'CANCELLED');
	});

	await t.test('never puts a secret into the log', () => {
		assert.ok(!nodeRed.log.includes('s3"'));
	});
});
