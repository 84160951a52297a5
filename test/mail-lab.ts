/**
 * What a test of the mail worker stands on: a virtual host of its own on a real RabbitMQ, an SMTP server that answers as the
 * test says, and messages as Odoo publishes them.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Script, type ScriptedServer, startScript } from '../lab/smtp-script.ts';
import { Broker } from '../lib/amqp/broker.ts';
import { ensureMailTopology, type MailTopology } from '../lib/amqp/topology.ts';
import type { AuditEvent } from '../lib/audit.ts';
import { Health } from '../lib/health.ts';
import { messageReader } from '../lib/mail/envelope.ts';
import { purchaseKind } from '../lib/mail/kind.ts';
import { Ledger } from '../lib/mail/ledger.ts';
import type { JsonObject } from '../lib/mail/message.ts';
import type { MailOutcome, ParkedGarbage } from '../lib/mail/outcomes.ts';
import { ParkedMails } from '../lib/mail/parked.ts';
import { ParkedLock } from '../lib/mail/parked-lock.ts';
import { MailQueues } from '../lib/mail/queues.ts';
import { Results } from '../lib/mail/results.ts';
import { MailWorker, type MailWorkerOptions } from '../lib/mail/worker.ts';
import { SmtpClient } from '../lib/smtp/client.ts';
import { openStore, type Store } from '../lib/store/store.ts';
import { sharedBroker, type TestBroker } from './broker.ts';

export const DATABASE_UUID = '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002';
export const FROM = { name: 'Compras', address: 'compras@clinica.test' };
export const ORIGIN = 'https://odoo.clinica.test';
export const QUEUE = 'purchase_confirmation_queue';
const EXCHANGE = 'email_exchange';

/** Whatever a test waits for comes sooner on an idle machine; two busy cores were seen to need a third of this. In ms. */
const UNTIL_MS = Number(process.env['TEST_UNTIL_MS'] ?? 30_000);
const POLL_MS = 10;

const SAMPLE = path.resolve(import.meta.dirname, '../contracts/vectors/good/purchase-full.json');
const sample = (JSON.parse(await readFile(SAMPLE, 'utf8')) as { message: JsonObject }).message;

/** Delays that a test can wait for; the names are those of the queues. */
export const FAST_LEVELS = [
	{ name: 'a', delayMs: 100 },
	{ name: 'b', delayMs: 150 },
	{ name: 'c', delayMs: 200 },
];

/** Polls until `check` gives something other than undefined or false. */
export async function until<T>(
	what: string,
	check: () => Promise<T | undefined | false> | T | undefined | false,
	timeoutMs = UNTIL_MS,
): Promise<T> {
	for (const deadline = performance.now() + timeoutMs; ; await delay(POLL_MS)) {
		const found = await check();
		if (found !== undefined && found !== false) return found;
		if (performance.now() > deadline) throw new Error(`Time is up: ${what}`);
	}
}

/** An order's message; `change` alters the copy. */
export function aMessage(id: string = randomUUID(), change: (message: JsonObject) => void = () => {}): JsonObject {
	const message = structuredClone(sample);
	message['id'] = id;
	(message['source'] as JsonObject)['databaseUuid'] = DATABASE_UUID;
	change(message);
	return message;
}

/** The same to another address. */
export function to(address: string): (message: JsonObject) => void {
	return (message) => {
		(message['recipient'] as JsonObject)['address'] = address;
	};
}

/** Ids of the mails whose final dot arrived, one entry a mail. */
export function receivedIds(smtp: ScriptedServer): string[] {
	return smtp.mails.map(({ raw }) => /^Message-ID: <([^@>]+)@/im.exec(raw)?.[1] ?? 'without id');
}

export interface MailLab {
	readonly test: TestBroker;
	readonly vhost: string;
	/** The test's own connection. */
	readonly broker: Broker;
	readonly smtp: ScriptedServer;
	readonly store: Store;
	readonly topology: MailTopology;
	readonly outcomes: (MailOutcome | ParkedGarbage)[];
	readonly audited: Omit<AuditEvent, 'at'>[];
	readonly health: Health;
	/** Publishes bodies as Odoo does, confirmed. */
	publish(bodies: (JsonObject | Buffer)[], headers?: Record<string, unknown>): Promise<void>;
	/** A worker on the lab, started; closed with the test. */
	worker(options?: Partial<MailWorkerOptions> & { broker?: Broker; pool?: number }): Promise<MailWorker>;
	/** Reads what is parked, without a worker. */
	parkedReader(): Promise<ParkedMails>;
	/** Messages that lie in a queue, ready. */
	depth(queue?: string): Promise<number>;
}

export interface LabOptions {
	script?: Script;
	levels?: MailTopology['levels'];
	deliveryLimit?: number;
	resultsExchange?: string;
	/** PostgreSQL; default SQLite in memory. */
	storeUrl?: string;
	/** Default: the broker that the test run shares. */
	broker?: TestBroker;
}

export async function mailLab(t: TestContext, options: LabOptions = {}): Promise<MailLab> {
	const test = options.broker ?? (await sharedBroker());
	const vhost = await test.vhost(t);
	const smtp = await startScript(options.script ?? {});
	const store = await openStore(options.storeUrl ? { url: options.storeUrl } : { file: ':memory:' });
	const broker = new Broker(test.options(vhost));
	broker.acquire();
	const topology: MailTopology = {
		exchange: EXCHANGE,
		routingKey: 'purchase.confirmed',
		queue: QUEUE,
		retryExchange: 'email_retry',
		levels: options.levels ?? FAST_LEVELS,
		deliveryLimit: options.deliveryLimit ?? 20,
		...(options.resultsExchange ? { resultsExchange: options.resultsExchange } : {}),
	};
	await ensureMailTopology(broker, topology);
	const workers: MailWorker[] = [];
	t.after(async () => {
		await Promise.all(workers.map((worker) => worker.close()));
		await broker.release();
		await store.close();
		await smtp.close();
	});
	const kind = await purchaseKind();
	const read = await messageReader({ kind });
	const outcomes: MailLab['outcomes'] = [];
	const audited: MailLab['audited'] = [];
	const health = new Health();
	return {
		test,
		vhost,
		broker,
		smtp,
		store,
		topology,
		outcomes,
		audited,
		health,
		async publish(bodies, headers = {}) {
			await Promise.all(bodies.map((body) => broker.publish(asOdoo(body, headers))));
		},
		async worker({ pool = 2, ...given } = {}) {
			const worker = new MailWorker({
				name: `test-${workers.length}`,
				hub: `hub-${workers.length}`,
				broker: given.broker ?? new Broker(test.options(vhost)),
				topology,
				smtp: given.smtp ?? new SmtpClient(smtpOptions(smtp.port, pool)),
				store: async () => store,
				read,
				writer: { kind, from: FROM, origin: ORIGIN },
				onUnknown: 'resend',
				health,
				audit: (event) => audited.push(event),
				log: { debug() {}, info() {}, warn() {}, error() {} },
				...given,
			});
			workers.push(worker);
			worker.onOutcome((outcome) => outcomes.push(outcome));
			worker.start();
			return worker;
		},
		async parkedReader() {
			return new ParkedMails({
				broker,
				queues: new MailQueues(broker, topology),
				results: new Results({ broker, topology, hub: 'test', onProblem: () => {} }),
				read,
				ledger: () => Ledger.open(store),
				lock: new ParkedLock('test', 'test', async () => store),
				audit: () => {},
				onOutcome: () => {},
			});
		},
		depth: (queue = QUEUE) => broker.withChannel(async (channel) => (await channel.checkQueue(queue)).messageCount),
	};
}

export function smtpOptions(port: number, pool: number) {
	return { host: '127.0.0.1', port, security: 'none', pool, from: FROM } as const;
}

function asOdoo(body: JsonObject | Buffer, headers: Record<string, unknown>) {
	const id = Buffer.isBuffer(body) ? randomUUID() : String(body['id']);
	return {
		exchange: EXCHANGE,
		routingKey: 'purchase.confirmed',
		body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
		properties: {
			messageId: id,
			contentType: 'application/json',
			timestamp: Math.floor(Date.now() / 1_000),
			headers,
		},
	};
}

/** Takes the one message that waits and gives it back, as a worker that dies does, until the broker parks it. */
export async function givenUp(lab: MailLab): Promise<void> {
	await until('the broker gives it up', async () => {
		if ((await lab.depth(`${QUEUE}.parked`)) === 1) return true;
		return lab.broker.withChannel(async (channel) => {
			const message = await channel.get(QUEUE);
			if (message) channel.nack(message, false, true);
			return false;
		});
	});
}
