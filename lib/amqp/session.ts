/** Work on a channel of its own that goes on over lost channels and lost connections: a consumer, above all. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfirmChannel } from 'amqplib';
import type { Backoff } from '../backoff.ts';
import { HubError } from '../errors.ts';
import { settledWithin, withDeadline } from './deadline.ts';
import { channelFailure } from './failure.ts';
import type { Link } from './link.ts';

/** Declaring seven quorum queues takes half a second; one whose leader is being elected some seconds. In ms. */
const SETUP_TIMEOUT_MS = 30_000;

/** The broker answers a channel's end at once unless it hangs, in ms. */
const CHANNEL_CLOSE_MS = 1_000;

/**
 * Prepares a fresh channel: declare, consume. What it starts must end when `signal` is aborted: the channel is gone then,
 * and everything unacknowledged on it goes back to its queue.
 */
export type SessionSetup = (channel: ConfirmChannel, signal: AbortSignal) => Promise<void>;

export interface SessionOptions {
	/** Unacknowledged messages that the broker may hand to this channel's consumers. Default unlimited. */
	prefetch?: number;
	/**
	 * Each reason why the session does not work at the moment, the missing connection included; the next attempt follows by
	 * itself.
	 */
	onError?: (error: HubError) => void;
}

export interface SessionParts extends SessionOptions {
	name: string;
	setup: SessionSetup;
	backoff: Backoff;
	/** The connection as soon as there is one; rejects when `signal` is aborted. */
	connected: (signal: AbortSignal) => Promise<Link>;
	/** Called once, after the channel is closed. */
	onClosed: () => Promise<void>;
}

/**
 * waiting for the connection → setting up → live → (channel lost, consumer cancelled by the broker, connection lost)
 * → pause → waiting …; `close` ends it from any of these.
 */
export class BrokerSession {
	readonly name: string;
	readonly #parts: SessionParts;
	readonly #closing = new AbortController();
	readonly #done: Promise<void>;
	#restart: (() => void) | undefined;
	#live = false;

	constructor(parts: SessionParts) {
		this.name = parts.name;
		this.#parts = parts;
		this.#done = this.#run();
	}

	/** True from the end of a successful setup until the channel is lost. */
	get live(): boolean {
		return this.#live;
	}

	/** Takes a fresh channel at once, also instead of a pause; the old one's unacknowledged messages go back to their queue. */
	restart(): void {
		this.#restart?.();
	}

	/** Ends it: the channel is closed, unacknowledged messages go back to their queue. Takes a second at most. */
	async close(): Promise<void> {
		this.#closing.abort();
		await this.#done;
	}

	async #run(): Promise<void> {
		const { signal } = this.#closing;
		const { backoff, connected, onClosed, onError } = this.#parts;
		while (!signal.aborted) {
			const link = await connected(signal).catch(() => undefined); // closed while waiting
			if (!link || signal.aborted) break;
			const failure = await this.#attempt(link);
			if (signal.aborted) break;
			if (!failure) continue;
			onError?.(failure);
			await this.#pause(backoff.next());
		}
		await onClosed();
	}

	async #pause(milliseconds: number): Promise<void> {
		const early = new AbortController();
		this.#restart = () => early.abort();
		const signal = AbortSignal.any([early.signal, this.#closing.signal]);
		await delay(milliseconds, undefined, { signal }).catch(() => {}); // cut short by `restart` or `close`
		this.#restart = undefined;
	}

	/** Resolves with why the channel ended; undefined when it was asked to. */
	async #attempt(link: Link): Promise<HubError | undefined> {
		const { name, setup, prefetch, backoff } = this.#parts;
		const life = new AbortController();
		const { promise: ended, resolve: end } = Promise.withResolvers<HubError | undefined>();
		const stop = () => end(undefined);
		let channel: ConfirmChannel | undefined;
		this.#closing.signal.addEventListener('abort', stop, { once: true });
		this.#restart = stop;
		void link.lost.then(end);
		try {
			const opened = link.model.createConfirmChannel();
			opened.then(
				(late) => (life.signal.aborted ? closeChannel(late) : undefined),
				() => {}, // reported by the race below
			);
			channel = await beforeEnd(opened, ended);
			if (!channel) return await ended;
			watch(channel, name, end);
			const prepare = async (fresh: ConfirmChannel) => {
				if (prefetch) await fresh.prefetch(prefetch);
				await setup(fresh, life.signal);
				return true;
			};
			const prepared = withDeadline(prepare(channel), {
				timeoutMs: SETUP_TIMEOUT_MS,
				text: () => `${name} was not ready in time.`,
			});
			if (!(await beforeEnd(prepared, ended))) return await ended;
			backoff.succeeded();
			this.#live = true;
			return await ended;
		} catch (thrown) {
			return thrown instanceof HubError ? thrown : channelFailure(thrown);
		} finally {
			this.#live = false;
			this.#restart = undefined;
			this.#closing.signal.removeEventListener('abort', stop);
			life.abort();
			if (channel) await closeChannel(channel);
		}
	}
}

/** What `work` gives, or undefined when the channel ends before. A rejection caused by that end counts as the end. */
async function beforeEnd<T>(work: Promise<T>, ended: Promise<unknown>): Promise<T | undefined> {
	return Promise.race([work, ended.then(() => undefined)]);
}

function watch(channel: ConfirmChannel, name: string, end: (error: HubError) => void): void {
	let failure: HubError | undefined;
	channel.on('error', (error) => {
		failure = channelFailure(error);
	});
	channel.on('close', () =>
		end(failure ?? new HubError('AMQP_UNREACHABLE', `${name}: the channel to the broker ended.`)),
	);
	channel.on('cancel', () => {
		end(new HubError('AMQP_NOT_FOUND', `${name}: the broker ended the consumer; its queue was deleted or moved.`));
	});
}

/** Never rejects: a channel that has ended already is what was wanted. */
async function closeChannel(channel: ConfirmChannel): Promise<void> {
	const closing = (async () => channel.close())(); // amqplib throws at once for a channel that has ended
	await settledWithin(closing, CHANNEL_CLOSE_MS);
}
