import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import test, { after, before } from 'node:test';
import pg from 'pg';
import { proveDump, proveZip } from '../../lib/backup/proof.ts';
import { seeded } from '../seed.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';
import { backupZip, pieces, STARTED_AT, storeName, UUID } from '../unit/backup/proof-files.ts';

let server: TestPostgresql;
let url: string;
let dump: Buffer;

const ATTACHED = Buffer.from('attached');

before(async () => {
	server = await startPostgresql();
	url = await server.database();
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	await client.query(`
		create table ir_attachment (id serial, name text, store_fname varchar, db_datas bytea, write_date timestamp);
		create table ir_config_parameter (id serial, key varchar, value text);
		create table res_partner (id serial primary key, name text);
		create table "odd ""table" ("a b" text);
		create schema aside;
		create table aside.res_partner (id int);
		create function speaks() returns text language sql as $$
select 'x
COPY public.no (id) FROM nowhere;
\\.
'
$$;
		insert into ir_config_parameter (key, value) values ('database.uuid', '${UUID}'), ('other', E'a\\tb\\nc\\\\.\\n');
		insert into res_partner (name) select md5(n::text) || repeat(E'\\n\\\\.\\n', n % 3) from generate_series(1, 20000) n;
		insert into "odd ""table" values (E'\\\\.'), ('.'), (null), ('');
		insert into aside.res_partner select generate_series(1, 3);
	`);
	const attachment = 'insert into ir_attachment (name, store_fname, db_datas, write_date) values ($1, $2, $3, $4)';
	await client.query(attachment, ['a.pdf', storeName(ATTACHED), null, '2026-01-02 03:04:05.678']);
	await client.query(attachment, ['in the database', null, Buffer.alloc(3_000_000, 1), '2026-01-02']);
	await client.end();
	dump = execFileSync('pg_dump', ['--format=c', '--no-owner', url], { maxBuffer: 1e9 });
});
after(() => server?.stop());

const TABLES = {
	'aside.res_partner': 3,
	ir_attachment: 2,
	ir_config_parameter: 2,
	'odd "table': 4,
	res_partner: 20_000,
};

test('what pg_dump writes is read as PostgreSQL counts it, in both formats', async () => {
	const proof = await proveDump(pieces(dump), { startedAt: STARTED_AT });
	assert.deepEqual(proof, {
		tables: TABLES,
		databaseUuid: UUID,
		odooVersion: '',
		attachments: { named: 0, stored: 0, late: [], missing: [], damaged: [] },
		bytes: dump.length,
	});
	const sql = execFileSync('pg_dump', ['--no-owner', url], { maxBuffer: 1e9 }).toString('latin1');
	const zip = backupZip({ dump: () => sql, extra: { [`filestore/${storeName(ATTACHED)}`]: ATTACHED.toString() } });
	const zipped = await proveZip(pieces(zip, 10_007), { startedAt: STARTED_AT });
	assert.deepEqual(zipped.tables, TABLES);
	assert.deepEqual(zipped.attachments, { named: 1, stored: 1, late: [], missing: [], damaged: [] });
});

test('a dump that is cut anywhere is no backup', async () => {
	const random = seeded(20_261_124);
	const places = Array.from({ length: 20 }, () => 5 + Math.floor(random() * (dump.length - 5)));
	for (const at of [5, 6, 100, dump.length - 1, dump.length - 5, ...places]) {
		const cut = proveDump(pieces(dump.subarray(0, at)), { startedAt: STARTED_AT });
		await assert.rejects(
			cut,
			{ code: 'BACKUP_SPOILED', message: /pg_restore cannot read the dump to its end: / },
			`cut at ${at}`,
		);
	}
});

test('a dump of something else than Odoo is no backup', async () => {
	const other = execFileSync('pg_dump', ['--format=c', await server.database()]);
	await assert.rejects(proveDump(pieces(other), { startedAt: STARTED_AT }), {
		code: 'BACKUP_SPOILED',
		message: /no database\.uuid/,
	});
});

test('a dump that is followed by another is no backup', async () => {
	const two = proveDump(pieces(Buffer.concat([dump, randomBytes(2_000_000)])), { startedAt: STARTED_AT });
	await assert.rejects(two, { code: 'BACKUP_SPOILED' });
});

test('without pg_restore the remedy is said', async () => {
	const proof = proveDump(pieces(dump), { startedAt: STARTED_AT, pgRestore: '/nowhere/pg_restore' });
	await assert.rejects(proof, { code: 'CONFIG_INVALID', message: /Install PostgreSQL's client programs/ });
});

test('an error of the source ends pg_restore and comes through', async () => {
	const failure = new Error('the cable');
	async function* failing() {
		yield dump.subarray(0, 100_000);
		throw failure;
	}
	await assert.rejects(proveDump(failing(), { startedAt: STARTED_AT }), failure);
});
