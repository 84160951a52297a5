/** Asks again and again, and when somebody asks for it; tells what is new, and gives the signs of life. */

import { HubError, toHubError } from '../errors.ts';
import type { HealthReport } from '../health.ts';
import type { Log } from '../log.ts';
import type { AlarmMemory } from './alarm-memory.ts';
import { decide } from './alarm-memory.ts';
import { type AlarmNotice, alarmNotice, sayFinding, wellNotice } from './alarm-notice.ts';
import type { AlarmAnswer } from './alarm-run.ts';
import { giveSigns, type Sign, type SignAddresses } from './alarm-signs.ts';

export interface AlarmState extends AlarmAnswer {
	signs: { backup: Sign; drill: Sign };
}

export interface WatchOptions {
	ask(signal: AbortSignal): Promise<AlarmAnswer>;
	memory: Pick<AlarmMemory, 'load' | 'save'>;
	signs: SignAddresses;
	/** Between two questions, in ms; 0: only when somebody asks. */
	everyMs: number;
	log: Log;
	/** A question begins. */
	onAsking(): void;
	/** Its answer. */
	onState(state: AlarmState): void;
	/** Somebody must be told. */
	onTell(kind: 'alarm' | 'well', notice: AlarmNotice, state: AlarmState): void;
}

/** After a start the network, Odoo and Drive may still be coming up; in ms. */
const FIRST_MS = 15_000;

/** One question at a time; whoever asks during one gets the answer of the next, for this one may have looked already. */
export class AlarmWatch {
	readonly #options: WatchOptions;
	readonly #closing = new AbortController();
	#turn: Promise<unknown> = Promise.resolve();
	#next: Promise<AlarmState> | undefined;
	#timer: NodeJS.Timeout | undefined;
	#state: AlarmState | undefined;
	#signFailure: string | undefined;

	constructor(options: WatchOptions) {
		this.#options = options;
		if (options.everyMs > 0) this.#again(Math.min(FIRST_MS, options.everyMs));
	}

	/** The last answer. */
	get state(): AlarmState | undefined {
		return this.#state;
	}

	/** Never `failed`: an alarm is no failure of the hub, whose own sign of life goes on. */
	get report(): HealthReport {
		if (!this.#state) return { state: 'ok', text: '' };
		const { findings } = this.#state;
		const text = [...findings.map((finding) => sayFinding(finding, 'en')), this.#signFailure ?? ''].join(' ').trim();
		return { state: text === '' ? 'ok' : 'degraded', text };
	}

	/** @throws HubError CANCELLED */
	check(): Promise<AlarmState> {
		if (this.#next !== undefined) return this.#next;
		const next = this.#turn.then(() => {
			this.#next = undefined;
			return this.#check();
		});
		this.#next = next;
		this.#turn = next.catch(() => {}); // whoever asked is told
		return next;
	}

	/** Ends what is under way. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#closing.abort(new HubError('CANCELLED', 'The alarm is being stopped.'));
		await this.#turn;
	}

	#again(pauseMs: number): void {
		this.#timer = setTimeout(() => {
			this.check()
				.catch((thrown: unknown) => this.#options.log.error(toHubError(thrown).message))
				.finally(() => {
					if (!this.#closing.signal.aborted) this.#again(this.#options.everyMs);
				});
		}, pauseMs);
		this.#timer.unref();
	}

	async #check(): Promise<AlarmState> {
		const { ask, signs, log, onAsking, onState } = this.#options;
		const { signal } = this.#closing;
		if (signal.aborted) throw signal.reason;
		onAsking();
		const answer = await ask(signal);
		const { failure, ...given } = await giveSigns(signs, answer.findings, signal);
		if (failure !== undefined && failure !== this.#signFailure) log.warn(failure);
		this.#signFailure = failure;
		const state = { ...answer, signs: given };
		this.#state = state;
		await this.#tell(state);
		onState(state);
		return state;
	}

	async #tell(state: AlarmState): Promise<void> {
		const { memory, onTell, log } = this.#options;
		const { findings, checkedAt } = state;
		// That nothing can be remembered keeps nobody from being told.
		const known = await memory.load().catch((thrown: unknown) => void log.warn(toHubError(thrown).message));
		const { tell, told } = decide(findings, known ?? undefined, checkedAt);
		if (tell) onTell(tell, tell === 'alarm' ? alarmNotice(findings) : wellNotice(), state);
		await memory.save(told).catch((thrown: unknown) => log.warn(toHubError(thrown).message));
	}
}
