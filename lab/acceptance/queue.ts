/** Looks into a queue through RabbitMQ's management API. */
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../../lib/errors.ts';
import type { Management } from '../rabbitmq/management.ts';

/** How many waiting messages are looked at in one look. */
const LOOK_AT = 100;

/**
 * Each look at waiting messages counts as a delivery of every one of them, and the queue parks a message after 20: so many
 * looks may find others' messages without the one looked for. Looks at an empty queue are free.
 */
const LOOKS_AT_OTHERS = 5;

/** Between two such looks, in ms. */
const PAUSE_MS = 2_000;

interface Message {
	payload: string;
	payload_encoding: 'string' | 'base64';
	properties: { message_id?: string; delivery_mode?: number };
}

/** How many consumers take from the queue. Throws `NOT_FOUND`. */
export async function consumersOf(api: Management, vhost: string, queue: string): Promise<number> {
	return (await look(api, vhost, queue)).consumers ?? 0;
}

/** How many messages wait, or are with a consumer. Throws `NOT_FOUND`. */
export async function messagesIn(api: Management, vhost: string, queue: string): Promise<number> {
	return (await look(api, vhost, queue)).messages ?? 0;
}

async function look(api: Management, vhost: string, queue: string): Promise<{ consumers?: number; messages?: number }> {
	const found = await api.request<{ consumers?: number; messages?: number }>('GET', api.of('queues', vhost, queue));
	if (found === undefined) throw new HubError('NOT_FOUND', `The broker has no queue ${queue} in ${vhost}`);
	return found;
}

/**
 * A look for the waiting message about an order, to be repeated; the message stays where it is. Throws `TIMEOUT` when the
 * queue holds others' messages and the one looked for does not come.
 */
export function lookFor(
	api: Management,
	vhost: string,
	queue: string,
	order: string,
): () => Promise<Message | undefined> {
	const path = `${api.of('queues', vhost, queue)}/get`;
	const request = { count: LOOK_AT, ackmode: 'ack_requeue_true', encoding: 'auto' };
	let looks = 0;
	return async () => {
		if (looks >= LOOKS_AT_OTHERS) {
			throw new HubError(
				'TIMEOUT',
				`${queue} holds other messages; the one about ${order} is not among the first ${LOOK_AT}`,
			);
		}
		const messages = (await api.request<Message[]>('POST', path, request)) ?? [];
		const found = messages.find(({ payload }) => payload.includes(JSON.stringify(order)));
		if (found === undefined && messages.length > 0) {
			looks += 1;
			await delay(PAUSE_MS);
		}
		return found;
	};
}
