/** A limit for the bandwidth of one transfer. */
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfCancelled } from './cancelled.ts';

/** Shorter waits cost more than they even out, in ms. */
const SHORTEST_MS = 5;
const SMALLEST_BYTES = 16 * 1024;

/** What was not used of this time is caught up: else the time that a piece takes by itself would be lost. In ms. */
const CREDIT_MS = 250;

export class Pace {
	readonly #bytesPerMs: number;
	/** When the bytes taken so far may have left, in ms of `performance.now`. */
	#due = performance.now();

	/** @param bytesPerSecond default, and 0: no limit */
	constructor(bytesPerSecond?: number) {
		this.#bytesPerMs = bytesPerSecond ? bytesPerSecond / 1_000 : Number.POSITIVE_INFINITY;
	}

	/** The largest piece that does not make a slow connection look dead: a quarter of a second, at least 16 KiB. */
	piece(most: number): number {
		return Math.min(most, Math.max(SMALLEST_BYTES, Math.floor(this.#bytesPerMs * 250)));
	}

	/** Waits until so many bytes more may leave. @throws HubError CANCELLED */
	async take(bytes: number, signal?: AbortSignal): Promise<void> {
		const now = performance.now();
		this.#due = Math.max(this.#due, now - CREDIT_MS) + bytes / this.#bytesPerMs;
		if (this.#due - now < SHORTEST_MS) return;
		await delay(this.#due - now, undefined, signal ? { signal } : {}).catch(() => throwIfCancelled(signal));
	}
}
