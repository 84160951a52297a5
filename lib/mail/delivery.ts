/** One message as it came from the broker: acknowledged once, and only while its channel lives. */

import type { Channel, ConsumeMessage } from 'amqplib';
import type { HubHeaders } from './headers.ts';

export class Delivery {
	readonly message: ConsumeMessage;
	readonly hub: HubHeaders;
	/** Aborted when the mail must not be begun any more. Once it is begun it is finished. */
	readonly stop: AbortSignal;
	readonly #channel: Channel;
	readonly #lost: AbortSignal;

	/**
	 * @param hub the message's headers where the hub wrote them
	 * @param lost aborted when the channel is gone: the broker then delivers the message again
	 * @param stop see above
	 */
	constructor(
		channel: Channel,
		message: ConsumeMessage,
		{ hub, lost, stop }: { hub: HubHeaders; lost: AbortSignal; stop: AbortSignal },
	) {
		this.#channel = channel;
		this.#lost = lost;
		this.message = message;
		this.stop = stop;
		this.hub = hub;
	}

	/** True when the broker has taken the message back. */
	get lost(): boolean {
		return this.#lost.aborted;
	}

	/** To be called when the message's next place is confirmed, and not before. */
	ack(): void {
		if (!this.#lost.aborted) this.#channel.ack(this.message);
	}
}
