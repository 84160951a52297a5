/** A restored database takes the place of another in steps; the connection to PostgreSQL may break at each of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { hideDatabase } from '../../lib/odoo/databases.ts';
import { type DirectTarget, putInPlace } from '../../lib/odoo/restore-direct.ts';
import { folder } from '../restore-hub.ts';
import { startPostgresql } from '../servers/postgresql.ts';

/** What a change of places does: a rename, hide, rename, show. */
const STEPS = 4;

/** A way to PostgreSQL on which the n-th step breaks its connection once: before the server hears of it, or before it answers. */
async function breakingWay(t: TestContext, port: number) {
	const fault = { step: 0, heard: false };
	const server = createServer((client) => {
		const behind = createConnection(port, '127.0.0.1');
		const end = () => {
			client.destroy();
			behind.destroy();
		};
		let deaf = false;
		client.on('error', end).on('close', end);
		behind.on('error', end).on('close', end);
		client.on('data', (data: Buffer) => {
			const breaks = /is_template (true|false)|rename to/.test(data.toString('latin1')) && --fault.step === 0;
			if (breaks && !fault.heard) return end();
			deaf ||= breaks;
			behind.write(data);
		});
		behind.on('data', (data: Buffer) => (deaf ? end() : client.write(data)));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => server.close());
	return { fault, port: (server.address() as AddressInfo).port };
}

test('a change of places is whole or taken back, at whichever step the connection breaks', async (t) => {
	const server = await startPostgresql();
	t.after(() => server.stop());
	const { port, username: user, password } = new URL(await server.database());
	const way = await breakingWay(t, Number(port));
	const filestore = await folder(t);
	const of = (database: string): DirectTarget => ({
		postgres: { host: '127.0.0.1', port: way.port, user, password: decodeURIComponent(password), database },
		filestore,
	});
	const now = new Date('2026-11-24T03:00:00Z');
	for (const heard of [false, true]) {
		for (let step = 1; step <= STEPS; step++) {
			const [name, restored] = [`nueva_${step}_${heard}`, `restaurada_${step}_${heard}`];
			for (const each of [name, restored]) {
				await server.execute(`create database ${each}`);
				await mkdir(path.join(filestore, each));
				await writeFile(path.join(filestore, each, 'whose'), each);
			}
			await hideDatabase(of(restored).postgres, true);
			Object.assign(way.fault, { step, heard });
			const kept = await putInPlace(of(restored), name, now).catch(() => undefined);
			// A rename that was done though nobody heard of it is no failure.
			assert.equal(kept !== undefined, heard && step % 2 === 1, `step ${step}, heard ${heard}`);
			const there = await server.execute(
				`select datname, datistemplate as hidden, datallowconn as open from pg_database
				where datname like '%_${step}_${heard}%' order by datname`,
			);
			const hidden = kept ?? restored;
			assert.deepEqual(
				there,
				[name, hidden].map((datname) => ({ datname, hidden: datname === hidden, open: true })),
			);
			const whose = async (each: string) => readFile(path.join(filestore, each, 'whose'), 'utf8');
			assert.deepEqual([await whose(name), await whose(hidden)], kept ? [restored, name] : [name, restored]);
		}
	}
});
