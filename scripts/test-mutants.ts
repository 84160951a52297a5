/**
 * `npm run test:mutants [-- TEXT …]`: takes each protection that `test/mutations` lists out of a copy of the tree, one at a
 * time, and requires its test to fail. Each test must pass on the untouched copy first. With TEXT, only protections whose
 * file or words contain it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBroker } from '../test/broker.ts';
import { shareKeycloak } from '../test/keycloak.ts';
import type { Mutant } from '../test/mutations/mutant.ts';

/** A single test takes a second or two; a mutant that hangs has been noticed, too. In ms. */
const TEST_TIMEOUT_MS = 45_000;

/** What a test waits for within one, in ms; shorter than on its own, for most mutants make a test wait in vain. */
const UNTIL_MS = 15_000;

const root = path.resolve(import.meta.dirname, '..');

async function allMutants(): Promise<Mutant[]> {
	const files = globSync('test/mutations/*.ts', { cwd: root }).filter((file) => path.basename(file) !== 'mutant.ts');
	const lists = await Promise.all(
		files.toSorted().map(async (file) => (await import(path.join(root, file))) as { mutants: Mutant[] }),
	);
	return lists.flatMap(({ mutants }) => mutants);
}

/** A copy of everything that is under version control or could be; dependencies are those of the checkout. */
function copyTree(): string {
	const directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-mutants-'));
	const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
		cwd: root,
		encoding: 'utf8',
	});
	for (const file of listed.stdout.split('\0')) {
		const from = path.join(root, file);
		if (file && existsSync(from)) cpSync(from, path.join(directory, file), { recursive: true });
	}
	symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
	build(directory);
	return directory;
}

/** What a Node-RED loads as this package; most mutants in nodes/ and lib/ are for tests that load the sources. */
function build(directory: string): void {
	const built = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: directory, encoding: 'utf8' });
	if (built.status !== 0) throw new Error(`The copy cannot be built:\n${built.stdout}${built.stderr}`);
}

type Verdict = 'passes' | 'fails' | 'did not run';

function runTest(
	{ file, name, timeoutMs = TEST_TIMEOUT_MS }: Mutant['test'],
	directory: string,
	env: NodeJS.ProcessEnv,
): Promise<Verdict> {
	// Not anchored at its beginning: the name of a test in a suite follows that of the suite.
	const pattern = `${name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`;
	const child = spawn(
		process.execPath,
		[
			'--test',
			'--test-force-exit',
			'--test-reporter=tap',
			`--test-timeout=${timeoutMs}`,
			`--test-name-pattern=${pattern}`,
			file,
		],
		{ cwd: directory, env, stdio: ['ignore', 'pipe', 'inherit'] },
	);
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => (output += chunk));
	return new Promise((resolve) => {
		child.once('close', (code) => {
			const ran = /^# tests [1-9]/m.test(output);
			resolve(!ran ? 'did not run' : code === 0 ? 'passes' : 'fails');
		});
	});
}

const wanted = process.argv.slice(2);
const mutants = (await allMutants()).filter(
	({ file, protection }) => wanted.length === 0 || wanted.some((text) => `${file} ${protection}`.includes(text)),
);
const directory = copyTree();
const broker = await startBroker();
const asksKeycloak = ({ test }: Mutant) => readFileSync(path.join(root, test.file), 'utf8').includes('sharedKeycloak');
if (mutants.some(asksKeycloak)) await shareKeycloak();
const env = {
	...process.env,
	// The names of some tests hold their counts.
	TEST_FULL: '',
	TEST_RABBITMQ_PORTS: JSON.stringify(broker.ports),
	TEST_UNTIL_MS: String(UNTIL_MS),
};
const problems: string[] = [];

try {
	const tests = new Map(mutants.map(({ test }) => [`${test.file}: ${test.name}`, test]));
	for (const [name, test] of tests) {
		const verdict = await runTest(test, directory, env);
		if (verdict !== 'passes') problems.push(`The untouched tree ${verdict}: ${name}`);
	}
	for (const { protection, file, find, replace, built, test } of mutants) {
		const target = path.join(directory, file);
		const original = readFileSync(target, 'utf8');
		const count = original.split(find).length - 1;
		if (count !== 1) {
			problems.push(`${file} holds the text ${count} times: ${protection}`);
			continue;
		}
		writeFileSync(
			target,
			original.replace(find, () => replace),
		);
		if (built) build(directory);
		const verdict = await runTest(test, directory, env);
		writeFileSync(target, original);
		if (built) build(directory);
		console.log(`${verdict === 'fails' ? 'noticed   ' : 'UNNOTICED '} ${protection} (${file})`);
		if (verdict !== 'fails') problems.push(`Unnoticed (${verdict}): ${protection}`);
	}
} finally {
	await broker.kill();
	rmSync(directory, { recursive: true, force: true });
}

console.log(`${mutants.length} protections, ${problems.length} problems`);
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
