/** Odoo's PostgreSQL, for the direct way: connections, its client programs, and what their failures mean. */
import { type ChildProcess, spawn } from 'node:child_process';
import pg from 'pg';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError, type HubErrorCode } from '../errors.ts';
import { lastLine } from './manager-page.ts';

export interface PostgresqlAddress {
	host: string;
	port: number;
	user: string;
	password: string;
	database: string;
}

/** Making a connection, in ms. */
const CONNECT_MS = 10_000;
/**
 * For one statement, in ms: the rows of a large table are counted in minutes; what takes longer waits for a lock that nobody
 * lets go, or for a server that is gone.
 */
const STATEMENT_MS = 600_000;
/** Of what a program complains about, in bytes: its last line is shown. */
const COMPLAINT_BYTES = 4_096;
/** After a request to stop, in ms: less than a thread of a backup has. */
const KILL_MS = 1_500;

export interface ConnectionOptions {
	/** Ends the connection, and with it the statement that is under way. */
	signal?: AbortSignal | undefined;
	/** Default `STATEMENT_MS`. */
	statementMs?: number | undefined;
}

/** A connection that the caller ends. @throws HubError POSTGRESQL_UNREACHABLE, POSTGRESQL_FORBIDDEN, ODOO_DATABASE_UNKNOWN, CANCELLED */
export async function connect(
	address: PostgresqlAddress,
	{ signal, statementMs = STATEMENT_MS }: ConnectionOptions = {},
): Promise<pg.Client> {
	throwIfCancelled(signal);
	const client = new pg.Client({
		...address,
		connectionTimeoutMillis: CONNECT_MS,
		query_timeout: statementMs,
		keepAlive: true,
		application_name: 'clinic-hub',
	});
	// A connection that breaks between two statements says so in the next one; without a listener it would end the process.
	client.on('error', () => undefined);
	const stop = () => void client.end().catch(() => undefined); // whoever waits for a statement is told
	signal?.addEventListener('abort', stop, { once: true });
	client.once('end', () => signal?.removeEventListener('abort', stop));
	try {
		await client.connect();
		return client;
	} catch (thrown) {
		throwIfCancelled(signal);
		throw postgresqlFailure(thrown);
	}
}

/** Lends a connection and ends it. @throws HubError as `connect`, POSTGRESQL_FAILED, TIMEOUT, and what `use` throws */
export async function withClient<T>(
	address: PostgresqlAddress,
	use: (client: pg.Client) => Promise<T>,
	options: ConnectionOptions = {},
): Promise<T> {
	const client = await connect(address, options);
	try {
		return await use(client);
	} catch (thrown) {
		throwIfCancelled(options.signal);
		throw postgresqlFailure(thrown);
	} finally {
		await client.end().catch(() => undefined); // the work is done, or its failure is on its way already
	}
}

/** Classes and codes of SQLSTATE (PostgreSQL's manual, appendix A), the most specific first. */
const STATES: [prefix: string, code: HubErrorCode, text: string][] = [
	['28', 'POSTGRESQL_FORBIDDEN', 'PostgreSQL refuses the user or its password.'],
	['3D000', 'ODOO_DATABASE_UNKNOWN', 'PostgreSQL has no database of that name.'],
	['42501', 'POSTGRESQL_FORBIDDEN', 'The user of PostgreSQL lacks a right'],
	['42P04', 'ODOO_DATABASE_EXISTS', 'A database with that name is there already.'],
	['53100', 'POSTGRESQL_FAILED', 'The disk of PostgreSQL is full.'],
	['53', 'POSTGRESQL_UNREACHABLE', 'PostgreSQL is short of resources'],
	['57P', 'POSTGRESQL_UNREACHABLE', 'PostgreSQL is starting or shutting down.'],
	['08', 'POSTGRESQL_UNREACHABLE', 'The connection to PostgreSQL broke.'],
];

/** What a driver threw, as a failure for a person; a `HubError` stays what it is. */
export function postgresqlFailure(thrown: unknown): HubError {
	if (thrown instanceof HubError) return thrown;
	if (thrown instanceof pg.DatabaseError) {
		const state = thrown.code ?? '';
		const [, code, text] = STATES.find(([prefix]) => state.startsWith(prefix)) ?? [];
		const line = lastLine(thrown.message);
		if (!code || !text) return new HubError('POSTGRESQL_FAILED', `PostgreSQL refuses: ${line}`, { cause: thrown });
		return new HubError(code, text.endsWith('.') ? text : `${text}: ${line}`, { cause: thrown });
	}
	if ((thrown as Error).message === 'Query read timeout') {
		const text =
			'PostgreSQL did not answer a statement in time. Look for locks in it (pg_stat_activity), and at its load.';
		return new HubError('TIMEOUT', text, { cause: thrown });
	}
	const code = (thrown as NodeJS.ErrnoException).code ?? lastLine((thrown as Error).message ?? '');
	const text = `PostgreSQL cannot be reached, or the connection broke (${code}). Check host, port and network.`;
	return new HubError('POSTGRESQL_UNREACHABLE', text, { cause: thrown });
}

export interface Program {
	child: ChildProcess;
	/** Its exit: resolves when it ended well. @throws HubError POSTGRESQL_CLIENT, POSTGRESQL_FAILED with its last line, CANCELLED */
	ended: Promise<void>;
	/** Ends it, first gently. */
	stop(): void;
}

/** Starts one of PostgreSQL's programs; the password goes by the environment, which other accounts cannot read. */
export function startProgram(
	command: string,
	args: readonly string[],
	address: PostgresqlAddress,
	stdio: ['pipe' | 'ignore', 'pipe' | 'ignore'],
	signal?: AbortSignal,
): Program {
	const child = spawn(command, args, { stdio: [...stdio, 'pipe'], env: environmentOf(address) });
	const stop = () => {
		child.kill();
		setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref();
	};
	if (signal?.aborted) stop();
	signal?.addEventListener('abort', stop, { once: true });
	let complaint = '';
	child.stderr?.on('data', (bytes: Buffer) => {
		complaint = (complaint + bytes.toString('utf8')).slice(-COMPLAINT_BYTES);
	});
	const ended = new Promise<void>((resolve, reject) => {
		child.once('error', (cause) => reject(missing(command, cause)));
		child.once('close', (code, killed) => {
			signal?.removeEventListener('abort', stop);
			if (signal?.aborted) reject(new HubError('CANCELLED', 'Cancelled.'));
			else if (code === 0) resolve();
			else {
				const line = firstError(complaint) || lastLine(complaint) || `it ended with ${code ?? killed}`;
				reject(new HubError('POSTGRESQL_FAILED', `${nameOf(command)} failed: ${line}`));
			}
		});
	});
	// Whoever started it may be busy with its output when it fails; the failure is awaited afterwards.
	ended.catch(() => undefined);
	return { child, ended, stop };
}

/** Such as 15 and 18. @throws HubError POSTGRESQL_CLIENT */
export async function programRelease(command: string): Promise<{ major: number; minor: number }> {
	const child = spawn(command, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
	let text = '';
	child.stdout.on('data', (bytes: Buffer) => {
		text += bytes.toString('utf8');
	});
	await new Promise<void>((resolve, reject) => {
		child.once('error', (cause) => reject(missing(command, cause)));
		child.once('close', () => resolve());
	});
	const [, major, minor] = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(text) ?? [];
	if (major !== undefined) return { major: Number(major), minor: Number(minor ?? 0) };
	throw new HubError('POSTGRESQL_CLIENT', `${nameOf(command)} does not tell its version.`);
}

/** The server's major version. */
export async function serverVersion(client: pg.Client): Promise<number> {
	const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
	return Math.floor(Number(rows[0]?.server_version_num) / 10_000);
}

/** pg_dump refuses a server that is newer than itself. @throws HubError POSTGRESQL_CLIENT */
export async function requireClient(client: pg.Client, command: string): Promise<{ program: number; server: number }> {
	const { major: program } = await programRelease(command);
	const server = await serverVersion(client);
	if (program >= server) return { program, server };
	throw new HubError(
		'POSTGRESQL_CLIENT',
		`${nameOf(command)} ${program} is older than the server (PostgreSQL ${server}), which it refuses. Install ` +
			`postgresql-client-${server} beside the hub.`,
	);
}

function environmentOf({ host, port, user, password, database }: PostgresqlAddress): Record<string, string> {
	const inherited = ['PATH', 'HOME', 'LD_LIBRARY_PATH', 'PGSSLMODE', 'PGSSLROOTCERT', 'TMPDIR'];
	const kept = inherited.map((name): [string, string] => [name, process.env[name] ?? '']);
	return {
		...Object.fromEntries(kept.filter(([, value]) => value !== '')),
		...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
		// Its messages are searched for words.
		...{ LC_ALL: 'C', PGCONNECT_TIMEOUT: String(CONNECT_MS / 1_000), PGAPPNAME: 'clinic-hub' },
	};
}

function missing(command: string, cause: unknown): HubError {
	const text = `The program ${nameOf(command)} cannot be started (${command}). Install PostgreSQL’s client programs.`;
	return new HubError('POSTGRESQL_CLIENT', text, { cause });
}

/** The line that names the error; those after it are hints and context. */
function firstError(complaint: string): string {
	return lastLine(/^.*\b(?:error|ERROR|FATAL):.*$/m.exec(complaint)?.[0] ?? '');
}

const nameOf = (command: string) => command.split('/').at(-1) ?? command;
