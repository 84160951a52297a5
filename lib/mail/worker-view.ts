/** Keeps what a worker tells about itself, and tells it only when it has changed. */

import type { HubError } from '../errors.ts';
import type { Counter, Health } from '../health.ts';
import type { Log } from '../log.ts';
import type { MailOutcome, ParkedGarbage } from './outcomes.ts';
import { type QueueDepths, sameState, type WorkerState } from './worker-state.ts';

/** Numbers change with every mail, a thousand times a second; a status that changes more often than this nobody reads. */
const COALESCE_MS = 250;

type Facts = Pick<WorkerState, 'phase' | 'pauses' | 'underWay'>;

export class WorkerView {
	readonly #facts: () => Facts;
	readonly #counter: Counter;
	readonly #onState = new Set<(state: WorkerState) => void>();
	readonly #onOutcome = new Set<(outcome: MailOutcome | ParkedGarbage) => void>();
	readonly #counts = { sent: 0, retried: 0, parked: 0, discarded: 0, duplicates: 0 };
	#problem: HubError | undefined;
	#depths: QueueDepths | null = null;
	#lagMs: number | null = null;
	readonly #remarks: readonly string[];
	#notes: readonly string[] = [];
	#resultNote: string | undefined;
	#told: WorkerState | undefined;
	#timer: NodeJS.Timeout | undefined;

	/** @param remarks first among the notes, whatever else there is */
	constructor(health: Health, facts: () => Facts, remarks: readonly string[] = []) {
		this.#facts = facts;
		this.#remarks = remarks;
		this.#counter = health.counter('clinic_hub_mails_total', 'Mails by what became of them.');
	}

	get state(): WorkerState {
		const problem = this.#problem;
		return {
			...this.#facts(),
			problem: problem ? { code: problem.code, text: problem.message } : null,
			counts: { ...this.#counts },
			depths: this.#depths,
			lagMs: this.#lagMs,
			notes: [...this.#remarks, ...this.#notes, ...(this.#resultNote === undefined ? [] : [this.#resultNote])],
		};
	}

	get hasProblem(): boolean {
		return this.#problem !== undefined;
	}

	onState(listener: (state: WorkerState) => void): () => void {
		this.#onState.add(listener);
		return () => this.#onState.delete(listener);
	}

	onOutcome(listener: (outcome: MailOutcome | ParkedGarbage) => void): () => void {
		this.#onOutcome.add(listener);
		return () => this.#onOutcome.delete(listener);
	}

	count(outcome: MailOutcome | ParkedGarbage): void {
		const { outcome: word } = outcome;
		this.#counter.add({ outcome: word });
		if (word === 'delivered') this.#counts.sent++;
		else if (word === 'retrying') this.#counts.retried++;
		else if (word === 'discarded') this.#counts.discarded++;
		else if (word !== 'probed') this.#counts.parked++;
		for (const listener of this.#onOutcome) listener(outcome);
		this.refreshSoon();
	}

	countDuplicate(): void {
		this.#counter.add({ outcome: 'duplicate' });
		this.#counts.duplicates++;
	}

	/** @param timestamp the AMQP property, in seconds since 1970 */
	noteLag(timestamp: unknown): void {
		this.#lagMs = typeof timestamp === 'number' ? Math.max(0, Date.now() - timestamp * 1_000) : null;
	}

	setProblem(problem: HubError | undefined): void {
		this.#problem = problem;
		this.refresh();
	}

	setDepths(depths: QueueDepths): void {
		this.#depths = depths;
		this.refresh();
	}

	setNotes(notes: readonly string[], log: Log): void {
		for (const note of notes) if (!this.#notes.includes(note)) log.warn(note);
		this.#notes = notes;
		this.refresh();
	}

	setResultNote(note: string, log: Log): void {
		if (note !== this.#resultNote) log.warn(note);
		this.#resultNote = note;
		this.refreshSoon();
	}

	/** Tells the state if it differs from what was told last. */
	refresh(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const { state } = this;
		if (this.#told && sameState(this.#told, state)) return;
		this.#told = state;
		for (const listener of this.#onState) listener(state);
	}

	refreshSoon(): void {
		this.#timer ??= setTimeout(() => this.refresh(), COALESCE_MS).unref();
	}

	close(): void {
		clearTimeout(this.#timer);
	}
}
