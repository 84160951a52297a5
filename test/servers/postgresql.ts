/** A PostgreSQL server for one test file: own data, free port, a fresh database for each test. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import type { LabContext, LabProcess } from '../../lab/system.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';

export interface TestPostgresql {
	/** Makes an empty database and gives its address. */
	database(): Promise<string>;
	/** Runs one statement as the superuser in the maintenance database. */
	execute(sql: string): Promise<Record<string, unknown>[]>;
	/** Ends the server as a crash would: SIGKILL, no checkpoint. */
	kill(): Promise<void>;
	/** Starts it again on the same port and waits until it answers. */
	restart(): Promise<void>;
	/** Ends the server and removes its data. */
	stop(): Promise<void>;
}

export async function startPostgresql(): Promise<TestPostgresql> {
	const system = postgresql();
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-postgresql-'));
	// The server runs as another account when the tests run as root.
	await chmod(directory, 0o755);
	const lab = await Lab.open({ systems: [system], directory, ports: 'free' });
	let server: LabProcess | undefined;
	const lent = lab.context(system);
	const context: LabContext = {
		...lent,
		run: async (options) => {
			server = await lent.run(options);
			return server;
		},
	};
	const start = async () => {
		await system.start(context);
		await system.ready(context);
	};
	await mkdir(context.directory, { recursive: true });
	await system.ensure(context);
	await start();

	const execute = async (sql: string) => {
		const client = new pg.Client({ connectionString: postgresqlUrl(context) });
		await client.connect();
		try {
			return (await client.query<Record<string, unknown>>(sql)).rows;
		} finally {
			await client.end();
		}
	};
	// A kill of the server loses nothing without it; only a machine that loses its power would.
	await execute('alter system set fsync = off');
	await execute('select pg_reload_conf()');
	return {
		async database() {
			const name = `test_${randomBytes(6).toString('hex')}`;
			await execute(`create database ${name}`);
			return postgresqlUrl(context, name);
		},
		execute,
		async kill() {
			await server?.stop({ signal: 'SIGKILL' });
		},
		restart: start,
		async stop() {
			await system.stop(context);
			await lab.stop();
			await rm(directory, { recursive: true, force: true });
		},
	};
}
