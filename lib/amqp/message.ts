/** What a message carries beside its body. */
import type { Options } from 'amqplib';

/**
 * Properties that a publisher may set; persistence is not among them, because every message here is persistent. Two that
 * an arrived message may have are left out on purpose: `userId` (the broker refuses another's) and `expiration` (a
 * message that expires by itself blocks those behind it, and comes back at a time that its queue does not tell).
 */
export interface PublishProperties {
	/** Default a random UUID. */
	messageId?: string | undefined;
	type?: string | undefined;
	contentType?: string | undefined;
	contentEncoding?: string | undefined;
	correlationId?: string | undefined;
	replyTo?: string | undefined;
	appId?: string | undefined;
	/** Seconds since 1970. */
	timestamp?: number | undefined;
	priority?: number | undefined;
	/** `CC` and `BCC` are dropped: RabbitMQ reads further routing keys from them. */
	headers?: Record<string, unknown> | undefined;
}

export interface OutgoingMessage {
	exchange: string;
	routingKey: string;
	body: Buffer;
	/** The properties of an arrived message may be handed on as they are: only those named above are read. */
	properties: PublishProperties;
	/** Lets the broker vouch for who publishes; only the connection's own user, for it ends the channel for another's. */
	userId?: string;
	/** Until the broker's confirmation, connecting included; default 10,000 ms. */
	timeoutMs?: number;
	signal?: AbortSignal;
}

/** The options under which amqplib publishes: persistent, and given back when no queue takes it. */
export function publishOptions(properties: PublishProperties, messageId: string): Options.Publish {
	const { type, contentType, contentEncoding, correlationId, replyTo, appId, timestamp, priority } = properties;
	const { CC: _cc, BCC: _bcc, ...headers } = properties.headers ?? {};
	const set = { type, contentType, contentEncoding, correlationId, replyTo, appId, timestamp, priority };
	return {
		...(Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)) as Options.Publish),
		headers,
		messageId,
		persistent: true,
		mandatory: true,
	};
}
