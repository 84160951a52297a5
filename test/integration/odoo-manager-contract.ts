/** What the hub's backups rely on in Odoo's database manager and in the way past it: the real one and its stand-in run this. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { compareRestored } from '../../lib/backup/drill.ts';
import { type Proof, proveDump, proveZip } from '../../lib/backup/proof.ts';
import { type DrillTarget, runDrill } from '../../lib/backup/restore-drill.ts';
import { restoreDirectly } from '../../lib/backup/unpack.ts';
import { checkOdoo, type OdooQuestion } from '../../lib/odoo/check.ts';
import { contentOf } from '../../lib/odoo/content.ts';
import { listDatabases } from '../../lib/odoo/databases.ts';
import { openDirectBackup } from '../../lib/odoo/direct.ts';
import { dropByManager, managerPage, openManagerBackup, restoreByManager } from '../../lib/odoo/manager.ts';
import { neutralizeDirectly, safeguardDirectly } from '../../lib/odoo/neutralize.ts';
import { type PostgresqlAddress, withClient } from '../../lib/odoo/postgresql.ts';
import { type DirectTarget, dropDirectly, putInPlace } from '../../lib/odoo/restore-direct.ts';
import { OdooRpc, rpc } from '../../lib/odoo/rpc.ts';
import { requireScratch, scratchName } from '../../lib/odoo/scratch.ts';

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

const SECRET = 'a secret of the tests';

/** A mail that waits in the outbox. */
const WAITING = `insert into clinic_mail_outbox (uuid, res_model, res_id, order_name, company_id, state, status)
	values ('0c0ffee0-0000-4000-8000-000000000001', 'purchase.order', 1, 'P00001', 1, 'pending', 'pending')`;

/** Odoo loads the modules of a restored database: 35 s alone, and several times that beside other work. */
const PATIENT = { timeout: 900_000 };

export function odooManagerContract(odoo: () => ManagedOdoo): void {
	let own: Proof;
	let scratchFiles: string;
	const address = () => ({ url: odoo().url, masterPassword: odoo().masterPassword });
	const backup = (database: string, format: 'zip' | 'dump') => openManagerBackup(address(), { database, format });
	const prove = async (stream: Promise<Readable>) => proveZip(await stream, { startedAt: Date.now() });
	const direct = () => openDirectBackup({ postgres: odoo().postgres, filestore: odoo().filestore });
	const question = (): OdooQuestion => ({ url: odoo().url, databases: null, masterPassword: odoo().masterPassword });
	const access = () => ({ ...odoo().postgres, filestore: odoo().filestore });
	const keys = async (asked: OdooQuestion) =>
		(await checkOdoo(asked)).findings.map(({ key, level }) => `${level} ${key}`);

	before(async () => {
		scratchFiles = await mkdtemp(path.join(tmpdir(), 'clinic-hub-filestore-'));
		own = await prove(backup(odoo().database, 'zip'));
	}, PATIENT);
	after(() => rm(scratchFiles, { recursive: true, force: true }));

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

	test(
		'a backup is restored by the manager, neutralised, and agrees to the row; then it is dropped',
		PATIENT,
		async () => {
			await count();
			const { url, database } = odoo();
			const scratch = scratchName(SECRET);
			const file = await buffer(await backup(database, 'zip'));
			const source = async function* () {
				yield file;
			};
			await restoreByManager(address(), { database: scratch, file: source(), size: file.length });
			try {
				assert.ok((await managerPage(url)).databases.includes(scratch));
				await assert.rejects(restoreByManager(address(), { database: scratch, file: source() }), {
					code: 'ODOO_DATABASE_EXISTS',
				});
				const restored = await prove(backup(scratch, 'zip'));
				const compared = compareRestored(own, restored);
				assert.equal(compared.passed, true, JSON.stringify(compared.differences));
				const changed = Object.fromEntries(
					compared.differences.map(({ table, expected, found }) => [table, [expected, found]]),
				);
				const servers = own.tables['ir_mail_server'] ?? 0;
				assert.deepEqual(changed['ir_mail_server'], [servers, servers + 1], 'it is neutralised');
				assert.notEqual(restored.databaseUuid, own.databaseUuid, 'a copy has an id of its own');
			} finally {
				requireScratch(scratch, SECRET);
				await dropByManager(address(), scratch);
			}
			assert.deepEqual((await managerPage(url)).databases, [database]);
			await dropByManager(address(), scratch);
		},
	);

	test('what is no backup is not restored', PATIENT, async () => {
		const scratch = scratchName(SECRET);
		const file = async function* () {
			yield Buffer.from('this is no backup');
		};
		const failed = { code: 'ODOO_REFUSED', message: /Couldn't restore database/ };
		await assert.rejects(restoreByManager(address(), { database: scratch, file: file() }), failed);
		await dropByManager(address(), scratch);
	});

	test(
		'a direct backup by a role that only reads is restored by the manager, and agrees to the row',
		PATIENT,
		async () => {
			await count();
			const { postgres, filestore, url, database } = odoo();
			await odoo().execute("create role reader login password 'reads'; grant pg_read_all_data to reader");
			try {
				const reader = { ...postgres, user: 'reader', password: 'reads' };
				const reading = () => openDirectBackup({ postgres: reader, filestore });
				const found = await keys({ ...question(), direct: { ...reader, filestore } });
				assert.ok(found.includes('ok postgresql') && !found.includes('warning canWrite'), found.join());
				assert.deepEqual((await prove(reading())).tables, own.tables);
				const scratch = scratchName(SECRET);
				await restoreByManager(address(), { database: scratch, file: await reading() });
				try {
					const compared = compareRestored(own, await prove(backup(scratch, 'zip')));
					assert.equal(compared.passed, true, JSON.stringify(compared));
				} finally {
					await dropByManager(address(), scratch);
				}
			} finally {
				await odoo().execute('drop role reader');
			}
			assert.deepEqual((await managerPage(url)).databases, [database]);
		},
	);

	test('each kind of backup is restored without Odoo, and agrees to the row', PATIENT, async () => {
		await count();
		const { database, postgres } = odoo();
		const kinds = { direct: direct, zip: () => backup(database, 'zip'), dump: () => backup(database, 'dump') };
		for (const [kind, open] of Object.entries(kinds)) {
			const target: DirectTarget = {
				postgres: { ...postgres, database: scratchName(SECRET) },
				filestore: scratchFiles,
			};
			const format = kind === 'dump' ? 'dump' : 'zip';
			await restoreDirectly(await open(), target, { format, comment: 'made by a test' });
			try {
				const restored = await contentOf(target.postgres, scratchFiles);
				const expected = format === 'zip' ? own : { ...own, attachments: { ...own.attachments, stored: 0 } };
				const compared = compareRestored(expected, restored);
				const drifting = compared.differences.filter(({ table }) => !table.startsWith('ir_cron'));
				assert.deepEqual([kind, drifting, compared.attachments.agree], [kind, [], true]);
				await neutralizeDirectly(target.postgres, undefined);
				const neutral = await contentOf(target.postgres, scratchFiles);
				assert.equal(neutral.tables['ir_mail_server'], (own.tables['ir_mail_server'] ?? 0) + 1);
			} finally {
				await dropDirectly(target);
			}
		}
	});

	test('a drill past the manager restores, compares to the row and leaves nothing', PATIENT, async () => {
		const { url, database, postgres } = odoo();
		const { database: _, ...server } = postgres;
		const past: DrillTarget = { kind: 'direct', postgres: server, filestore: scratchFiles };
		const file = await buffer(await backup(database, 'zip'));
		const source = async function* () {
			yield file;
		};
		const held = await proveZip(source(), { startedAt: Date.now() });
		const phases: string[] = [];
		const run = (target: DrillTarget, expected: Proof) =>
			runDrill({
				...{ target, source: source(), format: 'zip', size: file.length, expected, secret: SECRET },
				onPhase: (phase) => phases.push(phase),
			});
		const { passed, differences } = await run(past, held);
		assert.deepEqual([passed, phases], [true, ['restore', 'compare', 'drop']], JSON.stringify(differences));
		const rows = (held.tables['res_partner'] ?? 0) + 1;
		const lost = await run(past, { ...held, tables: { ...held.tables, res_partner: rows } });
		assert.deepEqual([lost.passed, lost.differences[0]?.table], [false, 'res_partner']);
		assert.deepEqual((await managerPage(url)).databases, [database]);
		assert.deepEqual(
			(await listDatabases(postgres)).filter((name) => name.startsWith('hub-drill-')),
			[],
		);
		assert.deepEqual(await readdir(scratchFiles), []);
	});

	test(
		'a restore takes the place of a database, which is kept, with its sessions ended and its mails held',
		PATIENT,
		async () => {
			await count();
			const { postgres } = odoo();
			const place: DirectTarget = { postgres: { ...postgres, database: 'en_servicio' }, filestore: scratchFiles };
			const made: DirectTarget = { postgres: { ...postgres, database: 'restaurada' }, filestore: scratchFiles };
			const now = new Date('2026-11-24T03:00:00Z');
			const kept = { ...place, postgres: { ...postgres, database: 'en_servicio-before-2026-11-24T03-00-00Z' } };
			try {
				await restoreDirectly(await direct(), place, { format: 'zip', comment: 'before' });
				await restoreDirectly(await direct(), made, { format: 'zip', comment: 'after' });
				await withClient(made.postgres, (client) => client.query(WAITING));
				assert.deepEqual(await safeguardDirectly(made.postgres), { sessionsEnded: true, mailsHeld: 1 });
				assert.equal(await putInPlace(made, 'en_servicio', now), kept.postgres.database);
				for (const { postgres: each } of [place, kept]) {
					const { attachments, tables } = await contentOf(each, scratchFiles);
					const mails = (own.tables['clinic_mail_outbox'] ?? 0) + (each === place.postgres ? 1 : 0);
					const expected = { ...own.tables, clinic_mail_outbox: mails };
					assert.deepEqual([attachments.stored, tables], [own.attachments.stored, expected]);
				}
				await mkdir(path.join(scratchFiles, 'restaurada'));
				await assert.rejects(restoreDirectly(await direct(), made, { format: 'zip', comment: '' }), {
					code: 'ODOO_DATABASE_EXISTS',
				});
			} finally {
				for (const each of [place, made, kept]) await dropDirectly(each);
			}
		},
	);
}
