/** Lets as many mails at once towards the SMTP server as it has connections: what a crash leaves unknown stays that few. */

import { HubError } from '../errors.ts';

interface Waiter {
	take(): void;
}

export class Slots {
	#free: number;
	readonly #waiting = new Set<Waiter>();

	constructor(size: number) {
		this.#free = size;
	}

	/**
	 * Waits for a slot, first come first served.
	 * @returns the function that gives it back, to be called once
	 * @throws HubError `CANCELLED` when the signal is aborted before
	 */
	async acquire(signal: AbortSignal): Promise<() => void> {
		if (signal.aborted) throw cancelled();
		if (this.#free > 0) this.#free--;
		else await this.#wait(signal);
		return () => this.#release();
	}

	#wait(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const abort = (): void => {
				this.#waiting.delete(waiter);
				reject(cancelled());
			};
			const waiter: Waiter = {
				take() {
					signal.removeEventListener('abort', abort);
					resolve();
				},
			};
			signal.addEventListener('abort', abort, { once: true });
			this.#waiting.add(waiter);
		});
	}

	#release(): void {
		const [next] = this.#waiting;
		if (next === undefined) {
			this.#free++;
			return;
		}
		this.#waiting.delete(next);
		next.take();
	}
}

function cancelled(): HubError {
	return new HubError('CANCELLED', 'The worker stopped before this mail was begun.');
}
