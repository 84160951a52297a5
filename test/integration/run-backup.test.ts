/** What a node and the command do for a backup, without either: before the stand-in of Odoo, in a store of its own. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import { createKeys } from '../../lib/backup/keys.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { BY_HAND, clinic, inSpool } from '../backup-clinic.ts';
import { until } from '../mail-lab.ts';
import { MASTER_PASSWORD } from '../servers/odoo-manager.ts';

test('nothing is asked of Odoo before the recovery key was proven', async (t) => {
	const { keys } = await createKeys();
	const place = await clinic(t, keys);
	const backups = await place.backups();
	await assert.rejects(backups.run(BY_HAND), { code: 'KEY_UNPROVEN' });
	assert.equal(place.odoo.settings.calls, 0);
	const evidence = await BackupEvidence.open(place.store);
	await evidence.recordKeyCheck({ recipient: keys.recovery[0] ?? '', checkedAt: Date.now(), backup: null });
	assert.equal((await backups.run(BY_HAND))[0]?.outcome, 'made');
});

test('the published recovery key is refused where data is real, and proven by itself in a laboratory', async (t) => {
	const place = await clinic(t);
	await assert.rejects((await place.backups({ demoKeys: false })).run(BY_HAND), { code: 'KEY_DEMO' });
	assert.equal((await (await place.backups()).run(BY_HAND))[0]?.outcome, 'made');
	const evidence = await BackupEvidence.open(place.store);
	assert.ok(await evidence.keyCheck(place.keys.recovery[0] ?? ''));
});

test('no database is a failure, never an empty success', async (t) => {
	const place = await clinic(t);
	place.odoo.databases.names = [];
	const everything = { url: place.odoo.url, masterPassword: MASTER_PASSWORD, databases: null };
	await assert.rejects((await place.backups({ place: everything })).run(BY_HAND), { code: 'BACKUP_NOTHING' });
});

test('two nodes that back up the same database at the same time make one backup', async (t) => {
	const place = await clinic(t);
	place.odoo.settings.firstByteMs = 1_500;
	const [one, two] = [await place.backups(), await place.backups()];
	const results = (await Promise.all([one.run(BY_HAND), two.run(BY_HAND)])).flat();
	assert.deepEqual(results.map(({ outcome }) => outcome).sort(), ['busy', 'made']);
	assert.equal(place.odoo.settings.calls, 1);
	assert.equal(inSpool(place).length, 2);
});

test('a claim check is told again at the next start, until its upload was verified', async (t) => {
	const place = await clinic(t);
	const [result] = await (await place.backups()).run(BY_HAND);
	assert.ok(result?.outcome === 'made');
	const again = () => place.events.filter((event) => event.kind === 'made' && event.again);
	(await place.backups()).start();
	await until('the claim check', () => again().length === 1);
	// Another node, which takes care of another database, does not send it.
	let looked = false;
	const onChange = () => {
		looked = true;
	};
	(await place.backups({ place: { url: place.odoo.url, databases: ['norte'] } }, { onChange })).start();
	await until('its look', () => looked);
	const runs = await BackupRuns.open(place.store, { owner: 'uploader' });
	await runs.release(result.claim.id);
	const later = await place.backups();
	later.start();
	// Its file was left by an uploader that died between the two.
	await until('an empty spool', () => inSpool(place).length === 0);
	assert.equal(again().length, 1);
});

test('a backup whose file is gone before its upload is none any more', async (t) => {
	const place = await clinic(t);
	const [result] = await (await place.backups()).run(BY_HAND);
	assert.ok(result?.outcome === 'made');
	await rm(result.claim.file);
	const later = await place.backups();
	later.start();
	await until('its failure', () => later.state.last[0]?.outcome === 'failed');
	assert.equal(later.report.state, 'degraded');
	assert.deepEqual(
		place.events.filter((event) => event.kind === 'made' && event.again),
		[],
	);
});

test('closing ends a run within 2 s, which is then begun again once', async (t) => {
	const place = await clinic(t);
	place.odoo.settings.stallAfter = 4_000;
	const first = await place.backups();
	const running = first.run(BY_HAND);
	await until('the request', () => place.odoo.settings.calls === 1);
	const begin = performance.now();
	await first.close();
	assert.ok(performance.now() - begin < 2_500);
	assert.equal((await running)[0]?.outcome, 'failed');
	assert.deepEqual(inSpool(place), []);
	place.odoo.heal();
	(await place.backups()).start();
	await until('the backup', () => place.events.some((event) => event.kind === 'made'));
	(await place.backups()).start();
	await until('its claim check again', () => place.events.filter((event) => event.kind === 'made').length === 2);
	assert.equal(place.odoo.settings.calls, 2);
});

test('one that fails keeps no other from its turn', async (t) => {
	const place = await clinic(t);
	place.odoo.databases.names = ['clinica', 'norte'];
	const both = { url: place.odoo.url, masterPassword: MASTER_PASSWORD, databases: ['sur', 'norte'] };
	const results = await (await place.backups({ place: both })).run(BY_HAND);
	assert.deepEqual(
		results.map(({ database, outcome }) => [database, outcome]),
		[
			['sur', 'failed'],
			['norte', 'made'],
		],
	);
});
