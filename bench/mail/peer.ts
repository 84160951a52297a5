/** The hub's flow and the same made of `node-red-contrib-amqp` and `node-red-node-email`: speed, and what each loses. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestBroker } from '../../test/broker.ts';
import { type BenchOptions, type Measure, median, ratioOf } from '../measure.ts';
import { startNodeRed } from '../servers/node-red.ts';
import { fillQueue, inScratch, Sink } from './parties.ts';
import type { SinkOptions } from './sink.ts';
import { makeUserDirectory } from './user-directory.ts';

const QUEUE = 'purchase_confirmation_queue';
/** Longer than the hub's first delay of 10 s, so that what is to be tried again has been. */
const IDLE_MS = 15_000;
const POLL_MS = 20;
/** As large relays do: connections beyond these are answered 421. */
const RELAY_CONNECTIONS = 20;

type Party = 'hub' | 'peer';

interface Trial {
	sink: SinkOptions;
	count: number;
	/** Kill Node-RED once, as a power cut does, when so many mails have arrived. */
	killAfter?: number;
}

async function end(child: ChildProcess): Promise<void> {
	const exited = once(child, 'exit');
	child.kill('SIGKILL');
	await exited;
}

/**
 * Mails a second from the start of the flows, and how many of the mails never arrived. The published nodes take the whole
 * queue at once and open a connection a mail, so that between their first and last mail there is next to no time.
 */
function tryOut(broker: TestBroker, party: Party, trial: Trial): Promise<{ rate: number; lost: number }> {
	return inScratch(broker, async ({ amqp, directory }) => {
		const sink = await Sink.start(trial.sink);
		// The published node declares a classic queue and refuses another.
		const ids = await fillQueue(amqp, QUEUE, trial.count, party === 'hub' ? 'quorum' : 'classic');
		const place = join(directory, 'node-red');
		await makeUserDirectory(place, party, { amqp, queue: QUEUE, smtpPort: sink.port });
		let { child } = await startNodeRed(['--userDir', place]);
		const begin = Date.now();
		try {
			if (trial.killAfter !== undefined) {
				while (sink.accepted.length < trial.killAfter) await wait(POLL_MS);
				await end(child);
				({ child } = await startNodeRed(['--userDir', place]));
			}
			await sink.quiet(IDLE_MS);
			const arrived = trial.count - sink.lost(ids);
			return { rate: arrived / ((sink.lastAt - begin) / 1000), lost: sink.lost(ids) };
		} finally {
			await end(child);
			sink.stop();
		}
	});
}

export async function* besidePeer(broker: TestBroker, { quick, log }: BenchOptions): AsyncGenerator<Measure> {
	const against = 'node-red-contrib-amqp and node-red-node-email';
	const count = quick ? 500 : 5000;
	const both = async (trial: Trial) => ({
		hub: await tryOut(broker, 'hub', trial),
		peer: await tryOut(broker, 'peer', trial),
	});

	// In turn, for the machine itself is now faster, now slower.
	const rounds: { hub: number; peer: number }[] = [];
	for (let round = 0; round < (quick ? 1 : 5); round++) {
		const { hub, peer } = await both({ sink: { delayMs: 0 }, count });
		rounds.push({ hub: hub.rate, peer: peer.rate });
		log(`round ${round + 1}: hub ${hub.rate.toFixed(0)}, published nodes ${peer.rate.toFixed(0)} mails/s`);
	}
	yield {
		measure: 'vs_contrib_flow',
		value: median(rounds.map(({ hub }) => hub)),
		unit: 'mails/s',
		against,
		reference: median(rounds.map(({ peer }) => peer)),
		ratio: median(rounds.map(({ hub, peer }) => hub / peer)),
		goal: 'at least 1.0',
	};

	// Slow enough that mails are under way, and messages prefetched, at the moment of the kill.
	const killed = await both({ sink: { delayMs: 50 }, count: 1000, killAfter: 50 });
	yield loss('lost_on_sigkill', killed, `${against}, of 1000`);

	const refused = await both({ sink: { delayMs: 50, maxConnections: RELAY_CONNECTIONS }, count: 500 });
	yield loss('lost_on_421', refused, `${against}, of 500, relay of ${RELAY_CONNECTIONS} connections`);
}

function loss(measure: string, both: Record<Party, { lost: number }>, against: string): Measure {
	const { hub, peer } = both;
	return {
		measure,
		value: hub.lost,
		unit: 'mails',
		against,
		reference: peer.lost,
		ratio: ratioOf(hub.lost, peer.lost),
		goal: '0',
	};
}
