/** The stand-in of Odoo's database manager does what the contract asks of Odoo, and fails as Odoo was measured to fail. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import type { ManagerSettings } from '../../lab/odoo/stand-in/manager.ts';
import { odooStandIn } from '../../lab/systems/odoo-stand-in.ts';
import { proveDump, proveZip } from '../../lib/backup/proof.ts';
import { runDrill } from '../../lib/backup/restore-drill.ts';
import { restoreDirectly } from '../../lib/backup/unpack.ts';
import { type ManagerBackup, managerPage, openManagerBackup } from '../../lib/odoo/manager.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';
import { odooFetchContract } from './odoo-fetch-contract.ts';
import { type ManagedOdoo, odooManagerContract } from './odoo-manager-contract.ts';
import { odooRestoreContract } from './odoo-restore-contract.ts';

suite("the stand-in of Odoo's database manager", () => {
	let odoo: ManagedOdoo;
	let server: TestPostgresql;
	let lab: Lab;
	let directory: string;

	const set = async (settings: Partial<ManagerSettings>): Promise<ManagerSettings> => {
		const response = await fetch(`${odoo.url}/stand-in/manager`, { method: 'POST', body: JSON.stringify(settings) });
		return (await response.json()) as ManagerSettings;
	};

	before(async () => {
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-manager-'));
		lab = await Lab.open({ systems: [odooStandIn({ broker: {} })], directory, ports: 'free' });
		[server] = await Promise.all([startPostgresql(), lab.start()]);
		const { ODOO_URL: url = '', ODOO_DATABASE: database = '', ODOO_MASTER_PASSWORD = '' } = lab.variables;
		await server.execute("create role odoo login createdb password 'odoo'");
		const { hostname, port } = new URL(await server.database());
		odoo = {
			...{ url, database, masterPassword: ODOO_MASTER_PASSWORD, login: { user: 'admin', password: 'admin' } },
			postgres: { host: hostname, port: Number(port), user: 'odoo', password: 'odoo', database },
			execute: server.execute,
			filestore: directory,
			setWorkers: async (workers) => {
				await set({ workers });
			},
			hide: async (hidden) => {
				await set({ listDb: !hidden });
			},
		};
		const copy = await openManagerBackup(odoo, { database, format: 'zip' });
		await restoreDirectly(copy, odoo, { format: 'zip', comment: 'what the stand-in holds' });
		for (const { datname } of await server.execute("select datname from pg_database where datname like 'test_%'")) {
			await server.execute(`drop database ${datname}`);
		}
	});
	after(async () => {
		await lab?.stop();
		await server?.stop();
		await rm(directory, { recursive: true, force: true });
	});

	odooFetchContract(() => odoo);
	odooManagerContract(() => odoo);
	odooRestoreContract(() => odoo);

	const whole = { cutAfter: null, breakAfter: null, stallAfter: null, firstByteMs: 0, pgDumpFails: false };
	const fetched = async (options: Partial<ManagerBackup> = {}) =>
		openManagerBackup(odoo, { database: odoo.database, format: 'zip', ...options });
	const proven = async (options: Partial<ManagerBackup> = {}) =>
		(options.format === 'dump' ? proveDump : proveZip)(await fetched(options), { startedAt: Date.now() });
	const during = async (settings: Partial<ManagerSettings>, work: () => Promise<unknown>) => {
		await set(settings);
		try {
			await work();
		} finally {
			await set(whole);
		}
	};

	test('a drill by the manager restores, compares to the row and leaves nothing', async () => {
		const file = await buffer(await fetched());
		const source = async function* () {
			yield file;
		};
		const held = await proveZip(source(), { startedAt: Date.now() });
		const drill = (expected: typeof held) =>
			runDrill({
				...{ target: { kind: 'manager', ...odoo }, source: source(), format: 'zip', size: file.length },
				...{ expected, secret: 'a secret of the tests' },
			});
		assert.equal((await drill(held)).passed, true);
		assert.equal((await drill({ ...held, tables: { ...held.tables, res_partner: 1 } })).passed, false);
		assert.deepEqual((await managerPage(odoo.url)).databases, [odoo.database]);
	});

	test('a file that is cut with a clean end is no backup', async () => {
		for (const format of ['zip', 'dump'] as const) {
			await during({ cutAfter: 9_000 }, async () => {
				assert.equal((await buffer(await fetched({ format }))).length, 9_000, 'the end is clean');
				await assert.rejects(proven({ format }), { code: 'BACKUP_SPOILED' });
			});
		}
	});

	test('a connection that breaks is said', async () => {
		await during({ breakAfter: 9_000 }, () =>
			assert.rejects(proven(), { code: 'ODOO_UNREACHABLE', message: /connection/ }),
		);
	});

	test('pg_dump that fails gives a page under zip, and an empty answer with a clean end under dump', async () => {
		await during({ pgDumpFails: true }, async () => {
			await assert.rejects(fetched(), { code: 'ODOO_REFUSED', message: /pg_dump.*non-zero exit status 1/ });
			assert.equal((await buffer(await fetched({ format: 'dump' }))).length, 0);
			await assert.rejects(proven({ format: 'dump' }), { code: 'BACKUP_SPOILED', message: /empty/ });
		});
	});

	test('a first byte that does not come ends by its time-out, as does a stream that stops', async () => {
		const late = { code: 'TIMEOUT', message: /silent for 0\.2 s/ };
		await during({ firstByteMs: 2_000 }, () => assert.rejects(fetched({ firstByteMs: 200 }), late));
		await during({ stallAfter: 9_000 }, () => assert.rejects(proven({ idleMs: 200 }), late));
	});

	test('cancelling ends a backup before its answer and within it', async () => {
		const cancelled = { code: 'CANCELLED' };
		await during({ firstByteMs: 5_000 }, () =>
			assert.rejects(fetched({ signal: AbortSignal.timeout(100) }), cancelled),
		);
		await during({ stallAfter: 9_000 }, () => assert.rejects(proven({ signal: AbortSignal.timeout(300) }), cancelled));
	});

	test('a manager without protection takes the first password that is sent, which the hub never does', async () => {
		const { calls } = await set({ masterPassword: 'admin' });
		await assert.rejects(fetched(), { code: 'ODOO_UNPROTECTED' });
		const left = await set({ masterPassword: odoo.masterPassword });
		assert.equal(left.calls, calls);
	});
});
