/** The real Odoo 18's database manager, where ODOO_SRC names its source: the contract that its stand-in keeps, too. */
import { after, before, suite } from 'node:test';
import { type RealOdoo, startRealOdoo } from '../servers/odoo-real.ts';
import { odooFetchContract } from './odoo-fetch-contract.ts';
import { odooManagerContract } from './odoo-manager-contract.ts';

const source = process.env.ODOO_SRC;

suite("the real Odoo's database manager", { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	let odoo: RealOdoo;
	before(async () => {
		odoo = await startRealOdoo(source as string);
	});
	after(() => odoo?.stop());

	odooFetchContract(() => odoo);
	odooManagerContract(() => odoo);
});
