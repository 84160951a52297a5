/** What the lab says about programs that are missing, with package managers played by scripts on the PATH. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensurePackages, type Needs, otherWay } from '../../lab/prerequisites.ts';

const BROKER: Needs = { packages: ['rabbitmq-server'], commands: ['epmd'] };
const DATABASE: Needs = { packages: ['postgresql'], commands: ['postgres'] };

/** Nothing is installed; the archives have sizes that no repository has. */
const APT = `#!/bin/sh
case "$*" in
*--print-uris*)
	echo "'http://x/rabbitmq-server_1_all.deb' rabbitmq-server_1_all.deb 15300000 SHA256:0"
	echo "'http://x/erlang-base_1_amd64.deb' erlang-base_1_amd64.deb 9500000 SHA256:0" ;;
*--assume-no*) echo 'After this operation, 61.2 MB of additional disk space will be used.'; exit 1 ;;
*) exit 9 ;;
esac
`;

/** A PATH with these programs alone. */
async function onPath(t: TestContext, programs: Record<string, string>): Promise<void> {
	const directory = await mkdtemp(path.join(tmpdir(), 'path-'));
	const before = process.env.PATH;
	process.env.PATH = directory;
	t.after(async () => {
		process.env.PATH = before;
		await rm(directory, { recursive: true });
	});
	for (const [name, text] of Object.entries(programs)) {
		await writeFile(path.join(directory, name), text, { mode: 0o755 });
	}
}

/** What a person reads when it stops; it must install nothing. */
async function refusal(systems: Needs[], options: { install?: boolean; language?: 'en' | 'es' } = {}): Promise<string> {
	const printed: string[] = [];
	const stopped = await ensurePackages(systems, {
		install: true,
		language: 'en',
		...options,
		directory: '/nonexistent',
		signal: new AbortController().signal,
		print: (line) => void printed.push(line),
		update: (line) => void printed.push(line),
	}).then(
		() => assert.fail('it went on'),
		(thrown: Error & { code?: string }) => thrown,
	);
	assert.equal(stopped.code, 'PACKAGES_MISSING');
	assert.deepEqual(printed, []);
	return stopped.message;
}

const notRoot = (t: TestContext) => t.mock.method(process as { getuid(): number }, 'getuid', () => 1000);

test('who is not root reads what would be installed, with sizes, and the command', async (t) => {
	await onPath(t, { 'apt-get': APT, 'dpkg-query': '#!/bin/sh\nexit 1\n' });
	notRoot(t);
	assert.equal(
		(await refusal([BROKER])).replace(/\nThe other way, with Docker.*$/, ''),
		[
			'Missing on this machine: rabbitmq-server',
			'  rabbitmq-server   15.3 MB',
			'  with what they need: 2 packages, 24.8 MB to fetch, 61.2 MB on disk',
			'Install them with',
			'  sudo apt-get install --no-install-recommends rabbitmq-server',
			'and start again, or start as root.',
		].join('\n'),
	);
});

test('with --no-install root, too, reads the command, and nothing is installed', async (t) => {
	await onPath(t, { 'apt-get': '#!/bin/sh\nexit 9\n', 'dpkg-query': '#!/bin/sh\nexit 1\n' });
	const text = await refusal([BROKER, DATABASE], { install: false });
	assert.match(text, /^Not installed, because of --no-install: rabbitmq-server, postgresql$/m);
	assert.match(text, /^ {2}sudo apt-get install --no-install-recommends rabbitmq-server postgresql$/m);
});

test('packages that are installed are not asked for', async (t) => {
	const installed = '#!/bin/sh\necho "rabbitmq-server install ok installed"\n';
	await onPath(t, { 'apt-get': APT, 'dpkg-query': installed });
	notRoot(t);
	const text = await refusal([BROKER, DATABASE]);
	assert.match(text, /^Missing on this machine: postgresql$/m);
});

for (const [manager, command] of [
	['dnf', 'sudo dnf install erlang-erts postgresql-server'],
	['pacman', 'sudo pacman -S --needed erlang-core postgresql'],
	['zypper', 'sudo zypper install erlang-epmd postgresql-server'],
	['brew', 'brew install erlang postgresql'],
] as const) {
	test(`where ${manager} installs packages, its command is told`, async (t) => {
		await onPath(t, { [manager]: '' });
		const text = await refusal([BROKER, DATABASE, { commands: ['clinic-hub-missing'] }]);
		assert.ok(text.split('\n').includes(`  ${command}`), text);
		assert.match(text, /^These programs must be on the PATH.*: clinic-hub-missing$/m);
		assert.doesNotMatch(text, /apt/);
	});
}

test('where no package manager is known, the programs and modules that are needed are named, in both languages', async (t) => {
	await onPath(t, {});
	const needs = [BROKER, { modules: ['clinic_hub_missing'] }];
	assert.match(await refusal(needs), /^These programs must be on the PATH.*: epmd, python3-clinic_hub_missing$/m);
	assert.match(await refusal(needs, { language: 'es' }), /^Estos programas deben estar en el PATH.*: epmd, python3-/m);
});

test('Docker is offered only where the checkout has a compose.yaml', async (t) => {
	const root = await mkdtemp(path.join(tmpdir(), 'checkout-'));
	t.after(() => rm(root, { recursive: true }));
	assert.deepEqual(otherWay('en', root), []);
	await writeFile(path.join(root, 'compose.yaml'), '');
	assert.match(otherWay('en', root).join(), /docker compose up$/);
	assert.match(otherWay('es', root).join(), /docker compose up$/);
});
