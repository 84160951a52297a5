/** The stand-in of Odoo does what the contract asks of Odoo. */
import { after, before, suite } from 'node:test';
import { odooStandIn } from '../../lab/systems/odoo-stand-in.ts';
import { startOdoo, type TestOdoo } from '../servers/odoo.ts';
import { odooContract } from './odoo-contract.ts';

suite('the stand-in of Odoo', () => {
	let odoo: TestOdoo;
	before(async () => {
		odoo = await startOdoo((broker) => [odooStandIn({ broker })]);
	});
	after(() => odoo?.stop());
	odooContract(() => odoo);
});
