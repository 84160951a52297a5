/** Builds the worker of a node from its properties and the connections it chose. */

import { DraftDesk, type DraftDeskOptions } from '../../lib/mail/drafts.ts';
import { messageReader } from '../../lib/mail/envelope.ts';
import { MailWorker } from '../../lib/mail/worker.ts';
import { brokerConnection } from '../amqp-broker/connection.ts';
import type { HubNode } from '../runtime/define-node.ts';
import { smtpConnection } from '../smtp-server/connection.ts';
import { type MailConfig, type MailSecrets, ORDER_WAY } from './config.ts';
import { mailKind } from './kind.ts';

export interface BuiltWorker {
	worker: MailWorker;
	/** Undefined where the flow does not compose. */
	desk: DraftDesk | undefined;
	queue: string;
}

const SECOND_MS = 1_000;

const ALL_DATABASES =
	'No databases are listed in the node, so the orders of every Odoo that may publish here are mailed, those of a copy included.';

/** @throws HubError CONFIG_INVALID or TEMPLATE_INVALID; touches no network */
export async function buildWorker(
	node: HubNode<MailConfig, MailSecrets>,
	emit: DraftDeskOptions['emit'],
): Promise<BuiltWorker> {
	const { config, secrets, hub } = node;
	const kind = await mailKind(config);
	for (const warning of kind.warnings) node.log.warn(warning);
	const remarks = config.kind === 'purchase' && config.databases.size === 0 ? [ALL_DATABASES] : [];
	for (const remark of remarks) node.log.info(remark);
	const [broker, smtp, read] = await Promise.all([
		node.connection(brokerConnection, config.broker),
		node.connection(smtpConnection, config.smtp),
		messageReader({ kind, keys: secrets.keys, databases: config.databases }),
	]);
	const { exchange = ORDER_WAY.exchange, routingKey = ORDER_WAY.routingKey, queue = ORDER_WAY.queue } = config;
	const { retryExchange, levels, deliveryLimit, publishResults, resultsExchange } = config;
	const desk = config.compose ? new DraftDesk({ emit, timeoutMs: config.draftTimeout * SECOND_MS }) : undefined;
	const worker = new MailWorker({
		name: node.id,
		title: node.name || queue,
		hub: hub.instance,
		remarks,
		broker,
		smtp: smtp.client,
		topology: {
			exchange,
			routingKey,
			queue,
			retryExchange,
			levels,
			deliveryLimit,
			...(publishResults ? { resultsExchange } : {}),
		},
		store: hub.store,
		read,
		writer: {
			kind,
			from: smtp.from,
			fromMessage: config.fromMessage,
			origin: config.odooUrl,
			internalOrigin: config.odooInternalUrl,
			attachDocument: config.attachDocument,
			...(desk ? { compose: desk.compose } : {}),
		},
		onUnknown: config.onUnknown,
		...(config.prefetch === undefined ? {} : { prefetch: config.prefetch }),
		sampleRecipients: config.sampleRecipients,
		health: hub.health,
		audit: node.audit,
		log: node.log,
	});
	return { worker, desk, queue };
}
