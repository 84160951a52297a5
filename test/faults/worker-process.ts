/** The mail worker alone in a process, to be killed. Options as JSON in argv; tells its parent when its phase changes. */
import { Broker, type BrokerOptions } from '../../lib/amqp/broker.ts';
import type { MailTopology } from '../../lib/amqp/topology.ts';
import { Health } from '../../lib/health.ts';
import { messageReader } from '../../lib/mail/envelope.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import { MailWorker } from '../../lib/mail/worker.ts';
import { SmtpClient } from '../../lib/smtp/client.ts';
import { openStore, type StoreOptions } from '../../lib/store/store.ts';
import { FROM, ORIGIN, smtpOptions } from '../mail-lab.ts';

export interface WorkerProcessOptions {
	broker: Pick<BrokerOptions, 'host' | 'port' | 'vhost' | 'user' | 'password' | 'heartbeatSeconds'>;
	topology: MailTopology;
	smtpPort: number;
	pool: number;
	store: StoreOptions;
	onUnknown: 'resend' | 'park';
	leaseMs?: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerProcessOptions;
const kind = await purchaseKind();
const store = await openStore(options.store);
const retry = { minMs: 50, maxMs: 500, refusedMs: 500 };
const worker = new MailWorker({
	name: 'worker',
	hub: `hub-${process.pid}`,
	broker: new Broker({ ...options.broker, retry }),
	topology: options.topology,
	smtp: new SmtpClient(smtpOptions(options.smtpPort, options.pool)),
	store: async () => store,
	read: await messageReader({ kind }),
	writer: { kind, from: FROM, origin: ORIGIN },
	onUnknown: options.onUnknown,
	...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
	health: new Health(),
	audit: () => {},
	log: { debug() {}, info() {}, warn: console.error, error: console.error },
});
worker.onState((state) => process.send?.(state));
worker.start();
process.once('disconnect', () => process.exit(0));
