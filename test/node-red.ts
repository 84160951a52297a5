/**
 * A real Node-RED for a test: a process of its own with an empty user directory and this package as built in `dist/`.
 * `npm run build` first. It ends with the test, and with the process that asked for it, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../lab/ports.ts';

/** Alone it starts in 2 s; on two cores that others load it was seen to take 20 s. In ms. */
const START_TIMEOUT_MS = 90_000;
/** Default of every wait, in ms. */
const WAIT_MS = 20_000;
/** Node-RED gives its nodes 15 s to close; in ms. */
const STOP_MS = 20_000;

const root = path.resolve(import.meta.dirname, '..');

export interface NodeRedOptions {
	/** Flow file at the start; default: none. */
	flows?: FlowNode[];
	env?: Record<string, string>;
	/** Further settings; plain JSON. */
	settings?: Record<string, unknown>;
	/** People who may sign in; without any the editor is open. */
	users?: TestPerson[];
	/** Further node sets: files beside `test/node-red/probe.cjs`, each with its HTML. */
	nodes?: string[];
	/** Language of the runtime; default `en-US`. */
	language?: 'en-US' | 'es-ES';
	/** An earlier user directory, for restarts; it is then left in place. */
	userDir?: string;
}

export interface TestPerson {
	username: string;
	password: string;
	permissions: string | string[];
}

/** A node as a flow file holds it; `credentials` only when it is deployed. */
export type FlowNode = { id: string; type: string } & Record<string, unknown>;

export interface NodeStatus {
	text?: string;
	fill?: string;
	shape?: string;
}

export interface Completion {
	error: { code?: string; message: string } | null;
}

type ProbeEvent =
	| { event: 'message'; id: string; message: Record<string, unknown> }
	| { event: 'status'; id: string; status: NodeStatus }
	| ({ event: 'complete'; id: string } & Completion)
	| { event: 'comms'; topic: string; data: unknown }
	| { event: 'started' };

export interface AdminAnswer {
	status: number;
	/** Parsed JSON where it is JSON, text otherwise. */
	body: unknown;
}

export class NodeRed {
	readonly url: string;
	readonly userDir: string;
	readonly #child: ChildProcess;
	readonly #events: ProbeEvent[] = [];
	readonly #waiting = new Set<() => void>();
	#log = '';
	#ended: string | undefined;
	#started = 0;

	constructor(child: ChildProcess, url: string, userDir: string) {
		this.#child = child;
		this.url = url;
		this.userDir = userDir;
		for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => this.#write(String(chunk)));
		child.on('message', (event: ProbeEvent) => {
			if (event.event === 'started') this.#started += 1;
			this.#events.push(event);
			this.#wake();
		});
		child.on('exit', (code, signal) => {
			this.#ended = signal ?? `code ${code}`;
			this.#wake();
		});
	}

	get pid(): number {
		return this.#child.pid as number;
	}

	/** Whether the probe has told of a start of the flows. */
	get hasStarted(): boolean {
		return this.#started > 0;
	}

	/** Everything it has printed. */
	get log(): string {
		return this.#log;
	}

	/** Deploys over the admin API, as the editor does, and waits until the flows run. Refusals throw. */
	async deploy(
		flows: FlowNode[],
		{ type = 'full', token }: { type?: 'full' | 'flows' | 'nodes'; token?: string } = {},
	): Promise<void> {
		const before = this.#started;
		const answer = await this.request('POST', '/flows', {
			body: { flows },
			headers: { 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type },
			...(token ? { token } : {}),
		});
		if (answer.status !== 200)
			throw new Error(`The deploy was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
		await this.until('the flows to start', () => this.#started > before);
	}

	/** Calls the admin API. */
	async request(
		method: 'GET' | 'POST' | 'DELETE',
		target: string,
		{ body, token, headers }: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
	): Promise<AdminAnswer> {
		const response = await fetch(`${this.url}${target}`, {
			method,
			headers: {
				...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
				...(token ? { Authorization: `Bearer ${token}` } : {}),
				...headers,
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(WAIT_MS),
		});
		const text = await response.text();
		try {
			return { status: response.status, body: JSON.parse(text) };
		} catch {
			return { status: response.status, body: text };
		}
	}

	/** Signs a person in; gives the token for `request` and `deploy`. */
	async signIn({ username, password }: Pick<TestPerson, 'username' | 'password'>): Promise<string> {
		const { status, body } = await this.request('POST', '/auth/token', {
			body: { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password },
		});
		const token = (body as { access_token?: string }).access_token;
		if (!token) throw new Error(`${username} cannot sign in: ${status} ${JSON.stringify(body)}`);
		return token;
	}

	/** Hands a message to a node. */
	receive(id: string, message: Record<string, unknown>): void {
		this.#child.send({ receive: id, message });
	}

	/** Messages that a `test-tap` node got so far. */
	messages(id: string): Record<string, unknown>[] {
		return this.#events.flatMap((event) => (event.event === 'message' && event.id === id ? [event.message] : []));
	}

	/** Every status of a node, in order. */
	statuses(id: string): NodeStatus[] {
		return this.#events.flatMap((event) => (event.event === 'status' && event.id === id ? [event.status] : []));
	}

	/** Every end of a message in a node: `done()` or `done(error)`. */
	completions(id: string): Completion[] {
		return this.#events.flatMap((event) => (event.event === 'complete' && event.id === id ? [event] : []));
	}

	/** What was published to editors under a topic. */
	published(topic: string): unknown[] {
		return this.#events.flatMap((event) => (event.event === 'comms' && event.topic === topic ? [event.data] : []));
	}

	/** Waits until the node's newest status is as wanted. */
	async status(id: string, wanted: RegExp | ((status: NodeStatus) => boolean)): Promise<NodeStatus> {
		const matches = typeof wanted === 'function' ? wanted : ({ text }: NodeStatus) => wanted.test(text ?? '');
		return this.until(`the status of ${id} to be ${wanted}`, () => {
			const last = this.statuses(id).at(-1);
			return last && matches(last) ? last : undefined;
		});
	}

	/** Waits for a message at a `test-tap` node. */
	async message(
		id: string,
		wanted: (message: Record<string, unknown>) => boolean = () => true,
	): Promise<Record<string, unknown>> {
		return this.until(`a message at ${id}`, () => this.messages(id).find(wanted));
	}

	/** Waits until the check gives something; it is asked again whenever anything happens in this Node-RED. */
	async until<T>(what: string, check: () => T | undefined | false, timeoutMs = WAIT_MS): Promise<T> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const found = check();
			if (found !== undefined && found !== false) return found;
			if (this.#ended) throw new Error(`Waited for ${what}, but Node-RED ended (${this.#ended}).\n${this.#log}`);
			const left = deadline - Date.now();
			if (left <= 0) throw new Error(`Waited for ${what} for ${timeoutMs / 1000} s.\n${this.#log}`);
			const { promise, resolve } = Promise.withResolvers<void>();
			const timer = setTimeout(resolve, left);
			this.#waiting.add(resolve);
			await promise;
			clearTimeout(timer);
			this.#waiting.delete(resolve);
		}
	}

	/** SIGKILL, as in a power cut. */
	async kill(): Promise<void> {
		if (this.#ended) return;
		const gone = once(this.#child, 'exit');
		this.#child.kill('SIGKILL');
		await gone;
	}

	/** Stops it in order. */
	async stop(): Promise<void> {
		if (this.#ended) return;
		const gone = once(this.#child, 'exit');
		this.#child.kill('SIGTERM');
		const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
		await gone;
		clearTimeout(timer);
	}

	#write(text: string): void {
		this.#log += text;
		this.#wake();
	}

	#wake(): void {
		for (const wake of this.#waiting) wake();
	}
}

/** Starts one and waits until its flows run. */
export async function startNodeRed(t: Pick<TestContext, 'after'>, options: NodeRedOptions = {}): Promise<NodeRed> {
	const userDir = options.userDir ?? (await mkdtemp(path.join(tmpdir(), 'clinic-hub-test-')));
	await mkdir(path.join(userDir, 'nodes'), { recursive: true });
	for (const name of ['probe.cjs', ...(options.nodes ?? [])])
		for (const file of [name, name.replace(/\.c?js$/, '.html')])
			await copyFile(path.join(import.meta.dirname, 'node-red', file), path.join(userDir, 'nodes', file));
	if (options.flows) await writeFile(path.join(userDir, 'flows.json'), JSON.stringify(options.flows));
	const port = await freePort();
	const settings = path.join(userDir, 'settings.cjs');
	await writeFile(settings, await settingsFile(userDir, port, options));
	const child = spawn(
		process.execPath,
		[path.join(root, 'node_modules', 'node-red', 'red.js'), '--settings', settings, '--userDir', userDir],
		{
			cwd: userDir,
			env: {
				PATH: process.env['PATH'],
				HOME: userDir,
				LANG: 'C.UTF-8',
				TEST_DIST: path.join(root, 'dist'),
				...options.env,
			},
			stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		},
	);
	const nodeRed = new NodeRed(child, `http://127.0.0.1:${port}`, userDir);
	t.after(async () => {
		await nodeRed.stop();
		if (!options.userDir) await rm(userDir, { recursive: true, force: true });
	});
	// The probe's word comes another way than the log and may be later: a deploy would take it for its own. On a busy machine
	// flows were seen to run before the server listened, too.
	const started = () =>
		nodeRed.hasStarted && /Started flows|Flujos iniciados/.test(nodeRed.log) && nodeRed.log.includes(`${nodeRed.url}/`);
	await nodeRed.until('Node-RED to start', started, START_TIMEOUT_MS);
	return nodeRed;
}

async function settingsFile(userDir: string, port: number, options: NodeRedOptions): Promise<string> {
	const settings = {
		userDir,
		flowFile: 'flows.json',
		credentialSecret: 'only for this test',
		nodesDir: root,
		uiHost: '127.0.0.1',
		uiPort: port,
		lang: options.language ?? 'en-US',
		telemetry: { enabled: false, updateNotification: false },
		externalModules: { autoInstall: false, palette: { allowInstall: false } },
		editorTheme: { tours: false, projects: { enabled: false } },
		logging: { console: { level: 'debug', metrics: false, audit: true } },
		...(options.users ? { adminAuth: { type: 'credentials', users: await hashed(options.users) } } : {}),
		...options.settings,
	};
	return `module.exports = ${JSON.stringify(settings, null, '\t')};\n`;
}

/** Node-RED compares with bcrypt; its own copy makes the hashes, at the lowest cost. */
async function hashed(users: TestPerson[]): Promise<TestPerson[]> {
	const editorApi = createRequire(path.join(root, 'node_modules', '@node-red', 'editor-api', 'package.json'));
	const bcrypt = editorApi('bcryptjs') as { hashSync(password: string, rounds: number): string };
	return users.map((user) => ({ ...user, password: bcrypt.hashSync(user.password, 4) }));
}

/** The deployed flow file as it lies in the user directory. */
export async function flowFileOf({ userDir }: NodeRed): Promise<FlowNode[]> {
	return JSON.parse(await readFile(path.join(userDir, 'flows.json'), 'utf8'));
}
