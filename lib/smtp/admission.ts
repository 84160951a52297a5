/** Lets mails start: as many at once as there are connections, and at most so many a second. */

/** The window over which a rate is counted. */
const SECOND_MS = 1_000;

/**
 * nodemailer's own `rateLimit` counts only when a connection becomes free, so a fresh pool exceeds it at once (measured:
 * 10 in the first second with a pool of 10 and a limit of 5). Here any 1,000 ms contain at most `ratePerSecond` starts.
 */
export class Admission {
	readonly #size: number;
	readonly #rate: number | undefined;
	/** Starts in the last second, oldest first; at most `#rate` of them. */
	readonly #starts: number[] = [];
	readonly #waiting: (() => void)[] = [];
	readonly #now: () => number;
	#running = 0;
	#timer: NodeJS.Timeout | undefined;

	/** @param now a clock in ms that never goes back */
	constructor(size: number, ratePerSecond?: number, now = () => performance.now()) {
		this.#size = size;
		this.#now = now;
		this.#rate = ratePerSecond;
	}

	/** How many are under way or wait. */
	get pending(): number {
		return this.#running + this.#waiting.length;
	}

	/** Waits for a turn, first come first served. False when `signal` was aborted before; else `leave` must follow. */
	enter(signal: AbortSignal): Promise<boolean> {
		return new Promise((resolve) => {
			if (signal.aborted) return resolve(false);
			const turn = () => {
				signal.removeEventListener('abort', giveUp);
				resolve(true);
			};
			const giveUp = () => {
				this.#waiting.splice(this.#waiting.indexOf(turn), 1);
				resolve(false);
			};
			signal.addEventListener('abort', giveUp, { once: true });
			this.#waiting.push(turn);
			this.#admit();
		});
	}

	leave(): void {
		this.#running--;
		this.#admit();
	}

	#admit(): void {
		while (this.#waiting.length > 0 && this.#running < this.#size && this.#mayStart()) {
			this.#running++;
			this.#waiting.shift()?.();
		}
	}

	#mayStart(): boolean {
		if (this.#rate === undefined) return true;
		const now = this.#now();
		const oldest = this.#starts[0];
		if (this.#starts.length < this.#rate || oldest === undefined || now - oldest >= SECOND_MS) {
			this.#starts.push(now);
			if (this.#starts.length > this.#rate) this.#starts.shift();
			return true;
		}
		this.#timer ??= setTimeout(
			() => {
				this.#timer = undefined;
				this.#admit();
			},
			Math.ceil(SECOND_MS - (now - oldest)),
		);
		return false;
	}
}
