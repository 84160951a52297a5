/** What single guards say where a whole run would be stopped by another one, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflicts, heldKinds, kinds, setting, staffed } from './setting.ts';

test('an empty realm is told as such, also before the first account', async (t) => {
	const made = await setting(t);
	await assert.rejects(made.sync.run('everything'), { code: 'IDENTITY_STOPPED', message: /right to see them/ });
});

test('a disable that only the full run sees is confirmed and suspends', async (t) => {
	const made = await staffed(t, 20);
	made.user(0).enabled = false;
	assert.deepEqual(kinds(await made.sync.run('everything')), ['suspend']);
});

test('a guard that is switched off holds nothing', async (t) => {
	const off = { mass: false, archive: false, missing: false, shrunken: false, privileged: false } as const;
	const made = await staffed(t, 40);
	const unguarded = await made.another({ guards: off });
	for (let index = 0; index < 20; index += 1) made.realm.remove(made.user(index), true);
	const report = await unguarded.run('everything');
	assert.deepEqual([new Set(kinds(report)), heldKinds(report)], [new Set(['archive']), []]);
	assert.equal(report.done.length, 20);
});

test('a login is free only when its holder gets another one in the same plan', async (t) => {
	const made = await staffed(t, 20);
	// The holder was renamed, too, and left: the account keeps the old login.
	made.realm.change(made.user(1), { username: 'otra', enabled: false });
	made.realm.change(made.user(0), { username: 'persona1', firstName: 'Nueva' });
	const report = await made.sync.run('changes');
	assert.deepEqual(conflicts(report), ['loginTaken']);
	assert.deepEqual([report.failed, kinds(report)], [[], ['suspend', 'update']]);
	const { login, name } = made.odoo.of(made.user(0).id);
	assert.deepEqual([login, name], ['persona0', 'Nueva Prueba']);
});
