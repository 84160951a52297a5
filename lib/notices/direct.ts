/** The last resort while the store does not work: one attempt a receiver, nothing kept. */
import { randomUUID } from 'node:crypto';
import type { Channel, Delivery, Parcel } from './channel.ts';
import type { CheckedNotice } from './notice.ts';

/** For one attempt, ms. */
const TIMEOUT_MS = 30_000;
/** Notices that are remembered, so that a failing store does not fill an inbox. */
const MAX_REMEMBERED = 100;

export class DirectSender {
	readonly #channels: readonly Channel[];
	readonly #windowMs: number;
	readonly #onEnd: (channel: string, parcel: Parcel, delivery: Delivery) => void;
	/** When each was told last, ms since the epoch. */
	readonly #told = new Map<string, number>();

	constructor(
		channels: readonly Channel[],
		windowMs: number,
		onEnd: (channel: string, parcel: Parcel, delivery: Delivery) => void,
	) {
		this.#channels = channels;
		this.#windowMs = windowMs;
		this.#onEnd = onEnd;
	}

	/** `repeated`: the same was told within the window. `failed`: no channel took it. */
	async send(notice: CheckedNotice): Promise<'direct' | 'repeated' | 'failed'> {
		const key = JSON.stringify([notice.severity, notice.subject, notice.to]);
		const at = Date.now();
		if (at - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < this.#windowMs) return 'repeated';
		const signal = AbortSignal.timeout(TIMEOUT_MS);
		const outcomes = await Promise.all(
			this.#channels.flatMap((channel) =>
				channel.targets(notice.to).map(async (target) => {
					const parcel = { ...notice, id: randomUUID(), target, at };
					const delivery = await channel.deliver(parcel, signal);
					this.#onEnd(channel.name, parcel, delivery);
					return delivery.outcome;
				}),
			),
		);
		if (!outcomes.some((outcome) => outcome === 'delivered' || outcome === 'unknown')) return 'failed';
		this.#told.delete(key);
		this.#told.set(key, at);
		const oldest = this.#told.keys().next().value;
		if (this.#told.size > MAX_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
		return 'direct';
	}
}
