/** The exchanges and queues that mail passes through, with the arguments under which they are declared. */

export interface MailTopology {
	/** Where Odoo publishes; direct. */
	exchange: string;
	routingKey: string;
	/** What the worker consumes. */
	queue: string;
	/** Brings messages back from the delays, and to them: every queue is bound to it by its own name. */
	retryExchange: string;
	/** Shortest delay first. */
	levels: readonly { name: string; delayMs: number }[];
	/** Where outcomes go, if anywhere. */
	resultsExchange?: string;
	/** Deliveries of one message without an acknowledgement before the broker itself parks it. */
	deliveryLimit: number;
}

export interface QueueSpec {
	name: string;
	/** What the queue is for; decides what a difference costs. */
	role: 'main' | 'delay' | 'parked';
	arguments: Readonly<Record<string, string | number>>;
	bindings: readonly { exchange: string; key: string }[];
}

export const retryQueue = (queue: string, level: string): string => `${queue}.retry.${level}`;
export const parkedQueue = (queue: string): string => `${queue}.parked`;

/**
 * Dead-lettering that waits for the next queue's confirmation; without it a broker that dies in between loses messages
 * or leaves many duplicates. Needs `reject-publish` to be allowed at all (RabbitMQ 3.10).
 */
const SAFE_DEAD_LETTERING = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/**
 * @param serverVersion decides on arguments that older brokers refuse: RabbitMQ 4 gives quorum queues a delivery limit of
 * 20 unless told -1, which 3.x does not accept
 */
export function queueSpecs(topology: MailTopology, serverVersion: string): QueueSpec[] {
	const { exchange, routingKey, queue, retryExchange, levels, deliveryLimit } = topology;
	const own = (name: string) => ({ exchange: retryExchange, key: name });
	return [
		{
			name: parkedQueue(queue),
			role: 'parked',
			arguments: {
				'x-queue-type': 'quorum',
				'x-overflow': 'reject-publish',
				...(majorOf(serverVersion) >= 4 ? { 'x-delivery-limit': -1 } : {}),
			},
			bindings: [own(parkedQueue(queue))],
		},
		{
			name: queue,
			role: 'main',
			arguments: {
				'x-queue-type': 'quorum',
				'x-dead-letter-exchange': retryExchange,
				'x-dead-letter-routing-key': parkedQueue(queue),
				...SAFE_DEAD_LETTERING,
				'x-delivery-limit': deliveryLimit,
			},
			bindings: [{ exchange, key: routingKey }, own(queue)],
		},
		...levels.map(({ name, delayMs }): QueueSpec => {
			const delayQueue = retryQueue(queue, name);
			return {
				name: delayQueue,
				role: 'delay',
				arguments: {
					'x-queue-type': 'quorum',
					'x-message-ttl': delayMs,
					'x-dead-letter-exchange': retryExchange,
					'x-dead-letter-routing-key': queue,
					...SAFE_DEAD_LETTERING,
				},
				bindings: [own(delayQueue)],
			};
		}),
	];
}

function majorOf(version: string): number {
	return Number.parseInt(version, 10) || 0;
}
