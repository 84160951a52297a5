/** How many mails lie where, as the broker counts them. */

import type { Broker } from '../amqp/broker.ts';
import type { MailQueues } from './queues.ts';
import type { QueueDepths } from './worker-state.ts';

/** The broker answers at once or hangs, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** @throws HubError when the broker does not answer or a queue is missing */
export function readDepths(broker: Broker, queues: MailQueues): Promise<QueueDepths> {
	const { main, delays, parked } = queues.all;
	return broker.withChannel(
		async (channel) => {
			const count = async (queue: string): Promise<number> => (await channel.checkQueue(queue)).messageCount;
			let delayed = 0;
			for (const queue of delays) delayed += await count(queue);
			return { queued: await count(main), delayed, parked: await count(parked) };
		},
		{ timeoutMs: TIMEOUT_MS },
	);
}
