/**
 * Who writes `sending` into the ledger. An owner that is known to be dead leaves a mail whose outcome is unknown; one that
 * may be alive is left to finish. With SQLite only this process uses the ledger; with PostgreSQL a lease that the owner
 * renews tells.
 */

import { randomUUID } from 'node:crypto';
import { HubError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Lease, Store } from '../store/store.ts';

/**
 * Without a sign of life for so long, in milliseconds, an owner counts as dead. Shorter, and a process that the machine
 * holds up for a moment has its mails taken over while it still sends them.
 */
const LEASE_MS = 30_000;

/** Signs of life in the time of a lease: two may be missed. */
const BEATS = 3;

/** The owners of this process; a worker that was closed is taken out. */
const living = new Set<string>();

export interface OwnerOptions {
	log: Log;
	/** The lease ended before it was renewed; see `lost`. */
	onLost: () => void;
	/** Without a sign of life for so long, in milliseconds, others take this owner for dead. Default 30,000. */
	leaseMs?: number | undefined;
}

export class LedgerOwner {
	readonly id: string;
	readonly #store: Store;
	readonly #lease: Lease | null;
	readonly #timer: NodeJS.Timeout | undefined;
	readonly #log: Log;
	readonly #onLost: () => void;
	readonly #leaseMs: number;
	/** By this process's monotonic clock. */
	#holdsUntil = Number.POSITIVE_INFINITY;
	#lost = false;

	private constructor(id: string, store: Store, options: OwnerOptions, lease?: { held: Lease | null; asked: number }) {
		const { log, onLost, leaseMs = LEASE_MS } = options;
		this.id = id;
		this.#store = store;
		this.#log = log;
		this.#onLost = onLost;
		this.#leaseMs = leaseMs;
		this.#lease = lease?.held ?? null;
		living.add(id);
		if (!lease?.held) return;
		const { held, asked } = lease;
		this.#holdsUntil = asked + leaseMs;
		this.#timer = setInterval(() => void this.#renew(held), leaseMs / BEATS).unref();
	}

	/** @throws HubError `STORE_UNAVAILABLE` */
	static async begin(store: Store, options: OwnerOptions): Promise<LedgerOwner> {
		const id = randomUUID();
		if (!store.shared) return new LedgerOwner(id, store, options);
		const asked = performance.now();
		const held = await store.lease(leaseName(id), { owner: id, ttlMs: options.leaseMs ?? LEASE_MS });
		return new LedgerOwner(id, store, options, { held, asked });
	}

	/** True once another process may have taken this owner for dead: it must claim nothing more. */
	get lost(): boolean {
		return this.#lost;
	}

	/**
	 * False as soon as others may take this owner for dead, also before it learns of it: after a time in which the process or
	 * the machine stood still. By the local clock, from the moment at which the last sign of life was sent, so it never
	 * says true for longer than the store does, and costs nothing.
	 */
	get holds(): boolean {
		return !this.#lost && performance.now() < this.#holdsUntil;
	}

	/**
	 * Whether another owner may still be sending. The answer "no" also keeps it from coming back.
	 * @throws HubError `STORE_UNAVAILABLE`
	 */
	async isAlive(owner: string): Promise<boolean> {
		if (living.has(owner)) return true;
		if (!this.#store.shared) return false;
		const lease = await this.#store.lease(leaseName(owner), { owner: this.id, ttlMs: this.#leaseMs });
		if (lease === null) return true;
		await lease.release();
		return false;
	}

	/** Ends the owner: what it left in `sending` is unknown from now on. */
	async end(): Promise<void> {
		clearInterval(this.#timer);
		living.delete(this.id);
		await this.#lease?.release();
	}

	async #renew(lease: Lease): Promise<void> {
		const asked = performance.now();
		try {
			await lease.renew();
			this.#holdsUntil = asked + this.#leaseMs;
		} catch (thrown) {
			if (thrown instanceof HubError && thrown.code === 'LEASE_LOST') {
				this.#lost = true;
				clearInterval(this.#timer);
				this.#onLost();
			}
			// Any other failure: the next beat tries again, and the worker notices a dead store by itself.
			this.#log.warn(`The mail ledger's sign of life could not be written: ${(thrown as Error).message}`);
		}
	}
}

function leaseName(owner: string): string {
	return `mail.owner.${owner}`;
}
