/** The attacks of identities: names that change, are reused, look alike or carry something; roles that claim too much. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPerson } from '../../../lib/identity/person.ts';
import { approveAll, conflicts, DIRECTOR, heldKinds, kinds, setting, staffed } from './setting.ts';

test('two people who exchange their user names and addresses keep their accounts', async (t) => {
	const made = await staffed(t, 20);
	const [a, b] = [made.user(0), made.user(1)];
	const [accountA, accountB] = [made.odoo.of(a.id).id, made.odoo.of(b.id).id];
	made.realm.change(a, { username: 'persona1', email: 'persona1@clinica.test' });
	made.realm.change(b, { username: 'persona0', email: 'persona0@clinica.test' });
	const report = await made.sync.run('changes');
	assert.deepEqual(report.failed, []);
	assert.deepEqual([made.odoo.of(a.id).id, made.odoo.of(a.id).login], [accountA, 'persona1']);
	assert.deepEqual([made.odoo.of(b.id).id, made.odoo.of(b.id).login], [accountB, 'persona0']);
	assert.deepEqual((await made.sync.run('everything')).plan?.lines, []);
});

test('nobody inherits the account of one who was deleted and had the same name and address', async (t) => {
	const made = await staffed(t, 20);
	const old = made.user(0);
	made.realm.remove(old);
	const next = made.realm.add('persona0', { email: old.email ?? '' });
	const report = await made.sync.run('changes');
	assert.deepEqual(kinds(report), ['suspend']);
	assert.ok(conflicts(report).includes('loginTaken'));
	assert.equal(made.odoo.of(old.id).suspended, true);
	assert.throws(() => made.odoo.of(next.id), /Nobody is linked/);
});

test('a user with the address of the director does not get her account', async (t) => {
	const made = await setting(t);
	const director = made.odoo.add('directora', { email: 'directora@clinica.test' });
	const attacker = made.realm.add('mallory', { email: 'directora@clinica.test', firstName: 'Directora' });
	await made.sync.run('everything');
	assert.deepEqual([director.uid, director.provider], [null, null]);
	assert.notEqual(made.odoo.of(attacker.id).id, director.id);
});

for (const [title, login, reason] of [
	['the same login in other letters of case', 'Directora', 'loginTaken'],
	['a login with letters that look alike', 'dirесtоrа', 'loginLooksAlike'],
	['a login in full-width letters', 'ｄｉｒｅｃｔｏｒａ', 'loginTaken'],
	['a login with an accent put on', 'directorá', 'loginLooksAlike'],
	['a login with a NUL', 'directora\0', 'loginInvalid'],
	['a login with a mark of no width', 'direc\u200btora', 'loginInvalid'],
	['a login with a line feed', 'x\ny', 'loginInvalid'],
	['a login of 10 kB', 'x'.repeat(10_000), 'loginInvalid'],
] as const) {
	test(`nobody is created with ${title}`, async (t) => {
		const made = await setting(t);
		made.odoo.add('directora');
		made.realm.add(login, { firstName: 'Otra', email: 'otra@clinica.test' });
		const report = await made.sync.run('everything');
		assert.deepEqual(kinds(report), []);
		assert.deepEqual(conflicts(report), [reason]);
		assert.ok((report.conflicts[0]?.detail.length ?? 0) < 60, 'quoted in short');
	});
}

test('two new people whose logins look alike are not both created', async (t) => {
	const made = await setting(t);
	made.realm.add('pedro');
	made.realm.add('реdro');
	const report = await made.sync.run('everything');
	assert.deepEqual(kinds(report), ['create']);
	assert.deepEqual(conflicts(report), ['loginLooksAlike']);
});

test('a name of 10 kB or with a NUL changes nothing, and the rest of the user follows', async (t) => {
	for (const firstName of ['x'.repeat(10_000), 'Ana\0']) {
		const made = await staffed(t, 20);
		made.realm.change(made.user(0), { firstName, email: 'nueva@clinica.test' });
		const report = await made.sync.run('changes');
		assert.deepEqual(conflicts(report), ['nameInvalid']);
		const { name, email } = made.odoo.of(made.user(0).id);
		assert.deepEqual([name, email], ['persona0 Prueba', 'nueva@clinica.test']);
	}
});

test('users, roles and attributes called __proto__ or constructor are names like any other', async (t) => {
	const made = await setting(t, { scope: { roles: ['staff'], attribute: { name: 'constructor', value: 'x' } } });
	made.realm.add('__proto__', { id: '__proto__', roles: ['staff', '__proto__', 'constructor'] });
	made.realm.add('constructor', { id: 'constructor', attributes: JSON.parse('{"__proto__":["x"]}') });
	const report = await made.sync.run('everything');
	assert.deepEqual(kinds(report), ['create', 'create']);
	assert.deepEqual(made.odoo.of('__proto__').groups, ['base.group_user']);
	assert.deepEqual((await made.sync.run('everything')).plan?.lines, []);
});

test('a role called like a group, privileged or not, grants nothing', async (t) => {
	const made = await staffed(t, 20);
	made.realm.change(made.user(0), {
		roles: ['staff', 'base.group_system', 'Administration / Settings', 'stock.group_stock_user'],
	});
	const report = await made.sync.run('changes');
	assert.deepEqual(report.plan?.lines, []);
	assert.deepEqual(made.odoo.of(made.user(0).id).groups, ['base.group_user']);
});

test('a privileged group of the table that is not on the list is granted to nobody', async (t) => {
	const made = await staffed(t, 20);
	made.realm.change(made.user(0), { roles: ['staff', 'it'] });
	const report = await made.sync.run('changes');
	assert.deepEqual(report.plan?.lines, []);
	assert.deepEqual(conflicts(report), ['privilegedNotAllowed']);
});

test('a privileged group that is on the list waits for a person, and the rest does not', async (t) => {
	const made = await staffed(t, 20, { allowPrivileged: ['base.group_system'] });
	made.realm.change(made.user(0), { roles: ['staff', 'it', 'purchasing'] });
	const report = await made.sync.run('changes');
	assert.deepEqual(kinds(report), ['addGroups']);
	assert.deepEqual(heldKinds(report), ['addGroups: privileged']);
	assert.deepEqual(made.odoo.of(made.user(0).id).groups, ['base.group_user', 'purchase.group_purchase_user']);
	assert.ok(report.held);
	await made.sync.approve(report.held.id, report.held.hash, DIRECTOR);
	assert.ok(made.odoo.of(made.user(0).id).groups.includes('base.group_system'));
});

test('a new user gets no privileged group with the account', async (t) => {
	const made = await staffed(t, 20, { allowPrivileged: ['base.group_system'] });
	const user = made.realm.add('nueva', { roles: ['staff', 'it'] });
	await made.sync.run('changes');
	assert.deepEqual(made.odoo.of(user.id).groups, ['base.group_user']);
	const { heldLines } = await made.sync.run('everything');
	assert.deepEqual(
		heldLines.map(({ reasons }) => reasons),
		[['privileged']],
	);
});

test('roles that come as one text in place of a list grant nothing and take nothing', async (t) => {
	const made = await staffed(t, 20);
	made.realm.change(made.user(0), { roles: ['staff', 'purchasing'] });
	await made.sync.run('changes');
	made.clock.now += 1000;
	made.realm.change(made.user(0), { roles: 'staff purchasing-head' });
	const report = await made.sync.run('changes');
	assert.deepEqual(report.plan?.lines, []);
	assert.deepEqual(conflicts(report), ['scopeUnknown']);
	assert.ok(made.odoo.of(made.user(0).id).groups.includes('purchase.group_purchase_user'));
});

test('what Keycloak does not say blanks nothing', async (t) => {
	const made = await staffed(t, 20);
	const account = structuredClone(made.odoo.of(made.user(0).id));
	for (const field of ['firstName', 'lastName', 'email', 'locale', 'attributes']) delete made.user(0)[field];
	made.realm.change(made.user(0), {});
	assert.deepEqual((await made.sync.run('changes')).plan?.lines, []);
	assert.deepEqual(made.odoo.of(made.user(0).id), account);
});

test('a hidden attribute leaves the scope undecided', async (t) => {
	const made = await setting(t, { scope: { attribute: { name: 'odoo', value: 'yes' } } });
	const user = made.realm.add('ana', { attributes: { odoo: ['yes'] } });
	await made.sync.run('everything');
	assert.equal(made.odoo.of(user.id).active, true);
	made.clock.now += 1000;
	made.realm.change(user, { attributes: undefined });
	const report = await made.sync.run('changes');
	assert.deepEqual([report.plan?.lines, conflicts(report)], [[], ['scopeUnknown']]);
});

test('a taken role takes its group and what that brought along, and leaves what was given by hand', async (t) => {
	const made = await staffed(t, 20);
	made.realm.change(made.user(0), { roles: ['staff', 'purchasing-head'] });
	await made.sync.run('changes');
	made.odoo.of(made.user(0).id).groups = [...made.odoo.of(made.user(0).id).groups, 'by.hand'];
	made.clock.now += 1000;
	made.realm.change(made.user(0), { roles: ['staff'] });
	await made.sync.run('changes');
	assert.deepEqual(made.odoo.of(made.user(0).id).groups, ['base.group_user', 'by.hand']);
	assert.deepEqual((await made.sync.run('everything')).plan?.lines, []);
});

test('protected, listed and foreign accounts are not touched', async (t) => {
	const made = await staffed(t, 20, { neverTouch: ['persona1'] });
	Object.assign(made.odoo.accounts_.find(({ id }) => id === 2) ?? {}, { provider: 4, uid: 'id-admin' });
	const foreign = made.odoo.add('foreign', { provider: 9, uid: 'id-00003x' });
	made.realm.add('admin', { id: 'id-admin', enabled: false });
	made.realm.add('foreign2', { id: 'id-00003x', enabled: false });
	made.realm.change(made.user(1), { enabled: false });
	const before = structuredClone(made.odoo.accounts_);
	const report = await made.sync.run('changes');
	assert.deepEqual(conflicts(report).sort(), ['neverTouched', 'protected']);
	assert.deepEqual(made.odoo.accounts_, before);
	assert.equal(foreign.active, true);
});

test('service accounts and records without a boolean "enabled" are no people', () => {
	const user = { id: 'x', username: 'x', enabled: true };
	assert.ok(readPerson(user));
	for (const change of [
		{ username: 'service-account-hub' },
		{ serviceAccountClientId: 'hub' },
		{ enabled: 'false' },
		{ enabled: undefined },
		{ id: '' },
		{ id: 'x'.repeat(300) },
	]) {
		assert.equal(readPerson({ ...user, ...change }), null);
	}
});

test('accounts made by hand are proposed, and linked by a person only', async (t) => {
	const made = await setting(t);
	const exact = made.odoo.add('ana', { name: 'ana Prueba', email: 'ana@clinica.test' });
	made.odoo.add('Berta', { name: 'Otra' });
	made.odoo.add('carla', { name: 'carla', email: 'x@clinica.test' });
	made.odoo.add('carla2', { name: 'carla', email: 'carla@clinica.test' });
	made.odoo.add('jefa', { groups: ['base.group_user', 'base.group_system'] });
	for (const name of ['ana', 'berta', 'carla', 'jefa', 'nadie']) made.realm.add(name);
	await made.sync.run('everything');
	const proposals = await made.sync.proposals();
	assert.deepEqual(
		proposals.map(({ username, likeness, candidates }) => [username, likeness, candidates.length]),
		[
			['ana', 'exact', 1],
			['berta', 'near', 1],
			['carla', 'colliding', 2],
			['jefa', 'near', 1],
		],
	);
	assert.equal(proposals[3]?.candidates[0]?.privileged, true);
	assert.equal(exact.uid, null);
	const [ana] = proposals;
	assert.ok(ana);
	const link = { subject: ana.subject, names: ['ana'], account: exact.id };
	await assert.rejects(made.sync.approveLinks([link], { name: 'Ana', identities: ['ANA'] }), { code: 'IDENTITY_GAIN' });
	await assert.rejects(made.sync.approveLinks([link, link], DIRECTOR), { code: 'CONFIG_INVALID' });
	await made.sync.approveLinks([link], DIRECTOR);
	assert.deepEqual(kinds(await made.sync.run('everything')), ['link']);
	assert.equal(exact.uid, ana.subject);
	await approveAll(made);
	assert.equal(made.odoo.of(ana.subject).id, exact.id);
});
