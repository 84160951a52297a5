/**
 * When to look through the parked mails for those that the broker gave up by itself, of which no worker knows. Looking takes
 * the queue from whoever else works on it for a moment, so it is done when the number of mails there is another than at the
 * last look, and for a small part of the time only.
 */

/** Seldom enough for a person who lists them meanwhile, soon enough for one who waits for a mail; in milliseconds. */
const MIN_PAUSE_MS = 30_000;

/** Between two looks passes at least so many times what the last one took: 10,000 mails take seconds. */
const PAUSE_RATIO = 20;

/** A mail that came while another left changes no number; in milliseconds. */
const MAX_PAUSE_MS = 600_000;

export class ParkedWatch {
	readonly #look: () => Promise<void>;
	readonly #now: () => number;
	#seen = 0;
	#ended = Number.NEGATIVE_INFINITY;
	#took = 0;

	/** @param now milliseconds on a clock that is never set back */
	constructor(look: () => Promise<void>, now: () => number = () => performance.now()) {
		this.#look = look;
		this.#now = now;
	}

	/** Looks where that is due; throws what looking throws, and is due again then after a pause. */
	async counted(parked: number): Promise<void> {
		if (parked === 0) this.#seen = 0;
		const started = this.#now();
		const pause = started - this.#ended;
		const least = Math.max(MIN_PAUSE_MS, this.#took * PAUSE_RATIO);
		if (parked === 0 || pause < least || (parked === this.#seen && pause < MAX_PAUSE_MS)) return;
		try {
			await this.#look();
			this.#seen = parked;
		} finally {
			this.#ended = this.#now();
			this.#took = this.#ended - started;
		}
	}
}
