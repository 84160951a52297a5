/** What the hub's backups rely on in Odoo's database manager and in the way past it: the real one and its stand-in run this. */
import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { type Proof, proveZip } from '../../lib/backup/proof.ts';
import { checkOdoo, type OdooQuestion } from '../../lib/odoo/check.ts';
import { openDirectBackup } from '../../lib/odoo/direct.ts';
import { dropByManager, managerPage, openManagerBackup, restoreByManager } from '../../lib/odoo/manager.ts';
import type { PostgresqlAddress } from '../../lib/odoo/postgresql.ts';
import { OdooRpc, rpc } from '../../lib/odoo/rpc.ts';
import { type FetchedOdoo, PATIENT, postToManager } from './odoo-fetch-contract.ts';

export interface ManagedOdoo extends FetchedOdoo {
	login: { user: string; password: string };
	/** A role that may make databases, where the database lies that the manager shows, or a copy of it. */
	postgres: PostgresqlAddress;
	/** The password of its superuser, who makes roles. */
	execute(sql: string): Promise<unknown>;
	filestore: string;
	/** Switches `list_db`. */
	hide(hidden: boolean): Promise<void>;
}

export function odooManagerContract(odoo: () => ManagedOdoo): void {
	let own: Proof;
	const address = () => ({ url: odoo().url, masterPassword: odoo().masterPassword });
	const backup = (database: string, format: 'zip' | 'dump') => openManagerBackup(address(), { database, format });
	const prove = async (stream: Promise<Readable>) => proveZip(await stream, { startedAt: Date.now() });
	const direct = () => openDirectBackup({ postgres: odoo().postgres, filestore: odoo().filestore });
	const question = (): OdooQuestion => ({ url: odoo().url, databases: null, masterPassword: odoo().masterPassword });
	const access = () => ({ ...odoo().postgres, filestore: odoo().filestore });
	const keys = async (asked: OdooQuestion) =>
		(await checkOdoo(asked)).findings.map(({ key, level }) => `${level} ${key}`);

	before(async () => {
		own = await prove(backup(odoo().database, 'zip'));
	}, PATIENT);

	/** Signing in writes rows: what is compared is counted just before. */
	const count = async () => {
		own = await prove(backup(odoo().database, 'zip'));
	};

	const post = (action: string, fields: Record<string, string>) => postToManager(odoo(), action, fields);

	test('JSON-RPC is decided on by the class that Odoo names', async () => {
		const { url, database, login } = odoo();
		const { server_version_info: info } = (await rpc(url, 'common', 'version', [])) as {
			server_version_info: unknown[];
		};
		assert.deepEqual(info.slice(0, 2), [18, 0]);
		assert.ok(((await rpc(url, 'db', 'list', [])) as string[]).includes(database));
		const client = new OdooRpc({ url, database, ...login });
		assert.equal(await client.signIn(), 2);
		await assert.rejects(new OdooRpc({ url, database, ...login, password: 'no' }).signIn(), {
			code: 'ODOO_CREDENTIALS',
		});
		await assert.rejects(new OdooRpc({ url, database: 'nope', ...login }).signIn(), { code: 'ODOO_DATABASE_UNKNOWN' });
		await assert.rejects(client.call('res.partner', 'read', [[1], ['no_such_field']]), {
			code: 'ODOO_REFUSED',
			message: /ValueError: Invalid field 'no_such_field' on model 'res.partner'$/,
		});
		await assert.rejects(rpc(url, 'db', 'list_countries', ['wrong']), { code: 'ODOO_CREDENTIALS' });
	});

	test('the test of the connection finds version, databases, password, login and a way to PostgreSQL', async () => {
		const { login, database } = odoo();
		const asked = { ...question(), direct: access(), login: { user: login.user, apiKey: login.password } };
		const { ok, hidden, databases, findings } = await checkOdoo(asked);
		assert.deepEqual([ok, hidden, databases], [true, false, [database]], JSON.stringify(findings));
		const found = findings.map(({ key }) => key);
		for (const key of [
			'version',
			'manager',
			'masterPassword',
			'databases',
			'login',
			'postgresql',
			'filestore',
		] as const) {
			assert.ok(found.includes(key), key);
		}
		assert.ok((await keys({ ...question(), masterPassword: 'wrong' })).includes('failed masterPasswordWrong'));
		assert.ok((await keys({ ...question(), databases: ['nope'] })).includes('failed databaseMissing'));
	});

	test('nothing is sent to a manager that still has its default master password', async () => {
		const { url, database, masterPassword } = odoo();
		const change = { master_pwd: masterPassword, master_pwd_new: 'admin' };
		assert.equal((await post('change_password', change)).statusCode, 303);
		try {
			assert.equal((await managerPage(url)).unprotected, true);
			const refused = { code: 'ODOO_UNPROTECTED', message: /nothing was sent/ };
			await assert.rejects(backup(database, 'zip'), refused);
			await assert.rejects(dropByManager(address(), 'nope'), refused);
			const file = async function* () {
				yield Buffer.from('never read');
			};
			await assert.rejects(restoreByManager(address(), { database: 'nope', file: file() }), refused);
			assert.ok((await keys(question())).includes('failed unprotected'));
			// Still the default: whatever else had been sent would have taken its place.
			await rpc(url, 'db', 'list_countries', ['admin']);
		} finally {
			await post('change_password', { master_pwd: 'admin', master_pwd_new: masterPassword });
		}
		assert.equal((await managerPage(url)).unprotected, false);
	});

	test('with a hidden list the manager refuses, and the direct way works', PATIENT, async () => {
		const { database, url } = odoo();
		await count();
		await odoo().hide(true);
		try {
			const page = await managerPage(url);
			assert.deepEqual([page.enabled, page.databases], [false, []]);
			await assert.rejects(backup(database, 'zip'), { code: 'ODOO_MANAGER_OFF', message: /direct way/ });
			const answer = await text(await post('backup', { master_pwd: odoo().masterPassword, name: database }));
			assert.match(answer, /Database backup error: Access Denied/);
			await assert.rejects(rpc(url, 'db', 'list', []), { code: 'ODOO_CREDENTIALS' });
			assert.ok((await keys(question())).includes('failed onlyDirect'));
			const check = await checkOdoo({ ...question(), databases: [database], direct: access() });
			assert.deepEqual([check.ok, check.hidden], [true, true], JSON.stringify(check.findings));
			assert.deepEqual((await prove(direct())).tables, own.tables);
		} finally {
			await odoo().hide(false);
		}
	});
}
