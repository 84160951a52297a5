/** What the hub's restores and drills rely on in Odoo's database manager and in the way past it: the real one and its stand-in run this. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { compareRestored } from '../../lib/backup/drill.ts';
import { type Proof, proveZip } from '../../lib/backup/proof.ts';
import { type DrillTarget, runDrill } from '../../lib/backup/restore-drill.ts';
import { restoreDirectly } from '../../lib/backup/unpack.ts';
import { checkOdoo, type OdooQuestion } from '../../lib/odoo/check.ts';
import { contentOf } from '../../lib/odoo/content.ts';
import { listDatabases } from '../../lib/odoo/databases.ts';
import { openDirectBackup } from '../../lib/odoo/direct.ts';
import {
	dropByManager,
	managerPage,
	openManagerBackup,
	renameByManager,
	restoreByManager,
} from '../../lib/odoo/manager.ts';
import { neutralizeDirectly, safeguardDirectly } from '../../lib/odoo/neutralize.ts';
import { withClient } from '../../lib/odoo/postgresql.ts';
import { type DirectTarget, dropDirectly, putInPlace } from '../../lib/odoo/restore-direct.ts';
import { requireScratch, scratchName } from '../../lib/odoo/scratch.ts';
import { pieces } from '../unit/backup/proof-files.ts';
import { PATIENT } from './odoo-fetch-contract.ts';
import type { ManagedOdoo } from './odoo-manager-contract.ts';

const SECRET = 'a secret of the tests';

/** The record that ends an archive, of one that holds nothing. */
const EMPTY_ZIP = Buffer.from(`PK\u0005\u0006${'\0'.repeat(18)}`, 'latin1');

/** A mail that waits in the outbox. */
export const WAITING = `insert into clinic_mail_outbox (uuid, res_model, res_id, order_name, company_id, state, status)
	values ('0c0ffee0-0000-4000-8000-000000000001', 'purchase.order', 1, 'P00001', 1, 'pending', 'pending')`;

export function odooRestoreContract(odoo: () => ManagedOdoo): void {
	let own: Proof;
	let scratchFiles: string;
	const address = () => ({ url: odoo().url, masterPassword: odoo().masterPassword });
	const backup = (database: string, format: 'zip' | 'dump') => openManagerBackup(address(), { database, format });
	const prove = async (stream: Promise<Readable>) => proveZip(await stream, { startedAt: Date.now() });
	const direct = () => openDirectBackup({ postgres: odoo().postgres, filestore: odoo().filestore });
	const question = (): OdooQuestion => ({ url: odoo().url, databases: null, masterPassword: odoo().masterPassword });
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
				await assert.rejects(renameByManager(address(), scratch, database), { code: 'ODOO_REFUSED' });
				await renameByManager(address(), scratch, 'renombrada');
				assert.deepEqual((await managerPage(url)).databases, [database, 'renombrada'].toSorted());
				assert.deepEqual((await prove(backup('renombrada', 'zip'))).attachments, restored.attachments);
				await renameByManager(address(), 'renombrada', scratch);
			} finally {
				requireScratch(scratch, SECRET);
				await dropByManager(address(), scratch);
			}
			assert.deepEqual((await managerPage(url)).databases, [database]);
			await dropByManager(address(), scratch);
		},
	);

	test('what is no backup is not restored, and leaves an empty database', PATIENT, async () => {
		const { url, database } = odoo();
		const [zip, dump] = [await buffer(await backup(database, 'zip')), await buffer(await backup(database, 'dump'))];
		const cases: [string, Buffer, RegExp][] = [
			['a text', Buffer.from('this is no backup'), /Couldn't restore database/],
			['what only begins as a dump', Buffer.from(`PGDMP${'and so on '.repeat(1_000)}`), /Couldn't restore database/],
			['a dump that was cut', dump.subarray(0, dump.length / 2), /Couldn't restore database/],
			['a zip that was cut', zip.subarray(0, zip.length / 2), /Couldn't restore database/],
			['a zip without dump.sql', EMPTY_ZIP, /There is no item named 'dump\.sql' in the archive/],
		];
		for (const [what, file, message] of cases) {
			const scratch = scratchName(SECRET);
			const restored = restoreByManager(address(), { database: scratch, file: pieces(file), size: file.length });
			await assert.rejects(restored, { code: 'ODOO_REFUSED', message }, what);
			assert.ok((await managerPage(url)).databases.includes(scratch), what);
			await dropByManager(address(), scratch);
		}
		assert.deepEqual((await managerPage(url)).databases, [database]);
	});

	test('a dump is restored by the manager with its rows, and without attachments', PATIENT, async () => {
		await count();
		const { database } = odoo();
		const scratch = scratchName(SECRET);
		const file = await buffer(await backup(database, 'dump'));
		await restoreByManager(address(), { database: scratch, file: pieces(file), size: file.length });
		try {
			const restored = await prove(backup(scratch, 'zip'));
			assert.equal(restored.tables['res_partner'], own.tables['res_partner']);
			assert.equal(restored.tables['ir_mail_server'], (own.tables['ir_mail_server'] ?? 0) + 1, 'it is neutralised');
			assert.notEqual(restored.databaseUuid, own.databaseUuid, 'a copy has an id of its own');
			assert.ok(restored.attachments.named > 0);
			assert.ok(restored.attachments.missing.length > 0, 'the dump held none');
		} finally {
			requireScratch(scratch, SECRET);
			await dropByManager(address(), scratch);
		}
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
				const states = "select distinct state from clinic_mail_outbox where state in ('pending', 'held')";
				const { rows } = await withClient(made.postgres, (client) => client.query(states));
				assert.deepEqual(rows, [{ state: 'held' }]);
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
