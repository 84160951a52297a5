/** What the hub's backups rely on in Odoo's database manager and in the way past it: the real one and its stand-in run this. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { type Proof, proveDump, proveZip } from '../../lib/backup/proof.ts';
import { checkOdoo, type OdooQuestion } from '../../lib/odoo/check.ts';
import { openDirectBackup } from '../../lib/odoo/direct.ts';
import { dropByManager, managerPage, openManagerBackup, restoreByManager } from '../../lib/odoo/manager.ts';
import type { PostgresqlAddress } from '../../lib/odoo/postgresql.ts';
import { OdooRpc, rpc } from '../../lib/odoo/rpc.ts';

export interface ManagedOdoo {
	url: string;
	masterPassword: string;
	database: string;
	login: { user: string; password: string };
	/** A role that may make databases, where the database lies that the manager shows, or a copy of it. */
	postgres: PostgresqlAddress;
	/** The password of its superuser, who makes roles. */
	execute(sql: string): Promise<unknown>;
	filestore: string;
	/** Switches `list_db`. */
	hide(hidden: boolean): Promise<void>;
}

/** Odoo loads the modules of a restored database: 35 s alone, and several times that beside other work. */
export const PATIENT = { timeout: 900_000 };

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

	const post = async (action: string, fields: Record<string, string>): Promise<IncomingMessage> => {
		const headers = { 'content-type': 'application/x-www-form-urlencoded' };
		const outgoing = request(`${odoo().url}/web/database/${action}`, { method: 'POST', headers });
		outgoing.end(new URLSearchParams(fields).toString());
		return ((await once(outgoing, 'response')) as [IncomingMessage])[0];
	};

	test('the manager gives a zip that is whole, chunked and without a length', async () => {
		const { database, masterPassword } = odoo();
		assert.ok(own.attachments.named > 0);
		assert.deepEqual([own.attachments.stored, own.attachments.missing], [own.attachments.named, []]);
		assert.match(own.databaseUuid, /^[0-9a-f-]{36}$/);
		assert.match(own.odooVersion, /^18\.0/);
		const answer = await post('backup', { master_pwd: masterPassword, name: database });
		assert.deepEqual(
			[answer.statusCode, answer.headers['content-type'], answer.headers['content-length']],
			[200, 'application/octet-stream; charset=binary', undefined],
		);
		assert.match(answer.headers['content-disposition'] ?? '', /^attachment; filename\*=UTF-8''\w+_[\d_-]+\.zip$/);
		assert.equal(answer.headers['transfer-encoding'], 'chunked');
		assert.equal((await buffer(answer)).toString('latin1', 0, 4), 'PK\u0003\u0004');
	});

	test('the manager gives a dump with the same rows and the same id', async () => {
		const { tables, databaseUuid } = await proveDump(await backup(odoo().database, 'dump'), { startedAt: Date.now() });
		assert.equal(databaseUuid, own.databaseUuid);
		assert.deepEqual(Object.keys(tables).toSorted(), Object.keys(own.tables).toSorted());
		assert.equal(tables['res_partner'], own.tables['res_partner']);
	});

	test('failures answer 200 with a page, and the client says which one it is', async () => {
		const { database, masterPassword } = odoo();
		const wrong = await post('backup', { master_pwd: 'wrong', name: database });
		const page = await text(wrong);
		assert.deepEqual([wrong.statusCode, wrong.headers['content-type']], [200, 'text/html; charset=utf-8']);
		assert.ok(page.length > 30_000 && page.length < 60_000, `${page.length} characters`);
		assert.match(page, /<div class="alert alert-danger">Database backup error: Access Denied<\/div>/);
		const refused = { code: 'ODOO_CREDENTIALS', message: /master password/ };
		const mistaken = { ...address(), masterPassword: 'wrong' };
		await assert.rejects(openManagerBackup(mistaken, { database, format: 'zip' }), refused);
		await assert.rejects(dropByManager(mistaken, database), refused);
		await assert.rejects(backup('nope', 'zip'), { code: 'ODOO_DATABASE_UNKNOWN' });
		assert.equal((await post('backup', { master_pwd: masterPassword })).statusCode, 500);
		const get = request(`${odoo().url}/web/database/backup`).end();
		assert.equal(((await once(get, 'response')) as [IncomingMessage])[0].statusCode, 405);
	});

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
