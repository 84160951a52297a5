/** Smaller protections of following Keycloak, each by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPROVAL_MS, HeldPlans } from '../../../lib/identity/held-plans.ts';
import { readPerson } from '../../../lib/identity/person.ts';
import { identitySettings } from '../../../lib/identity/rules.ts';
import { pairOf, Setups } from '../../../lib/identity/setups.ts';
import { IdentityStopped } from '../../../lib/identity/stopped.ts';
import { conflicts, DIRECTOR, heldKinds, kinds, setting, staffed } from './setting.ts';

const PERSON = { id: 'id-ana', username: 'ana', enabled: true };

test('a new account gets a language that Odoo has', async (t) => {
	for (const [language, given] of [
		['es_CL', 'es_ES'],
		['fr_FR', 'es_ES'],
		['en_US', 'en_US'],
	] as const) {
		const made = await setting(t, { language });
		const user = made.realm.add('ana');
		await made.sync.run('everything');
		assert.equal(made.odoo.of(user.id).lang, given, language);
	}
});

test('an approval ends by itself after an hour', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { roles: [] });
	const { held } = await made.sync.run('changes');
	assert.ok(held);
	made.odoo.beforeLine = () => {
		throw new Error('Odoo says no');
	};
	await made.sync.approve(held.id, held.hash, DIRECTOR);
	made.odoo.beforeLine = () => {};
	made.clock.now += APPROVAL_MS + 1;
	const report = await made.sync.run('everything');
	assert.deepEqual([kinds(report), heldKinds(report)], [[], ['archive: archive']]);
});

test('of two who decide in the same moment one does', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { roles: [] });
	const { held } = await made.sync.run('changes');
	assert.ok(held);
	const plans = await HeldPlans.open(made.store, 'clinica');
	const other = { name: 'Otra', identities: ['otra'] };
	const results = await Promise.allSettled([
		plans.reject(held.id, held.hash, DIRECTOR, 1),
		plans.approve(held.id, held.hash, other, 1),
	]);
	assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a person or an account is linked once only', async (t) => {
	const made = await setting(t);
	const [ana, berta] = [made.realm.add('ana'), made.realm.add('berta')];
	const link = { subject: ana.id, account: 7, names: ['ana'] };
	for (const second of [
		{ ...link, account: 8 },
		{ ...link, subject: berta.id, names: ['berta'] },
	])
		await assert.rejects(made.sync.approveLinks([link, second], DIRECTOR), { code: 'CONFIG_INVALID' });
});

test('portal and public accounts are not touched', async (t) => {
	const made = await staffed(t, 30);
	made.odoo.of(made.user(0).id).internal = false;
	made.realm.change(made.user(0), { firstName: 'Otra', enabled: false });
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report), conflicts(report)], [[], ['notInternal']]);
});

test('the account of a client, and what says nothing of being enabled, is no person', () => {
	assert.equal(readPerson(PERSON)?.id, 'id-ana');
	for (const change of [
		{ username: 'service-account-hub-reader' },
		{ serviceAccountClientId: 'x' },
		{ enabled: 'false' },
		{ enabled: undefined },
		{ id: '' },
		{ id: 'x'.repeat(256) },
	])
		assert.equal(readPerson({ ...PERSON, ...change }), null, JSON.stringify(change));
});

test('pages without end stop the run', async (t) => {
	const made = await staffed(t, 5);
	made.realm.pages = () => [made.user(0)];
	await assert.rejects(
		made.sync.run('everything'),
		(thrown) => thrown instanceof IdentityStopped && thrown.stop === 'endless',
	);
});

test('more suspects than are asked for one by one are read with everybody', async (t) => {
	const made = await staffed(t, 400);
	for (const user of made.users) made.realm.change(user, {});
	made.realm.calls.length = 0;
	const report = await made.sync.run('changes');
	assert.equal(report.mode, 'everything');
	assert.ok(made.realm.calls.length < 20, `${made.realm.calls.length} calls`);
});

test('the command finds the one that is meant, and asks where several are', async (t) => {
	const made = await setting(t);
	const setups = await Setups.open(made.store);
	const setup = { issuer: made.realm.issuer, url: 'https://odoo.test', settings: identitySettings() };
	await assert.rejects(setups.find(undefined), { code: 'NOT_FOUND' });
	await setups.save({ ...setup, database: 'clinica' }, 1);
	assert.equal((await setups.find(undefined)).database, 'clinica');
	await setups.save({ ...setup, database: 'prueba' }, 2);
	await assert.rejects(setups.find(undefined), { code: 'CONFIG_INVALID', message: /clinica.*--database/ });
	assert.equal((await setups.find('prueba')).database, 'prueba');
	assert.notEqual(pairOf({ ...setup, database: 'clinica' }), pairOf({ ...setup, database: 'prueba' }));
});
