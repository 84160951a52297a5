/** What the hub's settings do, seen from outside of a real Node-RED. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FlowNode, NodeRed } from '../node-red.ts';
import { emptyDirectory, refusedHub, startHub } from '../servers/hub.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

const RISKY_SETS = ['exec', 'file', 'watch', 'tcpin', 'udp'].map((name) => `node-red/${name}`);

async function nodeSets(hub: NodeRed): Promise<string[]> {
	const { body } = await hub.request('GET', '/nodes', { headers: { Accept: 'application/json' } });
	return (body as { id: string }[]).map(({ id }) => id);
}

async function settingsOf(hub: NodeRed): Promise<Record<string, unknown>> {
	return (await hub.request('GET', '/settings')).body as Record<string, unknown>;
}

/** Deploys over the admin API and waits until the flows run again. */
async function deploy(hub: NodeRed, flows: FlowNode[]): Promise<void> {
	const starts = () => hub.log.split('Started flows').length;
	const before = starts();
	const { status } = await hub.request('POST', '/flows', {
		body: { flows },
		headers: { 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': 'full' },
	});
	assert.equal(status, 200);
	await hub.until('the flows to start', () => starts() > before);
}

/** Whether something accepts connections there. */
function accepts(host: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ host, port });
		socket.on('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.on('error', () => resolve(false));
	});
}

/** Answers `GET /value` with the variable, as a flow sees it. */
const valueFlow = (name: string) => [
	{ id: 'tab', type: 'tab', label: 'value' },
	{ id: 'in', type: 'http in', z: 'tab', url: '/value', method: 'get', wires: [['set']] },
	{
		id: 'set',
		type: 'change',
		z: 'tab',
		rules: [{ t: 'set', p: 'payload', pt: 'msg', to: name, tot: 'env' }],
		wires: [['out']],
	},
	{ id: 'out', type: 'http response', z: 'tab' },
];

describe('the hub without any variables', () => {
	let hub: NodeRed;
	const ends: (() => unknown)[] = [];
	before(async () => {
		// Not the hook's own context, which ends with the hook.
		hub = await startHub({ after: (end) => void ends.unshift(end as () => unknown) });
	});
	after(async () => {
		for (const end of ends) await end();
	});

	test('has none of the nodes that reach the machine, and all others', async () => {
		const sets = await nodeSets(hub);
		assert.deepEqual(
			sets.filter((id) => RISKY_SETS.includes(id)),
			[],
		);
		for (const name of ['inject', 'function', 'httprequest', 'mqtt', 'tls']) {
			assert.ok(sets.includes(`node-red/${name}`), name);
		}
	});

	test("loads this package's nodes from the checkout", async () => {
		const { name } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
		assert.ok((await nodeSets(hub)).some((id) => id.startsWith(`${name}/`)));
	});

	test('installs no package for anybody', async () => {
		// No such route; where there is one, a request that names no package is a bad request.
		assert.equal((await hub.request('POST', '/nodes', { body: {} })).status, 404);
	});

	test('does not report its use, and a person in the editor cannot make it', async () => {
		assert.equal((await settingsOf(hub))['telemetryEnabled'], false);
		await hub.request('POST', '/settings/user', { body: { telemetryEnabled: true } });
		assert.equal((await settingsOf(hub))['telemetryEnabled'], false);
	});

	test('lets no function node load a module', async () => {
		await deploy(hub, [
			{ id: 'tab', type: 'tab' },
			{ id: 'f', type: 'function', z: 'tab', func: 'return msg', libs: [{ var: 'os', module: 'os' }], wires: [[]] },
		]);
		await hub.until('the refusal', () => /\[function:f\].*(modules? .*(not|disabled)|not allowed)/i.test(hub.log));
	});

	test('has no projects, no tours, and its title', async () => {
		const { editorTheme } = await settingsOf(hub);
		const { projects, tours } = editorTheme as { projects: unknown; tours: unknown };
		assert.deepEqual({ projects, tours }, { projects: { enabled: false }, tours: false });
		assert.match(String((await hub.request('GET', '/')).body), /<title>Clinic hub<\/title>/);
	});

	test('listens on loopback only', async () => {
		const port = Number(new URL(hub.url).port);
		assert.equal(await accepts('127.0.0.1', port), true);
		// A socket bound to every address would answer here too.
		assert.equal(await accepts('127.0.0.2', port), false);
	});

	test('makes its user directory for its own account, and a key for credentials of which it warns', async () => {
		assert.equal((await stat(hub.userDir)).mode & 0o777, 0o700);
		assert.match(hub.log, /encrypted using a system-generated key/);
	});

	test('starts with the ready flows', async (t) => {
		const ready = (await readdir(path.join(root, 'flows'))).filter((name) => name.endsWith('.json'));
		assert.ok(ready.length > 0);
		const fresh = await startHub(t);
		const { body } = await fresh.request('GET', '/flows');
		const there = new Set((body as { id: string }[]).map(({ id }) => id));
		for (const name of ready) {
			const flow = JSON.parse(await readFile(path.join(root, 'flows', name), 'utf8')) as { id: string }[];
			for (const { id } of flow) assert.ok(there.has(id), `${name}: ${id}`);
		}
	});
});

describe('the hub with variables', () => {
	test('has every switch on that was switched on', async (t) => {
		const hub = await startHub(t, {
			env: {
				HUB_ALLOW_NODES: 'exec,file,tcp,udp',
				HUB_PALETTE_INSTALL: 'true',
				HUB_FUNCTION_MODULES: 'true',
				HUB_TELEMETRY: 'true',
				HUB_TITLE: 'Hub of the clinic',
				HUB_TYPO: '1',
			},
			args: ['-D', 'logging.console.level=debug'],
		});
		const sets = await nodeSets(hub);
		for (const id of RISKY_SETS) assert.ok(sets.includes(id), id);
		const { externalModules, functionExternalModules, telemetryEnabled } = await settingsOf(hub);
		assert.deepEqual(externalModules, {
			autoInstall: false,
			palette: { allowInstall: true, allowUpload: true },
			modules: { allowInstall: true },
		});
		assert.deepEqual([functionExternalModules, telemetryEnabled], [true, true]);
		assert.equal((await hub.request('POST', '/nodes', { body: {} })).status, 400);
		assert.match(String((await hub.request('GET', '/')).body), /<title>Hub of the clinic<\/title>/);
		assert.match(hub.log, /\[debug\]/);
		assert.match(hub.log, /HUB_TYPO is not known to the hub/);
	});

	test('gives flows what a file holds, and never the key of the credentials', async (t) => {
		const directory = await emptyDirectory(t);
		const file = path.join(directory, 'password');
		await writeFile(file, 'from the file\n');
		const hub = await startHub(t, {
			env: { AMQP_PASSWORD_FILE: file, HUB_CREDENTIAL_SECRET: 'key of the test', HUB_STORE_KEY: 'key of the store' },
		});
		const value = async (name: string) => {
			await deploy(hub, valueFlow(name));
			return (await hub.request('GET', '/value')).body;
		};
		assert.equal(await value('AMQP_PASSWORD'), 'from the file');
		assert.equal(await value('AMQP_PORT'), 5672);
		assert.notEqual(await value('HUB_CREDENTIAL_SECRET'), 'key of the test');
		assert.notEqual(await value('HUB_STORE_KEY'), 'key of the store');
		assert.doesNotMatch(hub.log, /system-generated key/);
	});

	test('leaves flows alone that are there already', async (t) => {
		const userDir = await emptyDirectory(t);
		const mine = '[{"id":"mine","type":"tab","label":"mine"}]';
		await writeFile(path.join(userDir, 'flows.json'), mine);
		const hub = await startHub(t, { userDir });
		assert.deepEqual((await hub.request('GET', '/flows')).body, JSON.parse(mine));
	});

	test('speaks Spanish in its log and its title when told so', async (t) => {
		const hub = await startHub(t, { env: { HUB_LANGUAGE: 'es' }, started: /Flujos iniciados|iniciado/i });
		assert.match(String((await hub.request('GET', '/')).body), /<title>Hub de la clínica<\/title>/);
		const { header } = (await hub.request('GET', '/theme')).body as { header: { title: string } };
		assert.equal(header.title, 'Hub de la clínica');
	});

	test('without an editor opens no administration interface and may listen anywhere', async (t) => {
		const hub = await startHub(t, { env: { HUB_EDITOR: 'false', HUB_HOST: '0.0.0.0' } });
		assert.equal(await accepts('127.0.0.2', Number(new URL(hub.url).port)), true);
		for (const target of ['/', '/settings', '/flows', '/nodes']) {
			assert.equal((await hub.request('GET', target)).status, 404, target);
		}
	});
});

describe('a start that is refused ends at once with one sentence', () => {
	for (const [what, env, sentence, args] of [
		[
			'another address than loopback',
			{ HUB_HOST: '0.0.0.0' },
			/^HUB_HOST is 0\.0\.0\.0, but the editor has no sign-in/,
		],
		['a name that may be any address', { HUB_HOST: 'hub.example' }, /^HUB_HOST is hub\.example/],
		['a value that a variable does not take', { HUB_LOG_LEVEL: 'loud' }, /^HUB_LOG_LEVEL is "loud"; it takes one of/],
		['a file that is missing', { AMQP_PASSWORD_FILE: '/nowhere/x' }, /^AMQP_PASSWORD_FILE names the file/],
		[
			'a variable set twice',
			{ AMQP_PASSWORD: 's3cret', AMQP_PASSWORD_FILE: '/nowhere/x' },
			/^AMQP_PASSWORD and AMQP_PASSWORD_FILE are both set\. Set one of them\.\n$/,
		],
		[
			'another address by the command line',
			{},
			/^-D uiHost is refused, for it would go before what the hub's variables set and check/,
			['-D', 'uiHost=0.0.0.0'],
		],
		['what a file would define', {}, /^-D @settings\.json is refused/, ['--define=@settings.json']],
		[
			"projects by Node-RED's own variable",
			{ NODE_RED_ENABLE_PROJECTS: 'true' },
			/^NODE_RED_ENABLE_PROJECTS is refused/,
		],
	] as const) {
		test(what, async (t) => {
			const { code, stdout, stderr } = await refusedHub(t, env, args);
			assert.equal(code, 1);
			assert.match(stderr, sentence);
			assert.doesNotMatch(stderr + stdout, /\n\s+at |s3cret/);
			assert.equal(stderr.trim().split('\n').length, 1, stderr);
			assert.doesNotMatch(stdout, /Server now running/);
		});
	}
});
