/** Trying again: how often, and with which pauses. The only place where the client of Drive waits. */
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import { throwIfCancelled } from '../cancelled.ts';
import { DriveFailure } from './failure.ts';

export interface Patience {
	/** Shortest pause, ms. */
	minMs: number;
	/** Longest pause, ms; also what Google's `Retry-After` is cut to. */
	maxMs: number;
	/** Failures in a row, without a byte of progress, before giving up. */
	failures: number;
}

/** Google recommends pauses from 1 to 64 s, growing; ten of them take some six minutes. */
export const PATIENCE: Patience = { minMs: 1_000, maxMs: 64_000, failures: 10 };

/** Counts the failures of one piece of work. */
export class Attempts {
	readonly #patience: Patience;
	readonly #signal: AbortSignal | undefined;
	#backoff: Backoff;
	#failures = 0;

	constructor(patience: Patience, signal: AbortSignal | undefined) {
		this.#patience = patience;
		this.#signal = signal;
		this.#backoff = new Backoff(patience);
	}

	/** Something moved on: the next failure is a first one again. */
	progressed(): void {
		this.#failures = 0;
		this.#backoff = new Backoff(this.#patience);
	}

	/** Waits before the next attempt. @throws the failure, as final, after too many in a row; HubError CANCELLED */
	async pause(failure: DriveFailure): Promise<void> {
		throwIfCancelled(this.#signal);
		this.#failures += 1;
		if (this.#failures >= this.#patience.failures) throw new DriveFailure(failure.code, failure.message, 'never');
		const asked = Math.min(failure.retryAfterMs ?? 0, this.#patience.maxMs);
		try {
			await delay(Math.max(this.#backoff.next(), asked), undefined, this.#signal ? { signal: this.#signal } : {});
		} catch (thrown) {
			throwIfCancelled(this.#signal);
			throw thrown;
		}
	}
}
