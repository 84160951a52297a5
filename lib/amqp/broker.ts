/** One RabbitMQ as its users see it: sessions, publishing and short work over a shared connection. */
import type { Channel } from 'amqplib';
import { Backoff } from '../backoff.ts';
import { type HubErrorCode, toHubError } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import type { Why } from '../why.ts';
import { type Address, type AddressOptions, endpoint, parseAddress } from './address.ts';
import { CLOSE_GRACE_MS, Connection, type RetryOptions } from './connection.ts';
import { settledWithin, withDeadline } from './deadline.ts';
import { channelFailure, connectWhy, isFromChannel } from './failure.ts';
import { CONNECT_TIMEOUT_MS, openLink } from './link.ts';
import type { OutgoingMessage } from './message.ts';
import { PublisherPool } from './publisher-pool.ts';
import { BrokerSession, type SessionOptions, type SessionSetup } from './session.ts';
import { type BrokerState, connectedText } from './state.ts';

export type { OutgoingMessage, PublishProperties } from './message.ts';
export type { BrokerSession, SessionOptions, SessionSetup } from './session.ts';
export type { BrokerState } from './state.ts';

/**
 * Pauses between attempts, in ms: soon enough after a restart, seldom enough not to be a load. Refused credentials are
 * changed by hand only; asking more often fills the broker's log and may lock the account.
 */
const RETRY: RetryOptions = { minMs: 1_000, maxMs: 30_000, refusedMs: 60_000 };

/** Confirmations take milliseconds; a broker that takes longer than this, in ms, is in trouble. */
const PUBLISH_TIMEOUT_MS = 10_000;

/** For short work on a channel of its own, in ms. */
const CHANNEL_TIMEOUT_MS = 10_000;

export interface BrokerOptions extends AddressOptions {
	/** Shown in the management's list of connections. Default `clinic-hub`. */
	connectionName?: string;
	/** Default 1,000 to 30,000 ms, and 60,000 ms after refused credentials. */
	retry?: RetryOptions;
	log?: Log;
}

export interface ProbeResult {
	ok: boolean;
	/** For a person: what was reached, or what is wrong. */
	text: string;
	code?: HubErrorCode;
	/** The text as a key, where it is a frequent one. */
	why?: Why;
	serverVersion?: string;
}

export interface ChannelOptions {
	/** For all of it, connecting included; default 10,000 ms. */
	timeoutMs?: number;
	signal?: AbortSignal | undefined;
}

export class Broker {
	readonly address: Address;
	readonly #name: string;
	readonly #retry: RetryOptions;
	readonly #log: Log;
	readonly #publishers = new PublisherPool();
	readonly #connection: Connection;

	/** Does not connect yet. Throws CONFIG_INVALID. */
	constructor(options: BrokerOptions) {
		this.address = parseAddress(options);
		this.#name = options.connectionName || 'clinic-hub';
		this.#retry = options.retry ?? RETRY;
		this.#log = options.log ?? silentLog;
		this.#connection = new Connection({
			address: this.address,
			name: this.#name,
			retry: this.#retry,
			log: this.#log,
		});
	}

	get state(): BrokerState {
		return this.#connection.state;
	}

	/** Calls back at each change of state, not with the present one; returns the function that ends it. */
	onState(listener: (state: BrokerState) => void): () => void {
		return this.#connection.onState(listener);
	}

	/** One more user; the first connects. Never throws: how it goes is told by the state. */
	acquire(): void {
		this.#connection.acquire();
	}

	/** One user less; the last closes the connection: what is under way has 2 s, then it is cut. */
	release(): Promise<void> {
		return this.#connection.release();
	}

	/**
	 * Runs `setup` with a fresh confirm channel now, and again whenever the channel is lost: after a reconnect, an error, a
	 * deleted queue, a consumer that the broker cancelled. Between failures it pauses 1 to 30 s. A session is a user.
	 */
	session(name: string, setup: SessionSetup, options: SessionOptions = {}): BrokerSession {
		this.acquire();
		return new BrokerSession({
			...options,
			name,
			setup,
			backoff: new Backoff(this.#retry),
			// The connection logs by itself why it is waited for.
			connected: (signal) => this.#connection.link(signal, false, options.onError),
			onError: (error) => {
				this.#log.warn(`${name}: ${error.message}`);
				options.onError?.(error);
			},
			onClosed: () => this.release(),
		});
	}

	/**
	 * Resolves when the broker has the message safely: persistent, routed to a queue at least, confirmed. After any failure
	 * but AMQP_UNROUTABLE the message may nevertheless have arrived: publish it again under the same id.
	 *
	 * Throws AMQP_UNROUTABLE (no queue takes it), AMQP_NOT_CONFIRMED (refused by a full queue, or the connection ended),
	 * AMQP_FORBIDDEN or AMQP_NOT_FOUND (the exchange), TIMEOUT, CANCELLED, MESSAGE_INVALID (cannot be encoded); without a
	 * connection, AMQP_UNREACHABLE or AMQP_CREDENTIALS at once.
	 */
	async publish(message: OutgoingMessage): Promise<void> {
		let abandon = () => {};
		const given = new AbortController();
		const work = async () => {
			const link = await this.#connection.link(given.signal, true);
			const publisher = await this.#publishers.get(link, message.exchange);
			given.signal.throwIfAborted();
			const publication = publisher.publish(message);
			abandon = () => publication.abandon();
			await publication.confirmed;
		};
		await this.#connection.visit(async () => {
			try {
				await withDeadline(work(), {
					timeoutMs: message.timeoutMs ?? PUBLISH_TIMEOUT_MS,
					signal: message.signal,
					text: () =>
						this.#lateText(`a message for "${message.exchange}" was not confirmed in time; it may have arrived`),
				});
			} finally {
				given.abort();
				abandon();
			}
		});
	}

	/**
	 * Lends a channel for short work: reading a queue, declaring. Throws the broker's refusals as HubError, TIMEOUT, and what
	 * else `use` throws as it is.
	 */
	async withChannel<T>(use: (channel: Channel) => Promise<T>, options: ChannelOptions = {}): Promise<T> {
		const { timeoutMs = CHANNEL_TIMEOUT_MS, signal } = options;
		const over = new AbortController();
		let channel: Channel | undefined;
		const work = async () => {
			const link = await this.#connection.link(over.signal, true);
			channel = await link.model.createChannel();
			channel.on('error', () => {}); // the operation that caused it rejects with the same
			if (over.signal.aborted) await closeQuietly(channel);
			return use(channel);
		};
		return this.#connection.visit(async () => {
			try {
				return await withDeadline(work(), { timeoutMs, signal, text: () => this.#lateText('it took too long') });
			} catch (thrown) {
				throw isFromChannel(thrown) ? channelFailure(thrown) : thrown;
			} finally {
				over.abort();
				if (channel) await closeQuietly(channel);
			}
		});
	}

	/** Connects once, beside the shared connection, and says what came of it. Never throws for what a broker does. */
	async probe(options: ChannelOptions = {}): Promise<ProbeResult> {
		const { timeoutMs = CONNECT_TIMEOUT_MS, signal } = options;
		try {
			const link = await openLink(this.address, { connectionName: `${this.#name} (test)`, timeoutMs, signal });
			await link.close(CLOSE_GRACE_MS);
			return { ok: true, text: connectedText(link, this.address), serverVersion: link.serverVersion };
		} catch (thrown) {
			const error = toHubError(thrown);
			const why = connectWhy(error);
			return { ok: false, text: error.message, code: error.code, ...(why ? { why } : {}) };
		}
	}

	#lateText(what: string): string {
		const { phase, text, blocked } = this.state;
		if (phase !== 'connected') return `The broker at ${endpoint(this.address)}: ${what} (${text})`;
		return `The broker at ${endpoint(this.address)}: ${what}${blocked ? ` (it takes no messages now: ${blocked})` : ''}.`;
	}
}

/** Never rejects: a channel that has ended already is what was wanted. */
async function closeQuietly(channel: Channel): Promise<void> {
	await settledWithin(
		(async () => channel.close())(), // amqplib throws at once for a channel that has ended
		CLOSE_GRACE_MS,
	);
}
