/** That a store which fails at the wrong moment loses no backup, and keeps no database from its turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KyselyPlugin } from 'kysely';
import { targetOf } from '../../lib/backup/place.ts';
import { type BackupTables, backupTopic } from '../../lib/backup/run-tables.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { HubError } from '../../lib/errors.ts';
import type { Store } from '../../lib/store/store.ts';
import { BY_HAND, clinic, inSpool } from '../backup-clinic.ts';
import { until } from '../mail-lab.ts';
import { MASTER_PASSWORD } from '../servers/odoo-manager.ts';
import { backupZip } from '../unit/backup/proof-files.ts';

const away = () => new HubError('STORE_UNAVAILABLE', 'The store is away.');

/** A store of which some calls are others. */
function changed(store: Store, change: Partial<Store>): Store {
	return new Proxy(store, {
		get(target, property) {
			const own: unknown = Reflect.get(change, property);
			if (own) return own;
			const member: unknown = Reflect.get(target, property);
			return typeof member === 'function' ? member.bind(target) : member;
		},
	});
}

test('a store that is away when one database is to begin keeps no other from its turn', async (t) => {
	const place = await clinic(t);
	place.odoo.databases.names = ['clinica', 'norte'];
	const lease: Store['lease'] = async (name, options) => {
		if (name.endsWith('clinica')) throw away();
		return place.store.lease(name, options);
	};
	const store = async () => changed(place.store, { lease });
	const both = { url: place.odoo.url, masterPassword: MASTER_PASSWORD, databases: ['clinica', 'norte'] };
	const results = await (await place.backups({ place: both }, { store })).run(BY_HAND);
	assert.deepEqual(
		results.map((result) => [result.database, result.outcome === 'failed' ? result.error.code : result.outcome]),
		[
			['clinica', 'STORE_UNAVAILABLE'],
			['norte', 'made'],
		],
	);
	assert.deepEqual(
		place.events.flatMap((event) => (event.kind === 'failed' ? [[event.database, event.id]] : [])),
		[['clinica', null]],
	);
});

test('a backup is told of though nobody can say which of its missing files were accepted', async (t) => {
	const place = await clinic(t);
	const old = { content: Buffer.from('old'), absent: true };
	place.odoo.databases.content = backupZip({ attachments: [old] });
	const db = await place.store.topic<BackupTables>(backupTopic);
	const backups = await place.backups();
	await db.schema.dropTable('backup_accepted').execute();
	const [result] = await backups.run(BY_HAND);
	assert.equal(result?.outcome, 'made');
	const made = () => place.events.filter((event) => event.kind === 'made');
	assert.deepEqual(
		made().map(({ open, again }) => [open.length, again]),
		[[1, false]],
	);
	// At the next start, too.
	(await place.backups()).start();
	await until('the claim check', () => made().length === 2);
	assert.deepEqual([made()[1]?.open.length, made()[1]?.again], [1, true]);
});

test('a claim check that was kept, of which the store could not say so, is told at the next look', async (t) => {
	const place = await clinic(t);
	const ends = new WeakSet();
	let lies = 1;
	const plugin: KyselyPlugin = {
		transformQuery({ node, queryId }) {
			if (JSON.stringify(node).includes('"claim"') && node.kind === 'UpdateQueryNode') ends.add(queryId);
			return node;
		},
		async transformResult({ result, queryId }) {
			if (ends.has(queryId) && lies-- > 0) throw away();
			return result;
		},
	};
	const topic: Store['topic'] = async <Tables>(of: Parameters<Store['topic']>[0]) =>
		(await place.store.topic<Tables>(of)).withPlugin(plugin);
	const backups = await place.backups({}, { store: async () => changed(place.store, { topic }), resendMs: 200 });
	const [result] = await backups.run(BY_HAND);
	assert.ok(result?.outcome === 'failed' && result.error.code === 'STORE_UNAVAILABLE');
	assert.equal(inSpool(place).length, 2);
	backups.start();
	await until('the claim check', () => place.events.some((event) => event.kind === 'made' && event.again));
	assert.equal(inSpool(place).length, 2);
});

test('an interrupted run that could not be begun again for a moment is begun again later, and told once', async (t) => {
	const place = await clinic(t);
	const runs = await BackupRuns.open(place.store, { owner: 'before' });
	const target = targetOf({ url: place.odoo.url }, 'clinica');
	const begun = await runs.begin({ target, database: 'clinica', source: 'manager', format: 'zip', trigger: 'hand' });
	assert.ok('run' in begun);
	await begun.run.interrupt();
	let failures = 1;
	const lease: Store['lease'] = async (...given) => {
		if (failures-- > 0) throw away();
		return place.store.lease(...given);
	};
	const store = async () => changed(place.store, { lease });
	(await place.backups({}, { store, resendMs: 200 })).start();
	await until('the backup', () => place.events.some(({ kind }) => kind === 'made'));
	const kinds = place.events.map(({ kind }) => kind).filter((kind) => kind !== 'progress');
	assert.deepEqual(kinds, ['interrupted', 'failed', 'started', 'made']);
});
