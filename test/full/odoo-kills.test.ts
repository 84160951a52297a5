/** From the confirmation in the real Odoo to the inbox while everything on the way is killed; needs ODOO_SRC. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { freePort } from '../../lab/ports.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { DEFAULT_LEVELS } from '../../lib/mail/retry.ts';
import { ADMIN, type OwnBroker, startBroker } from '../broker.ts';
import { POOL, WorkerProcess } from '../faults/fault-lab.ts';
import { until } from '../mail-lab.ts';
import { SEED, seeded } from '../seed.ts';
import type { MailboxOptions } from './mailbox-process.ts';

const source = process.env['ODOO_SRC'];
const skip = source ? false : 'ODOO_SRC names no source of Odoo 18';

/** TEST_ORDERS=… for a shorter run by hand. */
const ORDERS = Number(process.env['TEST_ORDERS'] ?? 5_000);
/** Made in one call, and confirmed in one transaction. */
const DRAFTS_AT_ONCE = 250;
const CONFIRMED_AT_ONCE = 10;
/** Of each of Odoo, broker, worker, SMTP server and PostgreSQL. */
const KILLS = 2;

/** A call that Odoo's death cuts off is made again after so long, in ms. */
const AGAIN_MS = 1_000;
/** After the last confirmation: a lease of a killed job holds two minutes, a delay of the worker one; in ms. */
const SETTLE_TIMEOUT_MS = 900_000;
const DOT_MS = 20;

const WORKERS = '--workers=2';

interface Scene {
	call<T>(model: string, method: string, args: unknown[], named?: object): Promise<T>;
	query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]>;
	/** Message-IDs that the SMTP server took, one entry a mail. */
	mails(): Promise<string[]>;
	/** Kills and starts again; PostgreSQL is restarted. */
	kill: Record<'odoo' | 'broker' | 'worker' | 'smtp' | 'postgresql', () => Promise<void>>;
}

async function scene(t: TestContext, args: readonly string[]): Promise<Scene> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-kills-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const broker: OwnBroker = await startBroker();
	t.after(() => broker.kill());
	const { user, password } = ADMIN;

	const mailbox: MailboxOptions = { port: await freePort(), file: path.join(directory, 'mailbox'), dotMs: DOT_MS };
	let smtp: ChildProcess;
	const startSmtp = async () => {
		smtp = fork(path.join(import.meta.dirname, 'mailbox-process.ts'), [JSON.stringify(mailbox)]);
		await once(smtp, 'message');
	};
	await startSmtp();
	t.after(() => smtp.kill('SIGKILL'));

	const startWorker = () =>
		new WorkerProcess({
			broker: broker.options('/'),
			topology: {
				exchange: 'email_exchange',
				routingKey: 'purchase.confirmed',
				queue: 'purchase_confirmation_queue',
				retryExchange: 'email_retry',
				resultsExchange: 'email_results',
				levels: [...DEFAULT_LEVELS],
				deliveryLimit: 20,
			},
			smtpPort: mailbox.port,
			pool: POOL,
			store: { file: path.join(directory, 'store.sqlite') },
			onUnknown: 'resend',
		});
	let worker = startWorker();
	t.after(() => worker.kill());
	await until('the worker', () => worker.state.phase === 'consuming', 60_000);

	const database = postgresql();
	const address = { AMQP_HOST: broker.host, AMQP_PORT: String(broker.port), AMQP_VHOST: '/' };
	const odoo = odooSystem({
		source: source as string,
		broker: { ...address, AMQP_USER: user, AMQP_PASSWORD: password },
		args,
	});
	const lab = await Lab.open({ systems: [database, odoo], directory: path.join(directory, 'lab'), ports: 'free' });
	t.after(() => lab.stop());
	await lab.start();
	const { ODOO_URL, ODOO_DATABASE = '', ODOO_PASSWORD } = lab.variables;
	const url = postgresqlUrl(lab.context(database), ODOO_DATABASE);

	const killOdoo = async () => {
		const file = path.join(lab.directory, 'run/odoo.json');
		const { pid } = JSON.parse(await readFile(file, 'utf8')) as { pid: number };
		process.kill(-pid, 'SIGKILL');
		await odoo.stop(lab.context(odoo));
		await odoo.start(lab.context(odoo));
		await odoo.ready(lab.context(odoo));
	};

	return {
		async call<T>(model: string, method: string, list: unknown[], named = {}) {
			const service = { service: 'object', method: 'execute_kw' };
			const params = { ...service, args: [ODOO_DATABASE, 2, ODOO_PASSWORD, model, method, list, named] };
			const response = await fetch(`${ODOO_URL}/jsonrpc`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ jsonrpc: '2.0', params }),
			});
			const { result, error } = (await response.json()) as { result: T; error?: { data: { message: string } } };
			if (error) throw new Error(error.data.message);
			return result;
		},
		// A connection a query, for PostgreSQL is restarted too.
		async query<Row extends pg.QueryResultRow>(text: string, values: unknown[]) {
			const client = new pg.Client({ connectionString: url });
			await client.connect();
			try {
				return (await client.query<Row>(text, values)).rows;
			} finally {
				await client.end();
			}
		},
		mails: async () =>
			existsSync(mailbox.file) ? (await readFile(mailbox.file, 'utf8')).split('\n').filter((line) => line) : [],
		kill: {
			odoo: killOdoo,
			async postgresql() {
				const context = lab.context(database);
				for (const step of ['stop', 'start', 'ready'] as const) await database[step](context);
				// Odoo's threads that run jobs end with their connections; its workers come back by themselves.
				if (!args.includes(WORKERS)) await killOdoo();
			},
			async broker() {
				await broker.kill();
				await broker.start();
			},
			async worker() {
				await worker.kill();
				worker = startWorker();
			},
			async smtp() {
				const exited = once(smtp, 'exit');
				smtp.kill('SIGKILL');
				await exited;
				await startSmtp();
			},
		},
	};
}

/** Resolves with drafts to many suppliers, one line each. */
async function drafts({ call }: Scene, count: number): Promise<number[]> {
	const products = await call<number[]>('product.product', 'search', [[['purchase_ok', '=', true]]], { limit: 1 });
	const suppliers = await call<number[]>('res.partner', 'create', [
		Array.from({ length: 50 }, (_, n) => ({ name: `Proveedor ${n}`, email: `ventas@supplier${n}.test` })),
	]);
	const ids: number[] = [];
	while (ids.length < count) {
		const some = Array.from({ length: Math.min(DRAFTS_AT_ONCE, count - ids.length) }, (_, n) => ({
			partner_id: suppliers[n % suppliers.length],
			order_line: [[0, 0, { product_id: products[0], product_qty: 1, price_unit: 100 }]],
		}));
		ids.push(...(await call<number[]>('purchase.order', 'create', [some])));
	}
	return ids;
}

for (const args of [[], [WORKERS]]) {
	test(`${ORDERS} confirmations, Odoo ${args.join() || '--workers=0'}, everything killed twice: each confirmed order's mail arrives`, {
		skip,
	}, async (t) => {
		t.diagnostic(`TEST_SEED=${SEED}`);
		const random = seeded();
		const at = await scene(t, args);
		const open = await drafts(at, ORDERS);

		const victims = Object.keys(at.kill) as (keyof Scene['kill'])[];
		const kills = Array.from({ length: KILLS }, () => victims)
			.flat()
			.map((victim) => ({ victim, order: random() }))
			.toSorted((a, b) => a.order - b.order)
			.map(({ victim }, n, all) => ({ victim, after: Math.floor(((n + 0.2 + random() * 0.6) * ORDERS) / all.length) }));
		t.diagnostic(`kills after confirmations: ${kills.map(({ victim, after }) => `${victim} ${after}`).join(', ')}`);

		let under: Promise<void> = Promise.resolve();
		const begun = Date.now();
		for (let done = 0; done < open.length; done += CONFIRMED_AT_ONCE) {
			while (kills[0] && kills[0].after <= done) {
				const { victim } = kills.shift() as (typeof kills)[number];
				// The confirmations go on meanwhile, as people do; the next victim waits for this one to be back.
				under = under.then(() => at.kill[victim]());
			}
			const batch = open.slice(done, done + CONFIRMED_AT_ONCE);
			for (let confirmed = false; !confirmed; ) {
				confirmed = await at.call('purchase.order', 'button_confirm', [batch]).then(
					() => true,
					() => false,
				);
				// Whether the call that was cut off had committed, only the database knows.
				if (!confirmed) await delay(AGAIN_MS);
			}
		}
		await under;
		t.diagnostic(`${ORDERS} orders confirmed in ${((Date.now() - begun) / 1000).toFixed(0)} s`);

		const rows = () =>
			at.query<{ uuid: string; state: string; outcome: string | null }>(
				`select uuid, clinic_mail_outbox.state, outcome from clinic_mail_outbox
				join purchase_order on purchase_order.id = res_id and purchase_order.state in ('purchase', 'done')
				where res_model = 'purchase.order' and res_id = any ($1)`,
				[open],
			);
		await until(
			'every mail delivered, and every order told so',
			async () => {
				const all = await rows();
				return all.length === ORDERS && all.every(({ outcome }) => outcome === 'delivered');
			},
			SETTLE_TIMEOUT_MS,
		).catch(async (thrown) => {
			const count = Map.groupBy(await rows(), ({ state, outcome }) => `${state} ${outcome}`);
			t.diagnostic([...count].map(([what, { length }]) => `${what}: ${length}`).join(', '));
			throw thrown;
		});

		const mails = await at.mails();
		const wanted = (await rows()).map(({ uuid }) => uuid);
		const duplicates = mails.length - new Set(mails).size;
		t.diagnostic(
			`mails ${mails.length}, duplicates ${duplicates}, settled in ${((Date.now() - begun) / 1000).toFixed(0)} s`,
		);
		assert.equal(new Set(wanted).size, ORDERS);
		assert.deepEqual([...new Set(mails)].toSorted(), wanted.toSorted());
		// Of a killed worker, and of a killed SMTP server, at most so many mails are in doubt as it has connections.
		assert.ok(duplicates <= POOL * KILLS * 2, `${duplicates} duplicates`);
		const lines = await at.query<{ count: string }>(
			`select res_id, count(*) from mail_message
			where model = 'purchase.order' and res_id = any ($1) and message_id like '<%@clinica.test>' group by res_id`,
			[open],
		);
		assert.deepEqual(
			lines.map(({ count }) => Number(count)).filter((count) => count !== 1),
			[],
			'one line an order carries the Message-ID',
		);
		assert.equal(lines.length, ORDERS);
	});
}
