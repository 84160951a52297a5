/** The way past Odoo's manager, on a real PostgreSQL: one moment, nothing half, nothing from outside of the filestore. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import pg from 'pg';
import { proveZip } from '../../lib/backup/proof.ts';
import { restoreDirectly } from '../../lib/backup/unpack.ts';
import { checkOdoo } from '../../lib/odoo/check.ts';
import { contentOf } from '../../lib/odoo/content.ts';
import { databaseExists } from '../../lib/odoo/databases.ts';
import { type DirectBackup, openDirectBackup } from '../../lib/odoo/direct.ts';
import { type PostgresqlAddress, withClient } from '../../lib/odoo/postgresql.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';

const LARGE = randomBytes(2_500_000);

suite('a backup past the manager', () => {
	let server: TestPostgresql;
	let client: pg.Client;
	let postgres: PostgresqlAddress;
	let directory: string;
	let filestore: string;
	let folder: string;

	before(async () => {
		server = await startPostgresql();
		const url = await server.database();
		client = new pg.Client({ connectionString: url });
		await client.connect();
		await client.query(`create table ir_attachment (id serial, store_fname text, mimetype text, write_date timestamp);
			create table ir_config_parameter (key text, value text);
			create table ir_module_module (name text, state text, latest_version text);
			create table res_partner (id serial, name text);
			insert into ir_config_parameter values ('database.uuid', '0c0ffee0-1111-2222-3333-444455556666');
			insert into ir_module_module values ('base', 'installed', '18.0.1.3');
			insert into res_partner (name) select 'Paciente ' || n from generate_series(1, 20000) n`);
		const { hostname, port, pathname, password } = new URL(url);
		const database = pathname.slice(1);
		postgres = { host: hostname, port: Number(port), user: 'postgres', password, database };
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-direct-'));
		filestore = path.join(directory, 'filestore');
		folder = path.join(filestore, database);
		await mkdir(folder, { recursive: true });
	});
	after(async () => {
		await client?.end();
		await server?.stop();
		await rm(directory, { recursive: true, force: true });
	});

	const open = (options: Partial<DirectBackup> = {}) => openDirectBackup({ postgres, filestore, ...options });
	const prove = async (options: Partial<DirectBackup> = {}) =>
		proveZip(await open(options), { startedAt: Date.now() + 86_400_000 });
	const attach = async (name: string) => {
		await client.query("insert into ir_attachment (store_fname, mimetype) values ($1, 'text/plain')", [name]);
	};
	const store = async (content: Buffer) => {
		const hash = createHash('sha1').update(content).digest('hex');
		const name = `${hash.slice(0, 2)}/${hash}`;
		await mkdir(path.join(folder, hash.slice(0, 2)), { recursive: true });
		await writeFile(path.join(folder, name), content);
		await attach(name);
		return name;
	};
	const program = async (script: string) => {
		const file = path.join(directory, `program-${randomBytes(4).toString('hex')}`);
		await writeFile(file, `#!/bin/sh\n${script}\n`);
		await chmod(file, 0o755);
		return file;
	};

	test('large, small, empty and shared files are in it, and missing ones are found by the proof', async () => {
		await store(LARGE);
		const shared = await store(Buffer.from('texto '.repeat(2_000)));
		await attach(shared);
		await store(Buffer.alloc(0));
		const missing = `ff/${'f'.repeat(40)}`;
		await attach(missing);
		const { attachments, tables, odooVersion } = await prove();
		assert.deepEqual([attachments.named, attachments.stored, attachments.missing], [4, 3, [missing]]);
		assert.deepEqual([tables['res_partner'], tables['ir_attachment'], odooVersion], [20_000, 5, '18.0']);
		await client.query('delete from ir_attachment where store_fname = $1', [missing]);
	});

	test('what is committed while it is read belongs to another moment', async () => {
		const { ir_attachment: before } = (await prove()).tables;
		const stream = await open();
		await store(Buffer.from('written a moment later'));
		await client.query("insert into res_partner (name) values ('too late')");
		const { tables, attachments } = await proveZip(stream, { startedAt: Date.now() });
		assert.deepEqual([tables['res_partner'], tables['ir_attachment']], [20_000, before]);
		assert.deepEqual([attachments.late, attachments.missing], [[], []]);
		assert.equal((await prove()).tables['res_partner'], 20_001);
	});

	test('a link, or a name that leads out of the filestore, carries no file of this machine away', async () => {
		const secret = path.join(directory, 'secret');
		await writeFile(secret, 'a secret of the machine');
		const hash = 'e'.repeat(40);
		await mkdir(path.join(folder, 'ee'), { recursive: true });
		await symlink(secret, path.join(folder, 'ee', hash));
		await attach(`ee/${hash}`);
		await assert.rejects(async () => buffer(await open()), { code: 'FILESTORE_UNAVAILABLE', message: /ELOOP/ });
		await rm(path.join(folder, 'ee'), { recursive: true });
		await client.query('delete from ir_attachment where store_fname = $1', [`ee/${hash}`]);
		await attach('../../secret');
		assert.equal((await buffer(await open())).includes('a secret of the machine'), false);
		await client.query("delete from ir_attachment where store_fname = '../../secret'");
	});

	test('a pg_dump that fails in the middle ends the stream with its reason, never with an end of the zip', async () => {
		const whole = await buffer(await open());
		const script =
			'case "$1" in --version) pg_dump --version;; *) pg_dump "$@" | head -c 90000; echo "pg_dump: error: disk on fire" >&2; exit 1;; esac';
		const pgDump = await program(script);
		const pieces: Buffer[] = [];
		const failed = { code: 'POSTGRESQL_FAILED', message: 'program failed: pg_dump: error: disk on fire' };
		await assert.rejects(
			async () => {
				for await (const piece of await open({ pgDump })) pieces.push(piece as Buffer);
			},
			(thrown: Error & { code: string }) => {
				assert.equal(thrown.code, failed.code);
				assert.match(thrown.message, /pg_dump: error: disk on fire$/);
				return true;
			},
		);
		assert.ok(Buffer.concat(pieces).length < whole.length);
	});

	test('a pg_dump that is silent, older than the server, or missing is said', async () => {
		const silent = await program('case "$1" in --version) pg_dump --version;; *) exec sleep 30;; esac');
		await assert.rejects(prove({ pgDump: silent, idleMs: 200 }), {
			code: 'TIMEOUT',
			message: /pg_dump was silent for 0\.2 s/,
		});
		const old = await program('echo "pg_dump (PostgreSQL) 12.4"');
		const refused = { code: 'POSTGRESQL_CLIENT', message: /12 is older than the server .*postgresql-client-\d+/ };
		await assert.rejects(open({ pgDump: old }), refused);
		await assert.rejects(open({ pgDump: '/nowhere/pg_dump' }), { code: 'POSTGRESQL_CLIENT', message: /pg_dump/ });
	});

	test('rows are counted as a dump holds them: those of an heir are its own', async () => {
		await client.query(`create table parent (id integer); create table heir () inherits (parent);
			insert into heir values (1), (2); create schema apart; create table apart.parent as select 1 as id`);
		const { tables } = await contentOf(postgres, filestore);
		assert.deepEqual([tables['parent'], tables['heir'], tables['apart.parent']], [0, 2, 1]);
		assert.deepEqual(tables, (await prove()).tables);
	});

	test('cancelling, or a reader that goes away, leaves no connection and no pg_dump behind', async () => {
		const cancel = new AbortController();
		const stream = await open({ signal: cancel.signal });
		stream.once('data', () => cancel.abort());
		await assert.rejects(buffer(stream), { code: 'CANCELLED' });
		for await (const _ of await open()) break;
		const others = 'select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
		for (let tries = 0; (await client.query(others)).rowCount; tries++) {
			assert.ok(tries < 50, 'a connection is left');
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	});

	test('a wrong password, an unknown database and an absent folder are told apart', async () => {
		await assert.rejects(open({ postgres: { ...postgres, password: 'no' } }), { code: 'POSTGRESQL_FORBIDDEN' });
		const nope = { ...postgres, database: 'nope' };
		await assert.rejects(open({ postgres: nope }), { code: 'FILESTORE_UNAVAILABLE', message: /filestore\/nope/ });
		await mkdir(path.join(filestore, 'nope'));
		await assert.rejects(open({ postgres: nope }), { code: 'ODOO_DATABASE_UNKNOWN' });
		await assert.rejects(open({ postgres: { ...postgres, port: 1 } }), { code: 'POSTGRESQL_UNREACHABLE' });
	});

	test('a dump that holds a command of a shell is not restored, and leaves nothing', async () => {
		const shell = path.join(directory, 'shell-ran');
		const scratch = { postgres: { ...postgres, database: 'scratch' }, filestore };
		const dump = `SET standard_conforming_strings = on;\nSELECT 1;\n\\! touch ${shell}\n`;
		await assert.rejects(restoreDirectly(zipOf(dump), scratch, { format: 'zip', comment: '' }), {
			code: 'DUMP_UNSAFE',
		});
		assert.equal(await databaseExists(scratch.postgres), false);
		assert.deepEqual((await readdir(directory)).includes('shell-ran'), false);
		assert.equal((await readdir(filestore)).includes('scratch'), false);
	});

	test('a statement that fails ends the restore, and leaves nothing', async () => {
		const scratch = { postgres: { ...postgres, database: 'scratch' }, filestore };
		const failed = { code: 'POSTGRESQL_FAILED', message: /relation "nothing" does not exist/ };
		const dump = `SELECT 1;\nSELECT * FROM nothing;\nCREATE TABLE public.t (id integer);\n`;
		await assert.rejects(restoreDirectly(zipOf(dump), scratch, { format: 'zip', comment: '' }), failed);
		assert.equal(await databaseExists(scratch.postgres), false);
		assert.equal((await readdir(filestore)).includes('scratch'), false);
	});

	test('a psql that takes no more is waited for, and its own reason is said', async () => {
		const psql = await program(`case "$1" in
			--version) echo "psql (PostgreSQL) 16.9";;
			*) sleep 0.5; exec 0<&-; sleep 0.5; echo "psql:<stdin>:7: ERROR:  disk on fire" >&2; exit 3;;
		esac`);
		const scratch = { postgres: { ...postgres, database: 'scratch' }, filestore, psql };
		const failed = { code: 'POSTGRESQL_FAILED', message: /disk on fire/ };
		const dump = 'SELECT 1;\n'.repeat(400_000);
		await assert.rejects(restoreDirectly(zipOf(dump), scratch, { format: 'zip', comment: '' }), failed);
		assert.equal(await databaseExists(scratch.postgres), false);
	});

	test('a statement that waits for a lock is given up in time, and at once when it is cancelled', async () => {
		await client.query('begin; lock table res_partner in access exclusive mode');
		try {
			const count = (lent: pg.Client) => lent.query('select count(*) from res_partner');
			const late = { code: 'TIMEOUT', message: /^PostgreSQL did not answer a statement in time\. Look for locks/ };
			await assert.rejects(withClient(postgres, count, { statementMs: 300 }), late);
			const signal = AbortSignal.timeout(300);
			await assert.rejects(contentOf(postgres, filestore, signal), { code: 'CANCELLED' });
			await assert.rejects(withClient(postgres, count, { signal }), { code: 'CANCELLED' });
		} finally {
			await client.query('rollback');
		}
	});

	test('an unreachable Odoo is said by the test of the connection', async () => {
		const { ok, error } = await checkOdoo({ url: 'http://127.0.0.1:1', databases: null });
		assert.deepEqual([ok, error?.code], [false, 'ODOO_UNREACHABLE']);
	});

	async function* zipOf(dump: string): AsyncGenerator<Buffer> {
		const { ZipWriter, Measure } = await import('../../lib/odoo/zip-writer.ts');
		const zip = new ZipWriter(new Date());
		const content = Buffer.from(dump);
		const measure = new Measure();
		measure.add(content);
		const sizes = { crc: measure.crc, size: content.length, compressedSize: content.length };
		yield zip.header('dump.sql', 'stored', sizes);
		yield content;
		zip.sent(content.length);
		zip.close(sizes);
		yield zip.end();
	}
});
