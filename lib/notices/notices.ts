/** Tells people what they must know: over every channel, once, and again when a channel that was down is back. */
import type { Audit } from '../audit.ts';
import { HubError } from '../errors.ts';
import type { Counter, Health, HealthReport } from '../health.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Channel, Delivery, Parcel } from './channel.ts';
import { Courier } from './courier.ts';
import { DirectSender } from './direct.ts';
import { type CheckedNotice, checkNotice, type Notice } from './notice.ts';
import { type Address, type ClosedWindow, Outbox } from './outbox.ts';
import { type Alone, type NoticesState, report } from './report.ts';
import { type NoticeTables, noticesTopic } from './tables.ts';
import { type Language, moreTimes } from './words.ts';

export type { Channel } from './channel.ts';
export type { Notice } from './notice.ts';

export interface NoticesOptions {
	store: () => Promise<Store>;
	channels: Channel[];
	health: Health;
	audit: Audit;
	log: Log;
	/** Unique in its store, stable over restarts; what waits belongs to it. Default `notices`. */
	name?: string;
	/** How long the same notice is counted instead of sent, ms. Default 15 minutes. */
	windowMs?: number;
	/** Notices a minute and channel at most; others wait. Default 20. */
	perMinute?: number;
	/** Notices that may wait a channel; the oldest are kept. Default 1,000. */
	maxWaiting?: number;
	/** Of the line that closes a window. Default `en`. */
	language?: Language;
	/** Pauses of a channel that is down, ms. Default 5 s growing to 5 minutes. */
	pauses?: { minMs: number; maxMs: number };
	/** Told of each notice that came to its end with one receiver. */
	onEnd?: (end: NoticeEnd) => void;
	/** Told whenever `state` may have changed. */
	onChange?: () => void;
}

/** How a notice ended with one receiver: as `Delivery`, but never `later`. */
export interface NoticeEnd {
	outcome: 'delivered' | 'unknown' | 'never';
	/** Why it is not known to have arrived. */
	reason?: string;
	channel: string;
	/** Of this copy; the receiver sees it in the webhook's body and in the Message-ID. */
	id: string;
	subject: string;
	severity: Notice['severity'];
	about: string | null;
	/** When it was given to the hub, ms since the epoch. */
	at: number;
}

/**
 * - `queued`: it lies in the store and is on its way.
 * - `repeated`: the same was told within the window; it is counted.
 * - `dropped`: too many wait already.
 * - `direct`: the store does not work; at least one channel took it without.
 */
export type NoticeResult = 'queued' | 'repeated' | 'dropped' | 'direct';

const WINDOW_MS = 900_000;
const PER_MINUTE = 20;
const MAX_WAITING = 1_000;
/** A notice that is older tells nobody anything, ms. */
const MAX_AGE_MS = 7 * 86_400_000;
/** Looks for windows that another process opened, ms. */
const POLL_MS = 60_000;
/** How long it is said that a notice had no other way than the failing one, ms. */
const ALONE_MS = 86_400_000;
/** For what is being delivered, ms; a deploy must be over in 2 s. */
const CLOSE_GRACE_MS = 1_500;

export class Notices {
	readonly #options: NoticesOptions;
	readonly #couriers: Courier[];
	readonly #counter: Counter;
	readonly #unregister: () => void;
	readonly #direct: DirectSender;
	#outbox: Promise<Outbox> | undefined;
	#storeFailure: string | undefined;
	#alone: Alone | undefined;
	#dropped = 0;
	#timer: NodeJS.Timeout | undefined;
	#watching: Promise<void> | undefined;
	#watchAgain = false;
	#closed = false;

	/** Starts to deliver what an earlier process left. */
	constructor(options: NoticesOptions) {
		this.#options = options;
		const { channels, perMinute = PER_MINUTE, log, pauses, health, name = 'notices' } = options;
		if (new Set(channels.map((channel) => channel.name)).size < channels.length) {
			throw new HubError('CONFIG_INVALID', 'Each channel of notices needs a name of its own.');
		}
		this.#direct = new DirectSender(channels, options.windowMs ?? WINDOW_MS, (...end) => this.#ended(...end));
		this.#counter = health.counter('clinic_hub_notices_total', 'Notices by channel and outcome');
		this.#couriers = channels.map(
			(channel) =>
				new Courier({
					channel,
					outbox: () => this.#open(),
					perMinute,
					log,
					onEnd: (parcel, delivery) => this.#ended(channel.name, parcel, delivery),
					onChange: () => this.#changed(),
					...(pauses ? { pauses } : {}),
				}),
		);
		this.#unregister = health.register(name, () => this.report);
		this.#watch();
		this.#wake();
	}

	/** What stands in the way of notices, and how many wait. */
	get state(): NoticesState {
		const alone = this.#alone && Date.now() - this.#alone.at < ALONE_MS ? this.#alone : undefined;
		return {
			couriers: this.#couriers.map(({ channel, state }) => ({ name: channel.name, ...state })),
			alone,
			storeFailure: this.#storeFailure,
			dropped: this.#dropped,
		};
	}

	/** The same as health says it. */
	get report(): HealthReport {
		return report(this.state);
	}

	/**
	 * Takes a notice over: it will be told even if this process ends now.
	 * @throws HubError CONFIG_INVALID for a malformed notice, NOTICE_FAILED when neither the store nor a channel takes it
	 */
	async send(notice: Notice): Promise<NoticeResult> {
		const checked = checkNotice(notice);
		if (this.#closed) throw new HubError('NOTICE_FAILED', 'Notices are being closed.');
		const { channels, audit } = this.#options;
		if (channels.length === 0)
			throw new HubError('NOTICE_FAILED', 'No channel for notices is configured: nobody was told.');
		const { about, subject } = checked;
		if (about !== null && channels.every(({ kind }) => kind === about))
			this.#alone = { subject, about, at: Date.now() };
		try {
			const outbox = await this.#open();
			const { repeated, dropped } = await outbox.take(checked, this.#addresses(checked), Date.now());
			this.#storeFailure = undefined;
			if (dropped > 0) this.#drop(dropped);
			this.#wake();
			this.#watch();
			return repeated ? 'repeated' : dropped > 0 ? 'dropped' : 'queued';
		} catch (thrown) {
			this.#storeFailure = thrown instanceof Error ? thrown.message : String(thrown);
			audit({ action: 'notices.direct', actor: 'hub', subject: 'store', outcome: 'failed' });
			const told = await this.#direct.send(checked);
			if (told !== 'failed') return told;
			throw new HubError('NOTICE_FAILED', 'Neither the store nor a channel takes notices: nobody was told.');
		} finally {
			this.#changed();
		}
	}

	/** Ends within 2 s; what was not delivered stays in the store. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		await this.#watching;
		await Promise.all(this.#couriers.map((courier) => courier.close(CLOSE_GRACE_MS)));
		this.#unregister();
	}

	#open(): Promise<Outbox> {
		const { store, name = 'notices', windowMs = WINDOW_MS, maxWaiting = MAX_WAITING } = this.#options;
		this.#outbox ??= store()
			.then(async (opened) => {
				const db = await opened.topic<NoticeTables>(noticesTopic);
				const outbox = new Outbox(db, { sender: name, maxWaiting, windowMs });
				if (!opened.shared) await outbox.recover(Date.now());
				return outbox;
			})
			.catch((thrown: unknown) => {
				this.#outbox = undefined;
				throw thrown;
			});
		return this.#outbox;
	}

	#addresses({ to }: CheckedNotice): Address[] {
		return this.#options.channels.flatMap((channel) =>
			channel.targets(to).map((target) => ({ channel: channel.name, target })),
		);
	}

	#wake(): void {
		for (const courier of this.#couriers) courier.wake();
	}

	/** Closes windows when their time is over, and forgets what is too old. */
	#watch(): void {
		if (this.#closed) return;
		if (this.#watching !== undefined) {
			this.#watchAgain = true;
			return;
		}
		clearTimeout(this.#timer);
		this.#watchAgain = false;
		this.#watching = this.#closeWindows().then((pause) => {
			this.#watching = undefined;
			if (this.#closed) return;
			if (this.#watchAgain) this.#watch();
			else this.#timer = setTimeout(() => this.#watch(), pause).unref();
		});
	}

	/** Gives the time until it is worth looking again, ms. Never throws. */
	async #closeWindows(): Promise<number> {
		try {
			const outbox = await this.#open();
			const now = Date.now();
			const expired = await outbox.expire(
				now - MAX_AGE_MS,
				this.#options.channels.map(({ name }) => name),
			);
			const dropped = await outbox.closeWindows(now, (window) => this.#summary(window));
			if (expired + dropped > 0) this.#drop(expired + dropped);
			this.#wake();
			this.#changed();
			const next = await outbox.nextClosing();
			return next === undefined ? POLL_MS : Math.min(POLL_MS, Math.max(1, next - Date.now()));
		} catch (thrown) {
			this.#options.log.error(
				`Notices wait for the store: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
			);
			return POLL_MS;
		}
	}

	#summary({ repeats, openedAt, lastAt, ...notice }: ClosedWindow): { notice: CheckedNotice; addresses: Address[] } {
		const line = moreTimes(this.#options.language ?? 'en', repeats, new Date(openedAt), new Date(lastAt));
		const summary = { ...notice, text: `${line}\n\n${notice.text}` };
		return { notice: summary, addresses: this.#addresses(summary) };
	}

	#changed(): void {
		if (!this.#closed) this.#options.onChange?.();
	}

	#ended(channel: string, { id, subject, severity, about, at }: Parcel, delivery: Delivery): void {
		const { outcome } = delivery;
		this.#counter.add({ channel, outcome });
		if (outcome !== 'later') this.#options.onEnd?.({ ...delivery, outcome, channel, id, subject, severity, about, at });
		if (delivery.outcome !== 'never') return;
		const details = { channel, reason: delivery.reason };
		this.#options.log.error(`A notice was not taken by ${channel}: ${delivery.reason}`);
		this.#options.audit({ action: 'notices.deliver', actor: 'hub', subject: id, outcome: 'refused', details });
	}

	#drop(count: number): void {
		this.#dropped += count;
		this.#counter.add({ channel: 'any', outcome: 'dropped' }, count);
		this.#options.log.error(`${count} notices were not kept: too many wait, or they are too old.`);
		this.#options.audit({
			action: 'notices.drop',
			actor: 'hub',
			subject: 'queue',
			outcome: 'failed',
			details: { count },
		});
	}
}
