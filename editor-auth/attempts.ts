/** How often something may be tried from one address. */

export class Attempts {
	readonly #most: number;
	readonly #windowMs: number;
	readonly #seen = new Map<string, number[]>();

	constructor(most: number, windowMs: number) {
		this.#most = most;
		this.#windowMs = windowMs;
	}

	/** Counts one more; false when there were too many. */
	allow(who: string): boolean {
		const now = Date.now();
		const since = now - this.#windowMs;
		const recent = (this.#seen.get(who) ?? []).filter((at) => at > since);
		if (recent.length >= this.#most) return false;
		recent.push(now);
		// Moved to the end: the first ones are those that were quiet for longest.
		this.#seen.delete(who);
		this.#seen.set(who, recent);
		if (this.#seen.size > 10_000) this.#seen.delete(this.#seen.keys().next().value ?? who);
		return true;
	}
}
