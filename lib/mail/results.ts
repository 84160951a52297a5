/** Tells the Odoo that asked for a mail what became of it. */

import type { Broker } from '../amqp/broker.ts';
import type { MailTopology } from '../amqp/topology.ts';
import { HubError } from '../errors.ts';
import { encodeOutcome, hasAddressee, type MailOutcome } from './outcomes.ts';
import { CONFIRM_TIMEOUT_MS } from './queues.ts';

export interface ResultsOptions {
	broker: Broker;
	topology: Pick<MailTopology, 'resultsExchange'>;
	/** Name of this instance, for the contract's `hub`. */
	hub: string;
	/** The exchange is missing or may not be written to. Must not throw. */
	onProblem: (error: HubError) => void;
}

/** A mail must not wait for what does not pass by waiting. */
const LASTING: readonly string[] = ['AMQP_NOT_FOUND', 'AMQP_FORBIDDEN'];

export class Results {
	readonly #options: ResultsOptions;

	constructor(options: ResultsOptions) {
		this.#options = options;
	}

	/**
	 * Resolves when the broker has the result safely; at once where none are published or no Odoo waits for this one. That no
	 * queue takes it is no problem: no Odoo has asked for its results (yet).
	 * @throws HubError what may pass: without the result, the mail must not be acknowledged
	 */
	async tell(outcome: MailOutcome): Promise<void> {
		const { broker, topology, hub, onProblem } = this.#options;
		const { resultsExchange } = topology;
		if (!resultsExchange || !hasAddressee(outcome)) return;
		try {
			await broker.publish({
				exchange: resultsExchange,
				routingKey: outcome.databaseUuid,
				body: encodeOutcome(outcome, hub),
				properties: { contentType: 'application/json', type: 'mail.outcome', correlationId: outcome.id },
				timeoutMs: CONFIRM_TIMEOUT_MS,
			});
		} catch (thrown) {
			if (!(thrown instanceof HubError)) throw thrown;
			if (thrown.code === 'AMQP_UNROUTABLE') return;
			if (!LASTING.includes(thrown.code)) throw thrown;
			onProblem(thrown);
		}
	}
}
