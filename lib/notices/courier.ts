/** Carries the parcels of one channel: one at a time, not too many a minute, with growing pauses while it is down. */
import { Backoff } from '../backoff.ts';
import type { Log } from '../log.ts';
import type { Channel, Delivery } from './channel.ts';
import type { Outbox, Waiting } from './outbox.ts';

export interface CourierOptions {
	channel: Channel;
	outbox: () => Promise<Outbox>;
	/** Parcels a minute at most. */
	perMinute: number;
	log: Log;
	/** Told of each parcel that came to an end. */
	onEnd: (parcel: Waiting, delivery: Delivery) => void;
	/** Told of each change of `state`. */
	onChange: () => void;
	/** Pauses after failures, ms. */
	pauses?: { minMs: number; maxMs: number };
}

export interface CourierState {
	/** Why the last attempt failed; undefined while the channel works. */
	failure: string | undefined;
	/** When it failed first, ms since the epoch. */
	since: number | undefined;
	waiting: number;
}

/** From a hiccup to a night without a chat server, ms. */
const PAUSES = { minMs: 5_000, maxMs: 300_000 };
/** How long an attempt owns its parcel, ms; longer than any channel's attempt takes. */
const CLAIM_MS = 600_000;
/** Looks for parcels that another process left, or that became due, ms. */
const POLL_MS = 30_000;
const MINUTE_MS = 60_000;
/** After so many attempts of which nobody knows whether they arrived, somebody has read it. */
const MAX_UNKNOWN = 3;

export class Courier {
	readonly #options: CourierOptions;
	readonly #pauses: { minMs: number; maxMs: number };
	readonly #backoff: Backoff;
	readonly #abort = new AbortController();
	readonly #sent: number[] = [];
	#pausedUntil = 0;
	#timer: NodeJS.Timeout | undefined;
	#running: Promise<void> | undefined;
	#again = false;
	#closed = false;
	#state: CourierState = { failure: undefined, since: undefined, waiting: 0 };

	constructor(options: CourierOptions) {
		this.#options = options;
		this.#pauses = options.pauses ?? PAUSES;
		this.#backoff = new Backoff({ ...this.#pauses, stableMs: 0 });
	}

	get channel(): Channel {
		return this.#options.channel;
	}

	get state(): CourierState {
		return this.#state;
	}

	/** Looks for parcels now. */
	wake(): void {
		if (this.#closed) return;
		if (this.#running !== undefined) {
			this.#again = true;
			return;
		}
		clearTimeout(this.#timer);
		this.#running = this.#round().then((pause) => {
			this.#running = undefined;
			if (this.#closed) return;
			if (this.#again) {
				this.#again = false;
				this.wake();
				return;
			}
			this.#timer = setTimeout(() => this.wake(), pause);
			this.#timer.unref();
		});
	}

	/** Lets the parcel under way arrive for `graceMs`, then interrupts it; it stays in the store. */
	async close(graceMs: number): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		const force = setTimeout(() => this.#abort.abort(), graceMs);
		await this.#running;
		clearTimeout(force);
		await this.channel.close();
	}

	/** Carries what is due; gives the time until it is worth looking again, ms. Never throws. */
	async #round(): Promise<number> {
		try {
			const outbox = await this.#options.outbox();
			while (!this.#closed) {
				const now = Date.now();
				this.#change({ waiting: await outbox.waiting(this.channel.name) });
				const blocked = Math.max(this.#pausedUntil - now, this.#rateBlock(now));
				if (blocked > 0) return Math.min(blocked, POLL_MS);
				const parcel = await outbox.next(this.channel.name, now);
				if (parcel === undefined) return Math.min(this.#pauses.maxMs, POLL_MS);
				if (await outbox.claim(parcel, now + CLAIM_MS)) await this.#carry(outbox, parcel);
			}
		} catch (thrown) {
			this.#options.log.error(`Notices wait: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
		}
		return POLL_MS;
	}

	async #carry(outbox: Outbox, parcel: Waiting): Promise<void> {
		const { onEnd, log, channel } = this.#options;
		this.#sent.push(Date.now());
		const delivery = await channel.deliver(parcel, this.#abort.signal);
		const read = delivery.outcome === 'unknown' && parcel.attempts + 1 >= MAX_UNKNOWN;
		if (delivery.outcome === 'delivered' || delivery.outcome === 'never' || read) {
			await outbox.remove(parcel.id);
			this.#works();
			onEnd(parcel, delivery);
			return;
		}
		const { reason } = delivery;
		const now = Date.now();
		const { minMs, maxMs } = this.#pauses;
		await outbox.postpone(parcel.id, now + Math.min(maxMs, minMs * 2 ** Math.min(parcel.attempts, 20)));
		if (this.#closed) return;
		this.#pausedUntil = now + this.#backoff.next();
		if (this.#state.failure === undefined) log.warn(`Notices cannot be delivered by ${channel.name}: ${reason}`);
		this.#change({ failure: reason, since: this.#state.since ?? now });
	}

	#works(): void {
		this.#backoff.succeeded();
		if (this.#state.failure !== undefined)
			this.#options.log.info(`Notices are delivered by ${this.channel.name} again.`);
		this.#change({ failure: undefined, since: undefined });
	}

	#change(change: Partial<CourierState>): void {
		const { failure, since, waiting } = this.#state;
		this.#state = { ...this.#state, ...change };
		const now = this.#state;
		if (now.failure !== failure || now.since !== since || now.waiting !== waiting) this.#options.onChange();
	}

	/** How long the rate forbids another attempt, ms. */
	#rateBlock(now: number): number {
		while (this.#sent[0] !== undefined && now - this.#sent[0] >= MINUTE_MS) this.#sent.shift();
		const oldest = this.#sent[0];
		return oldest !== undefined && this.#sent.length >= this.#options.perMinute ? MINUTE_MS - (now - oldest) : 0;
	}
}
