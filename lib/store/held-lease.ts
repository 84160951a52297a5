/** A lease that is kept for as long as work goes on: renewed meanwhile, given back at its end. */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HubError, toHubError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Lease, LeaseOptions, Store } from './store.ts';

/** Between two looks whether the lease is free, in ms. */
const LOOK_MS = 500;

export interface HeldOptions {
	ttlMs: number;
	/** Before the lease was asked for, by `performance.now`; default now. */
	askedAt?: number;
	/** What a person reads when it is lost. */
	lostText?: string;
}

/**
 * Renews a lease. A store that is away for a moment is met again at the next renewal; `signal` aborts with `LEASE_LOST` only
 * when another owner has the lease, or when no renewal came through for as long as it lasts.
 */
export class HeldLease {
	readonly lease: Lease;
	readonly #options: HeldOptions;
	readonly #lost = new AbortController();
	readonly #renewal: NodeJS.Timeout;
	#heldUntil: number;
	#released = false;

	constructor(lease: Lease, options: HeldOptions) {
		const { ttlMs, askedAt = performance.now() } = options;
		this.lease = lease;
		this.#options = options;
		this.#heldUntil = askedAt + ttlMs;
		// Thrice a lease: one renewal may fail, and the next still comes in time.
		this.#renewal = setInterval(() => void this.#renew(), ttlMs / 3);
		this.#renewal.unref();
	}

	/** Aborts when the lease is another's now, or may be. */
	get signal(): AbortSignal {
		return this.#lost.signal;
	}

	/** To be called before each step that changes something outside. @throws HubError `LEASE_LOST`, `STORE_UNAVAILABLE` */
	async check(): Promise<void> {
		this.#lost.signal.throwIfAborted();
		await this.lease.check();
	}

	/** Also for whoever finds out otherwise that another has taken it. */
	lose(cause: unknown): void {
		clearInterval(this.#renewal);
		const { message } = toHubError(cause);
		this.#lost.abort(new HubError('LEASE_LOST', this.#options.lostText ?? message, { cause }));
	}

	/** Never throws: a lease that could not be given back ends by itself, and what was done under it is done. */
	async release(log?: Log): Promise<void> {
		this.#released = true;
		clearInterval(this.#renewal);
		try {
			await this.lease.release();
		} catch (thrown) {
			log?.warn(`"${this.lease.name}" could not be given back and ends by itself: ${toHubError(thrown).message}`);
		}
	}

	async #renew(): Promise<void> {
		const begun = performance.now();
		if (begun >= this.#heldUntil) {
			// Earlier renewals still wait for a store that says nothing.
			this.lose(new HubError('LEASE_LOST', `"${this.lease.name}" was not renewed in time: the store does not answer.`));
			return;
		}
		try {
			await this.lease.renew();
			this.#heldUntil = Math.max(this.#heldUntil, begun + this.#options.ttlMs);
		} catch (thrown) {
			// A renewal that was under way finds a lease that was given back.
			if (this.#released) return;
			if (toHubError(thrown).code === 'LEASE_LOST' || performance.now() >= this.#heldUntil) this.lose(thrown);
		}
	}
}

export interface HoldOptions extends LeaseOptions {
	/** Of whoever asked for the work. */
	signal: AbortSignal;
	/** How long another may keep the lease before this one gives up, in ms; default without end. */
	waitMs?: number;
	/** What it says then, and what to do. */
	tooLongText?: string;
}

/**
 * Waits for the lease and works under it. Within one process, too, only one has it: two nodes of one hub do not take it from
 * each other.
 * @param work its signal aborts with the caller's, and when the lease is lost
 * @throws HubError `TIMEOUT` after `waitMs`; the reason of `signal`, or `CANCELLED`, while it waits; `LEASE_LOST`;
 * `STORE_UNAVAILABLE` when the lease cannot be asked for; and what `work` throws
 */
export async function holdLease<T>(
	store: Pick<Store, 'lease'>,
	name: string,
	options: HoldOptions,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const { signal } = options;
	const held = await waitForLease(store, name, options);
	try {
		return await work(AbortSignal.any([signal, held.signal]));
	} catch (thrown) {
		throw held.signal.aborted && !signal.aborted ? held.signal.reason : thrown;
	} finally {
		await held.release();
	}
}

async function waitForLease(
	store: Pick<Store, 'lease'>,
	name: string,
	{ owner, ttlMs, signal, waitMs = Number.POSITIVE_INFINITY, tooLongText }: HoldOptions,
): Promise<HeldLease> {
	const mine = `${owner}/${randomUUID()}`;
	const begun = performance.now();
	for (;;) {
		const askedAt = performance.now();
		const lease = await store.lease(name, { owner: mine, ttlMs });
		if (lease) return new HeldLease(lease, { ttlMs, askedAt });
		if (performance.now() - begun >= waitMs) {
			throw new HubError(
				'TIMEOUT',
				tooLongText ?? `Another one has held "${name}" for too long. See what it waits for.`,
			);
		}
		await delay(LOOK_MS, undefined, { signal }).catch((cause: unknown) => {
			const { reason } = signal as { reason: unknown };
			throw reason instanceof HubError ? reason : new HubError('CANCELLED', 'Cancelled before its turn.', { cause });
		});
	}
}
