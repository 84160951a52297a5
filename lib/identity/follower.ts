/**
 * Lets Odoo follow Keycloak: asks every few seconds, runs what is asked for, waits while one of them is down and says so.
 * Knows no program around it. States: see `FollowerState`; a run, an approval and a poll never work at the same time.
 */
import type { Audit } from '../audit.ts';
import { Backoff } from '../backoff.ts';
import { HubError, toHubError } from '../errors.ts';
import type { Counter, Health, HealthReport } from '../health.ts';
import type { Store } from '../store/store.ts';
import { Decisions } from './decisions.ts';
import { BEGINNING, type FollowerEvent, type FollowerState } from './follower-state.ts';
import { inTurn } from './in-turn.ts';
import type { ConflictReason, IdentitySource, IdentityTarget, LineKind } from './model.ts';
import type { RunMode, RunReport } from './report.ts';
import type { RunOptions } from './run-options.ts';
import { pairOf, type Setup, Setups } from './setups.ts';
import { IdentitySync } from './sync.ts';

export interface FollowerOptions {
	source: IdentitySource;
	target: IdentityTarget;
	setup: Setup;
	store(): Promise<Store>;
	/** Unique to the process. */
	owner: string;
	/** Between two questions for changes, ms; null: only what is asked for. */
	everyMs: number | null;
	health: Health;
	audit: Audit;
	onEvent(event: FollowerEvent): void;
	/** Called whenever `state` may have changed. */
	onChange(): void;
}

export interface RunRequest {
	dryRun?: boolean;
	/** Who asked. */
	actor: string;
}

/** A failure that may pass by itself is told a person after so long: a restart of Keycloak is over by then. In ms. */
const PATIENCE_MS = 60_000;
/** Longest pause while one of them is down, ms: what follows is late by so much. */
const MAX_PAUSE_MS = 30_000;
/** What says that an account may be somebody's who is not linked to it. */
const UNLINKED: ReadonlySet<string> = new Set<ConflictReason>(['loginTaken', 'loginLooksAlike']);
/** Ids of accounts in one audit record. */
const IDS_AUDITED = 200;

export class Follower {
	readonly #options: FollowerOptions;
	readonly #closing = new AbortController();
	readonly #counter: Counter;
	readonly #backoff: Backoff;
	#state = BEGINNING;
	#sync: Promise<IdentitySync> | undefined;
	#turn: Promise<unknown> = Promise.resolve();
	#timer: NodeJS.Timeout | undefined;
	#cancel: AbortController | undefined;
	#asked = false;
	#toldTrouble: string | undefined;
	#toldConflicts = '';
	readonly #decisions: Decisions;

	constructor(options: FollowerOptions) {
		this.#options = options;
		this.#counter = options.health.counter('clinic_hub_identity_changes_total', 'Changes of users in Odoo by kind.');
		this.#backoff = new Backoff({ minMs: Math.max(1_000, options.everyMs ?? 0), maxMs: MAX_PAUSE_MS });
		this.#decisions = new Decisions({
			open: () => this.#open(),
			carryOut: (actor, run) => this.#alone(() => this.#work(actor, true, (...given) => inTurn(() => run(...given)))),
			onHeld: (held) => this.#set({ held }),
			record: (...record) => this.#record(...record),
			signal: this.#closing.signal,
		});
	}

	get state(): FollowerState {
		return this.#state;
	}

	get report(): HealthReport {
		const { trouble, held } = this.#state;
		if (trouble) return { state: trouble.error.retryable ? 'degraded' : 'failed', text: trouble.error.message };
		return held ? { state: 'degraded', text: 'A plan waits for a decision.' } : { state: 'ok', text: '' };
	}

	/** Says what waited before a restart, and begins to ask. */
	start(): void {
		const { everyMs } = this.#options;
		void this.#alone(async () => {
			const sync = await this.#open();
			this.#set({ held: await sync.plans.waiting() });
		})
			.catch((thrown: unknown) => this.#failed(toHubError(thrown)))
			.finally(() => {
				if (everyMs !== null) void this.#poll(everyMs);
			});
	}

	/**
	 * A run that somebody asked for. Null when one works already: that is told as an event.
	 * @throws HubError as `IdentitySync.run`, CANCELLED
	 */
	async run(mode: RunMode, { dryRun = false, actor }: RunRequest): Promise<RunReport | null> {
		if (this.#asked) {
			this.#options.onEvent({ kind: 'busy' });
			return null;
		}
		this.#asked = true;
		try {
			return await this.#alone(() =>
				this.#work(actor, true, (sync, options) => inTurn(() => sync.run(mode, { ...options, dryRun }))),
			);
		} finally {
			this.#asked = false;
		}
	}

	/** @returns false when nothing works */
	cancel(actor: string): boolean {
		if (!this.#cancel || !this.#state.working) return false;
		this.#cancel.abort(new HubError('CANCELLED', 'The synchronisation was cancelled; the next run continues.'));
		this.#record('cancel', actor, pairOf(this.#options.setup), 'done');
		return true;
	}

	/** Of a run that nobody waits for. */
	tellFailure(thrown: unknown): void {
		const error = toHubError(thrown);
		if (error.code !== 'CANCELLED') this.#options.onEvent({ kind: 'failed', error, since: Date.now() });
	}

	/** What a person decides on. */
	get decisions(): Decisions {
		return this.#decisions;
	}

	/** The next run continues what this one leaves. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#closing.abort(new HubError('CANCELLED', 'The hub is being stopped; the next run continues.'));
		await this.#turn.catch(() => undefined); // whoever asked was told
	}

	async #poll(everyMs: number): Promise<void> {
		if (this.#closing.signal.aborted) return;
		const begun = performance.now();
		let pause: number | undefined;
		try {
			await this.#alone(() => this.#work('hub', false, (sync, options) => sync.run('changes', options)));
			this.#backoff.succeeded();
		} catch (thrown) {
			const error = toHubError(thrown);
			if (error.code !== 'CANCELLED') {
				this.#failed(error);
				pause = Math.max(everyMs, this.#backoff.next());
			}
		}
		if (this.#closing.signal.aborted) return;
		// From beginning to beginning: a leaver does not wait longer because somebody else has just been dealt with.
		const next = Math.max(everyMs / 4, everyMs - (performance.now() - begun));
		this.#timer = setTimeout(() => void this.#poll(everyMs), pause ?? next);
	}

	/** One after the other. */
	#alone<T>(work: () => Promise<T>): Promise<T> {
		const next = this.#turn.then(work);
		this.#turn = next.catch(() => undefined); // whoever asked is told
		return next;
	}

	async #work(
		actor: string,
		answered: boolean,
		run: (sync: IdentitySync, options: RunOptions) => Promise<RunReport>,
	): Promise<RunReport> {
		const cancel = new AbortController();
		this.#cancel = cancel;
		const signal = AbortSignal.any([cancel.signal, this.#closing.signal]);
		try {
			const sync = await this.#open();
			const report = await run(sync, {
				signal,
				progress: (phase, done, total) => {
					const working = { phase, done, total };
					this.#set({ working });
					this.#options.onEvent({ kind: 'progress', ...working });
				},
			});
			this.#ended(report, actor, answered);
			return report;
		} catch (thrown) {
			// What an abort makes of a call differs; who aborted knows why.
			if (signal.aborted) throw toHubError(signal.reason);
			throw thrown;
		} finally {
			this.#cancel = undefined;
			this.#set({ working: null });
		}
	}

	#ended(report: RunReport, actor: string, answered: boolean): void {
		const { onEvent } = this.#options;
		const { done, failed, skipped, conflicts, warnings, cancelled, busy: elsewhere, dryRun } = report;
		if (elsewhere) {
			this.#set({ elsewhere });
			return;
		}
		const { trouble } = this.#state;
		if (trouble && this.#toldTrouble) onEvent({ kind: 'recovered', since: trouble.since });
		this.#toldTrouble = undefined;
		const changed = done.length + failed.length > 0;
		this.#set({
			...{ trouble: null, elsewhere: false, begun: true, warnings },
			...(dryRun || report.plan === null ? {} : { held: report.held }),
			...(changed ? { last: { at: Date.now(), done: done.length, failed: failed.length } } : {}),
		});
		if (changed) this.#count(report, actor);
		if (report.mode === 'everything' || conflicts.some(({ reason }) => UNLINKED.has(reason))) {
			this.#decisions.forget();
			this.#set({ proposalsRead: this.#state.proposalsRead + 1 });
		}
		// A clock's difference is another one each time.
		const said = JSON.stringify([
			conflicts,
			warnings.map(({ code, detail }) => [code, code === 'clockSkew' || detail]),
		]);
		const news = conflicts.length + warnings.length > 0 && said !== this.#toldConflicts;
		if (news || report.mode === 'everything') this.#toldConflicts = said;
		if (answered || changed || skipped.length > 0 || cancelled || news) {
			onEvent({ kind: 'report', report, actor, answered });
		}
		if (report.held && report.heldIsNew) onEvent({ kind: 'held', plan: report.held });
	}

	/** By kind: how many, and whose accounts. */
	#count({ done, failed, mode }: RunReport, actor: string): void {
		const kinds = Map.groupBy(done, ({ kind }) => kind);
		for (const [kind, lines] of kinds) this.#counter.add({ outcome: kind satisfies LineKind }, lines.length);
		this.#counter.add({ outcome: 'failed' }, failed.length);
		const details = Object.fromEntries(
			[...kinds].map(([kind, lines]) => [
				kind,
				lines.slice(0, IDS_AUDITED).map(({ account, subject }) => account || subject),
			]),
		);
		this.#record('change', actor, pairOf(this.#options.setup), 'done', { mode, failed: failed.length, ...details });
	}

	#failed(error: HubError): void {
		const { onEvent } = this.#options;
		const since = this.#state.trouble?.since ?? Date.now();
		this.#set({ trouble: { error, since } });
		const passing = error.retryable && error.code !== 'IDENTITY_STOPPED';
		if (passing && Date.now() - since < PATIENCE_MS) return;
		const text = `${error.code} ${error.message}`;
		if (this.#toldTrouble === text) return;
		this.#toldTrouble = text;
		onEvent({ kind: 'failed', error, since });
	}

	/** Opened at the first need; a failure is not remembered. */
	#open(): Promise<IdentitySync> {
		const { source, target, setup, store, owner } = this.#options;
		this.#sync ??= (async () => {
			const opened = await store();
			await (await Setups.open(opened)).save(setup, Date.now());
			return IdentitySync.open({
				...{ source, target, store: opened, settings: setup.settings, pair: pairOf(setup), owner },
			});
		})();
		this.#sync.catch(() => {
			this.#sync = undefined;
		});
		return this.#sync;
	}

	#record(
		action: string,
		actor: string,
		subject: string,
		outcome: 'done' | 'refused' | 'failed',
		details: Record<string, unknown> = {},
	): void {
		this.#options.audit({ action: `identity.${action}`, actor, subject, outcome, details });
	}

	#set(change: Partial<FollowerState>): void {
		this.#state = { ...this.#state, ...change };
		this.#options.onChange();
	}
}
