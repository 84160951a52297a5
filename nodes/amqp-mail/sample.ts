/** Publishes a sample mail the way that Odoo publishes an order, so that the whole way can be tried without Odoo. */

import { HubError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { renewSample, sampleOrder } from '../../lib/mail/sample.ts';
import { SIGNATURE_HEADER, sign } from '../../lib/mail/signature.ts';
import { LANGUAGE_CODE } from '../../lib/mail/templates.ts';
import { brokerConnection } from '../amqp-broker/connection.ts';
import type { HubNode } from '../runtime/define-node.ts';
import { type MailConfig, type MailSecrets, ORDER_WAY } from './config.ts';

export interface SampleSent {
	id: string;
	recipient: string;
}

/**
 * `{ recipient?, language?, kind? }`; the recipient must be an allowed one, and is the first of them by default.
 * @throws HubError FORBIDDEN for another address, CONFIG_INVALID when nothing is allowed, AMQP_…
 */
export async function publishSample(
	{ config, secrets, connection, id }: HubNode<MailConfig, MailSecrets>,
	request: Record<string, unknown>,
	signal: AbortSignal,
): Promise<SampleSent> {
	const recipient = allowedRecipient(config.sampleRecipients, request['recipient']);
	const message = sampleFor(config, recipient, request);
	const body = Buffer.from(JSON.stringify(message));
	const [key] = secrets.keys;
	const { exchange = ORDER_WAY.exchange, routingKey = ORDER_WAY.routingKey } = config;
	const broker = await connection(brokerConnection, config.sampleBroker ?? config.broker);
	broker.acquire();
	try {
		await broker.publish({
			exchange,
			routingKey,
			body,
			properties: {
				messageId: String(message['id']),
				contentType: 'application/json',
				timestamp: Math.floor(Date.now() / 1_000),
				appId: `amqp-mail ${id}`,
				headers: key ? { [SIGNATURE_HEADER]: sign(body, ...key) } : {},
			},
			signal,
		});
	} finally {
		await broker.release();
	}
	return { id: String(message['id']), recipient };
}

function allowedRecipient(allowed: readonly string[], wanted: unknown): string {
	const [first] = allowed;
	if (first === undefined) {
		throw new HubError('CONFIG_INVALID', 'No address is allowed for samples: enter one in the node, then deploy.');
	}
	if (wanted === undefined || wanted === null || wanted === '') return first;
	const found = allowed.find((address) => address.toLowerCase() === String(wanted).toLowerCase());
	if (found === undefined) {
		throw new HubError('FORBIDDEN', 'A sample goes to the allowed sample addresses only, and this is none of them.');
	}
	return found;
}

function sampleFor(config: MailConfig, recipient: string, request: Record<string, unknown>): JsonObject {
	if (config.kind === 'custom') {
		if (!config.sample)
			throw new HubError('CONFIG_INVALID', 'The node has no sample data: enter some beside the preview.');
		return renewSample(config.sample as JsonObject, recipient);
	}
	const { language, kind } = request;
	const [databaseUuid] = config.databases;
	return sampleOrder({
		recipient,
		origin: config.odooUrl,
		...(typeof language === 'string' && LANGUAGE_CODE.test(language) ? { language } : {}),
		...(kind === 'sale' ? { kind } : {}),
		...(databaseUuid === undefined ? {} : { databaseUuid }),
	});
}
