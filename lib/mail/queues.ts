/** Where a mail's message goes next. Each call resolves when the broker has confirmed it: only then may one acknowledge. */

import type { Message } from 'amqplib';
import type { Broker } from '../amqp/broker.ts';
import { parkedQueue, retryQueue } from '../amqp/mail-queues.ts';
import type { MailTopology } from '../amqp/topology.ts';
import { HubError } from '../errors.ts';
import { type CarriedProperties, carriedProperties, type HubHeaders, hubHeaders, readHeaders } from './headers.ts';
import type { RetryLevel } from './retry.ts';

/** Longer without a confirm, in milliseconds, and the broker is taken for stuck; it usually needs one to four. */
export const CONFIRM_TIMEOUT_MS = 15_000;

export class MailQueues {
	readonly main: string;
	readonly parked: string;
	readonly #broker: Broker;
	readonly #topology: MailTopology;
	#levels: readonly RetryLevel[];

	constructor(broker: Broker, topology: MailTopology) {
		this.#broker = broker;
		this.#topology = topology;
		this.main = topology.queue;
		this.parked = parkedQueue(topology.queue);
		this.#levels = topology.levels;
	}

	/** The delays that can be used; shortest first. */
	get levels(): readonly RetryLevel[] {
		return this.#levels;
	}

	/** Every queue that mails lie in. */
	get all(): { main: string; delays: string[]; parked: string } {
		const delays = this.#levels.map(({ name }) => retryQueue(this.main, name));
		return { main: this.main, delays, parked: this.parked };
	}

	/** Does without the delays whose queues are missing, or from which a mail might not come back. */
	leaveOut(levels: readonly string[]): void {
		this.#levels = this.#topology.levels.filter(({ name }) => !levels.includes(name));
	}

	/** The hub's headers of a message, where the hub wrote them. */
	headers(message: Message): HubHeaders {
		const { retryExchange } = this.#topology;
		return readHeaders(message, { retryExchange, mainQueue: this.main, user: this.#broker.address.user });
	}

	/** To come back after the level's delay. */
	delay(message: Message, level: RetryLevel, hub: HubHeaders): Promise<void> {
		return this.#move(message, retryQueue(this.main, level.name), hub);
	}

	park(message: Message, hub: HubHeaders): Promise<void> {
		return this.#move(message, this.parked, hub);
	}

	/** To the end of the queue it came from; unlike a rejection this does not count as a failed delivery. */
	requeue(message: Message, hub: HubHeaders): Promise<void> {
		return this.#move(message, this.main, hub);
	}

	async #move(message: Message, queue: string, hub: HubHeaders): Promise<void> {
		try {
			await this.#publish(message, queue, carriedProperties(message, hub));
		} catch (thrown) {
			if (!(thrown instanceof HubError) || thrown.code !== 'MESSAGE_INVALID') throw thrown;
			// Headers that came in but cannot be put out again: without them the message can at least be kept.
			await this.#publish(message, queue, { headers: hubHeaders(hub) });
		}
	}

	#publish(message: Message, queue: string, properties: CarriedProperties): Promise<void> {
		return this.#broker.publish({
			exchange: this.#topology.retryExchange,
			routingKey: queue,
			body: message.content,
			properties,
			userId: this.#broker.address.user,
			timeoutMs: CONFIRM_TIMEOUT_MS,
		});
	}
}
