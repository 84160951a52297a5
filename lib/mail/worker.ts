/**
 * The mail worker: takes messages from a queue and mails them, pauses where that would do harm, and goes on by itself. Its
 * states and transitions stand in `worker-state.ts`.
 */

import type { Audit } from '../audit.ts';
import { type HubError, toHubError } from '../errors.ts';
import type { Health } from '../health.ts';
import type { Store } from '../store/store.ts';
import { within } from './deadline.ts';
import { readDepths } from './depths.ts';
import { Ledger, type LedgerRow, type LedgerSearch } from './ledger.ts';
import { Mailing, type MailingEvents, type MailingOptions } from './mailing.ts';
import type { MailOutcome, ParkedGarbage } from './outcomes.ts';
import { ParkedMails } from './parked.ts';
import { ParkedLock } from './parked-lock.ts';
import { ParkedWatch } from './parked-watch.ts';
import { PauseSwitch } from './pause-switch.ts';
import { type PauseCause, type PauseDelays, Pauses } from './pauses.ts';
import { MailQueues } from './queues.ts';
import { Results } from './results.ts';
import { healthOf, type WorkerPhase, type WorkerState } from './worker-state.ts';
import { WorkerView } from './worker-view.ts';

export interface MailWorkerOptions extends MailingOptions {
	/** Name of this hub process, for results and leases. */
	hub: string;
	/** What a person should know of how it is set up; stands among the notes. */
	remarks?: readonly string[];
	/** Called until it succeeds. */
	store: () => Promise<Store>;
	/** Waits before a pause tries to end by itself. Default `DEFAULT_DELAYS`. */
	pauseDelays?: Partial<PauseDelays>;
	health: Health;
	audit: Audit;
}

/** How often queues are counted and another worker's pause is looked for, in milliseconds; an older status misleads. */
const TICK_MS = 5_000;

/** A deploy must be over in 2 s: so long mails under way may go on, then their connections are cut; in milliseconds. */
const CLOSE_GRACE_MS = 1_100;

/** After that, to write down what became of them, and for channel and connections to end; in milliseconds. */
const CLOSE_FORCE_MS = 300;
const CLOSE_CHANNEL_MS = 250;

export class MailWorker {
	/** What lies parked, and what a person may do about it. */
	readonly parked: ParkedMails;
	readonly #options: MailWorkerOptions;
	readonly #queues: MailQueues;
	readonly #results: Results;
	readonly #pauses: Pauses;
	readonly #lock: ParkedLock;
	readonly #watch = new ParkedWatch(() => this.parked.tellGivenUp());
	readonly #switch: PauseSwitch;
	readonly #view: WorkerView;
	#life: 'new' | 'started' | 'closing' | 'stopped' = 'new';
	#mailing: Mailing | undefined;
	/** Keys of mails that a row of refusals parked, to be taken back once nothing is under way. */
	#takeBack: string[] = [];
	#tick: NodeJS.Timeout | undefined;
	#unregister: (() => void) | undefined;

	constructor(options: MailWorkerOptions) {
		this.#options = options;
		const { broker, topology, hub, name, audit, read, health } = options;
		const scope = `${broker.address.vhost} ${topology.queue}`;
		this.#queues = new MailQueues(broker, topology);
		this.#results = new Results({
			broker,
			topology,
			hub,
			onProblem: ({ message }) => this.#view.setResultNote(message, options.log),
		});
		this.#lock = new ParkedLock(scope, `${hub} ${name}`, options.store);
		this.#pauses = new Pauses({
			...(options.pauseDelays ? { delays: options.pauseDelays } : {}),
			probe: (cause) => this.#probe(cause),
			onChange: () => this.#pausesChanged(),
		});
		this.#switch = new PauseSwitch(scope, this.#pauses, () => this.#ledger());
		const facts = () => ({
			phase: this.#phase(),
			pauses: this.#pauses.all,
			underWay: this.#mailing?.workload.size ?? 0,
		});
		this.#view = new WorkerView(health, facts, options.remarks);
		this.parked = new ParkedMails({
			broker,
			queues: this.#queues,
			results: this.#results,
			read,
			ledger: () => this.#ledger(),
			lock: this.#lock,
			audit,
			onOutcome: (outcome) => this.#view.count(outcome),
		});
	}

	get state(): WorkerState {
		return this.#view.state;
	}

	/** Calls back at each change, not with the present state; returns the function that ends it. */
	onState(listener: (state: WorkerState) => void): () => void {
		return this.#view.onState(listener);
	}

	/** Calls back for each outcome once it is settled; returns the function that ends it. */
	onOutcome(listener: (outcome: MailOutcome | ParkedGarbage) => void): () => void {
		return this.#view.onOutcome(listener);
	}

	/** Begins to work; never throws: how it goes is told by the state. */
	start(): void {
		if (this.#life !== 'new') return;
		this.#life = 'started';
		const { broker, smtp, health, name } = this.#options;
		broker.acquire();
		smtp.acquire();
		this.#unregister = health.register(`amqp-mail:${name}`, () => healthOf(this.state));
		this.#tick = setInterval(() => void this.#onTick(), TICK_MS).unref();
		this.#view.refresh();
		this.#open().catch((thrown: unknown) => this.#pauseByItself('ledger', toHubError(thrown).message));
	}

	/**
	 * Takes no new mail until `resume`, also after a restart and in the other workers of this queue. The record of who did it
	 * is written by the caller.
	 * @throws HubError `STORE_UNAVAILABLE`: paused here; kept and told to the others as soon as the store works
	 */
	pause(by: string): Promise<void> {
		return this.#switch.pause(by);
	}

	/**
	 * Ends a person's pause, and tries again at once what paused by itself; only a ledger that cannot be written stays one.
	 * @throws HubError `STORE_UNAVAILABLE`: still paused
	 */
	async resume(by: string): Promise<void> {
		await this.#switch.resume(by);
		for (const cause of ['smtp', 'streak', 'queues'] as const) this.#pauses.remove(cause);
	}

	/** "Did this recipient get that order?" Newest first, at most 200. */
	async search(search: LedgerSearch): Promise<LedgerRow[]> {
		return (await this.#ledger()).search(search);
	}

	/**
	 * Stops within 2 s: takes no new mail, lets those under way finish for a moment, returns the rest to the queue. A mail
	 * whose connection had to be cut goes back too, or stays `sending` where its outcome is unknown.
	 */
	async close(): Promise<void> {
		if (this.#life !== 'started') return;
		this.#life = 'closing';
		clearInterval(this.#tick);
		this.#pauses.close();
		this.#view.refresh();
		const mailing = this.#mailing;
		if (mailing) {
			await within(CLOSE_GRACE_MS, Promise.all([mailing.want(false), mailing.workload.idle()]));
			mailing.force();
			await within(CLOSE_FORCE_MS, mailing.workload.idle());
			await within(CLOSE_CHANNEL_MS, mailing.close());
		}
		this.#unregister?.();
		this.#life = 'stopped';
		this.#view.refresh();
		this.#view.close();
		const { broker, smtp } = this.#options;
		await within(CLOSE_CHANNEL_MS, Promise.all([smtp.release(), broker.release()]));
	}

	async #ledger(): Promise<Ledger> {
		return this.#mailing?.ledger ?? Ledger.open(await this.#options.store());
	}

	/** @throws HubError while the store does not work */
	async #open(): Promise<void> {
		const store = await this.#options.store();
		const ledger = await Ledger.open(store);
		await this.#switch.follow();
		const parts = { queues: this.#queues, results: this.#results, options: this.#options, events: this.#events() };
		const mailing = await Mailing.open(store, ledger, parts);
		if (this.#life !== 'started') {
			await mailing.close();
			return;
		}
		this.#mailing = mailing;
		void mailing.want(this.#pauses.all.length === 0);
		mailing.consumer.open();
	}

	#events(): MailingEvents {
		const view = this.#view;
		return {
			onMessage: ({ message }) => view.noteLag(message.properties.timestamp),
			onDone: () => this.#workDone(),
			onOutcome: (outcome) => {
				view.count(outcome);
				if (outcome.outcome !== 'delivered') this.#pauses.forget('queues');
			},
			onSent: () => {
				for (const cause of ['smtp', 'streak', 'ledger'] as const) this.#pauses.forget(cause);
			},
			onDuplicate: () => view.countDuplicate(),
			onTrouble: (cause, text) => this.#pauseByItself(cause, text),
			onStreak: (earlier) => {
				this.#takeBack.push(...earlier);
				const text = 'The mail server refused mails for five different domains in a row, so it may refuse this hub.';
				this.#pauseByItself('streak', `${text} They are decided on again.`);
			},
			inStreak: () => this.#pauses.has('streak'),
			// Without ledger or queues a message must stay where it is.
			mayGiveBack: () => !this.#pauses.has('ledger') && !this.#pauses.has('queues'),
			onProblem: (error: HubError | undefined) => view.setProblem(error),
			onNotes: (notes) => view.setNotes(notes, this.#options.log),
		};
	}

	/** Whether the cause of a pause has ended. */
	async #probe(cause: Exclude<PauseCause, 'operator'>): Promise<boolean> {
		switch (cause) {
			case 'smtp':
				return (await this.#options.smtp.verify()).ok;
			case 'ledger':
				if (this.#mailing) await this.#mailing.mendLedger();
				else await this.#open();
				return true;
			case 'streak':
			case 'queues':
				// Only the next mails tell.
				return true;
		}
	}

	#pauseByItself(cause: Exclude<PauseCause, 'operator'>, text: string): void {
		if (this.#life !== 'started' || !this.#pauses.add(cause, text)) return;
		const { audit, log } = this.#options;
		log.warn(`The mail worker of "${this.#queues.main}" pauses: ${text}`);
		audit({ action: 'mail.pause', actor: 'hub', subject: this.#queues.main, outcome: 'done', details: { cause } });
	}

	#pausesChanged(): void {
		if (this.#life !== 'started') return;
		const paused = this.#pauses.all.length > 0;
		void this.#mailing?.want(!paused).then(() => this.#view.refresh());
		if (paused) this.#workDone();
		else this.#mailing?.dropHeld();
		this.#view.refresh();
	}

	/** After each message, and when a pause begins. */
	#workDone(): void {
		const mailing = this.#mailing;
		if (this.#life === 'started' && mailing?.workload.size === 0) {
			if (this.#pauses.all.length > 0) mailing.dropHeld();
			if (this.#takeBack.length > 0) void this.#returnRefused(this.#takeBack.splice(0));
		}
		this.#view.refreshSoon();
	}

	async #returnRefused(keys: string[]): Promise<void> {
		const { log } = this.#options;
		try {
			const found = await this.parked.takeBack(keys);
			if (found < keys.length) log.warn(`${keys.length - found} refused mails stay parked: they were not found there.`);
		} catch (thrown) {
			log.error(`${keys.length} refused mails stay parked, replay them: ${toHubError(thrown).message}`);
		}
	}

	async #onTick(): Promise<void> {
		const { broker, log } = this.#options;
		this.#mailing?.workload.expire();
		try {
			await this.#switch.follow();
			if (broker.state.phase === 'connected' && !this.#lock.busy) {
				const depths = await readDepths(broker, this.#queues);
				this.#view.setDepths(depths);
				// Mails that the broker gives up are in nobody's hands: without this, their orders would wait for ever.
				if (this.#options.topology.resultsExchange !== undefined) await this.#watch.counted(depths.parked);
			}
		} catch (thrown) {
			// Whoever needs store or broker for a mail says so; here it is enough to look again later.
			log.debug(`The queues of the mail worker were not counted: ${toHubError(thrown).message}`);
		}
	}

	#phase(): WorkerPhase {
		if (this.#life === 'new' || this.#life === 'stopped') return 'stopped';
		if (this.#life === 'closing') return 'closing';
		const mailing = this.#mailing;
		if (this.#pauses.all.length > 0) return mailing && mailing.workload.size > 0 ? 'pausing' : 'paused';
		if (mailing?.consumer.consuming) return 'consuming';
		// Without a problem it only has not begun yet: at the start, and for a moment when a pause ends.
		return this.#view.hasProblem ? 'waiting' : 'starting';
	}
}
