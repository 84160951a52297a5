/** The real Odoo 18 with its database manager and PostgreSQL, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { ROLE } from '../../lab/odoo/database.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import type { ManagedOdoo } from '../integration/odoo-manager-contract.ts';

export interface RealOdoo extends ManagedOdoo {
	/** Starts it again with so many threads for jobs. */
	jobs(threads: number): Promise<void>;
	stop(): Promise<void>;
}

/** Without job threads no row changes between two counts. */
const NO_JOBS = '--max-cron-threads=0';
/** With workers a process of its own listens for websockets, by default at a port that others may use. */
const ANY_GEVENT_PORT = '--gevent-port=0';

/** @param source what ODOO_SRC names */
export async function startRealOdoo(source: string): Promise<RealOdoo> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-manager-'));
	const database = postgresql();
	/** Read at each of its starts. */
	const args: string[] = [NO_JOBS];
	const system = odooSystem({ source, broker: {}, manager: true, args });
	const lab = await Lab.open({ systems: [database, system], directory, ports: 'free' });
	const stop = async () => {
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	};
	try {
		await lab.start();
	} catch (thrown) {
		await stop();
		throw thrown;
	}
	const context = lab.context(system);
	const restart = async (...changed: string[]) => {
		args.splice(0, args.length, ...changed);
		await system.stop(context);
		await system.start(context);
		await system.ready(context);
	};
	const url = postgresqlUrl(lab.context(database));
	const { hostname, port } = new URL(url);
	const { ODOO_URL = '', ODOO_DATABASE = '', ODOO_MASTER_PASSWORD = '' } = lab.variables;
	const user = process.getuid?.() === 0 ? 'nobody' : undefined;
	const home = user ? await context.directoryFor(user, 'odoo') : context.directory;
	return {
		...{ url: ODOO_URL, database: ODOO_DATABASE, masterPassword: ODOO_MASTER_PASSWORD },
		login: { user: 'admin', password: 'admin' },
		postgres: {
			...{ host: hostname, port: Number(port), user: ROLE, database: ODOO_DATABASE },
			password: context.secret('odoo.database'),
		},
		filestore: path.join(home, 'data/filestore'),
		async execute(sql) {
			const client = new pg.Client({ connectionString: url });
			await client.connect();
			await client.query(sql).finally(() => client.end());
		},
		hide: (hidden) => restart(NO_JOBS, ...(hidden ? ['--no-database-list'] : [])),
		setWorkers: (workers) => restart(NO_JOBS, `--workers=${workers}`, ...(workers > 0 ? [ANY_GEVENT_PORT] : [])),
		jobs: (threads) => restart(`--max-cron-threads=${threads}`),
		stop,
	};
}
