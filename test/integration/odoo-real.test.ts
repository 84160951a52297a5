/** The real Odoo 18 with the addon, where ODOO_SRC names its source: the contract, its data, what becomes of its mails, and a job that is killed. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import pg from 'pg';
import { CLINIC } from '../../lab/odoo/stand-in/clinic.ts';
import type { System } from '../../lab/system.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { until } from '../../lab/until.ts';
import { startOdoo, type TestOdoo } from '../servers/odoo.ts';
import { odooContract, patient } from './odoo-contract.ts';
import { odooOutcomes } from './odoo-outcomes.ts';

const source = process.env.ODOO_SRC;

suite('the real Odoo', { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	const database = postgresql();
	let system: System;
	let odoo: TestOdoo;
	let sql: pg.Client;
	let environment: Record<string, string>;

	before(async () => {
		odoo = await startOdoo((broker) => {
			environment = broker;
			system = odooSystem({ source: source as string, broker });
			return [database, system];
		});
		sql = await connected();
	});

	async function connected(): Promise<pg.Client> {
		const client = new pg.Client({ connectionString: postgresqlUrl(odoo.lab.context(database), odoo.database) });
		await client.connect();
		return client;
	}

	after(async () => {
		await sql?.end();
		await odoo?.stop();
	});

	odooContract(
		() => odoo,
		async () => {
			const { rows } = await sql.query(
				`select relname from pg_locks join pg_class on pg_class.oid = relation
				where relname in ('clinic_mail_outbox', 'purchase_order') and pg_locks.pid <> pg_backend_pid()`,
			);
			assert.deepEqual(rows, [], 'locks are held while the job waits for the broker');
		},
	);

	odooOutcomes({
		odoo: () => odoo,
		context: () => odoo.lab.context(system),
		async stop() {
			await sql.end();
			await system.stop(odoo.lab.context(system));
		},
		async start() {
			await system.start(odoo.lab.context(system));
			await system.ready(odoo.lab.context(system));
			sql = await connected();
		},
		source: source as string,
		broker: () => environment,
		database: (name) => postgresqlUrl(odoo.lab.context(database), name),
	});

	test('the clinic is there: in Spanish, with its suppliers, buyers, products and drafts', async () => {
		const read = async (model: string, domain: unknown[], fields: string[]) =>
			(await odoo.call(model, 'search_read', [domain], { fields })).result as Record<string, unknown>[];
		const names = (rows: readonly Record<string, unknown>[], field = 'name') =>
			rows.map((row) => row[field]).toSorted();
		const { suppliers, products, buyers, purchases, company, currency, tax, language } = CLINIC;
		const emails = suppliers.map(({ email }) => email);
		assert.deepEqual(names(await read('res.partner', [['email', 'in', emails]], ['name'])), names(suppliers));
		const codes = products.map(({ code }) => code);
		assert.deepEqual(names(await read('product.product', [['default_code', 'in', codes]], ['name'])), names(products));
		const logins = buyers.map(({ login }) => login);
		const users = await read('res.users', [['login', 'in', logins]], ['name', 'lang']);
		assert.deepEqual(names(users), names(buyers));
		assert.ok(users.every(({ lang }) => lang === language));
		const partners = [['partner_id.email', 'in', emails]];
		const drafts = await read('purchase.order', partners, ['tax_totals']);
		assert.equal(drafts.length, purchases.length);
		for (const { tax_totals: totals } of drafts as { tax_totals: { base_amount: number; tax_amount: number } }[]) {
			assert.equal(totals.tax_amount, Math.round((totals.base_amount * tax.percent) / 100), 'the tax on screen');
		}
		const own = (await read('res.company', [], ['name', 'currency_id'])) as { name: string; currency_id: unknown[] }[];
		assert.deepEqual([own[0]?.name, own[0]?.currency_id[1]], [company.name, currency]);
		// Odoo's Spanish of Latin America, not that of Spain; the lab tells people which button to press.
		const [hint] = system.addresses?.(odoo.lab.context(system)).map((each) => each.hint?.es ?? '') ?? [];
		const button = /«(.+)»/.exec(hint ?? '')?.[1];
		const confirm = await odoo.call('ir.ui.view', 'search_count', [[['arch_db', 'ilike', `string="${button}"`]]], {
			context: { lang: language },
		});
		assert.ok(Number(confirm.result) > 0, `the screens have no button ${button}`);
	});

	test('a job killed while it publishes: the message comes once more, under the same id, when its lease has ended', async (t) => {
		odoo.proxy.loseAnswersTo('order.confirmed');
		const purchase = await odoo.draft();
		await odoo.session.confirm(purchase);
		await until('the message at the broker', async () => odoo.proxy.unanswered > 0, patient(t.signal));
		await until('it in the queue', async () => (await odoo.about(purchase.number)).length === 1, patient(t.signal));
		const running = JSON.parse(await readFile(path.join(odoo.lab.directory, 'run/odoo.json'), 'utf8')) as {
			pid: number;
		};
		const context = odoo.lab.context(system);
		process.kill(-running.pid, 'SIGKILL');
		await system.stop(context);
		await odoo.proxy.forward();
		await system.start(context);
		await system.ready(context);
		const [left] = (await sql.query('select * from clinic_mail_outbox where res_id = $1', [purchase.id])).rows;
		assert.deepEqual([left.state, left.attempts], ['pending', 1]);
		assert.ok(left.lease_until > new Date(), 'the lease outlives its job');
		// A lease holds for two minutes; this one has ended now.
		await sql.query("update clinic_mail_outbox set lease_until = now() at time zone 'UTC' where id = $1", [left.id]);
		await odoo.session.confirm(await odoo.draft());
		await until(
			'it is handed over',
			async () => (await odoo.rows(purchase))[0]?.['state'] === 'published',
			patient(t.signal),
		);
		const found = await odoo.about(purchase.number);
		assert.deepEqual(
			found.map(({ properties, payload }) => [properties.message_id, payload]),
			Array(2).fill([left.uuid, left.body]),
		);
	});
});
