/** What the synchronisation may rely on in Odoo: one contract for the stand-in and for the real one, refusals included. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { IdentityTarget } from '../../lib/identity/model.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import { applied, creation, OdooClinic } from '../servers/odoo-clinic.ts';
import type { IdentityOdoo } from '../servers/odoo-identity.ts';
import { commonContract } from './identity-common-contract.ts';
import { PASSWORD, Somebody, withAccess } from './identity-somebody.ts';
import { ssoContract } from './identity-sso-contract.ts';

const ISSUER = 'https://keycloak.test/realms/clinica';
const RIGHTS = ['base.group_user', 'base.group_erp_manager', 'base.group_partner_manager'];
const DUPLICATE = /You can not have two users with the same login!/;

export function identityOdooContract(odoo: () => IdentityOdoo): void {
	let clinic: OdooClinic;

	describe('a stock Odoo', () => {
		let target: IdentityTarget;
		before(async () => {
			clinic = new OdooClinic(odoo(), ISSUER);
			await clinic.makeProvider();
			target = await clinic.target(await clinic.hub('robot', ...RIGHTS, 'base.group_system'));
		});

		commonContract(() => target, 'stock-');

		test('says what it cannot do', async () => {
			const { canSuspend, limits, table } = await target.describe();
			assert.deepEqual([canSuspend, table], [false, undefined]);
			assert.deepEqual(limits, ['suspend', 'endSessions', 'readOnlyFields', 'userRights', 'fence']);
			const irma = await Somebody.create(target, 'stock-irma');
			for (const kind of ['suspend', 'resume'] as const) await irma.refuses(irma.line({ kind }), /cannot do this/);
			await irma.refuses(irma.line({ kind: 'endSessions', at: 1 }), /cannot do this/);
		});

		test('needs an account that may read its providers, and says so to one that may not', async () => {
			const weak = await clinic.hub('robot-2', ...RIGHTS);
			await assert.rejects((await clinic.target(weak)).describe(), {
				code: 'ODOO_FORBIDDEN',
				message: /Administration \/ Settings/,
			});
			const stranger = odoo().rpc('robot', 'otra clave');
			await assert.rejects(clinic.target(stranger), { code: 'ODOO_CREDENTIALS' });
			const { url } = odoo();
			const elsewhere = new OdooRpc({ url, database: 'otra', user: 'robot', password: 'x' });
			await assert.rejects(clinic.target(elsewhere), { code: 'ODOO_DATABASE_UNKNOWN' });
		});

		test('needs one provider of the realm', async () => {
			const other = new OdooClinic(odoo(), 'https://keycloak.test/realms/clini');
			const lost = await other.target(other.admin);
			await assert.rejects(lost.describe(), { code: 'ODOO_REFUSED', message: /has 0 OAuth providers/ });
			const id = await clinic.makeProvider();
			await assert.rejects(target.describe(), { code: 'ODOO_REFUSED', message: /has 2 OAuth providers/ });
			await clinic.admin.call('auth.oauth.provider', 'write', [[id], { auth_endpoint: 'https://otro.test' }]);
		});

		test('names what is wrong with a line', async () => {
			const one = async (values: object) => (await applied(target, [{ ...creation('stock-julia'), ...values }]))[0];
			const { values } = creation('stock-julia');
			assert.match(String(await one({ values: { ...values, login: 'admin' } })), DUPLICATE);
			assert.match(String(await one({ values: { ...values, name: 'a\0b' } })), /NUL/);
			const { name: _, ...nameless } = values;
			assert.match(String(await one({ values: nameless })), /Contacts require a name/);
			await Somebody.create(target, 'stock-julia');
			const again = { values: { ...values, login: 'stock-julia-2' } };
			assert.match(String(await one(again)), /OAuth UID must be unique per provider/);
			const gone = new Somebody(target, 'nadie', 999_999);
			await gone.refuses(gone.line({ kind: 'archive' }), /does not exist or has been deleted/);
		});

		test('needs the right on contacts besides that on users', async () => {
			const poor = await clinic.target(await clinic.hub('robot-3', 'base.group_user', 'base.group_system'));
			const [refusal] = await applied(poor, [creation('stock-lea')]);
			assert.match(String(refusal), /lacks a right/);
		});

		test('never archives the account that asks, and never activates its own', async () => {
			const [own] = await target.accounts({ uids: [], logins: ['robot'] });
			const self = new Somebody(target, 'robot', own?.id ?? 0);
			await self.refuses(self.line({ kind: 'archive' }), /cannot deactivate the user you're currently logged in as/);
			const root = new Somebody(target, '__system__', 1);
			await root.refuses(root.line({ kind: 'restore' }), /cannot activate the superuser/);
		});

		test('closes every way to who is archived, and opens them again to who is restored, an old page included', async () => {
			const { somebody, page, signIn, mayCall, key } = await withAccess(clinic, target, 'stock-karla');
			await somebody.does(somebody.line({ kind: 'archive' }));
			await assert.rejects(signIn(), /no session/);
			assert.deepEqual([await mayCall(PASSWORD), await mayCall(key)], [false, false]);
			await somebody.does(somebody.line({ kind: 'restore' }));
			// Nobody used the page meanwhile, so its session lives again: what the limit `endSessions` is about.
			assert.equal(await page.isOpen(), true);
			assert.deepEqual([await mayCall(PASSWORD), await mayCall(key)], [true, true]);
			await somebody.does(somebody.line({ kind: 'archive' }));
			assert.equal(await page.isOpen(), false);
		});
	});

	ssoContract(() => clinic);
}
