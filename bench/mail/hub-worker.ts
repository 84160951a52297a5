/** The hub's worker alone in a process, without Node-RED. Options as JSON in argv. */
import { join } from 'node:path';
import { Broker } from '../../lib/amqp/broker.ts';
import { Health } from '../../lib/health.ts';
import { silentLog } from '../../lib/log.ts';
import { messageReader } from '../../lib/mail/envelope.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import { DEFAULT_LEVELS } from '../../lib/mail/retry.ts';
import { MailWorker } from '../../lib/mail/worker.ts';
import { SmtpClient } from '../../lib/smtp/client.ts';
import { openStore } from '../../lib/store/store.ts';
import { FROM, ORIGIN, POOL, type WorkerOptions } from './setting.ts';

const { amqp, queue, smtpPort, storeUrl, directory } = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;

const kind = await purchaseKind();
const store = await openStore(storeUrl ? { url: storeUrl } : { file: join(directory, 'store.sqlite') });
const worker = new MailWorker({
	name: 'bench',
	hub: `bench-${process.pid}`,
	broker: new Broker({ url: amqp }),
	topology: {
		exchange: 'email_exchange',
		routingKey: queue,
		queue,
		retryExchange: 'email_retry',
		levels: [...DEFAULT_LEVELS],
		deliveryLimit: 20,
	},
	smtp: new SmtpClient({ host: '127.0.0.1', port: smtpPort, security: 'none', pool: POOL, from: FROM }),
	store: async () => store,
	read: await messageReader({ kind }),
	writer: { kind, from: FROM, origin: ORIGIN },
	onUnknown: 'resend',
	health: new Health(),
	audit: () => {},
	log: silentLog,
});
worker.onState((state) => {
	if (process.env['BENCH_DEBUG']) console.error(JSON.stringify(state));
});
worker.start();
process.once('disconnect', () => process.exit(0));
