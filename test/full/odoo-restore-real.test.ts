/** Drills and restores with the real Odoo 18, where ODOO_SRC names its source. What differs afterwards is told as a diagnostic. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { DrillComparison } from '../../lib/backup/drill.ts';
import { proveZip } from '../../lib/backup/proof.ts';
import { type BackupRecord, backupFileName } from '../../lib/backup/record.ts';
import { type RestoreRequest, restoreBackup } from '../../lib/backup/restore.ts';
import { runDrill } from '../../lib/backup/restore-drill.ts';
import type { RestoreTarget } from '../../lib/backup/restore-place.ts';
import { createSigningKey, signRecord } from '../../lib/backup/signature.ts';
import { dropByManager, managerPage, openManagerBackup } from '../../lib/odoo/manager.ts';
import { withClient } from '../../lib/odoo/postgresql.ts';
import { dropDirectly } from '../../lib/odoo/restore-direct.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import { PATIENT } from '../integration/odoo-fetch-contract.ts';
import { odooRestoreContract, WAITING } from '../integration/odoo-restore-contract.ts';
import { type RealOdoo, startRealOdoo } from '../servers/odoo-real.ts';
import { pieces } from '../unit/backup/proof-files.ts';

const source = process.env.ODOO_SRC;
const INTO = 'clinica_nueva';
/** Of the addon; what neutralising removes, and a secret of the sessions that is known. */
const SETTINGS = `insert into ir_config_parameter (key, value) values ('clinic_purchase_mail.amqp_url', 'amqp://broker'),
	('clinic_purchase_mail.signing_key_id', 'odoo-1'), ('clinic_purchase_mail.signing_key', 'secret')`;

suite('drills and restores with the real Odoo', {
	skip: source ? false : 'ODOO_SRC names no source of Odoo 18',
}, () => {
	let odoo: RealOdoo;
	let directory: string;
	before(async () => {
		odoo = await startRealOdoo(source as string);
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-restore-real-'));
	}, PATIENT);
	after(async () => {
		await odoo?.stop();
		await rm(directory, { recursive: true, force: true });
	});

	odooRestoreContract(() => odoo);

	const sql = (statement: string, database = odoo.database) =>
		withClient({ ...odoo.postgres, database }, async (client) => (await client.query(statement)).rows);

	/** A backup of now, signed and not encrypted. */
	async function made(): Promise<RestoreRequest & { content: Buffer; record: BackupRecord }> {
		const { database } = odoo;
		const startedAt = new Date();
		const content = await buffer(await openManagerBackup(odoo, { database, format: 'zip' }));
		const { tables, databaseUuid, odooVersion, attachments } = await proveZip(pieces(content), { startedAt: 0 });
		const sha256 = createHash('sha256').update(content).digest('hex');
		const { named, stored, late, missing } = attachments;
		const record: BackupRecord = {
			...{ version: 1, id: crypto.randomUUID(), database, databaseUuid, source: 'manager', format: 'zip' },
			...{ startedAt: startedAt.toISOString(), finishedAt: new Date().toISOString(), encryption: 'none' },
			...{ size: content.length, sha256, plainSize: content.length, plainSha256: sha256, odooVersion, tables },
			attachments: { named, stored, late, missing },
		};
		const { privateKey, publicKey } = createSigningKey();
		const file = path.join(directory, backupFileName(record));
		await writeFile(file, content);
		const { host, port, user, password } = odoo.postgres;
		const target: RestoreTarget = {
			...{ kind: 'manager', address: odoo, postgres: { host, port, user, password }, filestore: odoo.filestore },
		};
		return {
			...{ content, record, target, file, signed: signRecord(record, privateKey), verifying: [publicKey] },
			...{ identities: [], into: INTO, copy: false, neutralize: false, confirm: async () => INTO },
			signal: new AbortController().signal,
		};
	}

	function tell(t: TestContext, what: string, comparison: DrillComparison | null): void {
		const { tables, same, differences, attachments } = comparison as DrillComparison;
		const changed = differences.map(({ table, expected, found }) => `${table} ${expected} → ${found}`);
		t.diagnostic(`${what}: ${same} of ${tables} tables equal; ${attachments.found} files; ${changed.join(', ')}`);
		assert.equal(comparison?.passed, true, JSON.stringify(differences));
	}

	/** Waiting mails, the secret of the sessions, and whether a person gets in. */
	async function inService(database: string) {
		const [mails] = await sql("select count(*)::int as held from clinic_mail_outbox where state = 'held'", database);
		const [secret] = await sql("select value from ir_config_parameter where key = 'database.secret'", database);
		const { url, login } = odoo;
		return {
			held: mails?.['held'],
			secret: secret?.['value'],
			uid: await new OdooRpc({ url, database, ...login }).signIn(),
		};
	}

	test('a drill is neutralised by every module’s own rules, and differs by what was measured', PATIENT, async (t) => {
		await sql(SETTINGS);
		try {
			const { content, record } = await made();
			const comparison = await runDrill({
				...{ target: { kind: 'manager', ...odoo }, source: pieces(content), format: 'zip', size: content.length },
				...{ expected: record, secret: 'secret of the test' },
			});
			tell(t, 'drill by the manager', comparison);
			const changed = comparison.differences.find(({ table }) => table === 'ir_config_parameter');
			assert.equal((changed?.found ?? 0) - (changed?.expected ?? 0), -2, 'three are removed, a mark is added');
		} finally {
			await sql("delete from ir_config_parameter where key like 'clinic_purchase_mail.%'");
		}
	});

	test('a restore for work by the manager, into a new database and over it', PATIENT, async (t) => {
		await sql(WAITING);
		const backup = await made();
		await sql("delete from clinic_mail_outbox where uuid = '0c0ffee0-0000-4000-8000-000000000001'");
		try {
			const first = await restoreBackup(backup);
			tell(t, 'restore by the manager', first.comparison);
			assert.deepEqual([first.replaced, first.safeguards], [false, { sessionsEnded: true, mailsHeld: 1 }]);
			const before = await inService(INTO);
			const { secret: own } = await inService(odoo.database);
			assert.deepEqual([before.held, before.uid, before.secret === own], [1, 2, false]);
			await assert.rejects(restoreBackup({ ...backup, confirm: async () => 'clinica' }), {
				code: 'RESTORE_UNCONFIRMED',
			});
			// Without PostgreSQL an administrator of the restored database does it.
			const administrator = async () => odoo.login;
			const second = await restoreBackup({ ...backup, target: { kind: 'manager', address: odoo, administrator } });
			assert.deepEqual([second.replaced, second.safeguards], [true, { sessionsEnded: true, mailsHeld: 1 }]);
			const now = await inService(INTO);
			assert.deepEqual([now.held, now.uid, now.secret === before.secret], [1, 2, false]);
			assert.deepEqual((await managerPage(odoo.url)).databases, [odoo.database, INTO].toSorted());
		} finally {
			await dropByManager(odoo, INTO);
		}
	});

	test(
		'a restore for work past the manager, over a database that is kept where Odoo does not see it',
		PATIENT,
		async (t) => {
			const backup = await made();
			const { host, port, user, password } = odoo.postgres;
			const target: RestoreTarget = {
				...{ kind: 'direct', postgres: { host, port, user, password }, filestore: odoo.filestore },
			};
			const kept: string[] = [];
			try {
				const first = await restoreBackup({ ...backup, target });
				tell(t, 'restore past the manager', first.comparison);
				assert.deepEqual(first.comparison?.differences, []);
				const before = await inService(INTO);
				const second = await restoreBackup({ ...backup, target });
				kept.push(String(second.kept));
				assert.deepEqual([second.replaced, second.kept?.startsWith(`${INTO}-before-`)], [true, true]);
				const now = await inService(INTO);
				assert.deepEqual([now.uid, now.secret === before.secret], [2, false]);
				assert.deepEqual((await managerPage(odoo.url)).databases, [odoo.database, INTO].toSorted());
			} finally {
				for (const database of [INTO, ...kept]) {
					await dropDirectly({ postgres: { ...odoo.postgres, database }, filestore: odoo.filestore });
				}
			}
		},
	);

	test('jobs that begin at once change no more than was measured', PATIENT, async (t) => {
		await odoo.jobs(2);
		try {
			tell(t, 'restore by the manager, with jobs', (await restoreBackup(await made())).comparison);
		} finally {
			await dropByManager(odoo, INTO);
			await odoo.jobs(0);
		}
	});
});
