/** The real Odoo 18's database manager, where ODOO_SRC names its source: the contract that its stand-in keeps, too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite } from 'node:test';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { ROLE } from '../../lab/odoo/database.ts';
import type { System } from '../../lab/system.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { type ManagedOdoo, odooManagerContract } from './odoo-manager-contract.ts';

const source = process.env.ODOO_SRC;

suite("the real Odoo's database manager", { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	const database = postgresql();
	/** Of Odoo; read at each of its starts. Without job threads no row changes between two counts. */
	const args: string[] = ['--max-cron-threads=0'];
	let system: System;
	let lab: Lab;
	let directory: string;
	let managed: ManagedOdoo;

	before(async () => {
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-manager-'));
		system = odooSystem({ source: source as string, broker: {}, manager: true, args });
		lab = await Lab.open({ systems: [database, system], directory, ports: 'free' });
		await lab.start();
		const context = lab.context(system);
		const url = postgresqlUrl(lab.context(database));
		const { hostname, port } = new URL(url);
		const { ODOO_URL = '', ODOO_DATABASE = '', ODOO_MASTER_PASSWORD = '' } = lab.variables;
		const user = process.getuid?.() === 0 ? 'nobody' : undefined;
		const home = user ? await context.directoryFor(user, 'odoo') : context.directory;
		managed = {
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
			async hide(hidden) {
				args.splice(1, 1, ...(hidden ? ['--no-database-list'] : []));
				await system.stop(context);
				await system.start(context);
				await system.ready(context);
			},
		};
	});
	after(async () => {
		await lab?.stop();
		await rm(directory, { recursive: true, force: true });
	});

	odooManagerContract(() => managed);
});
