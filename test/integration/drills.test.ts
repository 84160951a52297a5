/** Drills: one at a time, never at the Odoo that is backed up, and nothing of a killed one is left. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { ManagerError } from '../../lab/odoo/stand-in/databases.ts';
import { drillFile } from '../../lib/backup/drill-run.ts';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import { targetOf } from '../../lib/backup/place.ts';
import { type BackupTables, backupTopic } from '../../lib/backup/run-tables.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { inTurn, sweepScratch } from '../../lib/backup/scratch-sweep.ts';
import { scratchName } from '../../lib/odoo/scratch.ts';
import { hub, LEASE_MS, NOWHERE, SECRET } from '../restore-hub.ts';
import { startTarget } from '../servers/odoo-manager.ts';
import type { DrillOrders } from './drill-process.ts';

/** One that may be killed. */
async function drillInProcess(t: TestContext, orders: DrillOrders): Promise<ChildProcess> {
	const script = path.join(import.meta.dirname, 'drill-process.ts');
	const child = spawn(process.execPath, [script, JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit'] });
	t.after(() => child.kill('SIGKILL'));
	return child;
}

test('what a drill left that was killed is removed at the next start, and nothing else', {
	timeout: 60_000,
}, async (t) => {
	const target = await startTarget(t);
	const { databases, url } = target;
	const { storeFile, tools, backup, keys, signal } = await hub(t, url);
	const foreign = [scratchName('the secret of another hub'), 'hub-drill-of-somebody'];
	databases.names.push(...foreign);
	// Before a first drill there is no secret, and nothing to be looked for.
	assert.deepEqual(
		await sweepScratch({ ...tools, target: { kind: 'manager', url: NOWHERE, masterPassword: '' } }, signal),
		[],
	);

	const { restore } = databases;
	const making = new Promise<string>((resolve) => {
		databases.restore = async (name, file, how) => {
			await restore(name, file, how);
			resolve(name);
			await new Promise(() => undefined);
		};
	});
	const orders = { storeFile, storeSecret: SECRET, leaseMs: LEASE_MS, target: tools.target, targetUrl: url };
	const child = await drillInProcess(t, {
		...{ ...orders, file: backup.file, verifying: [...keys.verifying], identities: [...keys.drill] },
	});
	const left = await making;
	child.kill('SIGKILL');
	await once(child, 'exit');
	databases.restore = restore;
	assert.ok(databases.names.includes(left));
	assert.deepEqual(await sweepScratch(tools, signal), [left]);
	assert.deepEqual(databases.names, ['clinica', ...foreign]);
	const { passed } = await drillFile(tools, backup.file, { signal });
	assert.equal(passed, true);
	assert.deepEqual(databases.names, ['clinica', ...foreign]);
});

test('a second drill at the same target waits, and does not take the first one’s scratch for a leftover', async (t) => {
	const { databases, url } = await startTarget(t);
	const { tools, signal } = await hub(t, url);
	const order: string[] = [];
	let release = () => {};
	const held = new Promise<void>((resolve) => {
		release = resolve;
	});
	const first = inTurn(tools, signal, async (secret) => {
		databases.names.push(scratchName(secret));
		await held;
		order.push(`first, ${databases.names.length} databases`);
		databases.names.pop();
	});
	const second = inTurn(tools, signal, async () => void order.push('second'));
	const cancel = new AbortController();
	const third = inTurn(tools, cancel.signal, async () => void order.push('third'));
	cancel.abort();
	await assert.rejects(third, { code: 'CANCELLED' });
	release();
	await Promise.all([first, second]);
	assert.deepEqual(order, ['first, 2 databases', 'second']);
});

test('what a drill found out holds when the store does not take it, and a store that fails is no failed drill', async (t) => {
	const { databases, url } = await startTarget(t);
	const { store, tools, backup, signal } = await hub(t, url);
	const evidence = await BackupEvidence.open(store);
	const { databaseUuid } = backup.record;
	const db = await store.topic<BackupTables>(backupTopic);
	await sql`create trigger full before insert on backup_drill begin select raise(abort, 'disk full'); end`.execute(db);
	const { passed, unrecorded } = await drillFile(tools, backup.file, { signal });
	assert.equal(passed, true);
	assert.equal(unrecorded, 'disk full');
	const { restore } = databases;
	databases.restore = async () => {
		throw new ManagerError('no space left');
	};
	await assert.rejects(drillFile(tools, backup.file, { signal }), { code: 'ODOO_REFUSED' });
	databases.restore = restore;
	await sql`drop trigger full`.execute(db);
	assert.equal((await drillFile(tools, backup.file, { signal })).unrecorded, null);
	databases.restore = async () => {
		await db.deleteFrom('hub_lease' as never).execute();
		await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
	};
	await assert.rejects(drillFile(tools, backup.file, { signal }), { code: 'LEASE_LOST' });
	const { last } = await evidence.drills(databaseUuid);
	assert.equal(last?.passed, true, 'a lost lease says nothing about the backup');
});

test('the Odoo that is backed up is no target of a drill', async (t) => {
	const { databases, url, restored } = await startTarget(t);
	const { store, tools, backup, signal } = await hub(t, url);
	const runs = await BackupRuns.open(store, { owner: 'test' });
	const request = { database: 'clinica', source: 'manager', format: 'zip', trigger: 'hand' } as const;
	const begun = await runs.begin({ ...request, target: targetOf({ url: `${url}/web` }, 'clinica') });
	assert.ok('run' in begun);
	await begun.run.finish({ id: begun.run.id, databaseUuid: backup.record.databaseUuid, complete: true });
	// However long ago that was.
	const db = await store.topic<BackupTables>(backupTopic);
	const run = await db.selectFrom('backup_run').selectAll().executeTakeFirstOrThrow();
	const later = (index: number) => ({
		...{ ...run, id: `later-${index}`, target: 'http://odoo.test clinica', token: 2 + index, database_uuid: 'another' },
		started_at: run.started_at + 1 + index,
	});
	await db
		.insertInto('backup_run')
		.values(Array.from({ length: 201 }, (_, index) => later(index)))
		.execute();
	await assert.rejects(drillFile(tools, backup.file, { signal }), {
		...{ code: 'CONFIG_INVALID', message: /drill target is the Odoo that is backed up/ },
	});
	assert.deepEqual([restored, databases.names], [[], ['clinica']]);
});
