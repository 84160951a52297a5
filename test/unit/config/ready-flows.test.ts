import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { placeReadyFlows } from '../../../lib/config/ready-flows.ts';

let directory: string;
let source: string;
let file: string;
before(async () => {
	directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-flows-'));
});
beforeEach(async () => {
	source = path.join(directory, `${Math.random()}`);
	file = path.join(source, 'user', 'flows.json');
	await mkdir(source);
});
after(() => rm(directory, { recursive: true, force: true }));

const flow = (name: string, ...ids: string[]) =>
	writeFile(path.join(source, name), JSON.stringify(ids.map((id) => ({ id, type: 'tab' }))));

test('the first start gets all ready flows, a shared connection once', async () => {
	await flow('a.json', 'flow-a', 'broker');
	await flow('b.json', 'flow-b', 'broker');
	assert.equal(placeReadyFlows(source, file), true);
	const ids = (JSON.parse(await readFile(file, 'utf8')) as { id: string }[]).map(({ id }) => id);
	assert.deepEqual(ids, ['flow-a', 'broker', 'flow-b']);
	assert.deepEqual(await readdir(path.dirname(file)), ['flows.json']);
});

test('a flow that a person must enable comes behind those that run', async () => {
	await writeFile(path.join(source, 'a.json'), JSON.stringify([{ id: 'off', type: 'tab', disabled: true }]));
	await flow('b.json', 'flow-b');
	placeReadyFlows(source, file);
	const ids = (JSON.parse(await readFile(file, 'utf8')) as { id: string }[]).map(({ id }) => id);
	assert.deepEqual(ids, ['flow-b', 'off']);
});

test('a flow can be enabled where it is placed, and stays behind those that ran before', async () => {
	const off = (id: string) => JSON.stringify([{ id, type: 'tab', disabled: true }]);
	for (const name of ['a', 'c']) await writeFile(path.join(source, `${name}.json`), off(name));
	await flow('b.json', 'flow-b');
	placeReadyFlows(source, file, ['a']);
	assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), [
		{ id: 'flow-b', type: 'tab' },
		{ id: 'a', type: 'tab', disabled: false },
		{ id: 'c', type: 'tab', disabled: true },
	]);
});

test('flows that are there are never touched, not even an empty file', async () => {
	await flow('a.json', 'flow-a');
	await mkdir(path.dirname(file));
	for (const text of ['[{"id":"mine","type":"tab"}]', '']) {
		await writeFile(file, text);
		assert.equal(placeReadyFlows(source, file), false);
		assert.equal(await readFile(file, 'utf8'), text);
	}
});

test('without ready flows no file is made', async () => {
	assert.equal(placeReadyFlows(source, file), false);
	assert.equal(placeReadyFlows(path.join(source, 'missing'), file), false);
	assert.deepEqual(await readdir(source), []);
});

test('what a ready flow names as credentials goes where Node-RED reads it, and not into the flow file', async () => {
	const node = { id: 'broker', type: 'amqp-broker', credentials: { password: `\${AMQP_PASSWORD}` } };
	await writeFile(path.join(source, 'a.json'), JSON.stringify([node]));
	assert.equal(placeReadyFlows(source, file), true);
	assert.doesNotMatch(await readFile(file, 'utf8'), /credentials|AMQP_PASSWORD/);
	const keys = JSON.parse(await readFile(path.join(path.dirname(file), 'flows_cred.json'), 'utf8'));
	assert.deepEqual(keys, { broker: { password: `\${AMQP_PASSWORD}` } });
});

test('credentials that are there are never touched', async () => {
	await writeFile(
		path.join(source, 'a.json'),
		JSON.stringify([{ id: 'b', type: 'x', credentials: { password: 'y' } }]),
	);
	await mkdir(path.dirname(file));
	const keys = path.join(path.dirname(file), 'flows_cred.json');
	await writeFile(keys, '{"$":"mine"}');
	assert.equal(placeReadyFlows(source, file), true);
	assert.equal(await readFile(keys, 'utf8'), '{"$":"mine"}');
});
