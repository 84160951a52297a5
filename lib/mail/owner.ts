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

/** Two may be missed before the lease ends. */
const HEARTBEAT_MS = 10_000;

/** The owners of this process; a worker that was closed is taken out. */
const living = new Set<string>();

export interface OwnerOptions {
	log: Log;
	/** The lease ended before it was renewed; see `lost`. */
	onLost: () => void;
}

export class LedgerOwner {
	readonly id: string;
	readonly #store: Store;
	readonly #lease: Lease | null;
	readonly #timer: NodeJS.Timeout | undefined;
	readonly #log: Log;
	readonly #onLost: () => void;
	#lost = false;

	private constructor(id: string, store: Store, lease: Lease | null, { log, onLost }: OwnerOptions) {
		this.id = id;
		this.#store = store;
		this.#lease = lease;
		this.#log = log;
		this.#onLost = onLost;
		living.add(id);
		if (lease) this.#timer = setInterval(() => void this.#renew(lease), HEARTBEAT_MS).unref();
	}

	/** @throws HubError `STORE_UNAVAILABLE` */
	static async begin(store: Store, options: OwnerOptions): Promise<LedgerOwner> {
		const id = randomUUID();
		const lease = store.shared ? await store.lease(leaseName(id), { owner: id, ttlMs: LEASE_MS }) : null;
		return new LedgerOwner(id, store, lease, options);
	}

	/** True once another process may have taken this owner for dead: it must claim nothing more. */
	get lost(): boolean {
		return this.#lost;
	}

	/**
	 * Whether another owner may still be sending. The answer "no" also keeps it from coming back.
	 * @throws HubError `STORE_UNAVAILABLE`
	 */
	async isAlive(owner: string): Promise<boolean> {
		if (living.has(owner)) return true;
		if (!this.#store.shared) return false;
		const lease = await this.#store.lease(leaseName(owner), { owner: this.id, ttlMs: LEASE_MS });
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
		try {
			await lease.renew();
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
