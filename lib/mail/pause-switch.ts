/** A person's pause, kept in the store: it holds over restarts and for all workers of one queue. */

import type { Ledger } from './ledger.ts';
import type { Pauses } from './pauses.ts';

export class PauseSwitch {
	readonly #scope: string;
	readonly #pauses: Pauses;
	readonly #ledger: () => Promise<Ledger>;
	/** Who paused, while the store does not know it yet. */
	#unkept: string | undefined;
	/** Decisions begun, and ended: what is read while either changes may be out of date. */
	#begun = 0;
	#ended = 0;

	/** @param scope the queue with its virtual host */
	constructor(scope: string, pauses: Pauses, ledger: () => Promise<Ledger>) {
		this.#scope = scope;
		this.#pauses = pauses;
		this.#ledger = ledger;
	}

	/** @throws HubError `STORE_UNAVAILABLE`: paused here, kept by a later `follow` */
	async pause(by: string): Promise<void> {
		this.#pauses.add('operator', pausedText(by), by);
		this.#unkept = by;
		await this.#decide(async (ledger) => {
			await ledger.setPaused(this.#scope, true, by);
			this.#unkept = undefined;
		});
	}

	/** @throws HubError `STORE_UNAVAILABLE`: still paused */
	async resume(by: string): Promise<void> {
		await this.#decide((ledger) => ledger.setPaused(this.#scope, false, by));
		this.#unkept = undefined;
		this.#pauses.remove('operator');
	}

	/**
	 * Does what was decided elsewhere.
	 * @throws HubError `STORE_UNAVAILABLE`
	 */
	async follow(): Promise<void> {
		const ledger = await this.#ledger();
		if (this.#unkept !== undefined) await this.pause(this.#unkept);
		const begun = this.#begun;
		const kept = await ledger.pausedBy(this.#scope);
		if (this.#begun !== begun || this.#ended !== begun) return;
		if (kept) this.#pauses.add('operator', pausedText(kept.by), kept.by);
		else this.#pauses.remove('operator');
	}

	async #decide(write: (ledger: Ledger) => Promise<void>): Promise<void> {
		this.#begun++;
		try {
			await write(await this.#ledger());
		} finally {
			this.#ended++;
		}
	}
}

function pausedText(by: string): string {
	return `Paused by ${by}.`;
}
