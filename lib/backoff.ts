/** Growing pauses between attempts, so that a server that comes back is not met by everybody at once. */

export interface BackoffOptions {
	/** Shortest pause, ms. */
	minMs: number;
	/** Longest pause, ms. */
	maxMs: number;
	/** What lasted at least this long counts as a success after which pauses begin anew, ms. Default 10,000. */
	stableMs?: number;
	/** In [0, 1); default `Math.random`. */
	random?: () => number;
	/** ms; default `Date.now`. */
	now?: () => number;
}

/** A connection that lives shorter than this is likely to fail again at once, in ms. */
const STABLE_MS = 10_000;

/**
 * Pauses double with every failure in a row: the n-th is drawn evenly from the upper half of `minMs · 2^n`, never
 * outside `minMs … maxMs`.
 */
export class Backoff {
	readonly #options: Required<BackoffOptions>;
	#failures = 0;
	#succeededAt: number | undefined;

	constructor(options: BackoffOptions) {
		this.#options = { stableMs: STABLE_MS, random: Math.random, now: Date.now, ...options };
	}

	/** Tells that the attempt worked; only when it lasts are the next pauses short again. */
	succeeded(): void {
		this.#succeededAt = this.#options.now();
	}

	/** The pause after a failure, in ms. */
	next(): number {
		const { minMs, maxMs, stableMs, random, now } = this.#options;
		if (this.#succeededAt !== undefined && now() - this.#succeededAt >= stableMs) this.#failures = 0;
		this.#succeededAt = undefined;
		this.#failures += 1;
		const longest = Math.min(maxMs, minMs * 2 ** this.#failures);
		return Math.round(Math.max(minMs, longest * (0.5 + random() / 2)));
	}
}
