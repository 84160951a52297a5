/** The real Odoo that ODOO_SRC names does what the contract asks of a target of identities: stock first, then with `clinic_sso`. */
import { after, before, suite } from 'node:test';
import { type IdentityOdoo, startIdentityOdoo } from '../servers/odoo-identity.ts';
import { identityOdooContract } from './identity-odoo-contract.ts';

const source = process.env.ODOO_SRC;

suite('the real Odoo', { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	let odoo: IdentityOdoo;
	before(async () => {
		odoo = await startIdentityOdoo(source as string);
	});
	after(() => odoo?.stop());
	identityOdooContract(() => odoo);
});
