/**
 * A real Keycloak for tests: `sharedKeycloak()` gives the one of this test run, in which each test file has realms of its
 * own. It ends, and takes its directory away, with the process that started it, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keycloakDistribution } from '../lab/keycloak/distribution.ts';
import { ADMIN, prepareHome, serverCommand } from '../lab/keycloak/server.ts';
import { Lab } from '../lab/lab.ts';
import { freePort } from '../lab/ports.ts';
import { keycloak } from '../lab/systems/keycloak.ts';
import type { ReaderOptions } from '../lib/keycloak/reader.ts';

/** 40 s alone; with its first download and build, and others on the same cores, minutes. In ms. */
const START_TIMEOUT_MS = 360_000;
const POLL_MS = 250;
/** The administrator's token lives 60 s; in ms. */
const TOKEN_MS = 40_000;

/** Names the file that says on which port the Keycloak of the test run answers, once it does. */
const SHARED_VARIABLE = 'TEST_KEYCLOAK';

const DEPLOYED = path.resolve(import.meta.dirname, '../deploy/keycloak');
const FILLED: Readonly<Record<string, string>> = {
	KEYCLOAK_SSL_REQUIRED: 'none',
	ODOO_URL: 'http://localhost:8069',
	ODOO_INTERNAL_URL: 'http://localhost:8069',
	HUB_URL: 'http://localhost:1880',
	HUB_INTERNAL_URL: 'http://localhost:1880',
	KEYCLOAK_STAFF_PASSWORD: 'clinica-de-prueba',
};

type Json = Record<string, unknown>;

/** A test, or with `{ after }` of node:test the whole file. */
export interface Owner {
	after(end: () => Promise<void> | void): void;
}

export interface RealmOptions {
	/** Changes the realm as `deploy/keycloak` has it, before it is imported. */
	change?: (realm: Json) => void;
	/** Whether the clinic's staff are in it; default yes. They have no passwords. */
	staff?: boolean;
}

export class TestKeycloak {
	readonly port: number;
	readonly url: string;
	#token: { value: string; until: number } | undefined;

	constructor(port: number) {
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
	}

	/** A realm like the clinic's under a name of its own; deleted afterwards. */
	async realm(t: Owner, options: RealmOptions = {}): Promise<TestRealm> {
		const name = `clinica-${randomUUID().slice(0, 8)}`;
		const realm: Json = { ...(await deployed('clinica-realm.json')), realm: name };
		(realm['components'] as Json)['org.keycloak.keys.KeyProvider'] = keyProviders();
		if (options.staff ?? true) {
			const staff = (await deployed('clinica-users-0.json'))['users'] as Json[];
			const accounts = realm['users'] as Json[];
			realm['users'] = [...accounts, ...staff.map(({ credentials: _, ...rest }) => rest)];
		}
		options.change?.(realm);
		await this.request('POST', '/admin/realms', realm);
		t.after(async () => {
			await this.request('DELETE', `/admin/realms/${name}`);
		});
		return new TestRealm(this, name);
	}

	/** As the administrator. Throws for anything but 2xx; gives the body, or the id of what was made. */
	async request(method: string, route: string, body?: unknown): Promise<unknown> {
		const response = await fetch(`${this.url}${route}`, {
			method,
			headers: { authorization: `Bearer ${await this.#administrator()}`, 'content-type': 'application/json' },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${route}: HTTP ${response.status} ${text}`);
		return text ? JSON.parse(text) : response.headers.get('location')?.split('/').at(-1);
	}

	async #administrator(): Promise<string> {
		if (this.#token && Date.now() < this.#token.until) return this.#token.value;
		const form = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN.user, password: ADMIN.password };
		const response = await fetch(`${this.url}/realms/master/protocol/openid-connect/token`, {
			method: 'POST',
			body: new URLSearchParams(form),
		});
		const { access_token: value } = (await response.json()) as { access_token: string };
		this.#token = { value, until: Date.now() + TOKEN_MS };
		return value;
	}
}

export class TestRealm {
	readonly name: string;
	readonly keycloak: TestKeycloak;

	constructor(server: TestKeycloak, name: string) {
		this.keycloak = server;
		this.name = name;
	}

	get issuer(): string {
		return `${this.keycloak.url}/realms/${this.name}`;
	}

	/** What `new RealmReader(…)` needs. */
	get reader(): ReaderOptions & { clientSecret: string } {
		return {
			issuer: this.issuer,
			realm: this.name,
			clientId: 'hub-reader',
			clientSecret: secretOf('KEYCLOAK_READER_SECRET'),
		};
	}

	/** As the administrator, below the realm: `request('PUT', '/users/…', {…})`. */
	request(method: string, route: string, body?: unknown): Promise<unknown> {
		return this.keycloak.request(method, `/admin/realms/${this.name}${route}`, body);
	}

	/** Makes a user and gives the id. */
	async addUser(username: string, more: Json = {}): Promise<string> {
		return (await this.request('POST', '/users', { username, enabled: true, ...more })) as string;
	}

	async idOf(username: string): Promise<string> {
		const [user] = (await this.request('GET', `/users?exact=true&username=${username}`)) as { id: string }[];
		if (!user) throw new Error(`${username} is not in ${this.name}`);
		return user.id;
	}

	/** Gives the reader a role of `realm-management`, or takes it away. */
	async grantReader(method: 'POST' | 'DELETE', role: string): Promise<void> {
		const account = await this.idOf('service-account-hub-reader');
		const [client] = (await this.request('GET', '/clients?clientId=realm-management')) as { id: string }[];
		const found = await this.request('GET', `/clients/${client?.id}/roles/${role}`);
		await this.request(method, `/users/${account}/role-mappings/clients/${client?.id}`, [found]);
	}
}

/**
 * The Keycloak of this test run, as soon as it answers, or of this process where no run started one. Use a realm of your own.
 */
export function sharedKeycloak(): Promise<TestKeycloak> {
	const file = process.env[SHARED_VARIABLE];
	shared ??= file === undefined ? startKeycloak() : told(file);
	return shared;
}

let shared: Promise<TestKeycloak> | undefined;

interface Told {
	port?: number;
	failure?: string;
}

/**
 * Starts the Keycloak that all files of this test run share, unless one is named already; it ends with this process. Files
 * that begin earlier wait for it, so that the others need not.
 */
export async function shareKeycloak(): Promise<void> {
	if (process.env[SHARED_VARIABLE]) return;
	const directory = await mkdtemp(path.join(tmpdir(), 'hub-keycloak-told-'));
	process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
	const file = path.join(directory, 'keycloak.json');
	process.env[SHARED_VARIABLE] = file;
	const tell = async (what: Told) => {
		await writeFile(`${file}.new`, JSON.stringify(what));
		await rename(`${file}.new`, file);
	};
	try {
		await tell({ port: (await startKeycloak()).port });
	} catch (thrown) {
		await tell({ failure: String(thrown) });
		throw thrown;
	}
}

async function told(file: string): Promise<TestKeycloak> {
	for (const deadline = Date.now() + START_TIMEOUT_MS; ; await delay(POLL_MS)) {
		const text = await readFile(file, 'utf8').catch(() => undefined);
		const { port, failure } = JSON.parse(text ?? '{}') as Told;
		if (port !== undefined) return new TestKeycloak(port);
		if (failure !== undefined || Date.now() > deadline) throw new Error(failure ?? 'Keycloak does not start in time');
	}
}

async function startKeycloak(): Promise<TestKeycloak> {
	const directory = await mkdtemp(path.join(tmpdir(), 'hub-keycloak-'));
	const lab = await Lab.open({ systems: [keycloak()], directory: path.join(directory, 'lab'), ports: 'free' });
	const distribution = await keycloakDistribution(lab.context(keycloak()));
	const home = path.join(directory, 'home');
	await prepareHome(home, distribution, []);
	const server = new TestKeycloak(await freePort());
	const { command, args, env } = serverCommand({
		...{ home, listen: '127.0.0.1', port: server.port, publicUrl: server.url },
		database: 'jdbc:h2:mem:keycloak;NON_KEYWORDS=VALUE;DB_CLOSE_DELAY=-1',
	});
	const child = spawn(command, args ?? [], {
		env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...env },
		cwd: home,
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	await once(child, 'spawn');
	endWithThisProcess(child, directory);
	await answering(server, child);
	return server;
}

/** A shell whose input ends with this process, however that ends; then it ends Keycloak's whole group. */
function endWithThisProcess(child: ChildProcess, directory: string): void {
	const script = 'cat >/dev/null; kill -9 "-$0"; sleep 0.2; rm -rf "$1"';
	const watchdog = spawn('sh', ['-c', script, String(child.pid), directory], {
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	for (const one of [child, watchdog]) one.unref();
	for (const stream of [child.stdout, child.stderr, watchdog.stdin])
		(stream as { unref?: () => void } | null)?.unref?.();
}

async function answering(server: TestKeycloak, child: ChildProcess): Promise<void> {
	let log = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-5_000)));
	}
	for (const deadline = Date.now() + START_TIMEOUT_MS; ; await delay(POLL_MS)) {
		const answer = await fetch(`${server.url}/realms/master`).catch(() => undefined);
		if (answer?.ok) return;
		if (child.exitCode === null && Date.now() < deadline) continue;
		throw new Error(`Keycloak ${child.exitCode === null ? 'does not answer in time' : 'ended'}:\n${log}`);
	}
}

/**
 * Keycloak makes two RSA keys for each new realm, which took 10 s on busy cores; here one of this process takes their place.
 */
function keyProviders(): Json[] {
	key ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
		.privateKey.export({ type: 'pkcs8', format: 'pem' })
		.toString()
		.replace(/-----[^-]+-----|\n/g, '');
	const config = { priority: ['100'] };
	return [
		{ name: 'rsa', providerId: 'rsa', config: { ...config, privateKey: [key] } },
		{ name: 'hmac', providerId: 'hmac-generated', config: { ...config, algorithm: ['HS512'] } },
		{ name: 'aes', providerId: 'aes-generated', config },
	];
}

let key: string | undefined;

/** A file of `deploy/keycloak` with its placeholders filled. */
async function deployed(name: string): Promise<Json> {
	const text = await readFile(path.join(DEPLOYED, name), 'utf8');
	const filled = text.replace(
		/\$\{([A-Z_]+)(?::[^}]*)?\}/g,
		(_, variable: string) => FILLED[variable] ?? secretOf(variable),
	);
	return JSON.parse(filled) as Json;
}

function secretOf(variable: string): string {
	return `secret of ${variable}`;
}
