/**
 * Tells a relay that refuses everything (a block list, a wrong setting) from mails that are wrong themselves: five
 * permanent refusals in a row, for five different recipient domains, with no success between.
 */

/** Different domains refused in a row that speak against the relay rather than the addresses. */
const DOMAINS = 5;

/**
 * A mail counts, and is decided again, so many times; then it is parked for good. Without this bound five addresses that
 * are really wrong, alone in the queue, would pause the worker again and again for ever.
 */
export const MAX_CHANCES = 3;

/** Refusals remembered at most: several for one domain do not count, but are taken back too. */
const REMEMBERED = 50;

export class Streak {
	#refused: { domain: string; key: string }[] = [];

	/**
	 * Notes a permanent refusal.
	 * @returns the keys of the mails refused before it in this row when it is the one too many; undefined otherwise
	 */
	refused(domain: string, key: string): string[] | undefined {
		const earlier = this.#refused;
		const domains = new Set(earlier.map((refusal) => refusal.domain)).add(domain.toLowerCase());
		if (domains.size >= DOMAINS) {
			this.#refused = [];
			return earlier.map((refusal) => refusal.key);
		}
		this.#refused = [...earlier, { domain: domain.toLowerCase(), key }].slice(-REMEMBERED);
		return undefined;
	}

	/** A mail was taken: the relay takes mails. */
	success(): void {
		if (this.#refused.length > 0) this.#refused = [];
	}
}
