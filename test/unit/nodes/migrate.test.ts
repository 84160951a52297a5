import assert from 'node:assert/strict';
import test from 'node:test';
import { HubError } from '../../../lib/errors.ts';
import { latestVersion, type Migrations, migrate } from '../../../nodes/runtime/migrate.ts';

const STEPS: Migrations = {
	2: ({ server, ...config }) => ({ ...config, host: server }),
	3: (config) => ({ ...config, port: '25' }),
};
const FIRST = { id: 'n', type: 'x', server: 'a' };
const SECOND = { id: 'n', type: 'x', host: 'a', version: 2 };
const THIRD = { ...SECOND, port: '25', version: 3 };

test('a node without a version is of version 1', () => {
	assert.equal(latestVersion(), 1);
	assert.equal(latestVersion(STEPS), 3);
	assert.deepEqual(migrate(FIRST), FIRST);
});

test('old properties take every step that they lack', () => {
	assert.deepEqual(migrate(FIRST, STEPS), THIRD);
	assert.deepEqual(migrate(SECOND, STEPS), THIRD);
	assert.deepEqual(migrate(THIRD, STEPS), THIRD);
});

test('what was given stays as it was', () => {
	const given = structuredClone(FIRST);
	migrate(given, STEPS);
	assert.deepEqual(given, FIRST);
});

test('properties of a newer release are refused', () => {
	const newer = (thrown: unknown) =>
		thrown instanceof HubError && thrown.code === 'CONFIG_INVALID' && /newer release/.test(thrown.message);
	assert.throws(() => migrate({ ...THIRD, version: 4 }, STEPS), newer);
});

test('a missing step is named', () => {
	assert.throws(() => migrate(FIRST, { 3: (config) => config }), /step to version 2 of x is missing/);
});
