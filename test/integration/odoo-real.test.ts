/** The addon in the real Odoo 18, where ODOO_SRC names its source: confirmed, rolled back, broker mute and back. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import pg from 'pg';
import { OdooSession } from '../../lab/acceptance/odoo.ts';
import { Lab } from '../../lab/lab.ts';
import { odoo } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { type UntilOptions, until } from '../../lab/until.ts';
import { sharedBroker, type TestBroker } from '../broker.ts';
import { Way } from '../servers/way.ts';

const source = process.env.ODOO_SRC;
const CONTRACT = path.join(import.meta.dirname, '../../contracts/purchase-message.schema.json');

/** A wake-up that meets a running job is seen at Odoo's next look, once a minute; and a pause after a failure is 15 s and more. */
const RECOVERY_TIMEOUT_MS = 150_000;
const AT_ONCE_MS = 1_500;

const patient = (signal: AbortSignal): UntilOptions => ({ timeoutMs: RECOVERY_TIMEOUT_MS, signal, language: 'en' });

interface Message {
	payload: string;
	properties: { message_id: string; delivery_mode: number; content_type: string };
}

suite('the addon in the real Odoo', { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	let lab: Lab;
	let broker: TestBroker;
	let way: Way;
	let session: OdooSession;
	let sql: pg.Client;
	let vhost: string;
	const cleanups: (() => unknown)[] = [];

	before(async () => {
		broker = await sharedBroker();
		vhost = await broker.vhost({ after: (done) => cleanups.push(done as () => unknown) });
		const { management } = broker;
		const exchange = { type: 'direct', durable: true };
		await management.request('PUT', management.of('exchanges', vhost, 'email_exchange'), exchange);
		await management.request('PUT', management.of('queues', vhost, 'orders'), { durable: true });
		const binding = `bindings/${encodeURIComponent(vhost)}/e/email_exchange/q/orders`;
		await management.request('POST', binding, { routing_key: 'purchase.confirmed' });
		way = new Way(broker.port);
		const { user, password } = broker.options(vhost);
		const address = { AMQP_HOST: '127.0.0.1', AMQP_PORT: String(await way.listen()), AMQP_VHOST: vhost };
		const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-odoo-'));
		cleanups.push(() => rm(directory, { recursive: true, force: true }));
		const database = postgresql();
		lab = await Lab.open({
			systems: [
				database,
				odoo({ source: source as string, broker: { ...address, AMQP_USER: user, AMQP_PASSWORD: password } }),
			],
			directory,
			ports: 'free',
		});
		await lab.start();
		const { ODOO_URL = '', ODOO_DATABASE = '', ODOO_USER = '', ODOO_PASSWORD = '' } = lab.variables;
		session = new OdooSession({ url: ODOO_URL, database: ODOO_DATABASE, user: ODOO_USER, password: ODOO_PASSWORD });
		await session.signIn();
		sql = new pg.Client({ connectionString: postgresqlUrl(lab.context(database), ODOO_DATABASE) });
		await sql.connect();
	});

	after(async () => {
		await sql?.end();
		await lab?.stop();
		way?.close();
		for (const clean of cleanups.reverse()) await clean();
	});

	const messages = async (): Promise<Message[]> => {
		const get = { count: 100, ackmode: 'ack_requeue_true', encoding: 'auto' };
		const { management } = broker;
		return (await management.request('POST', `${management.of('queues', vhost, 'orders')}/get`, get)) as Message[];
	};
	const about = async (number: string): Promise<Message[]> =>
		(await messages()).filter(({ payload }) => JSON.parse(payload).order.number === number);
	const arrival = (number: string, signal: AbortSignal) =>
		until(
			`message about ${number}`,
			async () => {
				const found = await about(number);
				return found.length > 0 && found;
			},
			patient(signal),
		);
	const rowOf = async (id: number) =>
		(await sql.query('select * from clinic_mail_outbox where res_id = $1', [id])).rows as Record<string, unknown>[];
	const draft = () => session.draft('Proveedor', 'ventas@proveedor.example');

	test('a confirmed purchase lies in the queue, once, as the contract says', async (t) => {
		const purchase = await draft();
		await session.confirm(purchase);
		const found = await arrival(purchase.number, t.signal);
		assert.equal(found.length, 1);
		const body = JSON.parse(found[0]?.payload ?? '') as { id: string; order: { link: string } };
		const ajv = new Ajv2020({ strict: false });
		formats.default(ajv);
		const schema = (await readFile(CONTRACT, 'utf8')).replace(/"format": "(?:money|decimal)",/g, '');
		const validate = ajv.compile(JSON.parse(schema) as object);
		assert.ok(validate(body), JSON.stringify(validate.errors));
		assert.equal(found[0]?.properties.message_id, body.id);
		assert.equal(found[0]?.properties.delivery_mode, 2);
		assert.equal((await rowOf(purchase.id))[0]?.body, found[0]?.payload);
		const page = await fetch(body.order.link);
		assert.equal(page.status, 200);
		assert.ok((await page.text()).includes(purchase.number));
	});

	test('a confirmation that fails afterwards leaves neither row nor message', async () => {
		const purchase = await draft();
		const made = async () => (await sql.query('select last_value::int as n from clinic_mail_outbox_id_seq')).rows[0].n;
		const before = await made();
		// The second order does not exist, which Odoo finds out after the first one is confirmed.
		const { ODOO_URL = '', ODOO_DATABASE, ODOO_PASSWORD } = lab.variables;
		const args = [ODOO_DATABASE, 2, ODOO_PASSWORD, 'purchase.order', 'button_confirm', [[purchase.id, 999_999]]];
		const response = await fetch(`${ODOO_URL}/jsonrpc`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', params: { service: 'object', method: 'execute_kw', args } }),
		});
		const { error } = (await response.json()) as { error?: { data: { name: string } } };
		assert.equal(error?.data.name, 'odoo.exceptions.MissingError');
		assert.equal(await made(), before + 1, 'a row was made before the failure');
		assert.deepEqual(await rowOf(purchase.id), []);
		assert.deepEqual(await about(purchase.number), []);
	});

	test('while the broker is mute a purchase is confirmed at once and no lock is held; later it is published once', async (t) => {
		way.mode = 'mute';
		const purchase = await draft();
		assert.ok((await session.confirm(purchase)) < AT_ONCE_MS);
		await until('the job at the broker', async () => way.held > 0, patient(t.signal));
		const locks = await sql.query(
			`select count(*)::int as held from pg_locks join pg_class on pg_class.oid = relation
			where relname in ('clinic_mail_outbox', 'purchase_order') and pg_locks.pid <> pg_backend_pid()`,
		);
		assert.equal(locks.rows[0].held, 0);
		assert.ok((await session.confirm(await draft())) < AT_ONCE_MS);
		await until(
			'the reason on the row',
			async () => (await rowOf(purchase.id))[0]?.reason_code === 'TIMEOUT',
			patient(t.signal),
		);
		way.mode = 'open';
		assert.equal((await arrival(purchase.number, t.signal)).length, 1);
	});

	test('while the broker is down a purchase is confirmed at once; later it is published once', async (t) => {
		way.mode = 'refuse';
		const purchase = await draft();
		assert.ok((await session.confirm(purchase)) < AT_ONCE_MS);
		await until(
			'the reason on the row',
			async () => Boolean((await rowOf(purchase.id))[0]?.reason_code),
			patient(t.signal),
		);
		way.mode = 'open';
		assert.equal((await arrival(purchase.number, t.signal)).length, 1);
	});
});
