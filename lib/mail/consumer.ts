/** Takes messages from the queue while that is wanted, over every reconnection, and alone where it must be alone. */

import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { HubError } from '../errors.ts';

export interface ConsumerOptions {
	broker: Broker;
	/** Names the session in messages. */
	name: string;
	queue: string;
	/** Messages held unacknowledged at most. */
	prefetch: number;
	/** Refuse to work beside another worker, and keep others out. */
	exclusive: boolean;
	/** Runs on every new channel before anything is consumed. */
	prepare: () => Promise<void>;
	/** `lost` is aborted when the channel is gone. Must not throw. */
	onMessage: (message: ConsumeMessage, channel: Channel, lost: AbortSignal) => void;
	/** Why nothing is consumed although it is wanted; undefined when all is well. */
	onProblem: (error: HubError | undefined) => void;
}

interface Open {
	channel: ConfirmChannel;
	lost: AbortSignal;
	tag?: string;
}

export class Consumer {
	readonly #options: ConsumerOptions;
	#session: BrokerSession | undefined;
	#open: Open | undefined;
	#wanted = false;
	/** Consuming and cancelling follow each other in order. */
	#last: Promise<void> = Promise.resolve();

	constructor(options: ConsumerOptions) {
		this.#options = options;
	}

	/** True while messages may arrive. */
	get consuming(): boolean {
		return this.#open?.tag !== undefined && !this.#open.lost.aborted;
	}

	/** Opens the session; nothing is consumed before `want(true)`. */
	open(): void {
		const { broker, name, prefetch, onProblem } = this.#options;
		this.#session = broker.session(name, (channel, signal) => this.#setUp(channel, signal), {
			prefetch,
			onError: (error) => onProblem(error.code === 'AMQP_EXCLUSIVE' ? this.#taken(error) : error),
		});
	}

	/** Starts or stops consuming; resolves when the broker has done so, at once where there is no channel. */
	want(consuming: boolean): Promise<void> {
		this.#wanted = consuming;
		this.#last = this.#last.then(() => this.#apply());
		return this.#last;
	}

	/** Opens a new channel: the broker takes back whatever is unacknowledged. */
	restart(): void {
		this.#session?.restart();
	}

	async close(): Promise<void> {
		this.#wanted = false;
		await this.#session?.close();
		this.#open = undefined;
	}

	async #setUp(channel: ConfirmChannel, lost: AbortSignal): Promise<void> {
		const { exclusive, prepare, onProblem } = this.#options;
		await prepare();
		if (exclusive) await this.#lock(channel);
		this.#open = { channel, lost };
		this.#last = this.#last.then(() => this.#apply());
		await this.#last;
		onProblem(undefined);
	}

	/** Brings consuming in line with what is wanted. Failures come to the session by the channel's own error. */
	async #apply(): Promise<void> {
		const open = this.#open;
		if (open === undefined || open.lost.aborted) return;
		const { queue, exclusive, onMessage } = this.#options;
		try {
			if (this.#wanted && open.tag === undefined) {
				const receive = (message: ConsumeMessage | null): void => {
					if (message) onMessage(message, open.channel, open.lost);
					// The broker cancels a consumer whose queue was deleted: the next channel makes the queue again.
					else this.restart();
				};
				const { consumerTag } = await open.channel.consume(queue, receive, { exclusive });
				open.tag = consumerTag;
			} else if (!this.#wanted && open.tag !== undefined) {
				const { tag } = open;
				delete open.tag;
				await open.channel.cancel(tag);
			}
		} catch {
			// The session tells why; a channel that is still there takes no more orders, so a new one is needed.
			if (!open.lost.aborted) this.restart();
		}
	}

	/**
	 * Keeps a second worker out. Quorum queues accept any number of consumers whatever they ask for (measured with
	 * 3.10 and 4.0), so a queue of the connection's own stands for the right: other connections are refused by its exclusiveness,
	 * another worker on this connection by the exclusive consumer on it.
	 */
	async #lock(channel: ConfirmChannel): Promise<void> {
		const lock = `${this.#options.queue}.worker`;
		await channel.assertQueue(lock, { exclusive: true, autoDelete: true, durable: false });
		await channel.consume(lock, () => undefined, { exclusive: true, noAck: true });
	}

	#taken(cause: HubError): HubError {
		return new HubError(
			'AMQP_EXCLUSIVE',
			`Another worker already mails from "${this.#options.queue}". With SQLite only one may: stop the other one, or give ` +
				'both the same PostgreSQL (HUB_STORE_URL).',
			{ cause },
		);
	}
}
