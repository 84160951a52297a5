/** The stand-in of Odoo confirms at once, whatever the broker does, and publishes what the contract says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { OdooSession } from '../../lab/acceptance/odoo.ts';
import { Lab } from '../../lab/lab.ts';
import { odooStandIn } from '../../lab/systems/odoo-stand-in.ts';
import { until } from '../../lab/until.ts';
import { sharedBroker } from '../broker.ts';

const CONTRACT = path.join(import.meta.dirname, '../../contracts/purchase-message.schema.json');

/** Far below what waiting for a silent broker would take, far above a busy machine's pauses; in ms. */
const AT_ONCE_MS = 1_500;

async function startStandIn(t: TestContext, broker: Record<string, string>): Promise<OdooSession> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-odoo-'));
	const lab = await Lab.open({ systems: [odooStandIn({ broker })], directory, ports: 'free' });
	t.after(async () => {
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	});
	await lab.start();
	const { ODOO_URL = '', ODOO_DATABASE = '', ODOO_USER = '', ODOO_PASSWORD = '' } = lab.variables;
	const odoo = new OdooSession({ url: ODOO_URL, database: ODOO_DATABASE, user: ODOO_USER, password: ODOO_PASSWORD });
	await odoo.signIn();
	return odoo;
}

test('a confirmed purchase lies in the queue, once, as the contract says', async (t) => {
	const broker = await sharedBroker();
	const vhost = await broker.vhost(t);
	const { management } = broker;
	await management.request('PUT', management.of('exchanges', vhost, 'email_exchange'), {
		type: 'direct',
		durable: true,
	});
	await management.request('PUT', management.of('queues', vhost, 'orders'), { durable: true });
	const binding = `bindings/${encodeURIComponent(vhost)}/e/email_exchange/q/orders`;
	await management.request('POST', binding, { routing_key: 'purchase.confirmed' });
	const { host, port, user, password } = broker.options(vhost);
	const odoo = await startStandIn(t, {
		...{ AMQP_HOST: host, AMQP_PORT: String(port), AMQP_VHOST: vhost, AMQP_USER: user, AMQP_PASSWORD: password },
	});
	const purchase = await odoo.draft('Proveedor', 'ventas@proveedor.example');
	assert.ok((await odoo.confirm(purchase)) < AT_ONCE_MS);
	await odoo.confirm(purchase);
	const get = { count: 10, ackmode: 'ack_requeue_true', encoding: 'auto' };
	const messages = await until(
		'message in the queue',
		async () => {
			const path = `${management.of('queues', vhost, 'orders')}/get`;
			const list = (await management.request('POST', path, get)) as {
				payload: string;
				properties: { message_id: string; delivery_mode: number };
			}[];
			return list.length > 0 && list;
		},
		{ signal: t.signal, language: 'en' },
	);
	assert.equal(messages.length, 1);
	const [message] = messages;
	const body = JSON.parse(message?.payload ?? '') as { id: string; order: { number: string } };
	const ajv = new Ajv2020({ strict: false });
	formats.default(ajv);
	const validate = ajv.compile(without(JSON.parse(await readFile(CONTRACT, 'utf8'))));
	assert.ok(validate(body), JSON.stringify(validate.errors));
	assert.equal(body.order.number, purchase.number);
	assert.equal(message?.properties.message_id, body.id);
	assert.equal(message?.properties.delivery_mode, 2);
});

test('a silent broker does not keep a confirmation', async (t) => {
	const mute = createServer(() => {}).listen(0, '127.0.0.1');
	await once(mute, 'listening');
	const held = new Set<Socket>();
	mute.on('connection', (socket) => held.add(socket));
	t.after(() => {
		for (const socket of held) socket.destroy();
		mute.close();
	});
	const { port } = mute.address() as { port: number };
	const odoo = await startStandIn(t, { AMQP_HOST: '127.0.0.1', AMQP_PORT: String(port) });
	for (const address of ['a@proveedor.example', 'b@proveedor.example']) {
		assert.ok((await odoo.confirm(await odoo.draft('Proveedor', address))) < AT_ONCE_MS);
	}
});

/** Formats of this project's own are checked by patterns beside them. */
function without(schema: unknown): object {
	return JSON.parse(JSON.stringify(schema).replace(/"format":"(?:money|decimal)",/g, '')) as object;
}
