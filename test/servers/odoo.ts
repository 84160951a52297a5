/** An Odoo, real or stand-in, before a queue of its own on the real broker, with a proxy between them that plays faults. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OdooSession, type Purchase } from '../../lab/acceptance/odoo.ts';
import { Lab } from '../../lab/lab.ts';
import { FaultProxy } from '../../lab/proxy.ts';
import type { System } from '../../lab/system.ts';
import { sharedBroker } from '../broker.ts';

const QUEUE = 'orders';

export interface Published {
	payload: string;
	properties: { message_id: string; delivery_mode: number; content_type: string };
}

/** What Odoo answers to JSON-RPC: a result, or an error that is told by its name. */
export interface RpcAnswer {
	status: number;
	result?: unknown;
	error?: { code: number; data: { name: string; message: string; debug: string } };
}

export interface TestOdoo {
	lab: Lab;
	/** Signed in as the administrator. */
	session: OdooSession;
	/** Before the broker. */
	proxy: FaultProxy;
	/** The broker's virtual host. */
	vhost: string;
	database: string;
	url: string;
	/** A purchase from a supplier with an address. */
	draft(): Promise<Purchase>;
	/** Messages in the queue about an order; they stay there. */
	about(number: string): Promise<Published[]>;
	/** The outbox's rows about an order, as its administrator reads them. */
	rows(purchase: Purchase): Promise<Record<string, unknown>[]>;
	/** Any body sent to /jsonrpc. */
	post(body: string): Promise<RpcAnswer>;
	/** `execute_kw` as the administrator. */
	call(model: string, method: string, args: unknown[], named?: object): Promise<RpcAnswer>;
	stop(): Promise<void>;
}

/** Starts what `systems` makes of the variables that name the broker; the system called `odoo` is the one tested. */
export async function startOdoo(systems: (broker: Record<string, string>) => System[]): Promise<TestOdoo> {
	const cleanups: (() => unknown)[] = [];
	const broker = await sharedBroker();
	const vhost = await broker.vhost({ after: (done) => cleanups.push(done as () => unknown) });
	const { management } = broker;
	await management.request('PUT', management.of('exchanges', vhost, 'email_exchange'), {
		type: 'direct',
		durable: true,
	});
	await management.request('PUT', management.of('queues', vhost, QUEUE), { durable: true });
	const binding = `bindings/${encodeURIComponent(vhost)}/e/email_exchange/q/${QUEUE}`;
	await management.request('POST', binding, { routing_key: 'purchase.confirmed' });
	const proxy = await FaultProxy.start({ host: '127.0.0.1', port: broker.port });
	cleanups.push(() => proxy.close());
	const { user, password } = broker.options(vhost);
	const address = { AMQP_HOST: proxy.host, AMQP_PORT: String(proxy.port), AMQP_VHOST: vhost };
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-odoo-'));
	cleanups.push(() => rm(directory, { recursive: true, force: true }));
	const lab = await Lab.open({
		systems: systems({ ...address, AMQP_USER: user, AMQP_PASSWORD: password }),
		directory,
		ports: 'free',
	});
	cleanups.push(() => lab.stop());
	const stop = async () => {
		for (const clean of cleanups.splice(0).reverse()) await clean();
	};
	try {
		await lab.start();
	} catch (thrown) {
		await stop();
		throw thrown;
	}
	const { ODOO_URL: url = '', ODOO_DATABASE: database = '', ODOO_USER = '', ODOO_PASSWORD = '' } = lab.variables;
	const session = new OdooSession({ url, database, user: ODOO_USER, password: ODOO_PASSWORD });
	await session.signIn();

	const post = async (body: string): Promise<RpcAnswer> => {
		const headers = { 'content-type': 'application/json' };
		const response = await fetch(`${url}/jsonrpc`, { method: 'POST', headers, body });
		const text = await response.text();
		return { status: response.status, ...(response.ok ? (JSON.parse(text) as object) : {}) };
	};
	const call: TestOdoo['call'] = (model, method, args, named = {}) => {
		const params = [database, 2, ODOO_PASSWORD, model, method, args, named];
		return post(JSON.stringify({ jsonrpc: '2.0', params: { service: 'object', method: 'execute_kw', args: params } }));
	};
	const get = { count: 100, ackmode: 'ack_requeue_true', encoding: 'auto' };
	return {
		...{ lab, session, proxy, vhost, database, url, post, call, stop },
		draft: () => session.draft('Proveedor', 'ventas@proveedor.example'),
		async about(number) {
			const messages = await management.request('POST', `${management.of('queues', vhost, QUEUE)}/get`, get);
			return (messages as Published[]).filter(({ payload }) => JSON.parse(payload).order.number === number);
		},
		async rows({ id }) {
			const fields = ['uuid', 'body', 'state', 'attempts', 'reason_code', 'reason'];
			const { result } = await call('clinic.mail.outbox', 'search_read', [[['res_id', '=', id]]], { fields });
			return result as Record<string, unknown>[];
		},
	};
}
