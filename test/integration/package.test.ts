/** The package as npm would publish it: in a stock Node-RED's user directory, and in the hub application. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeRed } from '../node-red.ts';
import { startHub } from '../servers/hub.ts';
import { installHub, installPacked, type Manifest, manifest, pack, packagesBelow, root } from '../servers/packed.ts';

/** The catalogue that a browser of each language must get. */
const LANGUAGES = { 'en-US': 'en-US', es: 'es', 'es-ES': 'es', 'es-CL': 'es', 'es-419': 'es' } as const;

/** The oldest amqplib that RabbitMQ 4.1 accepts a connection of. */
const AMQPLIB = { major: 2, minor: 3 };

interface Sets {
	own: Manifest;
	/** Id, and the path of its files in the checkout without ending. */
	nodes: { id: string; source: string }[];
	plugins: { id: string; source: string }[];
}

async function sets(): Promise<Sets> {
	const own = await manifest();
	const list = (files: Record<string, string>) =>
		Object.entries(files).map(([name, file]) => ({
			id: `${own.name}/${name}`,
			source: path.join(root, file.replace(/^dist\//, '').replace(/\.js$/, '')),
		}));
	return { own, nodes: list(own['node-red'].nodes), plugins: list(own['node-red'].plugins) };
}

function localised(source: string, language: string, ending: string): Promise<string> {
	const file = path.join(path.dirname(source), 'locales', language, `${path.basename(source)}.${ending}`);
	return readFile(file, 'utf8');
}

let directory: string;
let tarball: string;
before(async () => {
	directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-package-'));
	tarball = await pack(directory);
});
after(() => rm(directory, { recursive: true, force: true }));

/** The `after` of a suite, for servers that all its tests share. */
function ends() {
	const list: (() => unknown)[] = [];
	after(async () => {
		for (const end of list) await end();
	});
	return { after: (end: unknown) => void list.unshift(end as () => unknown) };
}

describe('the packed package in an empty user directory of a stock Node-RED', () => {
	let stock: NodeRed;
	let userDir: string;
	let all: Sets;
	const suite = ends();
	before(async () => {
		all = await sets();
		userDir = path.join(directory, 'stock');
		await installPacked(userDir, tarball);
		stock = await startHub(suite, { userDir, settings: path.join(root, 'test', 'node-red', 'stock-settings.cjs') });
	});

	/** What a browser of that language gets. */
	const get = async (target: string, language: string, accept = 'text/html') =>
		(await stock.request('GET', target, { headers: { Accept: accept, 'Accept-Language': language } })).body;

	test('brings no second Node-RED', async () => {
		const names = (await packagesBelow(userDir)).map(({ name }) => name);
		assert.ok(names.includes(all.own.name));
		assert.deepEqual(
			names.filter((name) => name === 'node-red' || name.startsWith('@node-red/')),
			[],
		);
	});

	test('is found by the palette manager: keyword, and nothing that only development needs', async () => {
		assert.ok(all.own.keywords.includes('node-red'));
		const files = await readdir(path.join(userDir, 'node_modules', all.own.name), { recursive: true });
		assert.deepEqual(
			files.filter((file) => /\.test\.|(?<!\.d)\.ts$|^(lab|test|bench|node_modules)\//.test(file)),
			[],
		);
	});

	test('has every node set and plugin loaded without an error', async () => {
		const nodes = (await get('/nodes', 'en-US', 'application/json')) as {
			id: string;
			enabled: boolean;
			err?: unknown;
		}[];
		for (const { id } of all.nodes) {
			const found = nodes.find((set) => set.id === id);
			assert.ok(found, id);
			assert.deepEqual([found.enabled, found.err], [true, undefined], id);
		}
		const plugins = (await get('/plugins', 'en-US', 'application/json')) as { id: string; err?: unknown }[];
		for (const { id } of all.plugins) {
			const found = plugins.find((set) => set.id === id);
			assert.ok(found && !found.err, id);
		}
	});

	test('gives every browser its language: texts of nodes and plugins, and help', async () => {
		for (const [browser, language] of Object.entries(LANGUAGES)) {
			const texts = (await get(`/nodes/messages?lng=${browser}`, browser)) as Record<string, object>;
			const page = String(await get('/nodes', browser));
			for (const { id, source } of all.nodes) {
				const catalogue = JSON.parse(await localised(source, language, 'json'));
				// Parts of it, because Node-RED fills gaps of a catalogue with English.
				assert.partialDeepStrictEqual(texts[id], catalogue, `${browser} ${id}`);
				const help = (await localised(source, language, 'html')).trim();
				assert.ok(page.includes(help), `${browser} ${id}: help`);
			}
			const pluginTexts = (await get(`/plugins/messages?lng=${browser}`, browser)) as Record<string, object>;
			for (const { id, source } of all.plugins) {
				const catalogue = JSON.parse(await localised(source, language, 'json'));
				assert.partialDeepStrictEqual(pluginTexts[id], catalogue, `${browser} ${id}`);
			}
		}
	});

	test('says every text in both languages', async () => {
		const keys = (value: object, prefix = ''): string[] =>
			Object.entries(value).flatMap(([key, inner]) =>
				typeof inner === 'object' ? keys(inner, `${prefix}${key}.`) : [`${prefix}${key}`],
			);
		for (const { id, source } of [...all.nodes, ...all.plugins]) {
			const [english, spanish] = await Promise.all(
				['en-US', 'es'].map(async (language) => keys(JSON.parse(await localised(source, language, 'json'))).sort()),
			);
			assert.deepEqual(spanish, english, id);
		}
	});

	test('has an icon for every node of the palette', async () => {
		const icons = (await get('/icons', 'en-US', 'application/json')) as Record<string, string[]>;
		const page = String(await get('/nodes', 'en-US'));
		for (const { id } of all.nodes) {
			const html = page.split(`[red-module:${id}]`)[1]?.split('[red-module:')[0] ?? '';
			if (/category:\s*['"]config['"]/.test(html)) continue;
			// Buttons in a dialog have an `icon` too; a node's is a file or names the font.
			const icon = /\bicon:\s*['"]([^'"]+\.(?:svg|png)|font-awesome\/[^'"]+)['"]/.exec(html)?.[1];
			assert.ok(icon, `${id} names no icon`);
			if (icon.startsWith('font-awesome/')) continue;
			assert.ok(icons[all.own.name]?.includes(icon), `${id}: ${icon} is not in the package`);
			const { status } = await stock.request('GET', `/icons/${all.own.name}/${icon}`);
			assert.equal(status, 200, icon);
		}
	});

	test('shows every ready flow under Import > Examples, whole', async () => {
		const { name } = all.own;
		const flows = (await readdir(path.join(root, 'flows'))).filter((file) => file.endsWith('.json'));
		assert.ok(flows.length > 0);
		for (const file of flows) {
			const example = await get(
				`/library/examples/flows/${name}/${file.replace(/\.json$/, '')}`,
				'en-US',
				'application/json',
			);
			assert.deepEqual(example, JSON.parse(await readFile(path.join(root, 'flows', file), 'utf8')), file);
		}
	});
});

describe('the hub application, installed from its lock', () => {
	let hubDirectory: string;
	const suite = ends();
	before(async () => {
		hubDirectory = await installHub(directory, tarball);
	});

	test('has amqplib 2.3 or later everywhere', async () => {
		const found = (await packagesBelow(hubDirectory)).filter(({ name }) => name === 'amqplib');
		assert.ok(found.length > 0);
		for (const { place, version } of found) {
			const [major = 0, minor = 0] = version.split('.').map(Number);
			assert.ok(major > AMQPLIB.major || (major === AMQPLIB.major && minor >= AMQPLIB.minor), `${place}: ${version}`);
		}
	});

	test("has the clinic's packages, each of Node-RED's once, and this one as npm publishes it", async () => {
		const packages = await packagesBelow(hubDirectory);
		for (const name of ['node-red', 'node-red-contrib-amqp', '@node-red/util', 'nodemailer', (await manifest()).name]) {
			assert.ok(
				packages.some((found) => found.name === name),
				name,
			);
		}
		const nodeRed = packages.filter(({ name }) => name === 'node-red' || name.startsWith('@node-red/'));
		assert.equal(new Set(nodeRed.map(({ name }) => name)).size, nodeRed.length);
	});

	test('starts with its settings, its own node sets, the nodes for taps, and the ready flows', async () => {
		const own = await manifest();
		const hub = await startHub(suite, {
			script: path.join(hubDirectory, 'node_modules', 'node-red', 'red.js'),
			settings: path.join(hubDirectory, 'node_modules', own.name, 'dist', 'settings.js'),
		});
		const { body } = await hub.request('GET', '/nodes', { headers: { Accept: 'application/json' } });
		const loaded = (body as { id: string; err?: unknown }[]).filter(({ err }) => !err).map(({ id }) => id);
		for (const name of Object.keys(own['node-red'].nodes)) assert.ok(loaded.includes(`${own.name}/${name}`), name);
		assert.ok(loaded.some((id) => id.startsWith('node-red-contrib-amqp/')));
		assert.ok(!loaded.includes('node-red/exec'));
		assert.match(hub.log, /The ready flows are now in/);
		assert.equal((await hub.request('GET', '/theme/scripts/language.js')).status, 200);
	});
});
