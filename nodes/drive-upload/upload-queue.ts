/** Uploads of one node, one after the other, each of which a person can cancel. */

import { HubError } from '../../lib/errors.ts';

interface Entry {
	/** Of the backup or the file, and its name: either cancels it. */
	names: readonly string[];
	cancel: AbortController;
}

export class UploadQueue<T> {
	readonly #entries = new Map<string, Entry>();
	readonly #closing: AbortSignal;
	readonly #onChange: () => void;
	#turn: Promise<unknown> = Promise.resolve();

	/** @param closing ends every upload; each goes on at the next start */
	constructor(closing: AbortSignal, onChange: () => void) {
		this.#closing = closing;
		this.#onChange = onChange;
	}

	/** Under way and waiting. */
	get size(): number {
		return this.#entries.size;
	}

	/** Under way or waiting. */
	has(key: string): boolean {
		return this.#entries.has(key);
	}

	/** @param key of none that is there */
	add(key: string, names: readonly string[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
		const cancel = new AbortController();
		const signal = AbortSignal.any([cancel.signal, this.#closing]);
		const result = this.#turn
			.then(() => {
				signal.throwIfAborted();
				return work(signal);
			})
			.finally(() => {
				this.#entries.delete(key);
				this.#onChange();
			});
		this.#turn = result.catch(() => {}); // whoever asked is told
		this.#entries.set(key, { names, cancel });
		this.#onChange();
		return result;
	}

	/** All of them, or those of that id or name; says how many. */
	cancel(name: string | undefined): number {
		const chosen = [...this.#entries.values()].filter(({ names }) => name === undefined || names.includes(name));
		for (const { cancel } of chosen) cancel.abort(new HubError('CANCELLED', 'The upload was cancelled.'));
		return chosen.length;
	}

	/** Resolves when the last one has ended. */
	async settled(): Promise<void> {
		await this.#turn;
	}
}
