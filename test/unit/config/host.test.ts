import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEditorHost } from '../../../lib/config/host.ts';

test('an editor without a sign-in is refused elsewhere than on loopback', () => {
	assert.throws(() => checkEditorHost('0.0.0.0', false), { code: 'CONFIG_INVALID' });
	checkEditorHost('127.0.0.1', false);
});

test('an editor with a sign-in may listen anywhere', () => {
	checkEditorHost('0.0.0.0', true);
});
