/** One mail on its way: in which phase it is, and how long that may last. */
import type { Readable } from 'node:stream';
import type { SmtpTimeouts } from './options.ts';

/**
 * waiting → setup → envelope → transfer → answer
 *
 * - `waiting`: for a turn.
 * - `setup`: connecting and signing in, or, where a connection is open, nothing.
 * - `envelope`: MAIL, RCPT and DATA are sent; the server has not said 354, so not one byte of the mail has left.
 * - `transfer`: the server has said 354 and the mail is travelling; without its final dot no server may deliver it.
 * - `answer`: the last byte was given to the connection. From here on a silence means that nobody knows.
 *
 * nodemailer reports a connection lost in `envelope` and one lost in `answer` alike (measured), so the phase is read from
 * the stream out of which it takes the mail: it is not read before the 354, and its end comes before the final dot.
 */
export type Phase = 'waiting' | keyof SmtpTimeouts;

export type Interruption =
	| { by: 'deadline'; phase: keyof SmtpTimeouts; ms: number }
	| { by: 'caller' }
	| { by: 'closing' };

export class Transaction {
	phase: Phase = 'waiting';
	/** Resolves after `settle`. */
	readonly settled: Promise<void>;
	/** Why `signal` was aborted; undefined as long as it was not. */
	interruption: Interruption | undefined;
	readonly #timeouts: SmtpTimeouts;
	readonly #caller: AbortSignal | undefined;
	readonly #onData: (() => void) | undefined;
	readonly #mayTravel: (() => boolean) | undefined;
	readonly #abort = new AbortController();
	readonly #cancel = () => this.interrupt({ by: 'caller' });
	readonly #settle: () => void;
	#timer: NodeJS.Timeout | undefined;

	constructor(
		timeouts: SmtpTimeouts,
		options: { signal?: AbortSignal; mayTravel?: () => boolean; onData?: () => void } = {},
	) {
		({ promise: this.settled, resolve: this.#settle } = Promise.withResolvers<void>());
		this.#timeouts = timeouts;
		this.#caller = options.signal;
		this.#onData = options.onData;
		this.#mayTravel = options.mayTravel;
		if (options.signal?.aborted) this.#cancel();
		else options.signal?.addEventListener('abort', this.#cancel, { once: true });
	}

	/** Aborted by the caller's signal or by the deadline of a phase. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Starts the deadline of `setup`. */
	start(): void {
		this.#enter('setup');
	}

	/** Given the stream of a mail at the moment at which MAIL is sent; follows how far it is read, and reads nothing. */
	follow(stream: Readable): Readable {
		this.#enter('envelope');
		stream.once('resume', () => {
			this.#enter('transfer');
			if (this.#mayTravel?.() === false) this.#cancel();
			else this.#onData?.();
		});
		// Comes before nodemailer's own listener, which then writes the final dot: not to a connection that was destroyed.
		stream.once('end', () => {
			if (!this.interruption) this.#enter('answer');
		});
		return stream;
	}

	interrupt(interruption: Interruption): void {
		this.interruption ??= interruption;
		this.#abort.abort();
	}

	/** Called when the outcome is known: ends all timers and listeners. */
	settle(): void {
		clearTimeout(this.#timer);
		this.#caller?.removeEventListener('abort', this.#cancel);
		this.#settle();
	}

	#enter(phase: keyof SmtpTimeouts): void {
		this.phase = phase;
		clearTimeout(this.#timer);
		const ms = this.#timeouts[phase];
		this.#timer = setTimeout(() => this.interrupt({ by: 'deadline', phase, ms }), ms);
	}
}
