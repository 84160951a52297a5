/** What a stock Odoo and one with the addon do alike: a part of the contract of targets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, IdentityTarget } from '../../lib/identity/model.ts';
import { applied, creation } from '../servers/odoo-clinic.ts';
import { Somebody } from './identity-somebody.ts';

/** @param prefix of the logins that it makes */
export function commonContract(target: () => IdentityTarget, prefix: string): void {
	const named = (name: string) => `${prefix}${name}`;

	test('tells who is protected, which groups bring which along, and the languages', async () => {
		const described = await target().describe();
		for (const id of [1, 2, 3, 4, 5]) assert.ok(described.protected.has(id), `user ${id}`);
		const system = described.groups.get('base.group_system');
		assert.equal(system?.name, 'Administration / Settings');
		assert.ok(['base.group_erp_manager', 'base.group_user'].every((id) => system.implies.includes(id)));
		assert.deepEqual(described.languages, ['en_US']);
		assert.ok(described.administrators.includes(2) && !described.administrators.includes(1));
	});

	test('creates a batch, and a line that fails stops no other', async () => {
		const [a, b] = [named('ana'), named('berta')];
		const before = (await target().describe()).linked;
		const results = await applied(target(), [creation(a), creation('admin'), creation(b)]);
		assert.deepEqual(
			results.map((result) => typeof result),
			['number', 'string', 'number'],
		);
		const [account] = await target().accounts({ uids: [`sub-${a}`], logins: [] });
		const { id, login, name, email, lang, active, suspended, uid, internal, groups } = account as Account;
		assert.deepEqual([id, login, name, email], [results[0], a, `${a} Prueba`, `${a}@clinica.test`]);
		assert.deepEqual([lang, active, suspended, uid, internal], ['en_US', true, false, `sub-${a}`, true]);
		assert.ok(groups.includes('base.group_user') && groups.includes('base.group_no_one'), 'with what it brings along');
		assert.ok(!groups.includes('base.group_partner_manager'));
		assert.equal((await target().describe()).linked, before + 2);
	});

	test('refuses a second account with a login or for a person, also within one batch', async () => {
		const name = named('carla');
		const twice = { ...creation(named('carla-2')), subject: `sub-${name}` };
		const alike = { ...creation(named('carla-3')), values: creation(name).values };
		const results = await applied(target(), [creation(name), twice, alike]);
		assert.deepEqual(
			results.map((result) => typeof result),
			['number', 'string', 'string'],
		);
		const other = { ...creation(named('carla-4')), values: { ...creation(name).values, login: name.toUpperCase() } };
		assert.equal(typeof (await applied(target(), [other]))[0], 'number', 'logins in another case are others');
	});

	test('finds accounts by person, and by login in any case with every sign meant as such', async () => {
		const names = [named('d_a%n\\a'), named('dxaxnxa')];
		for (const name of names) await Somebody.create(target(), name);
		const logins = async (only: { uids: string[]; logins: string[] }) => {
			return (await target().accounts(only)).map(({ login }) => login);
		};
		assert.deepEqual(await logins({ uids: [], logins: [String(names[0]).toUpperCase()] }), [names[0]]);
		assert.deepEqual(await logins({ uids: [`sub-${names[1]}`], logins: [String(names[0])] }), names);
		assert.deepEqual(await logins({ uids: [], logins: [] }), []);
		const all = await target().accounts();
		assert.ok(
			all.some(({ login, active }) => login === '__system__' && !active),
			'archived ones, too',
		);
		assert.ok(all.some(({ login, internal }) => login === 'public' && !internal));
	});

	test('changes what it is told, and refuses a login that is taken', async () => {
		const eva = await Somebody.create(target(), named('eva'));
		const values = { login: named('eva-2'), name: 'Éva <b>', email: 'eva@otra.test' };
		await eva.does(eva.line({ kind: 'update', values }));
		const { login, name, email, lang } = await eva.read();
		assert.deepEqual({ login, name, email }, values);
		assert.equal(lang, 'en_US');
		await eva.refuses(eva.line({ kind: 'update', values: { login: 'admin' } }), /./);
		assert.equal((await eva.read()).login, named('eva-2'));
	});

	test('refuses a line about an account that is not there', async () => {
		const nobody = new Somebody(target(), 'nadie', 999_999);
		for (const kind of ['archive', 'restore'] as const) await nobody.refuses(nobody.line({ kind }), /./);
		await nobody.refuses(nobody.line({ kind: 'update', values: { name: 'x' } }), /./);
	});

	test('gives groups with what they bring along, and takes a group alone', async () => {
		const flor = await Somebody.create(target(), named('flor'));
		await flor.does(flor.line({ kind: 'addGroups', groups: ['base.group_partner_manager'] }));
		assert.ok((await flor.read()).groups.includes('base.group_partner_manager'));
		await flor.does(flor.line({ kind: 'removeGroups', groups: ['base.group_partner_manager'] }));
		const { groups, internal } = await flor.read();
		assert.ok(!groups.includes('base.group_partner_manager') && groups.includes('base.group_no_one'));
		assert.equal(internal, true);
	});

	test('archives and restores a batch, and keeps whose account it is', async () => {
		const both = [await Somebody.create(target(), named('gala')), await Somebody.create(target(), named('hilda'))];
		for (const kind of ['archive', 'restore', 'restore'] as const) {
			const lines = both.map((one) => one.line({ kind }));
			assert.deepEqual(
				await applied(target(), lines),
				both.map(({ account }) => account),
			);
			for (const one of both) {
				const { active, uid } = await one.read();
				assert.deepEqual([active, uid], [kind === 'restore', `sub-${one.name}`]);
			}
		}
	});
}
