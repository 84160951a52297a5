/** One at a time works on the parked queue: here a queue of callers, between processes a lease of the store. */

import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../errors.ts';
import type { Lease, Store } from '../store/store.ts';

/** Longer than the longest work on the queue, in milliseconds: a process that dies blocks others no longer than this. */
const LEASE_MS = 130_000;

/** How long a caller waits for another process, in milliseconds; then a person is told to try again. */
const WAIT_MS = 20_000;

const POLL_MS = 200;

export class ParkedLock {
	readonly #name: string;
	readonly #owner: string;
	readonly #store: () => Promise<Store>;
	#last: Promise<unknown> = Promise.resolve();
	#busy = 0;

	/**
	 * @param queue with its virtual host
	 * @param owner unique to the process
	 */
	constructor(queue: string, owner: string, store: () => Promise<Store>) {
		this.#name = `mail.parked.${queue}`;
		this.#owner = owner;
		this.#store = store;
	}

	/** True while somebody here works on the queue: what is looked at is not counted by the broker. */
	get busy(): boolean {
		return this.#busy > 0;
	}

	/** @throws HubError `TIMEOUT` when another process works on it all the time; what `work` throws */
	async hold<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
		this.#busy++;
		const turn = this.#last.then(() => this.#withLease(work));
		this.#last = turn.catch(() => undefined);
		try {
			return await turn;
		} finally {
			this.#busy--;
		}
	}

	async #withLease<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
		const lease = await this.#take(await this.#store());
		try {
			return await work(lease);
		} finally {
			await lease.release();
		}
	}

	async #take(store: Store): Promise<Lease> {
		for (const deadline = Date.now() + WAIT_MS; ; await delay(POLL_MS)) {
			const lease = await store.lease(this.#name, { owner: this.#owner, ttlMs: LEASE_MS });
			if (lease) return lease;
			if (Date.now() >= deadline) {
				throw new HubError('TIMEOUT', 'Somebody else is working with the parked mails; try again in a minute.');
			}
		}
	}
}
