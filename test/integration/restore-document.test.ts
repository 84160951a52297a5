/** The worst day: every command of `docs/restore.md` and of the recovery kit, as it is written, on a machine that has nothing. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import { KEY_FILES } from '../../cli/keys.ts';
import { COMMANDS } from '../../cli/main.ts';
import { KIT_WORDS } from '../../lib/backup/kit-words.ts';
import { clinic, consentAt } from '../command-clinic.ts';
import { MASTER_PASSWORD } from '../servers/odoo-manager.ts';
import { type ConsoleRun, run } from '../unit/cli/console.ts';

const root = path.resolve(import.meta.dirname, '../..');
const document = (name: string) => readFile(path.join(root, 'docs', name), 'utf8');

/** Lines of the shell in a document, comments taken off, one command each. */
function commandsOf(text: string): string[] {
	return [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)]
		.flatMap(([, block = '']) => block.replace(/\\\n\s*/g, '').split('\n'))
		.map((line) => line.replace(/\s+#.*$/, '').trim())
		.filter((line) => line !== '');
}

/** As a shell takes it apart; quotes of one kind are all that the documents use. */
const wordsOf = (line: string) => [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));

const LANGUAGES = [
	{
		file: 'restore.md',
		kit: KIT_WORDS.en,
		backup: 'BACKUP',
		key: /^KEYS?$/,
		password: 'PASSWORD',
		secret: 'SECRET',
		address: 'ADDRESS',
	},
	{
		file: 'restore.es.md',
		kit: KIT_WORDS.es,
		backup: 'COPIA',
		key: /^CLAVES?$/,
		password: 'CONTRASEÑA',
		secret: 'SECRETO',
		address: 'DIRECCIÓN',
	},
] as const;

const inShell = async (command: string, cwd: string): Promise<string> =>
	(await promisify(execFile)('sh', ['-c', command], { cwd })).stdout;

/** A machine with a new Odoo and what stands in the kit, where backups were made before. */
async function machine(t: TestContext) {
	const known = await clinic(t);
	const { directory, drive, odoo, environment, identity, keysDirectory } = known;
	await known.proven();
	const { desktop } = drive.google;
	const { DRIVE_SERVICE_ACCOUNT_FILE: _, DRIVE_FOLDER: __, ...hub } = environment;
	const client = { DRIVE_CLIENT_ID: desktop.id, DRIVE_CLIENT_SECRET: desktop.secret };
	let browsing: Promise<void> | undefined;
	const onErrors = (text: string) => {
		const start = /http:\/\/127\.0\.0\.1:\d+\/start/.exec(text)?.[0];
		if (start) browsing = consentAt(start);
	};
	assert.equal((await run(['drive', 'connect'], { environment: { ...hub, ...client }, onErrors })).exit, 0);
	assert.equal((await run(['backup'], { environment: { ...hub, ...client } })).exit, 0);
	const kept = await run(['backup', '--keep', '--json'], { environment: { ...hub, ...client } });
	const spooled = String((kept.json['backups'] as { spooled: string }[])[0]?.spooled);
	const key = environment['HUB_BACKUP_VERIFYING_KEYS'] ?? '';
	/** Runs a command in a new home; `export` stays for those that follow. */
	const shell = () => {
		const variables: Record<string, string> = { HUB_USER_DIR: path.join(directory, 'new'), DRIVE_API_URL: drive.url };
		return async (words: string[]): Promise<ConsoleRun | undefined> => {
			const [program, ...args] = words;
			if (program === 'export') {
				for (const word of args) variables[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1);
				return undefined;
			}
			assert.equal(program, 'clinic-hub');
			const ended = await run(args, { environment: variables, onErrors });
			await browsing;
			return ended;
		};
	};
	return { directory, odoo, identity, keysDirectory, spooled, key, desktop, shell };
}

test('every command of the documents and of the kit is one that exists, with options that it takes', async () => {
	for (const { file, kit } of LANGUAGES) {
		const steps = [...kit.withCommandSteps, ...kit.withoutCommandSteps, ...kit.keepSteps];
		const text = await document(file);
		const written = [
			...commandsOf(text),
			...[...text.matchAll(/`(clinic-hub [^`]+)`/g)].map(([, command = '']) => command),
			...steps.flatMap((step) => /clinic-hub [a-z].*/.exec(typeof step === 'string' ? step : step.command)?.[0] ?? []),
		].filter((line) => line.startsWith('clinic-hub '));
		assert.ok(written.length > 12);
		for (const line of written) {
			const words = wordsOf(line).slice(1);
			const command = COMMANDS.find(({ name }) => words.join(' ').startsWith(name));
			assert.ok(command, line);
			const args = words.slice(command.name.split(' ').length);
			const options = { ...command.options, help: { type: 'boolean' } } as const;
			assert.doesNotThrow(() => parseArgs({ args, options, allowPositionals: true }), line);
		}
	}
});

for (const { file, kit, backup, key: keyWord, password, secret, address } of LANGUAGES) {
	test(`with nothing but the recovery kit the clinic comes back by ${file}, and by the kit itself`, async (t) => {
		const { directory, odoo, identity, spooled, key, desktop, shell } = await machine(t);
		const downloaded = path.join(directory, 'downloaded');
		await mkdir(downloaded);
		const written: [RegExp | string, string][] = [
			[keyWord, key],
			[password, MASTER_PASSWORD],
			[secret, desktop.secret],
			[address, odoo.url],
			['https://ODOO', odoo.url],
			['ID', desktop.id],
			[backup, 'newest'],
			['clinica', 'nueva'],
			['recovery-key.txt', identity],
			[/^(clinica_2026.*|FILE|ARCHIVO)\.zip\.age$/, spooled],
		];
		const filled = (word: string): string => {
			const [name, value] =
				word.startsWith('-') || !word.includes('=') ? ['', word] : (word.split('=', 2) as [string, string]);
			const [, known] = written.find(([what]) => (typeof what === 'string' ? what === value : what.test(value))) ?? [];
			return name ? `${name}=${known ?? value}` : (known ?? value);
		};
		const text = await document(file);
		const section = text.slice(text.indexOf('## 2.'), text.indexOf('## 3.'));
		const kitCommands = kit.withCommandSteps.flatMap((step) => (typeof step === 'string' ? [] : [step.command]));
		for (const commands of [commandsOf(section), kitCommands]) {
			const run = shell();
			for (const line of commands.filter((one) => /^(export|clinic-hub) /.test(one))) {
				await odoo.databases.drop('nueva');
				const ended = await run(wordsOf(line).map(filled));
				assert.equal(ended?.exit ?? 0, 0, `${line}\n${ended?.errors}`);
				if (/ restore /.test(line)) assert.deepEqual(odoo.databases.list(), ['clinica', 'nueva'], line);
			}
		}
	});
}

test('without clinic-hub a backup opens with the stock age and goes into Odoo by its own page', async (t) => {
	const { directory, odoo, keysDirectory, spooled } = await machine(t);
	await copyFile(path.join(keysDirectory, KEY_FILES.recovery), path.join(directory, 'recovery-key.txt'));
	const text = await document('restore.md');
	const lines = commandsOf(text.slice(text.indexOf('## 3.')));
	const name = 'clinica_2026-11-24T03-00-00Z.zip.age';
	await copyFile(spooled, path.join(directory, name));
	const shell = (beginning: string) => {
		const line = lines.find((one) => one.startsWith(beginning)) ?? assert.fail(beginning);
		const command = line
			.replace("'PASSWORD'", `'${MASTER_PASSWORD}'`)
			.replace('https://ODOO', odoo.url)
			.replace('name=clinica', 'name=nueva');
		// The stand-in answers from within this process.
		return inShell(command, directory);
	};
	const { sha256 } = (JSON.parse(await readFile(`${spooled}.json`, 'utf8')) as { record: { sha256: string } }).record;
	assert.equal((await shell('sha256sum')).split(' ', 1)[0], sha256);
	await shell('age --decrypt');
	assert.match(await shell('unzip -t'), /No errors detected/);
	assert.equal((await shell('curl')).trim(), '303');
	assert.deepEqual(odoo.databases.list(), ['clinica', 'nueva']);
	// What Odoo refuses it answers by 200 and a page.
	assert.equal((await shell('curl')).trim(), '200');
	const page = await readFile(path.join(directory, 'answer.html'), 'utf8');
	assert.match(page, /already exists|restore error/i);
	await writeFile(path.join(directory, name), createHash('sha256').update('cut').digest());
	await assert.rejects(shell('age --decrypt'));
});
