/** What the synchronisation may rely on in an Odoo with the addon `clinic_sso`: a part of the contract of targets. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { IdentityTarget, Line } from '../../lib/identity/model.ts';
import { applied, creation, type OdooClinic } from '../servers/odoo-clinic.ts';
import { commonContract } from './identity-common-contract.ts';
import { PASSWORD, Somebody, withAccess } from './identity-somebody.ts';

/** @param stock the clinic while its Odoo has no addon yet */
export function ssoContract(stock: () => OdooClinic): void {
	describe('an Odoo with the addon', () => {
		let clinic: OdooClinic;
		let target: IdentityTarget;
		before(async () => {
			clinic = stock();
			await clinic.odoo.installAddon();
			target = await clinic.target(await clinic.hub('hub', 'base.group_user', 'clinic_sso.group_sync'));
			await clinic.followedByAddon('hub\nrobot');
		});

		test('refuses everything unless exactly one provider decides, and everything to who is not the hub', async () => {
			await clinic.changeProvider({ clinic_sso_followed: false });
			await assert.rejects(target.describe(), { code: 'ODOO_REFUSED', message: /Exactly one OAuth provider/ });
			await clinic.changeProvider({ clinic_sso_followed: true });
			const plain = await clinic.target(clinic.admin);
			await assert.rejects(plain.describe(), { code: 'ODOO_FORBIDDEN' });
			await assert.rejects(plain.accounts(), { code: 'ODOO_FORBIDDEN' });
			const call = clinic.admin.call('clinic.sso', 'apply_lines', [await clinic.provider(), [], 1]);
			await assert.rejects(call, { code: 'ODOO_FORBIDDEN' });
		});

		commonContract(() => target, 'sso-');

		test('gives its table, and can suspend without any right on users', async () => {
			const { canSuspend, limits, table, provider } = await target.describe();
			assert.deepEqual([canSuspend, limits, provider], [true, [], await clinic.provider()]);
			assert.deepEqual(table, [
				{ from: { group: '/it' }, groups: ['base.group_system'] },
				{ from: { role: 'contacts' }, groups: ['base.group_partner_manager'] },
			]);
		});

		test('closes every way at once to who is suspended, and opens them again but for old pages', async () => {
			const { somebody, page, signIn, mayCall, key } = await withAccess(clinic, target, 'laura');
			await somebody.does(somebody.line({ kind: 'suspend' }));
			assert.deepEqual([await page.isOpen(), await mayCall(PASSWORD), await mayCall(key)], [false, false, false]);
			await assert.rejects(signIn(), /no session/);
			assert.deepEqual([(await somebody.read()).suspended, (await somebody.read()).active], [true, true]);
			await somebody.does(somebody.line({ kind: 'suspend' }));
			await somebody.does(somebody.line({ kind: 'resume' }));
			assert.deepEqual([await page.isOpen(), await mayCall(PASSWORD), await mayCall(key)], [false, true, true]);
			assert.equal(await (await signIn()).isOpen(), true);
		});

		test('archives with keys and sessions, which stay dead after restoring', async () => {
			const { somebody, page, signIn, mayCall, key } = await withAccess(clinic, target, 'marta');
			await somebody.does(somebody.line({ kind: 'archive' }), somebody.line({ kind: 'restore' }));
			assert.deepEqual([await page.isOpen(), await mayCall(key), await mayCall(PASSWORD)], [false, false, true]);
			assert.equal(await (await signIn()).isOpen(), true);
		});

		test('ends sessions for a new password, and not again those of who has signed in since', async () => {
			const { somebody, page, signIn, mayCall, key } = await withAccess(clinic, target, 'nadia');
			const at = Date.now();
			await somebody.does(somebody.line({ kind: 'endSessions', at }));
			assert.deepEqual([await page.isOpen(), await mayCall(key)], [false, true]);
			const next = await signIn();
			await somebody.does(somebody.line({ kind: 'endSessions', at }));
			assert.equal(await next.isOpen(), true);
			await somebody.does(somebody.line({ kind: 'endSessions', at: at + 5_000 }));
			assert.equal(await next.isOpen(), false);
		});

		test('grants what its table names, and of privileged groups those on its list', async () => {
			const olga = await Somebody.create(target, 'olga');
			await olga.refuses(olga.line({ kind: 'addGroups', groups: ['base.group_multi_company'] }), /none of the table/);
			await olga.refuses(
				olga.line({ kind: 'removeGroups', groups: ['base.group_multi_company'] }),
				/none of the table/,
			);
			await olga.refuses(olga.line({ kind: 'addGroups', groups: ['base.nada'] }), /no group base.nada/);
			await olga.refuses(olga.line({ kind: 'addGroups', groups: ['base.group_system'] }), /privileged and not listed/);
			const [refusal] = await applied(target, [creation('olga-2', ['base.group_system'])]);
			assert.match(String(refusal), /privileged and not listed/);
			await clinic.changeProvider({ clinic_sso_privileged_ids: await clinic.set('base.group_system') });
			await olga.does(olga.line({ kind: 'addGroups', groups: ['base.group_system'] }));
			assert.ok((await olga.read()).groups.includes('base.group_erp_manager'));
			await olga.does(olga.line({ kind: 'removeGroups', groups: ['base.group_system', 'base.group_erp_manager'] }));
			await clinic.changeProvider({ clinic_sso_privileged_ids: [[6, 0, []]] });
		});

		test('touches nobody but the person’s own account', async () => {
			const paula = await Somebody.create(target, 'paula');
			const other = new Somebody(target, 'otra', paula.account);
			for (const kind of ['suspend', 'archive', 'restore'] as const) {
				await other.refuses(other.line({ kind }), /does not belong to that user/);
			}
			const template = new Somebody(target, 'x', await clinic.reference('base.default_user'));
			const values = { oauth_provider_id: await clinic.provider(), oauth_uid: 'sub-x' };
			await clinic.admin.call('res.users', 'write', [[template.account], values]);
			for (const kind of ['suspend', 'restore'] as const) {
				await template.refuses(template.line({ kind }), /not touched from outside/);
			}
		});

		test('keeps the last administrator', async () => {
			await clinic.changeProvider({ clinic_sso_privileged_ids: await clinic.set('base.group_system') });
			const rosa = await Somebody.create(target, 'rosa', ['base.group_user', 'base.group_system']);
			const system = await clinic.reference('base.group_system');
			const others = (await target.describe()).administrators.filter((id) => id !== rosa.account);
			const write = (groups: object) => clinic.admin.call('res.users', 'write', [others, { groups_id: [groups] }]);
			await write([3, system]);
			try {
				for (const kind of ['suspend', 'archive'] as const) {
					await rosa.refuses(rosa.line({ kind }), /The last administrator stays/);
				}
				const groups = ['base.group_system'];
				await rosa.refuses(rosa.line({ kind: 'removeGroups', groups }), /The last administrator stays/);
			} finally {
				await write([4, system]);
			}
			await rosa.does(rosa.line({ kind: 'suspend' }));
			await clinic.changeProvider({ clinic_sso_privileged_ids: [[6, 0, []]] });
		});

		test('refuses a run that comes late as a whole', async () => {
			const sara = await Somebody.create(target, 'sara');
			await target.apply([sara.line({ kind: 'suspend' })], 9);
			await assert.rejects(target.apply([sara.line({ kind: 'resume' })], 8), {
				code: 'ODOO_REFUSED',
				message: /comes late/,
			});
			assert.equal((await sara.read()).suspended, true);
			await clinic.changeProvider({ clinic_sso_fence: 0 });
			await sara.does(sara.line({ kind: 'resume' }));
		});

		test('links an account made by hand, and none that is somebody’s or an administrator’s', async () => {
			const free = await clinic.makeUser('robot', ['base.group_user']).catch(() => 0);
			assert.equal(free, 0, 'a login that is taken');
			await clinic.changeProvider({ clinic_sso_technical_logins: 'hub\nrobot\ntania\nursula' });
			const tania = new Somebody(target, 'tania', await clinic.makeUser('tania', ['base.group_user']));
			await tania.does(tania.line({ kind: 'link' }), tania.line({ kind: 'link' }));
			assert.equal((await tania.read()).id, tania.account);
			const thief = new Somebody(target, 'ladrona', tania.account);
			await thief.refuses(thief.line({ kind: 'link' }), /belongs to another user already/);
			const ursula = await clinic.makeUser('ursula', ['base.group_user', 'base.group_erp_manager']);
			const chief = new Somebody(target, 'ursula', ursula);
			await chief.refuses(chief.line({ kind: 'link' }), /links this account by hand/);
		});

		test('lets nobody change by hand what Keycloak decides, nor make internal users', async () => {
			const vera = await Somebody.create(target, 'vera');
			const write = (values: object) => clinic.admin.call('res.users', 'write', [[vera.account], values]);
			await assert.rejects(write({ name: 'Otra' }), { code: 'ODOO_REFUSED', message: /comes from Keycloak/ });
			const groups = { groups_id: [[4, await clinic.reference('base.group_partner_manager')]] };
			await assert.rejects(write(groups), { code: 'ODOO_REFUSED', message: /come from roles in Keycloak/ });
			await write({ lang: 'en_US', name: 'vera Prueba' });
			await assert.rejects(clinic.makeUser('wanda', ['base.group_user']), {
				message: /Internal users are made in Keycloak/,
			});
			assert.ok(await clinic.makeUser('portal', ['base.group_portal']));
		});

		test('answers a kind of line that it does not know, and does the others', async () => {
			const xenia = await Somebody.create(target, 'xenia');
			const unknown = { ...xenia.line({ kind: 'archive' }), kind: 'delete' } as unknown as Line;
			const results = await applied(target, [unknown, xenia.line({ kind: 'suspend' })]);
			assert.match(String(results[0]), /does not know how to do this/);
			assert.equal(results[1], xenia.account);
			assert.equal((await xenia.read()).active, true);
		});

		test('names what is wrong with a line', async () => {
			const { values } = creation('yolanda');
			const one = async (line: object) => (await applied(target, [{ ...creation('yolanda'), ...line }]))[0];
			assert.match(String(await one({ values: { ...values, login: 'admin' } })), /login admin has an account already/);
			assert.match(String(await one({ values: { ...values, login: '' } })), /needs a login/);
			await Somebody.create(target, 'yolanda');
			assert.match(
				String(await one({ values: { ...values, login: 'yolanda-2' } })),
				/OAuth UID must be unique per provider|has an account already/,
			);
		});
	});
}
