/** The stand-in of Odoo does what the contract asks of a target of identities. */
import { after, before, suite } from 'node:test';
import { type StandInOdoo, startStandIn } from '../servers/odoo-identity-stand-in.ts';
import { identityOdooContract } from './identity-odoo-contract.ts';

suite('the stand-in of Odoo', () => {
	let odoo: StandInOdoo;
	before(async () => {
		odoo = await startStandIn();
	});
	after(() => odoo?.stop());
	identityOdooContract(() => odoo);
});
