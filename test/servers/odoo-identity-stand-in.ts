/** The stand-in of Odoo as the target of identities, in the process of a test. */
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Databases } from '../../lab/odoo/stand-in/databases.ts';
import { fill } from '../../lab/odoo/stand-in/fill.ts';
import { MessageBuilder } from '../../lab/odoo/stand-in/handover.ts';
import { Identity } from '../../lab/odoo/stand-in/identity/identity.ts';
import { Manager } from '../../lab/odoo/stand-in/manager.ts';
import { Outbox } from '../../lab/odoo/stand-in/outbox.ts';
import { Records } from '../../lab/odoo/stand-in/records.ts';
import { makeServer } from '../../lab/odoo/stand-in/server.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import type { IdentityOdoo } from './odoo-identity.ts';

const OWN = 'clinica';

export interface StandInOdoo extends IdentityOdoo {
	identity: Identity;
}

export async function startStandIn(): Promise<StandInOdoo> {
	const records = new Records(':memory:');
	fill(records);
	const identity = new Identity(records);
	const manager = new Manager(new Databases(tmpdir(), OWN, records), 'admin');
	const outbox = new Outbox(records);
	const shop = { database: OWN, url: '', records, outbox, builder: new MessageBuilder(), identity };
	const server = makeServer(shop, manager);
	server.listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		...{ real: false, url, database: OWN, identity },
		rpc: (user, password) => new OdooRpc({ url, database: OWN, user, password }),
		async apiKey(login, password) {
			const user = identity.users.whoIs(login, password, { page: true });
			if (!user) throw new Error('no session');
			return identity.users.makeKey(user, 'hub');
		},
		async forgetPassword(login) {
			const user = [...identity.users.all.values()].find((each) => each.login === login);
			if (user) identity.users.change([{ ...user, password: null }], 'password');
		},
		async copyAccounts(of, people) {
			const all = [...identity.users.all.values()];
			const like = all.find(({ uid }) => uid === of);
			for (const { login, name, uid, email } of people)
				identity.users.seed(login, name, { ...like, login, name, uid, email });
		},
		async installAddon() {
			identity.addon = true;
		},
		async stop() {
			server.closeAllConnections();
			server.close();
		},
	};
}
