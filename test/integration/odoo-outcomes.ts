/** What Odoo shows of its mails, sent by the worker through a mail server; and what copies of its database do not send. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import type { Purchase } from '../../lab/acceptance/odoo.ts';
import { type Place, preparePlace } from '../../lab/odoo/place.ts';
import { PYTHON } from '../../lab/odoo/source.ts';
import type { LabContext } from '../../lab/system.ts';
import { until as waitUntil } from '../../lab/until.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { sharedBroker } from '../broker.ts';
import { FROM, type MailLab, mailLab, until } from '../mail-lab.ts';
import type { RpcAnswer, TestOdoo } from '../servers/odoo.ts';
import { patient } from './odoo-contract.ts';

const REFUSAL = '550 5.1.1 No such user';
const RESULTS = 'email_results';
const HEARD = 'heard';

/** Far above what an idle machine needs, which is two seconds; in ms. */
const SHOWN_MS = 60_000;

/** Fields that a result writes. */
const RESULT_FIELDS = [
	...['status', 'outcome', 'outcome_at', 'mail_message_id', 'mail_recipient', 'smtp_response', 'outcome_code'],
	...['outcome_reason', 'outcome_by', 'uuid'],
];

export interface OutcomesOptions {
	odoo(): TestOdoo;
	/** Of Odoo's system, whose process `stop` and `start` end and bring back. */
	context(): LabContext;
	stop(): Promise<void>;
	start(): Promise<void>;
	/** Directory of Odoo's source. */
	source: string;
	/** Variables by which Odoo finds the broker. */
	broker(): Record<string, string>;
	/** A connection string of a database on Odoo's server. */
	database(name: string): string;
}

interface Order {
	clinic_mail_status: string | false;
	clinic_mail_note: string | false;
}

interface Line {
	body: string;
	message_id: string;
}

export function odooOutcomes(options: OutcomesOptions): void {
	const { odoo } = options;

	/** Worker and mail server on Odoo's own broker; what the worker says is heard beside Odoo. */
	async function hub(t: TestContext): Promise<MailLab> {
		const shared = await sharedBroker();
		const broker = Object.assign(Object.create(shared) as typeof shared, { vhost: async () => odoo().vhost });
		const lab = await mailLab(t, { resultsExchange: RESULTS, broker });
		await lab.broker.withChannel(async (channel) => {
			await channel.assertQueue(HEARD, { durable: true });
			await channel.bindQueue(HEARD, RESULTS, await uuidOf());
			await channel.purgeQueue(HEARD);
		});
		return lab;
	}

	async function work(lab: MailLab) {
		return lab.worker({ writer: { kind: await purchaseKind(), from: FROM, origin: odoo().url } });
	}

	async function read<T>(
		model: string,
		domain: unknown[],
		fields: readonly string[],
		named: object = {},
	): Promise<T[]> {
		const answer = await odoo().call(model, 'search_read', [domain], { fields, ...named });
		assert.equal(answer.error, undefined);
		return answer.result as T[];
	}

	const uuidOf = async () => String((await odoo().call('ir.config_parameter', 'get_param', ['database.uuid'])).result);
	const orderOf = async ({ id }: Purchase): Promise<Order> =>
		(await read<Order>('purchase.order', [['id', '=', id]], ['clinic_mail_status', 'clinic_mail_note']))[0] as Order;
	const rowOf = async ({ id }: Purchase): Promise<Record<string, unknown>> =>
		(await read<Record<string, unknown>>('clinic.mail.outbox', [['res_id', '=', id]], RESULT_FIELDS))[0] ?? {};
	const linesOf = ({ id }: Purchase): Promise<Line[]> =>
		read(
			'mail.message',
			[
				['model', '=', 'purchase.order'],
				['res_id', '=', id],
			],
			['body', 'message_id'],
			{ order: 'id' },
		);

	/** Waits until the order shows a status, and gives its note. */
	const shows = (purchase: Purchase, status: string): Promise<string> =>
		until(
			`${purchase.number} shows ${status}`,
			async () => {
				const { clinic_mail_status: now, clinic_mail_note: note } = await orderOf(purchase);
				return now === status && String(note);
			},
			SHOWN_MS,
		);

	async function confirmed(address: string): Promise<Purchase> {
		const purchase = await odoo().session.draft(address, address);
		await odoo().session.confirm(purchase);
		return purchase;
	}

	test('a purchase is confirmed: the order shows that its mail is delivered and the server’s answer; the vendor’s answer comes to the order', async (t) => {
		const lab = await hub(t);
		lab.smtp.script = { dot: '250 2.0.0 Ok: queued as 4F9C' };
		await work(lab);
		const purchase = await confirmed('ventas@insumos.example');
		const note = await shows(purchase, 'delivered');
		assert.match(note, /250 2\.0\.0 Ok: queued as 4F9C/);
		const [mail, ...others] = lab.smtp.mails.filter(({ raw }) => raw.includes(purchase.number));
		assert.deepEqual([mail?.to, others], [['ventas@insumos.example'], []]);
		const messageId = /^Message-ID: (<\S+>)/im.exec(mail?.raw ?? '')?.[1];
		const row = await rowOf(purchase);
		assert.deepEqual([row['mail_message_id'], row['mail_recipient']], [messageId, 'ventas@insumos.example']);
		const carrying = (await linesOf(purchase)).filter((line) => line.message_id === messageId);
		assert.equal(carrying.length, 1);
		assert.match(carrying[0]?.body ?? '', /ventas@insumos\.example/);

		const answer = [
			'From: ventas@insumos.example',
			'To: respuestas@clinica.example',
			`Subject: Re: ${purchase.number}`,
			'Message-ID: <respuesta-1@insumos.example>',
			`In-Reply-To: ${messageId}`,
			...['', 'Despachamos el lunes.', ''],
		].join('\r\n');
		const thread = await odoo().call('mail.thread', 'message_process', [false, answer]);
		assert.deepEqual([thread.error, thread.result], [undefined, purchase.id]);
		assert.match((await linesOf(purchase)).at(-1)?.body ?? '', /Despachamos el lunes/);
	});

	test('a refused address: parked with the reason; corrected and let go in the hub: delivered; results twice and in wrong order change nothing', async (t) => {
		const lab = await hub(t);
		lab.smtp.script = { rcpt: () => (/mal@/.test(lab.smtp.commands.at(-1) ?? '') ? REFUSAL : '250 Ok') };
		const worker = await work(lab);
		const purchase = await confirmed('mal@insumos.example');
		assert.match(await shows(purchase, 'parked'), /\S/);
		const parked = await rowOf(purchase);
		assert.partialDeepStrictEqual(parked, { outcome_code: 'SMTP_PERMANENT', mail_recipient: 'mal@insumos.example' });
		assert.match((await linesOf(purchase)).at(-1)?.body ?? '', /mal@insumos\.example/);
		const key = `${await uuidOf()}/${parked['uuid']}`;
		await worker.parked.correct(key, 'bien@insumos.example', 'ana');
		await worker.parked.replay({ keys: [key] }, 'luis');
		await shows(purchase, 'delivered');
		const delivered = [await rowOf(purchase), await linesOf(purchase)];
		assert.equal((delivered[0] as JsonObject)['mail_recipient'], 'bien@insumos.example');

		const said = await lab.broker.withChannel(async (channel) => {
			const bodies: Buffer[] = [];
			for (let one = await channel.get(HEARD); one; one = await channel.get(HEARD)) {
				channel.ack(one);
				bodies.push(one.content);
			}
			return bodies;
		});
		assert.deepEqual(
			said.map((body) => JSON.parse(body.toString()).outcome),
			['parked', 'parked', 'retrying', 'delivered'],
		);
		for (const body of [...said.toReversed(), ...said]) {
			await lab.broker.publish({ exchange: RESULTS, routingKey: await uuidOf(), body, properties: {} });
		}
		// Results are read when a mail is waited for; that of this one comes after all of them.
		await shows(await confirmed('otra@insumos.example'), 'delivered');
		assert.deepEqual([await rowOf(purchase), await linesOf(purchase)], delivered);
	});

	test('a mail that is given up in the hub: discarded, and by whom; sent again from the order it is another mail', async (t) => {
		const lab = await hub(t);
		lab.smtp.script = { rcpt: REFUSAL };
		const worker = await work(lab);
		const purchase = await confirmed('nadie@insumos.example');
		await shows(purchase, 'parked');
		await worker.parked.discard({ all: true }, 'ana');
		await shows(purchase, 'discarded');
		assert.match((await linesOf(purchase)).at(-1)?.body ?? '', /ana/);
		lab.smtp.script = {};
		await odoo().call('purchase.order', 'action_clinic_mail_send_again', [[purchase.id]]);
		await shows(purchase, 'delivered');
		const rows = await read<{ status: string }>('clinic.mail.outbox', [['res_id', '=', purchase.id]], ['status']);
		assert.deepEqual(
			rows.map(({ status }) => status),
			['delivered', 'discarded'],
		);
	});

	test('two people send a mail again in the same moment: one of them does, the other one is told, and one mail goes out', async (t) => {
		const lab = await hub(t);
		await work(lab);
		const purchase = await confirmed('doble@insumos.example');
		await shows(purchase, 'delivered');
		const again = () => odoo().call('purchase.order', 'action_clinic_mail_send_again', [[purchase.id]]);
		const answers = await Promise.all([again(), again()]);
		const refused = answers.filter(({ error }) => error);
		assert.deepEqual(
			refused.map(({ error }) => error?.data.name),
			['odoo.exceptions.UserError'],
		);
		await until(
			'both mails are delivered',
			async () => {
				const rows = await read<{ status: string }>('clinic.mail.outbox', [['res_id', '=', purchase.id]], ['status']);
				return rows.length === 2 && rows.every(({ status }) => status === 'delivered');
			},
			SHOWN_MS,
		);
		assert.equal(lab.smtp.mails.filter(({ raw }) => raw.includes(purchase.number)).length, 2);
	});

	test('copies of the database, neutralised or duplicated by Odoo, send none of its waiting mails and read none of its results', async (t) => {
		const lab = await hub(t);
		const { proxy, session, draft, database } = odoo();
		const [sent, waiting] = [await draft(), await draft()];
		await session.confirm(sent);
		await waitUntil(
			'one is handed over',
			async () => (await orderOf(sent)).clinic_mail_status === 'published',
			patient(t.signal),
		);
		proxy.refuse();
		proxy.cut();
		await session.confirm(waiting);
		const uuid = await uuidOf();
		await options.stop();
		const queue = `${RESULTS}.${uuid}`;
		await work(lab);
		const told = await until('its result lies in the queue', async () => (await lab.depth(queue)) === 1 && 1, SHOWN_MS);
		await proxy.forward();

		const place = await preparePlace(options.context(), options.source);
		const copies = { neutralised: `${database}_neutral`, duplicated: `${database}_duplicate` };
		const admin = new pg.Client({ connectionString: options.database('postgres') });
		await admin.connect();
		t.after(() => admin.end());
		const owner = (
			await admin.query('select datdba::regrole::text as owner from pg_database where datname = $1', [database])
		).rows[0].owner;
		await admin.query(`create database ${copies.neutralised} template ${database} owner ${owner}`);
		await toEnd(options.context(), place, ['neutralize', '-c', place.configuration, '-d', copies.neutralised]);
		await toEnd(options.context(), place, ['db', '-c', place.configuration, 'duplicate', database, copies.duplicated]);

		for (const [kind, copy] of Object.entries(copies)) {
			const sql = new pg.Client({ connectionString: options.database(copy) });
			await sql.connect();
			const { rows: uuids } = await sql.query("select value from ir_config_parameter where key = 'database.uuid'");
			assert.equal(uuids[0].value === uuid, kind === 'neutralised');
			const running = await options.context().run({
				...command(place, ['-c', place.configuration, '-d', copy, '--db-filter', `^${copy}$`, '--max-cron-threads=0']),
				name: `odoo-${kind}`,
				env: { ...environment(place), ...options.broker() },
			});
			try {
				const page = `${odoo().url}/web/login`;
				const open = async () => (await fetch(page).catch(() => undefined))?.ok === true;
				await waitUntil(`the ${kind} copy`, open, patient(t.signal));
				for (const job of ['job_publish', 'job_results']) {
					const { rows } = await sql.query("select res_id from ir_model_data where name = $1 and model = 'ir.cron'", [
						job,
					]);
					const answer = await rpc(copy, 'ir.cron', 'method_direct_trigger', [[rows[0].res_id]]);
					assert.deepEqual([kind, job, answer.error, answer.result], [kind, job, undefined, true]);
				}
				const { rows: left } = await sql.query(
					'select res_id, state, status, attempts from clinic_mail_outbox where res_id = any($1) order by id',
					[[sent.id, waiting.id]],
				);
				assert.deepEqual(
					left.map(({ res_id: id, state, status }) => [kind, id, state, status]),
					[
						[kind, sent.id, 'published', 'published'],
						[kind, waiting.id, 'pending', 'pending'],
					],
				);
			} finally {
				await running.stop();
				await sql.end();
			}
			assert.deepEqual(await odoo().about(waiting.number), []);
			assert.equal(await lab.depth(queue), told);
		}

		await options.start();
		await until(
			'the original sends what waited',
			async () => (await orderOf(waiting)).clinic_mail_status === 'delivered',
			150_000,
		);
		await shows(sent, 'delivered');
		assert.equal((await odoo().about(waiting.number)).length, 1);
	});

	function rpc(database: string, model: string, method: string, args: unknown[]): Promise<RpcAnswer> {
		const params = [database, 2, odoo().lab.variables['ODOO_PASSWORD'], model, method, args];
		return odoo().post(
			JSON.stringify({ jsonrpc: '2.0', params: { service: 'object', method: 'execute_kw', args: params } }),
		);
	}
}

const command = (place: Place, args: readonly string[]) => ({
	command: PYTHON,
	args: [path.join(place.source, 'odoo-bin'), ...args],
	cwd: place.directory,
	...(place.user ? { user: place.user } : {}),
});

const environment = (place: Place) => ({
	HOME: place.directory,
	PYTHONPYCACHEPREFIX: path.join(place.directory, 'data', 'pycache'),
});

/** Runs one of Odoo's own commands; throws unless it ends well. */
async function toEnd(context: LabContext, place: Place, args: readonly string[]): Promise<void> {
	const running = await context.run({ ...command(place, args), name: `odoo-${args[0]}`, env: environment(place) });
	const { code } = await running.exited;
	assert.equal(code, 0, `odoo ${args[0]}: ${running.logFile}`);
}
