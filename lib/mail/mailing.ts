/** What a worker consists of once its ledger is open: owner, consumer, the messages it holds, and the way each one goes. */

import type { Broker } from '../amqp/broker.ts';
import { ensureMailTopology, type MailTopology } from '../amqp/topology.ts';
import type { HubError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { SmtpClient } from '../smtp/client.ts';
import type { Store } from '../store/store.ts';
import { Attempts } from './attempt.ts';
import { Consumer } from './consumer.ts';
import type { Delivery } from './delivery.ts';
import type { MessageReader } from './envelope.ts';
import type { Ledger } from './ledger.ts';
import type { MailOutcome, ParkedGarbage } from './outcomes.ts';
import { LedgerOwner } from './owner.ts';
import { Placement } from './placement.ts';
import type { MailQueues } from './queues.ts';
import type { Results } from './results.ts';
import { Slots } from './slots.ts';
import { Streak } from './streak.ts';
import { Workload } from './workload.ts';
import { MailWriter, type WriterOptions } from './writer.ts';

export interface MailingOptions {
	/** Unique to the worker: names its lease and its health check. */
	name: string;
	/** What a person calls it, in messages. Default its name. */
	title?: string;
	broker: Broker;
	topology: MailTopology;
	smtp: SmtpClient;
	read: MessageReader;
	writer: WriterOptions;
	/** What to do with a mail that may have gone out already: send it again, or park it for a person. */
	onUnknown: 'resend' | 'park';
	/** Messages held at most. Default twice the SMTP pool: less starves it, more only lie here. */
	prefetch?: number;
	/** The only addresses that samples go to. Default none. */
	sampleRecipients?: readonly string[];
	/** With PostgreSQL: how long this worker may show no sign of life before others take its mails over. See `LedgerOwner`. */
	leaseMs?: number;
	log: Log;
}

export interface MailingEvents {
	/** Before each message. */
	onMessage: (delivery: Delivery) => void;
	/** After each message. */
	onDone: () => void;
	onOutcome: (outcome: MailOutcome | ParkedGarbage) => void;
	onSent: () => void;
	onDuplicate: () => void;
	/** New mails would come to harm. */
	onTrouble: (cause: 'smtp' | 'ledger' | 'queues', text: string) => void;
	/** A row of refusals; the mails with these keys were parked before it showed. */
	onStreak: (earlier: string[]) => void;
	inStreak: () => boolean;
	mayGiveBack: () => boolean;
	/** Why nothing is consumed although it is wanted; undefined when all is well. */
	onProblem: (error: HubError | undefined) => void;
	/** What exists otherwise than asked for. */
	onNotes: (notes: readonly string[]) => void;
}

interface MailingParts {
	queues: MailQueues;
	results: Results;
	options: MailingOptions;
	events: MailingEvents;
}

export class Mailing {
	readonly ledger: Ledger;
	readonly workload: Workload;
	readonly consumer: Consumer;
	readonly #store: Store;
	readonly #options: MailingOptions;
	readonly #events: MailingEvents;
	readonly #queues: MailQueues;
	readonly #placement: Placement;
	readonly #attempts: Attempts;
	readonly #force = new AbortController();
	#owner: LedgerOwner;

	private constructor(
		store: Store,
		ledger: Ledger,
		owner: LedgerOwner,
		{ queues, results, options, events }: MailingParts,
	) {
		this.ledger = ledger;
		this.#store = store;
		this.#owner = owner;
		this.#options = options;
		this.#events = events;
		this.#queues = queues;
		this.#placement = new Placement({ queues, ledger, results, onOutcome: events.onOutcome });
		this.#attempts = this.#makeAttempts();
		this.workload = this.#makeWorkload();
		this.consumer = this.#makeConsumer();
	}

	/** @throws HubError `STORE_UNAVAILABLE` */
	static async open(store: Store, ledger: Ledger, parts: MailingParts): Promise<Mailing> {
		const { log, leaseMs } = parts.options;
		const owner = await LedgerOwner.begin(store, { log, leaseMs, onLost: () => mailing.#ownerLost() });
		const mailing = new Mailing(store, ledger, owner, parts);
		return mailing;
	}

	/** Begins to take messages, or stops: what is not begun goes back, what is under way goes on to its end. */
	want(consuming: boolean): Promise<void> {
		const done = this.consumer.want(consuming);
		if (consuming) this.workload.go();
		else this.workload.stop();
		return done;
	}

	/** Gives back what stays unacknowledged; it costs each of these messages one of the broker's deliveries. */
	dropHeld(): void {
		if (this.workload.held === 0) return;
		this.workload.forgetHeld();
		this.consumer.restart();
	}

	/**
	 * Resolves when the ledger can be written again and holds what could not be written.
	 * @throws HubError `STORE_UNAVAILABLE`
	 */
	async mendLedger(): Promise<void> {
		await this.ledger.checkWritable();
		await this.#placement.writeUnwritten();
		if (!this.#owner.lost) return;
		const lost = this.#owner;
		const { log, leaseMs } = this.#options;
		this.#owner = await LedgerOwner.begin(this.#store, { log, leaseMs, onLost: () => this.#ownerLost() });
		await lost.end();
	}

	/** Cuts the connections of mails under way. */
	force(): void {
		this.#force.abort();
	}

	async close(): Promise<void> {
		await Promise.all([this.consumer.close(), this.#owner.end()]);
	}

	#ownerLost(): void {
		this.#events.onTrouble('ledger', 'The store did not take the sign of life of this worker in time.');
	}

	#makeAttempts(): Attempts {
		const { smtp, read, writer, onUnknown, sampleRecipients = [] } = this.#options;
		const { onSent, onDuplicate, onTrouble, onStreak, inStreak } = this.#events;
		return new Attempts({
			read,
			ledger: this.ledger,
			owner: () => this.#owner,
			writer: new MailWriter(writer),
			smtp,
			slots: new Slots(smtp.poolSize),
			streak: new Streak(),
			placement: this.#placement,
			onUnknown,
			sampleRecipients: new Set(sampleRecipients.map((address) => address.toLowerCase())),
			force: this.#force.signal,
			onSent,
			onDuplicate,
			onRefused: (text) => onTrouble('smtp', text),
			onStreak,
			inStreak,
		});
	}

	#makeWorkload(): Workload {
		const { broker } = this.#options;
		const { onMessage, onTrouble, mayGiveBack, onDone } = this.#events;
		return new Workload({
			headers: (message) => this.#queues.headers(message),
			run: (delivery) => {
				onMessage(delivery);
				return this.#attempts.run(delivery);
			},
			giveBack: (delivery) => this.#placement.giveBackUnstarted(delivery),
			mayGiveBack,
			onHeld: (cause, { message }) => {
				// Without its connection the worker has lost all messages already; it goes on when that is back.
				if (cause === 'ledger' || broker.state.phase === 'connected') onTrouble(cause, message);
			},
			onChange: onDone,
		});
	}

	#makeConsumer(): Consumer {
		const { broker, topology, name, title = name, prefetch, smtp } = this.#options;
		return new Consumer({
			broker,
			name: `amqp-mail ${title}`,
			queue: topology.queue,
			prefetch: prefetch ?? 2 * smtp.poolSize,
			exclusive: !this.#store.shared,
			prepare: async () => {
				const { notes, unusableLevels } = await ensureMailTopology(broker, topology);
				this.#queues.leaveOut(unusableLevels);
				this.#events.onNotes(notes);
				this.workload.forgetHeld();
			},
			onMessage: (message, channel, lost) => this.workload.accept(message, channel, lost),
			onProblem: this.#events.onProblem,
		});
	}
}
