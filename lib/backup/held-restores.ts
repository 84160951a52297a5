/**
 * Restores for work that a flow prepared: believed by their signed record, and held until a person types the name of the
 * database that would be made. No message in a flow begins one.
 */

import { HubError, toHubError } from '../errors.ts';
import { believed } from './drill-run.ts';
import { type RestorePhase, type RestoreReport, requirePlaceName, restoreBackup } from './restore.ts';
import { type RestoreTarget, restorePlace } from './restore-place.ts';
import type { WaitingRestores } from './waiting-restores.ts';

export interface HeldRestore {
	/** Of the backup: brought twice it waits once. */
	id: string;
	/** Path of the encrypted file. */
	file: string;
	/** Of which database it was made, and when. */
	database: string;
	startedAt: string;
	/** Name of the database to make. */
	into: string;
	/** One of that name was there when it was brought. */
	replaces: boolean;
	/** Milliseconds since 1970. */
	since: number;
}

export interface HeldRestoresOptions {
	target: RestoreTarget;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Secret keys of age, newest first. */
	identities: readonly string[];
	/** Where they wait through a deploy and a restart. */
	waiting: Pick<WaitingRestores, 'all' | 'keep' | 'forget'>;
	/** Told when one that is done could not be forgotten: it waits again after the next deploy. */
	onUnforgotten(error: HubError): void;
	/** Told while one works. */
	onPhase(phase: RestorePhase, restore: HeldRestore, percent: number | null): void;
	/** Told of its end; the restore waits again after a failure. */
	onEnd(restore: HeldRestore, actor: string, end: { report: RestoreReport } | { error: HubError }): void;
	/** Told when what waits has changed. */
	onChange(): void;
}

const PERCENT = 100;

export class HeldRestores {
	readonly #options: HeldRestoresOptions;
	readonly #waiting = new Map<string, HeldRestore>();
	readonly #closing = new AbortController();
	#running: { restore: HeldRestore; cancel: AbortController; ended: Promise<void> } | undefined;

	constructor(options: HeldRestoresOptions) {
		this.#options = options;
	}

	/** Those that wait for a person, the newest first. */
	get waiting(): HeldRestore[] {
		return [...this.#waiting.values()].toSorted((a, b) => b.since - a.since);
	}

	get running(): HeldRestore | undefined {
		return this.#running?.restore;
	}

	/** Takes up those that waited before a deploy or a restart; what one of them was doing then, it waits for again. */
	async remember(): Promise<void> {
		for (const held of await this.#options.waiting.all()) {
			if (!this.#waiting.has(held.id) && this.running?.id !== held.id) this.#waiting.set(held.id, held);
		}
		this.#options.onChange();
	}

	/**
	 * Nothing of the file is decrypted.
	 * @param into default the name of the database that was backed up
	 * @throws HubError CONFIG_INVALID, BACKUP_UNTRUSTED, NOT_FOUND, `STORE_UNAVAILABLE`, those of Odoo, CANCELLED
	 */
	async hold(file: string, into: string | undefined, signal: AbortSignal): Promise<HeldRestore> {
		const { target, verifying, waiting, onChange } = this.#options;
		const { record } = await believed(file, verifying, signal);
		const { id, database, startedAt } = record;
		const name = into ?? database;
		requirePlaceName(name);
		const replaces = await restorePlace(target).exists(name);
		const held = { id, file, database, startedAt, into: name, replaces, since: Date.now() };
		await waiting.keep(held);
		this.#waiting.set(id, held);
		onChange();
		return held;
	}

	/** Forgets it; the file stays. @throws HubError NOT_FOUND, `STORE_UNAVAILABLE` */
	async discard(id: string): Promise<void> {
		this.#known(id);
		await this.#options.waiting.forget(id);
		this.#waiting.delete(id);
		this.#options.onChange();
	}

	/**
	 * Begins it; `onEnd` tells of its end.
	 * @param typed what the person wrote
	 * @throws HubError NOT_FOUND, RESTORE_UNCONFIRMED, CONFIG_INVALID while another one works
	 */
	begin(id: string, typed: string | undefined, actor: string): HeldRestore {
		const restore = this.#known(id);
		// Whether something is there or not: a name that is typed is one that was read.
		if (typed !== restore.into) {
			const text = `That is not the name of the database to make. Type “${restore.into}”.`;
			throw new HubError('RESTORE_UNCONFIRMED', text);
		}
		if (this.#running) throw new HubError('CONFIG_INVALID', 'Another restore works. Wait for its end, or cancel it.');
		this.#waiting.delete(id);
		const cancel = new AbortController();
		this.#running = { restore, cancel, ended: this.#work(restore, typed, actor, cancel.signal) };
		this.#options.onChange();
		return restore;
	}

	/** What was there is there still. @returns false when none works */
	cancel(): boolean {
		this.#running?.cancel.abort();
		return this.#running !== undefined;
	}

	async close(): Promise<void> {
		this.#closing.abort();
		await this.#running?.ended;
	}

	async #work(restore: HeldRestore, typed: string | undefined, actor: string, cancel: AbortSignal): Promise<void> {
		const { target, verifying, identities, waiting, onPhase, onEnd, onChange, onUnforgotten } = this.#options;
		const { file, into } = restore;
		const signal = AbortSignal.any([cancel, this.#closing.signal]);
		const end = await believed(file, verifying, signal)
			.then(({ signed }) =>
				restoreBackup({
					...{ target, file, signed, verifying, identities, into, copy: false, neutralize: false, signal },
					confirm: async () => typed,
					onProgress: (phase, bytes, total) =>
						onPhase(phase, restore, total > 0 ? Math.floor((bytes / total) * PERCENT) : null),
				}),
			)
			.then((report) => ({ report }))
			.catch((thrown: unknown) => ({ error: toHubError(thrown) }));
		if ('report' in end) {
			await waiting.forget(restore.id).catch((thrown: unknown) => onUnforgotten(toHubError(thrown)));
		}
		this.#running = undefined;
		if ('error' in end) this.#waiting.set(restore.id, restore);
		onChange();
		onEnd(restore, actor, end);
	}

	#known(id: string): HeldRestore {
		const found = this.#waiting.get(id);
		if (found) return found;
		throw new HubError('NOT_FOUND', 'This restore does not wait any more: reload the list, or bring the backup again.');
	}
}
