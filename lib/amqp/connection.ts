/** The connection that all users of a broker share: opened with the first, closed with the last, opened again when lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import { HubError, toHubError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Address, endpoint } from './address.ts';
import { settledWithin } from './deadline.ts';
import { type Link, openLink } from './link.ts';
import { type BrokerState, connectedState } from './state.ts';

/** What is under way may end for so long when the last user leaves, in ms; Node-RED's deploys wait for it. */
export const CLOSE_GRACE_MS = 2_000;

/** Pauses between attempts to connect, ms. */
export interface RetryOptions {
	minMs: number;
	maxMs: number;
	/** After refused credentials or a refused virtual host. */
	refusedMs: number;
}

export interface ConnectionOptions {
	address: Address;
	/** Shown in the management's list of connections. */
	name: string;
	retry: RetryOptions;
	log: Log;
}

export class Connection {
	readonly #options: ConnectionOptions;
	readonly #listeners = new Set<(state: BrokerState) => void>();
	#state: BrokerState = { phase: 'idle', text: 'Not connected: nobody uses it.' };
	#users = 0;
	#guests = 0;
	/** Resolves when the last guest has left. */
	#empty: (() => void) | undefined;
	/** Of the present run, aborted when it shall end. */
	#stop = ended();
	#running: Promise<void> = Promise.resolve();
	#link: Link | undefined;
	#warned = '';

	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	get state(): BrokerState {
		return this.#state;
	}

	/** Calls back at each change of state, not with the present one; returns the function that ends it. */
	onState(listener: (state: BrokerState) => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** One more user; the first connects. Never throws: how it goes is told by the state. */
	acquire(): void {
		this.#users += 1;
		this.#begin();
	}

	/** One user less; the last closes the connection: guests have 2 s to leave, then it is cut. */
	async release(): Promise<void> {
		if (this.#users === 0) throw new HubError('INTERNAL', 'A broker was released more often than acquired');
		this.#users -= 1;
		if (this.#users === 0) await this.#end();
	}

	/** Work of bounded length: opens the connection where there is none, but does not keep it open for long. */
	async visit<T>(work: () => Promise<T>): Promise<T> {
		this.#guests += 1;
		this.#begin();
		try {
			return await work();
		} finally {
			this.#guests -= 1;
			if (this.#guests === 0) this.#empty?.();
			if (this.#guests === 0 && this.#users === 0) await this.#end();
		}
	}

	#begin(): void {
		if (!this.#stop.signal.aborted) return;
		this.#stop = new AbortController();
		this.#set({ phase: 'connecting', text: `Connecting to ${endpoint(this.#options.address)}` });
		this.#running = this.#run(this.#stop, this.#running);
	}

	async #end(): Promise<void> {
		this.#stop.abort();
		await this.#running;
	}

	/**
	 * The link, as soon as there is one.
	 * @param hasty reject when the last attempt failed (AMQP_UNREACHABLE, AMQP_CREDENTIALS) or the last user left (CANCELLED),
	 * instead of waiting for better days
	 * @param onWaiting told why, after each attempt in vain, where it waits
	 */
	async link(signal: AbortSignal, hasty: boolean, onWaiting?: (error: HubError) => void): Promise<Link> {
		for (;;) {
			signal.throwIfAborted();
			if (this.#link) return this.#link;
			const { phase, text, code } = this.#state;
			if (phase === 'waiting' || phase === 'refused') {
				const error = new HubError(code === 'AMQP_CREDENTIALS' ? code : 'AMQP_UNREACHABLE', text);
				if (hasty) throw error;
				onWaiting?.(error);
			}
			if (hasty && phase === 'closed') throw new HubError('CANCELLED', 'The connection to the broker was closed');
			await this.#nextState(signal);
		}
	}

	#nextState(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const done = () => {
				off();
				signal.removeEventListener('abort', cancel);
			};
			const cancel = () => {
				done();
				reject(signal.reason);
			};
			const off = this.onState(() => {
				done();
				resolve();
			});
			signal.addEventListener('abort', cancel, { once: true });
		});
	}

	async #run(stop: AbortController, before: Promise<void>): Promise<void> {
		const { signal } = stop;
		await before; // an earlier user's connection may still be closing
		const backoff = new Backoff(this.#options.retry);
		while (!signal.aborted) {
			const failure = await this.#live(signal, backoff);
			if (!failure) break;
			const refused = failure.code === 'AMQP_CREDENTIALS';
			const pause = refused ? this.#options.retry.refusedMs : backoff.next();
			this.#warn(failure.message);
			this.#set({
				phase: refused ? 'refused' : 'waiting',
				text: failure.message,
				code: failure.code,
				retryAt: Date.now() + pause,
			});
			await delay(pause, undefined, { signal }).catch(() => {}); // the last user left
		}
		// A user who came meanwhile has begun the next run, whose state must not be hidden.
		if (this.#stop === stop) this.#set({ phase: 'closed', text: 'Disconnected.' });
	}

	/** One connection from its opening to its end; resolves with why it ended, undefined when the last user left. */
	async #live(signal: AbortSignal, backoff: Backoff): Promise<HubError | undefined> {
		this.#set({ phase: 'connecting', text: `Connecting to ${endpoint(this.#options.address)}` });
		let link: Link;
		try {
			link = await openLink(this.#options.address, {
				connectionName: this.#options.name,
				signal,
				onBlocked: () => this.#link && this.#set(connectedState(this.#link, this.#options.address)),
			});
		} catch (thrown) {
			return signal.aborted ? undefined : toHubError(thrown);
		}
		backoff.succeeded();
		this.#warned = '';
		this.#link = link;
		this.#set(connectedState(link, this.#options.address));
		const left = new Promise<undefined>((resolve) => {
			if (signal.aborted) resolve(undefined);
			signal.addEventListener('abort', () => resolve(undefined), { once: true });
		});
		const failure = await Promise.race([left, link.lost]);
		this.#link = undefined;
		if (!failure) await this.#close(link);
		return failure;
	}

	async #close(link: Link): Promise<void> {
		const begun = Date.now();
		if (this.#guests > 0) await settledWithin(new Promise<void>((resolve) => (this.#empty = resolve)), CLOSE_GRACE_MS);
		await link.close(Math.max(0, CLOSE_GRACE_MS - (Date.now() - begun)));
	}

	/** Once for each reason: an outage of hours is one line, not one a minute. */
	#warn(text: string): void {
		if (text !== this.#warned) this.#options.log.warn(text);
		this.#warned = text;
	}

	#set(state: BrokerState): void {
		this.#state = state;
		for (const listener of [...this.#listeners]) {
			try {
				listener(state);
			} catch (thrown) {
				this.#options.log.error(`A listener of the broker's state failed: ${toHubError(thrown).message}`);
			}
		}
	}
}

/** The controller of a run that is over. */
function ended(): AbortController {
	const controller = new AbortController();
	controller.abort();
	return controller;
}
