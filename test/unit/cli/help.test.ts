import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { EXIT_WORDS, exitCodeOf } from '../../../cli/exit.ts';
import { COMMANDS } from '../../../cli/main.ts';
import { bytesText, languageOf, Terminal } from '../../../cli/terminal.ts';
import { HUB_ERROR_CODES, HubError } from '../../../lib/errors.ts';
import { run, runPlain } from './console.ts';

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

test('no command shows the help, an unknown one says which there are, and both end with 2', async () => {
	const none = await run([]);
	assert.deepEqual([none.exit, none.output, /Usage: clinic-hub/.test(none.errors)], [2, '', true]);
	const unknown = await run(['destroy', 'it', '--now']);
	assert.deepEqual([unknown.exit, unknown.output], [2, '']);
	assert.match(unknown.errors, /There is no command “destroy it”\. There are: backups, backup, verify/);
	const { exit, json } = await run(['destroy', '--json']);
	assert.deepEqual([exit, json['ok'], json['exit'], json['code']], [2, false, 2, 'CONFIG_INVALID']);
});

test('help is shown beside --json, too', async () => {
	const main = await runPlain(['--json', '--help']);
	assert.deepEqual([main.exit, /Commands:/.test(main.output)], [0, true]);
	const command = await runPlain(['backups', '--json', '--help']);
	assert.deepEqual([command.exit, /--verifying-key KEY/.test(command.output)], [0, true]);
});

test('wrong usage is told in the language of the terminal, without the other one', async () => {
	for (const [args, english, spanish] of [
		[['verify'], 'Usage: clinic-hub verify FILE; --help tells more.', 'Uso: clinic-hub verify FILE; --help dice más.'],
		[['backups', '--all'], "Unknown option '--all'. See clinic-hub backups --help.", 'No existe la opción --all. Vea'],
		[['restore', '--into'], "Option '--into <value>' argument missing", 'La opción --into está mal puesta. Vea'],
		[
			['restore', 'newest'],
			'Say which database to make: --into DATABASE.',
			'Indique qué base se crea: --into DATABASE.',
		],
		[['restore', 'newest', '--file', 'x', '--into', 'y'], 'Say which backup', 'Indique qué copia'],
		[['restore', '--into', 'y'], 'Say which backup', 'Indique qué copia'],
		[['verify', 'x'], 'A verifying key is needed', 'Hace falta una clave de verificación'],
		[['keys', 'create'], 'Say where to write the files', 'Indique dónde escribir los archivos'],
		[['backup', '--format', 'tar'], '--format takes zip or dump.', '--format lleva zip o dump.'],
	] as const) {
		for (const [LANG, words] of [
			['C', english],
			['es_CL.UTF-8', spanish],
		] as const) {
			const { exit, errors, output } = await run([...args], { environment: { LANG } });
			assert.deepEqual([exit, output], [2, ''], args.join(' '));
			assert.ok(errors.startsWith(`clinic-hub: ${words}`), errors);
			assert.equal(errors.trim().split('\n').length, 1, errors);
		}
	}
});

test('a name from elsewhere neither moves the cursor nor hides what stands beside it', async () => {
	const written: string[] = [];
	const sink = new Writable({
		write(chunk, _, done) {
			written.push(String(chunk));
			done();
		},
	});
	const terminal = new Terminal(
		{ input: new PassThrough(), output: sink, errors: sink },
		{ language: 'en', json: false },
	);
	terminal.say('a\u001b[2K\rb\u009bc\u202ed\ne');
	terminal.warn('x\u0007\u2066y');
	assert.deepEqual(written, ['a\ufffd[2K\ufffdb\ufffdc\ufffdd\ne\n', 'x\ufffd\ufffdy\n']);
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
