/** Looks into a queue through RabbitMQ's management API. */
import { HubError } from '../../lib/errors.ts';
import type { Management } from '../rabbitmq/management.ts';

/**
 * How many waiting messages are looked at. Each look counts as a delivery for the queue's delivery limit of 20, so it is
 * done once, when the queue is known to hold something.
 */
const LOOK_AT = 100;

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

/** The waiting message about an order; it stays where it is. */
export async function messageAbout(
	api: Management,
	vhost: string,
	queue: string,
	order: string,
): Promise<Message | undefined> {
	const path = `${api.of('queues', vhost, queue)}/get`;
	const request = { count: LOOK_AT, ackmode: 'ack_requeue_true', encoding: 'auto' };
	const messages = (await api.request<Message[]>('POST', path, request)) ?? [];
	return messages.find(({ payload }) => payload.includes(JSON.stringify(order)));
}
