/**
 * Purchase mail, end to end from a full queue to an SMTP server. The peers are a bare amqplib-nodemailer loop, the pool's
 * own ceiling, one worker against two, and the same flow made of published Node-RED nodes.
 */
import { startBroker, type TestBroker } from '../test/broker.ts';
import { startPostgresql } from '../test/servers/postgresql.ts';
import { fillQueue, inScratch, Sink, startWorker } from './mail/parties.ts';
import { besidePeer } from './mail/peer.ts';
import { POOL } from './mail/setting.ts';
import type { SinkOptions } from './mail/sink.ts';
import { type Bench, median } from './measure.ts';

const QUEUE = 'purchase_confirmation_queue';
/** Once a mail, after the final dot: a relay in the same country that scans before it answers; in ms. */
const RELAY_MS = 250;

interface Run {
	script: 'bare-loop.ts' | 'hub-worker.ts';
	workers?: number;
	count: number;
	sink: SinkOptions;
	storeUrl?: string;
}

/** One run on fresh queues and a fresh ledger; mails a second. */
function rateOf(broker: TestBroker, { script, workers = 1, count, sink: sinkOptions, storeUrl }: Run): Promise<number> {
	return inScratch(broker, async ({ amqp, directory }) => {
		const sink = await Sink.start(sinkOptions);
		await fillQueue(amqp, QUEUE, count);
		const options = { amqp, queue: QUEUE, smtpPort: sink.port, directory, ...(storeUrl ? { storeUrl } : {}) };
		const children = Array.from({ length: workers }, () => startWorker(script, options));
		try {
			await sink.until(count);
			return sink.rate();
		} finally {
			for (const child of children) child.kill('SIGKILL');
			sink.stop();
		}
	});
}

const bench: Bench = async function* ({ quick, log }) {
	const broker = await startBroker();
	const postgresql = await startPostgresql();
	try {
		const rounds = quick ? 1 : 5;
		const count = quick ? 500 : 4000;
		const pairs: { hub: number; bare: number }[] = [];
		for (let round = 0; round < rounds; round++) {
			const bare = await rateOf(broker, { script: 'bare-loop.ts', count, sink: { delayMs: 0 } });
			const hub = await rateOf(broker, { script: 'hub-worker.ts', count, sink: { delayMs: 0 } });
			pairs.push({ hub, bare });
			log(`round ${round + 1} of ${rounds}: hub ${hub.toFixed(0)}, bare loop ${bare.toFixed(0)} mails/s`);
		}
		yield {
			measure: 'ledger_vs_bare',
			value: median(pairs.map(({ hub }) => hub)),
			unit: 'mails/s',
			against: 'bare amqplib-nodemailer loop, same pool, validation and templates',
			reference: median(pairs.map(({ bare }) => bare)),
			ratio: median(pairs.map(({ hub, bare }) => hub / bare)),
			goal: 'at least 0.8',
		};

		const relay = { delayMs: RELAY_MS };
		const relayed = quick ? 200 : 600;
		const slowRates: number[] = [];
		for (let round = 0; round < (quick ? 1 : 3); round++)
			slowRates.push(await rateOf(broker, { script: 'hub-worker.ts', count: relayed, sink: relay }));
		const slow = median(slowRates);
		const ceiling = POOL / (RELAY_MS / 1000);
		yield {
			measure: 'slow_relay',
			value: slow,
			unit: 'mails/s',
			against: `pool of ${POOL} ÷ ${RELAY_MS} ms`,
			reference: ceiling,
			ratio: slow / ceiling,
			goal: 'at least 0.95',
		};

		const shared = { script: 'hub-worker.ts', count: 2 * relayed, sink: relay } as const;
		const one = await rateOf(broker, { ...shared, storeUrl: await postgresql.database() });
		const two = await rateOf(broker, { ...shared, workers: 2, storeUrl: await postgresql.database() });
		yield {
			measure: 'two_workers',
			value: two,
			unit: 'mails/s',
			against: 'one worker, PostgreSQL, same relay',
			reference: one,
			ratio: two / one,
			goal: 'at least 1.8',
		};

		for await (const measure of besidePeer(broker, { quick, log })) yield measure;
	} finally {
		await postgresql.stop();
		await broker.stop();
	}
};

export default bench;
