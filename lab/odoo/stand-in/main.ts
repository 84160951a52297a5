/**
 * Runs the stand-in of Odoo: `main.ts HOST PORT DIRECTORY PUBLIC_URL DATABASE`; the broker is named by AMQP_* variables,
 * the manager's password by ODOO_MASTER_PASSWORD.
 */
import { once } from 'node:events';
import path from 'node:path';
import { Databases } from './databases.ts';
import { fill } from './fill.ts';
import { MessageBuilder } from './handover.ts';
import { Identity } from './identity/identity.ts';
import { Manager } from './manager.ts';
import { Outbox } from './outbox.ts';
import { Records } from './records.ts';
import { makeServer } from './server.ts';

const [host = '127.0.0.1', port = '8069', directory = '.', url = `http://localhost:${port}`, database = 'clinica'] =
	process.argv.slice(2);

const records = new Records(path.join(directory, 'records.sqlite'));
fill(records);
const outbox = new Outbox(records);
const builder = new MessageBuilder();
const manager = new Manager(new Databases(directory, database, records), process.env.ODOO_MASTER_PASSWORD ?? 'admin');
const identity = new Identity(records);
// As the clinic has it: the addon decides what the synchronisation may do.
identity.addon = true;
const server = makeServer({ records, outbox, builder, identity, database, url }, manager);
server.listen(Number(port), host);
await once(server, 'listening');
outbox.start();
builder.start();
console.log(`Stand-in of Odoo on ${url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
	process.once(signal, () => {
		server.close();
		server.closeAllConnections();
		builder.close();
		void outbox.stop().finally(() => process.exit(0));
	});
}
