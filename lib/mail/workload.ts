/** The messages that a worker holds: begun as they come, stopped together, counted until the last has found its place. */

import type { Channel, ConsumeMessage } from 'amqplib';
import type { HubError } from '../errors.ts';
import type { Verdict } from './attempt.ts';
import { Delivery } from './delivery.ts';
import type { HubHeaders } from './headers.ts';

/**
 * How long a message may wait here before it is begun, in milliseconds; then it goes back to the queue. With the 23 minutes
 * that SMTP may take it stays below the 30 after which RabbitMQ takes it back and closes the channel
 * (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).
 */
const HOLD_MS = 300_000;

/** Messages that came within so many milliseconds share a signal: one a message would cost more than the rest of it. */
const GENERATION_MS = 60_000;

export interface WorkloadOptions {
	headers: (message: ConsumeMessage) => HubHeaders;
	/** Never rejects. */
	run: (delivery: Delivery) => Promise<Verdict>;
	/** Takes an unstarted message back to the queue; a rejection leaves it held. */
	giveBack: (delivery: Delivery) => Promise<void>;
	/** False while unstarted messages must stay unacknowledged, because what they would need does not work. */
	mayGiveBack: () => boolean;
	/** A message stays unacknowledged because of this. */
	onHeld: (cause: 'ledger' | 'queues', error: HubError) => void;
	/** After each message. */
	onChange: () => void;
}

export class Workload {
	readonly #options: WorkloadOptions;
	readonly #active = new Set<Delivery>();
	readonly #idle = new Set<() => void>();
	readonly #generations: { controller: AbortController; since: number }[] = [];
	#held = 0;
	#stopped = false;

	constructor(options: WorkloadOptions) {
		this.#options = options;
	}

	/** Messages under work. */
	get size(): number {
		return this.#active.size;
	}

	/** Messages that only a new channel gives back to the queue. */
	get held(): number {
		return this.#held;
	}

	/** To be called when the channel has ended: what was held lies in the queue again. */
	forgetHeld(): void {
		this.#held = 0;
	}

	accept(message: ConsumeMessage, channel: Channel, lost: AbortSignal): void {
		const hub = this.#options.headers(message);
		const delivery = new Delivery(channel, message, { hub, lost, stop: this.#signal() });
		this.#active.add(delivery);
		void this.#finish(delivery);
	}

	/** What is not begun yet goes back to the queue, as does whatever still comes; the rest goes on to its end. */
	stop(): void {
		this.#stopped = true;
		for (const { controller } of this.#generations.splice(0)) controller.abort();
	}

	/** Takes messages again. */
	go(): void {
		this.#stopped = false;
	}

	/** To be called now and then: stops what has waited too long. */
	expire(now = Date.now()): void {
		while (this.#generations[0] && now - this.#generations[0].since > HOLD_MS)
			this.#generations.shift()?.controller.abort();
	}

	/** Resolves when nothing is under work. */
	idle(): Promise<void> {
		if (this.#active.size === 0) return Promise.resolve();
		return new Promise((resolve) => this.#idle.add(resolve));
	}

	#signal(): AbortSignal {
		if (this.#stopped) return AbortSignal.abort();
		const now = Date.now();
		let generation = this.#generations.at(-1);
		if (!generation || now - generation.since > GENERATION_MS) {
			generation = { controller: new AbortController(), since: now };
			this.#generations.push(generation);
		}
		return generation.controller.signal;
	}

	async #finish(delivery: Delivery): Promise<void> {
		const verdict = delivery.stop.aborted ? ({ what: 'unstarted' } as const) : await this.#options.run(delivery);
		if (verdict.what === 'held') {
			this.#hold(delivery);
			this.#options.onHeld(verdict.cause, verdict.error);
		} else if (verdict.what === 'unstarted') {
			await this.#giveBack(delivery);
		}
		this.#active.delete(delivery);
		this.#options.onChange();
		if (this.#active.size > 0) return;
		for (const resolve of this.#idle) resolve();
		this.#idle.clear();
	}

	async #giveBack(delivery: Delivery): Promise<void> {
		if (!this.#options.mayGiveBack()) return this.#hold(delivery);
		try {
			await this.#options.giveBack(delivery);
		} catch {
			// The queue does not take it now; a new channel gives it back in the end.
			this.#hold(delivery);
		}
	}

	#hold(delivery: Delivery): void {
		if (!delivery.lost) this.#held++;
	}
}
