/**
 * What the hub writes beside a message's body, in AMQP headers. A header counts only where the message came through the
 * retry exchange, which the broker lets nobody but the worker write to, or where the broker vouches for the hub's user:
 * otherwise whoever may publish an order could redirect its mail past the signature of the body.
 */

import type { Message } from 'amqplib';

export const HUB_HEADERS = {
	/** Attempts used up. */
	attempt: 'x-hub-attempt',
	/** Code of the reason for parking, see `reasons.ts`. */
	reason: 'x-hub-reason',
	reasonText: 'x-hub-reason-text',
	/** Milliseconds since 1970. */
	parkedAt: 'x-hub-parked-at',
	/** `<database UUID>/<id>`, or `sha256:…` of a body that could not be read or trusted. */
	key: 'x-hub-key',
	/** Address that a person put in the place of the message's own. */
	recipient: 'x-hub-recipient',
	correctedBy: 'x-hub-corrected-by',
	/** How often it was decided again after a row of permanent refusals. */
	chances: 'x-hub-chances',
} as const;

export interface HubHeaders {
	attempt: number;
	chances: number;
	reason?: string;
	reasonText?: string;
	parkedAt?: number;
	key?: string;
	recipient?: string;
	correctedBy?: string;
}

/** Header as an AMQP number; anything else counts as 0. */
function count(value: unknown): number {
	return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** Where a message died last, if the broker moved it here; newest first (https://www.rabbitmq.com/docs/dlx#effects). */
export function lastDeath(
	message: Message,
): { queue: string; reason: string; exchange: string; at?: number } | undefined {
	const deaths: unknown = message.properties.headers?.['x-death'];
	const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
	if (typeof death !== 'object' || death === null) return undefined;
	const { queue, reason, exchange, time } = death as Record<string, unknown>;
	const seconds = (time as { value?: unknown } | null | undefined)?.value;
	return {
		queue: textOf(queue),
		reason: textOf(reason),
		exchange: textOf(exchange),
		...(typeof seconds === 'number' ? { at: seconds * 1_000 } : {}),
	};
}

/** Not `String`, which calls what a table names `toString`. */
function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** By what a worker's own messages are told from those of others. */
export interface Ours {
	retryExchange: string;
	/** The queue that others publish to. */
	mainQueue: string;
	/** As whom the worker publishes: the broker takes `user_id` from nobody else. */
	user: string;
}

/** True when the worker, and nobody else, wrote the headers. */
function isOurs(message: Message, { retryExchange, mainQueue, user }: Ours): boolean {
	if (message.fields.exchange !== retryExchange) return false;
	// The broker moves a message through the same exchange; then the exchange before that says who published it. Out of
	// the main queue it may lie: RabbitMQ 3 adds to an `x-death` that came with the message, and keeps its exchange.
	const death = lastDeath(message);
	if (death === undefined) return true;
	return death.exchange === retryExchange && (death.queue !== mainQueue || message.properties.userId === user);
}

/** The hub's headers, or those of a fresh message where somebody else may have written them. */
export function readHeaders(message: Message, ours: Ours): HubHeaders {
	const headers = message.properties.headers;
	if (!headers || !isOurs(message, ours)) return { attempt: 0, chances: 0 };
	const read: HubHeaders = {
		attempt: count(headers[HUB_HEADERS.attempt]),
		chances: count(headers[HUB_HEADERS.chances]),
	};
	for (const name of ['reason', 'reasonText', 'key', 'recipient', 'correctedBy'] as const) {
		const value: unknown = headers[HUB_HEADERS[name]];
		if (typeof value === 'string') read[name] = value;
	}
	const parkedAt = count(headers[HUB_HEADERS.parkedAt]);
	if (parkedAt > 0) read.parkedAt = parkedAt;
	return read;
}

/**
 * Headers that act on the broker when a message is published again: `CC` and `BCC` route copies, `x-death` makes the
 * broker drop what it takes for a cycle (https://www.rabbitmq.com/docs/dlx#automatic-dead-letter-cycles).
 */
const ACTING_HEADERS =
	/^(?:b?cc|x-death|x-first-death-.*|x-last-death-.*|x-delivery-count|x-acquired-count|x-hub-(?!signature$).*)$/i;

/**
 * Foreign headers carried on at most, in characters of JSON: all headers must fit into one frame of 128 KiB, and a message
 * whose headers nearly fill it must still find room for the hub's.
 */
const CARRIED_HEADERS = 32_768;

/** The message's own headers without those that act, and with those of the hub. */
function writeHeaders(message: Message, hub: HubHeaders): Record<string, unknown> {
	const headers: Record<string, unknown> = {};
	let carried = 0;
	for (const [name, value] of Object.entries(message.properties.headers ?? {})) {
		if (ACTING_HEADERS.test(name)) continue;
		const size = name.length + (JSON.stringify(value)?.length ?? 0);
		// One that is too large must not cost the others their place: RabbitMQ 4 gives headers in another order.
		if (carried + size > CARRIED_HEADERS) continue;
		carried += size;
		headers[name] = value;
	}
	return { ...headers, ...hubHeaders(hub) };
}

/** The hub's headers alone. */
export function hubHeaders(hub: HubHeaders): Record<string, unknown> {
	const headers: Record<string, unknown> = {};
	for (const [name, header] of Object.entries(HUB_HEADERS)) {
		const value = hub[name as keyof HubHeaders];
		if (value !== undefined && value !== 0) headers[header] = value;
	}
	return headers;
}

/**
 * Properties for publishing a message again. Left out: `expiration` (it would expire in the parked queue), `priority`, and
 * `user_id`, in whose place stands the worker's own.
 */
export function carriedProperties(message: Message, hub: HubHeaders): CarriedProperties {
	const { contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId } =
		message.properties;
	const properties = { contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId };
	const given = Object.entries(properties).filter(([, value]) => value !== undefined);
	return { ...Object.fromEntries(given), headers: writeHeaders(message, hub) };
}

export interface CarriedProperties {
	contentType?: string;
	contentEncoding?: string;
	correlationId?: string;
	replyTo?: string;
	messageId?: string;
	timestamp?: number;
	type?: string;
	appId?: string;
	headers: Record<string, unknown>;
}
