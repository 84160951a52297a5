/**
 * `npm test [-- FILE …]`: builds, checks the tree, then runs every test (or the named files). `--full` raises the counts
 * of the fault tests and adds those that take long. Stages run one after the other; within a stage files share the cores.
 * Debian packages that are missing are installed by root, as the demo does, and named to anybody else.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { languageOf } from '../lab/language.ts';
import { ensurePackages, type Needs } from '../lab/prerequisites.ts';
import { terminal } from '../lab/terminal.ts';
import { toHubError } from '../lib/errors.ts';
import { shareBroker } from '../test/broker.ts';
import { shareKeycloak } from '../test/keycloak.ts';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { full: { type: 'boolean', default: false } },
});
process.chdir(resolve(import.meta.dirname, '..'));
if (values.full) process.env['TEST_FULL'] = '1';

/** A file that takes longer than this hangs; the longest full fault test takes about ten minutes. */
const FILE_TIMEOUT_MS = (values.full ? 45 : 5) * 60_000;

/** Whatever meets the broker, once more on RabbitMQ 4. */
const ON_RABBITMQ_4 = 'test/{integration/{amqp-*,broker-rights,mail-*,odoo-publisher},faults/mail-*}.test.ts';

interface Lane {
	/** In the order in which files begin: those that take long first, so that no core idles while the last one ends. */
	patterns: readonly string[];
	/** Files at a time. */
	concurrency: number;
}

interface Stage {
	name: string;
	/** They run beside each other. */
	lanes: readonly Lane[];
	/** Major version of the broker that the files share; default none of its own. */
	broker?: '3' | '4';
}

/** They start a whole clinic or install packages: half a minute each, most of it waiting, against seconds for the others. */
const LONG = [
	'test/integration/{lab-accept,lab-host,odoo-stand-in,odoo-publisher,package,lab-demo,odoo-lint,store}.test.ts',
	'test/flows/**/*.test.ts',
];

/** An editor alone keeps more than a core busy, and those of `LONG` mostly wait: one beside the others leaves no core idle. */
const POOL: Lane[] = [
	{ patterns: ['test/browser/**/*.test.ts'], concurrency: 1 },
	{ patterns: [...LONG, 'test/integration/**/*.test.ts'], concurrency: 2 },
];

const one = (...patterns: string[]): Lane[] => [{ patterns, concurrency: 1 }];

/** Fault tests kill processes while others must be busy: they run after the rest, and alone with their full counts. */
const STAGES: Stage[] = [
	{ name: 'unit', lanes: [{ patterns: ['test/unit/**/*.test.ts'], concurrency: 2 }] },
	{ name: 'integration, flows, browser', lanes: POOL, broker: '3' },
	{ name: 'faults', lanes: [{ patterns: ['test/faults/**/*.test.ts'], concurrency: values.full ? 1 : 2 }] },
	...(values.full ? [{ name: 'full', lanes: one('test/full/**/*.test.ts') }] : []),
	...(values.full ? [{ name: 'RabbitMQ 4', lanes: one(ON_RABBITMQ_4), broker: '4' } as const] : []),
];

/** What the tests run beside this package. Odoo's own needs come with ODOO_SRC, by hand. */
const NEEDED: Needs = {
	packages: [
		...['rabbitmq-server', 'postgresql', 'chromium', 'openssl', 'age'],
		...['python3-pika', 'python3-jsonschema', 'python3-venv'],
		...['default-jre-headless', 'maven'], // Keycloak
		...(values.full ? ['debootstrap'] : []), // fetches RabbitMQ 4
	],
	commands: ['rabbitmq-server', 'epmd', 'postgres', 'chromium', 'openssl', 'age', 'python3', 'java', 'mvn'],
	modules: ['pika', 'jsonschema'],
};

async function install(): Promise<void> {
	try {
		await ensurePackages([NEEDED], {
			install: true,
			directory: resolve('.lab'),
			language: languageOf(),
			signal: new AbortController().signal,
			...terminal(),
		});
	} catch (thrown) {
		console.error(toHubError(thrown).message);
		process.exit(1);
	}
}

/** The files of a lane, each once. */
const filesOf = ({ patterns }: Lane): string[] => [
	...new Set(patterns.flatMap((pattern) => globSync(pattern).toSorted())),
];

const total = { passed: 0, failed: 0, skipped: 0 };

/**
 * Runs one stage and prints as it goes; leaf tests count, suites do not. Without `forceExit`, which ends a file before all
 * that it reports is read: of 641 unit tests 593 to 637 were counted. A file that leaves something open times out.
 */
async function runFiles(files: string[], concurrency: number): Promise<void> {
	const stream = run({ files, concurrency, timeout: FILE_TIMEOUT_MS });
	stream.on('test:fail', (event) => {
		if (event.details.type !== 'suite') total.failed += 1;
	});
	stream.on('test:pass', (event) => {
		if (event.details.type === 'suite') return;
		if (event.skip !== undefined) total.skipped += 1;
		else total.passed += 1;
	});
	const output = stream.compose(spec);
	output.pipe(process.stdout, { end: false });
	await new Promise((done, failed) => output.on('end', done).on('error', failed));
}

function step(name: string, script: string): void {
	const begin = performance.now();
	const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
	console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((performance.now() - begin) / 1000).toFixed(1)} s)\n`);
	if (status !== 0) process.exit(1);
}

function share(version: '3' | '4'): Promise<void> {
	process.env['RABBITMQ_VERSION'] = version;
	return shareBroker();
}

await install();
step('build', 'scripts/build.ts');
if (positionals.length) {
	await runFiles(
		positionals.map((file) => resolve(file)),
		1,
	);
} else {
	step('check', 'scripts/check.ts');
	// A start takes seconds: once, not once a file, and the first one beside the unit tests.
	const shared = share('3');
	shareKeycloak().catch(() => {}); // told to the files that wait for it
	for (const { name, lanes, broker } of STAGES) {
		const running = lanes
			.map((lane) => ({ files: filesOf(lane), concurrency: lane.concurrency }))
			.filter(({ files }) => files.length > 0);
		if (!running.length) continue;
		const begin = performance.now();
		console.log(`— ${name} —`);
		if (broker) await (broker === '3' ? shared : share(broker));
		await Promise.all(running.map(({ files, concurrency }) => runFiles(files, concurrency)));
		console.log(`${name}: ${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
	}
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
