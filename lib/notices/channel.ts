/** A way of telling somebody something. */
import type { Severity } from './notice.ts';

/** What a channel carries: one notice to one receiver. */
export interface Parcel {
	/** The same at every attempt, so that a receiver can recognise a repetition. */
	id: string;
	/** Mail address; null where the channel has one receiver only. */
	target: string | null;
	subject: string;
	text: string;
	severity: Severity;
	about: string | null;
	/** When it happened, ms since the epoch. */
	at: number;
}

/**
 * - `delivered`: somebody has taken the responsibility.
 * - `unknown`: it may have arrived.
 * - `later`: it did not; the channel is down or busy.
 * - `never`: this parcel will not be taken, others may be.
 */
export type Delivery = { outcome: 'delivered' } | { outcome: 'unknown' | 'later' | 'never'; reason: string };

export interface Channel {
	/** Unique among the channels of one `Notices`, stable over restarts. */
	readonly name: string;
	/** What it travels on; compared with `about` of a notice. */
	readonly kind: 'smtp' | 'webhook';
	/** Receivers of a notice; `[null]` where the channel has one of its own. */
	targets(to: readonly string[]): (string | null)[];
	/** One attempt. Never throws for what a server or a network does. */
	deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivery>;
	/** Ends within 2 s. */
	close(): Promise<void>;
}
