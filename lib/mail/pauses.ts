/**
 * Why a worker takes no new mail. Several causes may hold at once; it goes on when the last one has ended. A person's pause
 * ends by a person; the others try by themselves, at growing intervals.
 */

/**
 * - `operator`: a person paused it; kept in the store.
 * - `smtp`: the SMTP server refuses the hub itself (credentials, greeting).
 * - `streak`: it refused five mails in a row for good, for different domains.
 * - `ledger`: the store cannot be written.
 * - `queues`: a delay, parked or result queue does not take messages.
 */
export type PauseCause = 'operator' | 'smtp' | 'streak' | 'ledger' | 'queues';

export interface Pause {
	readonly cause: PauseCause;
	/** In English, for a person. */
	readonly text: string;
	/** Milliseconds since 1970. */
	readonly since: number;
	/** When it is tried again by itself. */
	readonly retryAt?: number;
	readonly by?: string;
}

/** Waits before trying again, in milliseconds; the last one is repeated. */
export type PauseDelays = Record<Exclude<PauseCause, 'operator'>, readonly number[]>;

export const DEFAULT_DELAYS: PauseDelays = {
	/** A password is corrected by a person; each try is a sign-in that some servers count. */
	smtp: [30_000, 60_000, 120_000, 300_000],
	/** A block list takes hours; each try costs up to five refusals, which some relays count too. */
	streak: [60_000, 300_000, 900_000, 3_600_000],
	/** A full disk or a database that restarts; a try costs nothing. */
	ledger: [1_000, 2_000, 5_000, 10_000, 30_000],
	queues: [1_000, 5_000, 15_000, 60_000],
};

export interface PausesOptions {
	delays?: Partial<PauseDelays>;
	/** Whether the cause has ended; a throw counts as no. */
	probe: (cause: Exclude<PauseCause, 'operator'>) => Promise<boolean>;
	/** Called after every change. */
	onChange: () => void;
}

export class Pauses {
	readonly #delays: PauseDelays;
	readonly #probe: PausesOptions['probe'];
	readonly #onChange: () => void;
	readonly #held = new Map<PauseCause, Pause>();
	readonly #timers = new Map<PauseCause, NodeJS.Timeout>();
	/** How often in a row each cause came back, across resumptions, until a success forgets it. */
	readonly #times = new Map<PauseCause, number>();

	constructor({ delays, probe, onChange }: PausesOptions) {
		this.#delays = { ...DEFAULT_DELAYS, ...delays };
		this.#probe = probe;
		this.#onChange = onChange;
	}

	get all(): Pause[] {
		return [...this.#held.values()];
	}

	has(cause: PauseCause): boolean {
		return this.#held.has(cause);
	}

	/** Starts a pause; one that holds already stays as it is. Returns false then. */
	add(cause: PauseCause, text: string, by?: string): boolean {
		if (this.#held.has(cause)) return false;
		const since = Date.now();
		this.#hold({ cause, text, since, ...(by === undefined ? {} : { by }) });
		return true;
	}

	/** Ends a pause. Returns false when there was none. */
	remove(cause: PauseCause): boolean {
		clearTimeout(this.#timers.get(cause));
		this.#timers.delete(cause);
		if (!this.#held.delete(cause)) return false;
		this.#onChange();
		return true;
	}

	/** Something went well: the next pause for that cause is a short one again. */
	forget(cause: PauseCause): void {
		this.#times.delete(cause);
	}

	close(): void {
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
	}

	#hold(pause: Pause): void {
		const { cause } = pause;
		if (cause === 'operator') {
			this.#held.set(cause, pause);
		} else {
			const times = (this.#times.get(cause) ?? 0) + 1;
			this.#times.set(cause, times);
			const delays = this.#delays[cause];
			const delayMs = delays[Math.min(times, delays.length) - 1] ?? 0;
			this.#held.set(cause, { ...pause, retryAt: Date.now() + delayMs });
			this.#timers.set(
				cause,
				setTimeout(() => void this.#try(pause, cause), delayMs),
			);
		}
		this.#onChange();
	}

	async #try(pause: Pause, cause: Exclude<PauseCause, 'operator'>): Promise<void> {
		const timer = this.#timers.get(cause);
		let ended: boolean;
		try {
			ended = await this.#probe(cause);
		} catch {
			// The probe says why by itself; here only that the cause still holds.
			ended = false;
		}
		// Ended or closed by somebody else in between.
		if (this.#timers.get(cause) !== timer) return;
		if (ended) this.remove(cause);
		else this.#hold(pause);
	}
}
