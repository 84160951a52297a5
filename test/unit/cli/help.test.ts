import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { EXIT_WORDS, exitCodeOf } from '../../../cli/exit.ts';
import { COMMANDS } from '../../../cli/main.ts';
import { bytesText, languageOf } from '../../../cli/terminal.ts';
import { HUB_ERROR_CODES, HubError } from '../../../lib/errors.ts';
import { run } from './console.ts';

const root = path.resolve(import.meta.dirname, '../../..');

test('the help names every command and every exit code, in the language of the terminal', async () => {
	for (const [LANG, word] of [
		['en_US.UTF-8', 'Commands'],
		['es_CL.UTF-8', 'Órdenes'],
	] as const) {
		const { exit, output } = await run(['--help'], { environment: { LANG } });
		assert.equal(exit, 0);
		assert.match(output, new RegExp(word));
		for (const { name } of COMMANDS) assert.ok(output.includes(name), name);
		for (const code of Object.keys(EXIT_WORDS)) assert.match(output, new RegExp(`^\\s+${code}  `, 'm'));
	}
});

test('each command tells its options in both languages', async () => {
	for (const { name, options } of COMMANDS) {
		const [english, spanish] = await Promise.all(
			['C', 'es'].map(async (LANG) => (await run([...name.split(' '), '--help'], { environment: { LANG } })).output),
		);
		for (const option of Object.keys(options)) {
			assert.ok(english?.includes(`--${option}`) && spanish?.includes(`--${option}`), `${name} --${option}`);
		}
		assert.notEqual(english, spanish);
	}
});

test('no command and an unknown one end with 2', async () => {
	assert.equal((await run([])).exit, 2);
	const { exit, errors, output } = await run(['destroy']);
	assert.deepEqual([exit, output], [2, '']);
	assert.match(errors, /Usage: clinic-hub/);
});

test('every failure has an exit code that the documents name', () => {
	const documents = ['docs/restore.md', 'docs/restore.es.md'].map((file) =>
		readFileSync(path.join(root, file), 'utf8'),
	);
	for (const code of HUB_ERROR_CODES) {
		const exit = exitCodeOf(new HubError(code, 'x'));
		for (const document of documents) assert.match(document, new RegExp(`^\\| ${exit} \\|`, 'm'), code);
	}
});

test('the language follows LC_ALL, LC_MESSAGES and LANG, in this order', () => {
	assert.equal(languageOf({ LANG: 'es_CL.UTF-8' }), 'es');
	assert.equal(languageOf({ LANG: 'es_CL.UTF-8', LC_ALL: 'C' }), 'en');
	assert.equal(languageOf({ LANG: 'en_US.UTF-8', LC_MESSAGES: 'es' }), 'es');
	assert.equal(languageOf({ LANG: 'est' }), 'en');
	assert.equal(languageOf({}), 'en');
});

test('sizes are written as people read them', () => {
	assert.equal(bytesText(0, 'en'), '0 B');
	assert.equal(bytesText(1_536, 'en'), '1.5 KiB');
	assert.equal(bytesText(1_536, 'es'), '1,5 KiB');
	assert.equal(bytesText(300 * 2 ** 30, 'en'), '300 GiB');
	assert.equal(bytesText(5 * 2 ** 50, 'en'), '5,120 TiB');
});

test('the program itself runs, and ends with the code of the command', async () => {
	const [exit, output] = await new Promise<[unknown, string]>((resolve) => {
		const environment = { ...process.env, LC_ALL: 'es_ES.UTF-8' };
		const args = [path.join(root, 'cli', 'clinic-hub.ts'), 'verify', '/nowhere', '--verifying-key', 'x', '--json'];
		execFile(process.execPath, args, { env: environment }, (error, stdout) => resolve([error?.code, stdout]));
	});
	assert.equal(exit, 6);
	assert.equal((JSON.parse(output) as { code: string }).code, 'NOT_FOUND');
});
