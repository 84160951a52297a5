/** Publishing to one exchange over one confirm channel, shared by whoever publishes there. */
import { randomUUID } from 'node:crypto';
import type { ConfirmChannel } from 'amqplib';
import { HubError } from '../errors.ts';
import { channelFailure } from './failure.ts';
import { type OutgoingMessage, publishOptions } from './message.ts';

/** More than this many unconfirmed messages at once make a broker slower, not faster; further ones wait here. */
const MAX_UNCONFIRMED = 1_000;

interface Job {
	message: OutgoingMessage;
	messageId: string;
	key: string;
	resolve: () => void;
	reject: (error: HubError) => void;
	/** Its publisher gave up waiting. */
	abandoned: boolean;
	returned: string | undefined;
	/** Messages of the same key that wait until this one is settled. */
	followers: Job[];
}

export interface Publication {
	/** Settles with the broker's answer. */
	readonly confirmed: Promise<void>;
	/** Gives up: a message that was not handed over yet never will be. */
	abandon(): void;
}

/**
 * A channel of its own for each exchange, because the broker answers a publication to a missing or forbidden exchange by
 * ending the channel with everything that is under way on it.
 *
 * The broker gives an unroutable message back *before* it confirms it, and names neither by the other. They are matched
 * by routing key and message id, of which at most one is under way at a time.
 */
export class Publisher {
	readonly #channel: ConfirmChannel;
	readonly #exchange: string;
	readonly #sent = new Map<string, Job>();
	readonly #queue: Job[] = [];
	#failure: HubError | undefined;
	#closed = false;

	/** @param onEnd called once when the channel is of no more use */
	constructor(channel: ConfirmChannel, exchange: string, onEnd: () => void) {
		this.#channel = channel;
		this.#exchange = exchange;
		channel.on('error', (error) => {
			this.#failure = channelFailure(error);
			onEnd(); // at once: what is published from here on would only be lost
		});
		channel.on('close', () => {
			this.#closed = true;
			onEnd();
			this.#pump();
		});
		channel.on('return', ({ fields, properties }) => {
			const job = this.#sent.get(keyOf(fields.routingKey, String(properties.messageId)));
			if (job) job.returned = String((fields as { replyText?: string }).replyText ?? 'NO_ROUTE');
		});
	}

	publish(message: OutgoingMessage): Publication {
		const messageId = message.properties.messageId || randomUUID();
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const key = keyOf(message.routingKey, messageId);
		const job: Job = { message, messageId, key, resolve, reject, abandoned: false, returned: undefined, followers: [] };
		this.#queue.push(job);
		this.#pump();
		return {
			confirmed: promise,
			abandon: () => {
				job.abandoned = true;
			},
		};
	}

	#pump(): void {
		while (this.#sent.size < MAX_UNCONFIRMED || this.#closed) {
			const job = this.#queue.shift();
			if (!job) break;
			if (job.abandoned) continue;
			const before = this.#sent.get(job.key);
			if (before) before.followers.push(job);
			else if (this.#closed || this.#failure) job.reject(this.#lost());
			else this.#send(job);
		}
	}

	#send(job: Job): void {
		const { routingKey, body, properties, userId } = job.message;
		this.#sent.set(job.key, job);
		try {
			const options = { ...publishOptions(properties, job.messageId), ...(userId ? { userId } : {}) };
			this.#channel.publish(this.#exchange, routingKey, body, options, (error) => this.#settle(job, error));
		} catch (thrown) {
			this.#sent.delete(job.key);
			job.reject(
				thrown instanceof Error && thrown.name === 'IllegalOperationError' ? this.#lost() : unsendable(thrown),
			);
		}
	}

	#settle(job: Job, error: unknown): void {
		this.#sent.delete(job.key);
		this.#queue.unshift(...job.followers);
		if (error) job.reject(/nacked/.test(String(error)) ? this.#refused(job) : this.#lost());
		else if (job.returned !== undefined) job.reject(this.#unroutable(job));
		else job.resolve();
		this.#pump();
	}

	#refused({ message }: Job): HubError {
		return new HubError(
			'AMQP_NOT_CONFIRMED',
			`The broker did not accept a message for "${this.#exchange}" with key "${message.routingKey}": ` +
				'a queue there is full or not available.',
		);
	}

	#unroutable({ message, returned }: Job): HubError {
		return new HubError(
			'AMQP_UNROUTABLE',
			`No queue takes messages from exchange "${this.#exchange}" with key "${message.routingKey}" (${returned}); ` +
				'is the queue bound to it?',
		);
	}

	#lost(): HubError {
		const failure = this.#failure;
		if (failure?.code === 'AMQP_FORBIDDEN' || failure?.code === 'AMQP_NOT_FOUND') return failure;
		return new HubError(
			'AMQP_NOT_CONFIRMED',
			`The connection to the broker ended before it confirmed a message for "${this.#exchange}"; it may have arrived.`,
			{ cause: failure },
		);
	}
}

function keyOf(routingKey: string, messageId: string): string {
	return `${routingKey}\0${messageId}`;
}

function unsendable(thrown: unknown): HubError {
	const why = thrown instanceof Error ? thrown.message : String(thrown);
	return new HubError('MESSAGE_INVALID', `A message cannot be put into AMQP's form: ${why}`, { cause: thrown });
}
