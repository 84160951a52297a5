/** The hub as a person starts it: a real Node-RED with this package's settings, everything set by variables. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { freePort } from '../../lab/ports.ts';
import { NodeRed } from '../node-red.ts';

/** Alone it starts in 2 s; on two cores that others load it was seen to take 20 s. In ms. */
const START_TIMEOUT_MS = 90_000;

/** What a start that must fail may take, in ms. */
const REFUSAL_TIMEOUT_MS = 30_000;

const root = path.resolve(import.meta.dirname, '..', '..');

export interface HubOptions {
	/** Variables; HUB_PORT is chosen when missing. */
	env?: Record<string, string>;
	/** Default: an empty one, removed afterwards. Named by `--userDir`. */
	userDir?: string;
	/** Node-RED's start script; default that of this checkout. */
	script?: string;
	/** Default: this checkout's settings, unbuilt. */
	settings?: string;
	/** Further arguments of Node-RED's command line. */
	args?: readonly string[];
	/** What the log says when the flows run, which depends on HUB_LANGUAGE. */
	started?: RegExp;
}

const defaultScript = path.join(root, 'node_modules', 'node-red', 'red.js');
const defaultSettings = path.join(root, 'settings.ts');

function start(options: HubOptions, userDir: string, port: number) {
	const { script = defaultScript, settings = defaultSettings, env, args = [] } = options;
	return spawn(process.execPath, [script, '--settings', settings, '--userDir', userDir, ...args], {
		cwd: tmpdir(),
		env: { PATH: process.env['PATH'], HOME: userDir, LANG: 'C.UTF-8', HUB_PORT: String(port), ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
}

export async function emptyDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-settings-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}

/** Starts the hub and waits until its flows run; it ends with the test. */
export async function startHub(t: Pick<TestContext, 'after'>, options: HubOptions = {}): Promise<NodeRed> {
	const userDir = options.userDir ?? path.join(await emptyDirectory(t), 'hub');
	const port = await freePort();
	const hub = new NodeRed(start(options, userDir, port), `http://127.0.0.1:${port}`, userDir);
	t.after(() => hub.stop());
	await hub.until('the hub to start', () => (options.started ?? /Started flows/).test(hub.log), START_TIMEOUT_MS);
	return hub;
}

/** Starts a hub that must refuse to run; gives how it ended. */
export async function refusedHub(
	t: Pick<TestContext, 'after'>,
	env: Record<string, string>,
	args: readonly string[] = [],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
	const child = start({ env, args }, await emptyDirectory(t), await freePort());
	const timer = setTimeout(() => child.kill('SIGKILL'), REFUSAL_TIMEOUT_MS);
	const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
	const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
	clearTimeout(timer);
	return { code, stdout, stderr };
}
