/**
 * What the addon adds to the confirmation of a purchase in the real Odoo 18 (ODOO_SRC): two Odoo on copies of one
 * database, with the addon and without it, confirm in turn. Then the same with the broker dead and mute.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { OdooSession } from '../lab/acceptance/odoo.ts';
import { Lab } from '../lab/lab.ts';
import { DATABASE, ROLE } from '../lab/odoo/database.ts';
import { odooCommand, preparePlace } from '../lab/odoo/place.ts';
import { freePort } from '../lab/ports.ts';
import { FaultProxy } from '../lab/proxy.ts';
import { odoo } from '../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../lab/systems/postgresql.ts';
import { startBroker } from '../test/broker.ts';
import { type Bench, median } from './measure.ts';

const ROUNDS = 50;
const QUICK_ROUNDS = 5;

/** First calls load caches of registry and views and are not counted. */
const WARM_UP = 5;

/** The copy of the database in which the addon is uninstalled. */
const STOCK = 'stock';

/** Uninstalling reloads the registry; it was seen to take 10 s. In ms. */
const UNINSTALL_TIMEOUT_MS = 120_000;

async function call(url: string, database: string, model: string, method: string, args: unknown[]): Promise<unknown> {
	const params = { service: 'object', method: 'execute_kw', args: [database, 2, 'admin', model, method, args] };
	const response = await fetch(`${url}/jsonrpc`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', params }),
		signal: AbortSignal.timeout(UNINSTALL_TIMEOUT_MS),
	});
	const answer = (await response.json()) as { result?: unknown; error?: { data: { message: string } } };
	if (answer.error) throw new Error(answer.error.data.message);
	return answer.result;
}

const bench: Bench = async function* ({ quick, log }) {
	const source = process.env.ODOO_SRC;
	if (!source) throw new Error('ODOO_SRC must name a directory of Odoo 18 source');
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-odoo-'));
	log('Starting a broker …');
	const broker = await startBroker();
	const { management } = broker;
	await management.request('PUT', management.of('exchanges', '/', 'email_exchange'), { type: 'direct', durable: true });
	await management.request('PUT', management.of('queues', '/', 'orders'), { durable: true });
	await management.request('POST', 'bindings/%2F/e/email_exchange/q/orders', { routing_key: 'purchase.confirmed' });
	const proxy = await FaultProxy.start({ host: '127.0.0.1', port: broker.port });
	const address = { AMQP_HOST: proxy.host, AMQP_PORT: String(proxy.port) };
	const database = postgresql();
	const system = odoo({ source, broker: { ...address, AMQP_USER: 'admin', AMQP_PASSWORD: 'admin' } });
	const lab = await Lab.open({
		systems: [database, system],
		directory,
		ports: 'free',
		language: 'en',
		progress: (name, text) => log(`${name}: ${text}`),
	});
	try {
		await lab.start();
		const context = lab.context(system);
		await system.stop(context);
		const client = new pg.Client({ connectionString: postgresqlUrl(lab.context(database)) });
		await client.connect();
		await client.query(`create database ${STOCK} template ${DATABASE} owner ${ROLE}`);
		await client.end();
		const place = await preparePlace(context, source);
		const port = await freePort();
		const stockUrl = `http://127.0.0.1:${port}`;
		await context.run({
			name: 'odoo-stock',
			...odooCommand(context, place, ['-d', STOCK, `--db-filter=^${STOCK}$`, '-p', String(port)]),
		});
		await system.start(context);
		await system.ready(context);
		const isUp = async (signal: AbortSignal) => (await fetch(`${stockUrl}/web/login`, { signal })).ok;
		await context.until({ en: 'The second Odoo', es: 'El segundo Odoo' }, isUp);
		log('Uninstalling the addon in the copy …');
		const domain = [[['name', '=', 'clinic_purchase_mail']]];
		const modules = (await call(stockUrl, STOCK, 'ir.module.module', 'search', domain)) as number[];
		await call(stockUrl, STOCK, 'ir.module.module', 'button_immediate_uninstall', [modules]);

		const account = { user: 'admin', password: 'admin' };
		const sessions = {
			addon: new OdooSession({ url: lab.variables.ODOO_URL ?? '', database: DATABASE, ...account }),
			stock: new OdooSession({ url: stockUrl, database: STOCK, ...account }),
		};
		for (const session of Object.values(sessions)) await session.signIn();
		const rounds = quick ? QUICK_ROUNDS : ROUNDS;
		const measure = async (count: number) => {
			const times = { addon: [] as number[], stock: [] as number[] };
			const names = ['addon', 'stock'] as const;
			for (let round = 0; round < count; round++) {
				// Whoever goes second runs beside the other's job: the turns change.
				for (const name of round % 2 ? names.toReversed() : names) {
					const purchase = await sessions[name].draft('Proveedor', 'ventas@proveedor.example');
					times[name].push(await sessions[name].confirm(purchase));
				}
			}
			return { addon: median(times.addon), stock: median(times.stock) };
		};
		await measure(WARM_UP);
		const added: Record<string, number> = {};
		for (const mode of ['open', 'refuse', 'mute'] as const) {
			await proxy.forward();
			if (mode !== 'open') proxy[mode]();
			const { addon, stock } = await measure(rounds);
			added[mode] = addon - stock;
			log(`broker ${mode}: ${addon.toFixed(1)} ms with the addon, ${stock.toFixed(1)} ms without`);
			if (mode === 'open') {
				const against = 'confirming without the addon';
				const figures = { value: addon - stock, against, reference: stock, ratio: (addon - stock) / stock };
				yield { measure: 'added_ms', unit: 'ms', goal: 'at most 90, aim 60', ...figures };
			} else {
				const value = addon - stock - (added.open ?? 0);
				const figures = { value, reference: added.open ?? 0, ratio: (addon - stock) / (added.open ?? 1) };
				const name = mode === 'mute' ? 'mute_ms' : 'dead_ms';
				yield { measure: name, unit: 'ms', against: 'added_ms', goal: 'within 10', ...figures };
			}
		}
	} finally {
		await lab.stop();
		proxy.close();
		await broker.kill();
		await rm(directory, { recursive: true, force: true });
	}
};

export default bench;
