import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandLine } from '../../../lib/config/command-line.ts';

test("the user directory is found in each of Node-RED's spellings", () => {
	for (const args of [['-u', '/d'], ['--userDir', '/d'], ['--userDir=/d'], ['-v', '-s', 'settings.ts', '-u', '/d']]) {
		assert.deepEqual(readCommandLine(args), { userDir: '/d' }, args.join(' '));
	}
});

test('the flow file is told apart from the values of options', () => {
	const args = ['-s', 'settings.ts', '-p', '1881', '-D', 'a=b', '--title', 'x', '--safe', 'mine.json'];
	assert.deepEqual(readCommandLine(args), { flowFile: 'mine.json' });
});

test('options that are unknown do not stop the start', () => {
	assert.deepEqual(readCommandLine(['--no-telemetry', '--whatever', '-u', '/d']), { userDir: '/d' });
});
