/** Restores: what is believed before anything is opened, and what is left when something ends in the middle. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { ManagerError } from '../../lab/odoo/stand-in/databases.ts';
import { drillFile } from '../../lib/backup/drill-run.ts';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import { HeldRestores } from '../../lib/backup/held-restores.ts';
import { createKeys } from '../../lib/backup/keys.ts';
import { backupFileName, recordFileName } from '../../lib/backup/record.ts';
import { restoreBackup } from '../../lib/backup/restore.ts';
import type { RestoreTarget } from '../../lib/backup/restore-place.ts';
import { plainBackup } from '../../lib/backup/verify-file.ts';
import { WaitingRestores } from '../../lib/backup/waiting-restores.ts';
import { hideDatabase } from '../../lib/odoo/databases.ts';
import { type DirectTarget, putInPlace } from '../../lib/odoo/restore-direct.ts';
import { folder, hub, NOWHERE } from '../restore-hub.ts';
import { MASTER_PASSWORD, startTarget } from '../servers/odoo-manager.ts';
import { startPostgresql } from '../servers/postgresql.ts';
import { signedFile } from '../unit/backup/signed-file.ts';

test('nothing is decrypted, and no Odoo is asked, before checksum and signature hold', async (t) => {
	const { directory, keys, store, tools, backup, request, signal } = await hub(t, NOWHERE);
	const other = await createKeys();
	// Whoever decrypted first would say that the key does not fit; whoever asked Odoo first, that it cannot be reached.
	const keyless = { ...tools, identities: other.keys.drill };
	const attempts = async (file: string, signed: unknown, code: string) => {
		await assert.rejects(drillFile(keyless, file, { signal }), { code });
		await assert.rejects(restoreBackup({ ...request, file, signed, identities: other.keys.drill }), { code });
	};
	const lay = async (name: string, content: Buffer, signed: unknown) => {
		const file = path.join(directory, name);
		await writeFile(file, content);
		await writeFile(recordFileName(file), JSON.stringify(signed));
		return file;
	};
	const { content, record, signed } = backup;
	const name = path.basename(backup.file);

	// Encrypted to the clinic's own keys, which are no secret, and signed by whoever did it.
	const elsewhere = await folder(t);
	const plant = await signedFile(elsewhere, { ...keys, signing: other.keys.signing });
	await attempts(plant.file, plant.signed, 'BACKUP_UNTRUSTED');

	const dated = { ...record, startedAt: '2027-01-01T03:00:00.000Z', finishedAt: '2027-01-01T03:01:00.000Z' };
	const redated = { ...signed, record: dated };
	await attempts(await lay(backupFileName(dated), content, redated), redated, 'BACKUP_UNTRUSTED');
	await attempts(await lay(backupFileName(dated), content, signed), signed, 'BACKUP_UNTRUSTED');

	for (const change of [{ tables: {} }, { databaseUuid: record.id }, { encryption: 'none' }, { format: 'dump' }]) {
		const altered = { ...signed, record: { ...record, ...change } };
		await attempts(await lay(name, content, altered), altered, 'BACKUP_UNTRUSTED');
	}
	const flipped = Buffer.from(content);
	flipped[300] = (flipped[300] ?? 0) ^ 1;
	await attempts(await lay(name, flipped, signed), signed, 'BACKUP_UNTRUSTED');
	await rm(recordFileName(backup.file));
	await assert.rejects(drillFile(keyless, backup.file, { signal }), { code: 'BACKUP_UNTRUSTED' });
	// Of refusals nothing is written down as a drill.
	const evidence = await BackupEvidence.open(store);
	assert.deepEqual(await evidence.drills(record.databaseUuid), {});

	const whole = await lay(name, content, signed);
	await assert.rejects(restoreBackup({ ...request, identities: other.keys.drill }), { code: 'KEY_INVALID' });
	await assert.rejects(restoreBackup({ ...request, into: '../nueva' }), { code: 'CONFIG_INVALID' });
	await assert.rejects(restoreBackup(request), { code: 'ODOO_UNREACHABLE' });
	await assert.rejects(drillFile(tools, whole, { signal }), { code: 'ODOO_UNREACHABLE' });
	assert.equal((await evidence.drills(record.databaseUuid)).last?.passed, false);
});

test('a file that is exchanged after it was checked has no good end', async (t) => {
	const { directory, keys, backup } = await hub(t, NOWHERE);
	const elsewhere = path.join(directory, 'elsewhere');
	await mkdir(elsewhere);
	// As good as the other one, and not the one that was checked.
	const other = await signedFile(elsewhere, keys);
	const read = (file: string) => buffer(plainBackup(backup.record, file, { identities: keys.drill }));
	assert.equal((await read(backup.file)).length, backup.record.plainSize);
	const another = { ...backup.record, plainSha256: '0'.repeat(64) };
	await assert.rejects(buffer(plainBackup(another, other.file, { identities: keys.drill })), {
		code: 'BACKUP_ALTERED',
	});
	await rename(backup.file, `${backup.file}.away`);
	await assert.rejects(read(backup.file), { code: 'NOT_FOUND' });
});

test('a restore that fails leaves what was there, and nothing of its own', async (t) => {
	const { databases, url } = await startTarget(t);
	const { backup, request } = await hub(t, url);
	const content = async () => {
		let text = '';
		await databases.edit('nueva', (dump) => {
			text = dump;
			return dump;
		});
		return text;
	};
	await restoreBackup(request);
	const before = await content();
	const over = { ...request, confirm: async () => 'nueva' };
	for (const typed of [undefined, '', 'clinica']) {
		await assert.rejects(restoreBackup({ ...request, confirm: async () => typed }), { code: 'RESTORE_UNCONFIRMED' });
	}
	const { restore, drop } = databases;
	databases.restore = async (name) => {
		databases.names.push(name);
		throw new ManagerError("Couldn't restore database");
	};
	await assert.rejects(restoreBackup(over), { code: 'ODOO_REFUSED' });
	databases.restore = restore;
	// Old sessions and waiting mails could not be dealt with: it does not go into service.
	const administrator = async () => ({ user: 'admin', password: 'wrong' });
	const address = { url, masterPassword: MASTER_PASSWORD };
	const unsafe = { ...over, neutralize: false, target: { kind: 'manager' as const, address, administrator } };
	await assert.rejects(restoreBackup(unsafe), { code: 'ODOO_CREDENTIALS' });
	assert.deepEqual(databases.names, ['clinica', 'nueva']);
	assert.equal(await content(), before);

	const dropped: string[] = [];
	databases.drop = async (name) => {
		dropped.push(`${name} of ${databases.names.length}`);
		await drop(name);
	};
	const { replaced, into, backup: id } = await restoreBackup(over);
	assert.deepEqual([replaced, into, id], [true, 'nueva', backup.record.id]);
	assert.deepEqual(dropped, ['nueva of 3'], 'only once the restored one is there');
	assert.deepEqual(databases.names, ['clinica', 'nueva']);
});

test('a database that came while a restore worked is left alone, and the error says where the restored one is', async (t) => {
	const { databases, url } = await startTarget(t);
	const { request } = await hub(t, url);
	const { restore } = databases;
	databases.restore = async (name, file, how) => {
		await restore(name, file, how);
		// Somebody makes one of that name in Odoo meanwhile.
		databases.names.push('nueva');
	};
	const dropped: string[] = [];
	const { drop } = databases;
	databases.drop = async (name) => {
		dropped.push(name);
		await drop(name);
	};
	await assert.rejects(restoreBackup(request), {
		code: 'ODOO_DATABASE_EXISTS',
		message: /^A database “nueva” was made while .* What was restored is there as “nueva-restored-[0-9a-f]{12}”\.$/,
	});
	assert.deepEqual(dropped, []);
	assert.equal(databases.names.length, 3);
});

test('a database that got its place before Odoo failed is named by that place', async (t) => {
	const { databases, url } = await startTarget(t);
	const { request } = await hub(t, url);
	const { rename } = databases;
	databases.rename = async (from, to) => {
		await rename(from, to);
		throw new ManagerError('no');
	};
	await assert.rejects(restoreBackup(request), { message: / What was restored is there as “nueva”\.$/ });
	assert.deepEqual(databases.names, ['clinica', 'nueva']);
});

test('a prepared restore begins only by the name of its database, and waits again when it failed', async (t) => {
	const { databases, url } = await startTarget(t);
	const { request, backup, signal, store } = await hub(t, url);
	const { file, verifying, identities } = request;
	const ends: string[] = [];
	let told = () => {};
	const held = new HeldRestores({
		...{ verifying, identities, onPhase: () => {}, onChange: () => told(), onUnforgotten: () => {} },
		waiting: new WaitingRestores({ store: async () => store, node: 'node', settings: 'as it is' }),
		target: { ...request.target, administrator: async () => ({ user: 'admin', password: 'admin' }) } as RestoreTarget,
		onEnd: (_, actor, end) => ends.push(`${actor}: ${'error' in end ? end.error.code : end.report.into}`),
	});
	t.after(() => held.close());
	const ended = async (count: number) => {
		while (ends.length < count || held.running) {
			await new Promise<void>((resolve) => {
				told = resolve;
			});
		}
	};
	const { id, into, replaces } = await held.hold(file, undefined, signal);
	assert.deepEqual([id, into, replaces], [backup.record.id, 'clinica', true]);
	// Brought again, for another place: one entry.
	assert.equal((await held.hold(file, 'nueva', signal)).replaces, false);
	assert.equal(held.waiting.length, 1);
	for (const typed of [undefined, '', 'clinica', 'NUEVA']) {
		assert.throws(() => held.begin(id, typed, 'ana'), { code: 'RESTORE_UNCONFIRMED' });
	}
	const { restore } = databases;
	databases.restore = async () => {
		throw new ManagerError('no');
	};
	held.begin(id, 'nueva', 'ana');
	assert.throws(() => held.begin(id, 'nueva', 'eva'), { code: 'NOT_FOUND' });
	await ended(1);
	databases.restore = restore;
	assert.equal(held.waiting.length, 1);
	held.begin(id, 'nueva', 'eva');
	assert.equal(held.cancel(), true);
	await ended(2);
	held.begin(id, 'nueva', 'eva');
	await ended(3);
	assert.deepEqual(ends, ['ana: ODOO_REFUSED', 'eva: CANCELLED', 'eva: nueva']);
	assert.deepEqual([held.waiting, held.cancel(), databases.names], [[], false, ['clinica', 'nueva']]);
	await assert.rejects(held.discard(id), { code: 'NOT_FOUND' });
});

test('a prepared restore waits through a deploy, unless its node was set to something else', async (t) => {
	const { databases, url } = await startTarget(t);
	const { request, store, signal } = await hub(t, url);
	const { file, verifying, identities } = request;
	let end: () => void = () => {};
	const start = async (settings: string, node = 'node') => {
		const held = new HeldRestores({
			...{ verifying, identities, onPhase: () => {}, onChange: () => {}, onUnforgotten: () => {} },
			waiting: new WaitingRestores({ store: async () => store, node, settings }),
			target: { ...request.target, administrator: async () => ({ user: 'admin', password: 'admin' }) } as RestoreTarget,
			onEnd: () => end(),
		});
		t.after(() => held.close());
		await held.remember();
		return held;
	};
	const first = await start('target a');
	const { id } = await first.hold(file, 'nueva', signal);
	await first.close();
	assert.deepEqual((await start('target b')).waiting, []);
	assert.deepEqual((await start('target a', 'another node')).waiting, []);
	const second = await start('target a');
	assert.deepEqual(second.waiting, first.waiting);

	// One that works when the hub stops waits again; the name has to be typed again.
	const { restore } = databases;
	databases.restore = () => new Promise(() => undefined);
	second.begin(id, 'nueva', 'ana');
	await second.close();
	databases.restore = restore;
	const third = await start('target a');
	assert.throws(() => third.begin(id, undefined, 'ana'), { code: 'RESTORE_UNCONFIRMED' });
	const ended = new Promise<void>((resolve) => {
		end = resolve;
	});
	third.begin(id, 'nueva', 'ana');
	await ended;
	assert.deepEqual((await start('target a')).waiting, []);

	await third.hold(file, 'otra', signal);
	await third.discard(id);
	assert.deepEqual((await start('target a')).waiting, []);
	await third.hold(file, 'otra', signal);
	await rm(file);
	assert.deepEqual((await start('target a')).waiting, []);
});

test('what is replaced is hidden from Odoo, and has its place again when the new one cannot take it', async (t) => {
	const server = await startPostgresql();
	t.after(() => server.stop());
	const { hostname, port, username, password } = new URL(await server.database());
	const filestore = await folder(t);
	const of = (database: string): DirectTarget => ({
		postgres: {
			...{ host: hostname, port: Number(port), user: username, password: decodeURIComponent(password), database },
		},
		filestore,
	});
	const list = async () => {
		const rows = await server.execute(
			"select datname, datistemplate from pg_database where datname !~ '^(template|postgres|test_)' order by 1",
		);
		return rows.map(({ datname, datistemplate }) => `${datname}${datistemplate ? ' hidden' : ''}`);
	};
	await server.execute('create database nueva');
	for (const name of ['nueva', 'nothing']) await mkdir(path.join(filestore, name));
	const now = new Date('2026-11-24T03:00:00Z');
	await assert.rejects(putInPlace(of('nothing'), 'nueva', now), { code: 'ODOO_DATABASE_UNKNOWN' });
	assert.deepEqual([await list(), (await readdir(filestore)).toSorted()], [['nueva'], ['nothing', 'nueva']]);

	await server.execute('create database restaurada');
	await hideDatabase(of('restaurada').postgres, true);
	await mkdir(path.join(filestore, 'restaurada'));
	await copyFile(import.meta.filename, path.join(filestore, 'restaurada', 'file'));
	const kept = await putInPlace(of('restaurada'), 'nueva', now);
	assert.equal(kept, 'nueva-before-2026-11-24T03-00-00Z');
	assert.deepEqual(await list(), ['nueva', `${kept} hidden`]);
	assert.deepEqual(await readdir(path.join(filestore, 'nueva')), ['file']);
	assert.deepEqual(await readdir(path.join(filestore, kept)), []);
});
