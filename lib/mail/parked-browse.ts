/**
 * Reads the parked queue without taking anything out: every message is fetched unacknowledged over one short-lived channel
 * and goes back to its place when that closes. Of two copies of one mail (left by a crash, or come again) the newer counts,
 * but never one without a person's correction before one with it.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, GetMessage } from 'amqplib';
import type { Broker } from '../amqp/broker.ts';
import { type HubHeaders, lastDeath } from './headers.ts';
import type { ConnectionProbe, MailMessage } from './message.ts';
import { bodyKey } from './placement.ts';
import type { ReasonCode } from './reasons.ts';
import { mailKey } from './work.ts';

/** Messages looked at in one go; 10,000 take some seconds. What lies behind them shows when these are decided. */
export const BROWSE_LIMIT = 10_000;

/** Bytes of bodies kept for acting on, in one go. */
const KEPT_BYTES = 64 * 1024 * 1024;

export interface ParkedMail {
	/** `<database UUID>/<id>`, or `sha256:…` for a message that could not be read or trusted. */
	key: string;
	reason: ReasonCode;
	/** In English, for a person; may hold an address. */
	reasonText: string;
	/** Milliseconds since 1970. */
	parkedAt: number;
	/** Attempts used up. */
	attempt: number;
	/** Null for what could not be read. */
	kind: string | null;
	reference: string | null;
	database: string | null;
	recipient: string | null;
	/** What the message itself says, where a person corrected it. */
	originalRecipient: string | null;
	correctedBy: string | null;
	bytes: number;
}

export interface Found {
	mail: ParkedMail;
	/** Undefined when it was not asked to keep it. */
	message: GetMessage | undefined;
	/** Null for what could not be read. */
	content: MailMessage | null;
	/** The broker gave it up by itself; no worker has decided that. */
	byBroker: boolean;
}

export interface Browsed {
	found: Found[];
	/** Copies that a newer one has replaced. */
	older: GetMessage[];
	/** Messages fetched: the queue lacks them until they are acknowledged or the channel has closed. */
	fetched: number;
	/** True when more lie behind those looked at. */
	more: boolean;
}

export interface BrowseOptions {
	queue: string;
	mainQueue: string;
	/** The hub's headers of a message, where the hub wrote them. */
	headers: (message: GetMessage) => HubHeaders;
	/** What a message asks for; throws for one that cannot be read or trusted. */
	read: (message: GetMessage) => MailMessage | ConnectionProbe;
	/** Which messages to keep for acting on. */
	keep: (mail: ParkedMail) => boolean;
}

/** Reads the queue from its beginning. The messages stay unacknowledged until the channel closes. */
export async function browse(channel: Channel, options: BrowseOptions): Promise<Browsed> {
	const { messageCount } = await channel.checkQueue(options.queue);
	const newest = new Map<string, Found & { message: GetMessage }>();
	const older: GetMessage[] = [];
	let bytes = 0;
	let looked = 0;
	for (; looked < Math.min(messageCount, BROWSE_LIMIT) && bytes < KEPT_BYTES; looked++) {
		const message = await channel.get(options.queue, { noAck: false });
		if (message === false) break;
		const found = { ...describe(message, options), message };
		const before = newest.get(found.mail.key);
		if (before && counts(before.mail, found.mail)) {
			older.push(bodiless(message));
			continue;
		}
		if (before) older.push(bodiless(before.message));
		// Kept messages hold their bodies; of the others only what the list shows.
		const kept = options.keep(found.mail);
		if (kept) bytes += message.content.length;
		newest.set(found.mail.key, kept ? found : { ...found, message: bodiless(message), content: null });
	}
	const found = [...newest.values()].map(({ message, ...rest }) => ({
		...rest,
		message: options.keep(rest.mail) ? message : undefined,
	}));
	return { found, older, fetched: newest.size + older.length, more: looked < messageCount };
}

/** Whether the first of two copies of one mail counts. */
function counts(one: ParkedMail, other: ParkedMail): boolean {
	const corrected = (mail: ParkedMail): boolean => mail.correctedBy !== null;
	return corrected(one) === corrected(other) ? one.parkedAt > other.parkedAt : corrected(one);
}

/** The broker gives messages back within milliseconds after the channel has closed; in milliseconds. */
const RETURN_TIMEOUT_MS = 2_000;
const RETURN_POLL_MS = 10;

/** Waits until so many messages lie in the queue again: whoever looks before sees none, and takes the queue for empty. */
export async function returned(broker: Broker, queue: string, count: number): Promise<void> {
	if (count === 0) return;
	await broker.withChannel(async (channel) => {
		for (const deadline = Date.now() + RETURN_TIMEOUT_MS; Date.now() < deadline; await delay(RETURN_POLL_MS)) {
			if ((await channel.checkQueue(queue)).messageCount >= count) return;
		}
	});
}

/** Enough of a message to acknowledge it. */
function bodiless(message: GetMessage): GetMessage {
	return { ...message, content: Buffer.alloc(0) };
}

function describe(message: GetMessage, options: BrowseOptions): Omit<Found, 'message'> {
	const { mainQueue, headers, read } = options;
	const hub = headers(message);
	const death = lastDeath(message);
	let content: MailMessage | null = null;
	try {
		const asked = read(message);
		if (asked.what === 'mail') content = asked;
	} catch {
		// Parked for that very reason; it is shown with what the headers say.
	}
	const original = content?.recipient.address ?? null;
	const recipient = hub.recipient ?? original;
	return {
		content,
		byBroker: death !== undefined,
		mail: {
			key: hub.key ?? (content ? mailKey(content) : bodyKey(message.content)),
			...reasonOf(hub.reason, hub.reasonText, death, mainQueue),
			parkedAt: (death ? death.at : hub.parkedAt) ?? 0,
			attempt: hub.attempt,
			kind: content?.kind ?? null,
			reference: content?.reference ?? null,
			database: content?.database ?? null,
			recipient,
			originalRecipient: recipient === original ? null : original,
			correctedBy: hub.correctedBy ?? null,
			bytes: message.content.length,
		},
	};
}

function reasonOf(
	reason: string | undefined,
	text: string | undefined,
	death: ReturnType<typeof lastDeath>,
	mainQueue: string,
): Pick<ParkedMail, 'reason' | 'reasonText'> {
	if (death === undefined) {
		return { reason: (reason ?? 'dead-letter') as ReasonCode, reasonText: text ?? 'Nobody wrote down why.' };
	}
	if (death.queue === mainQueue && death.reason === 'delivery_limit') {
		return {
			reason: 'delivery-limit',
			reasonText:
				'The worker was killed, or lost its connection, again and again while it held this message; the broker gave it ' +
				'up. If other mails go out, this one may be the cause: inspect it before it is replayed.',
		};
	}
	return {
		reason: 'dead-letter',
		reasonText: `The broker moved it here out of "${death.queue}": ${death.reason}.`,
	};
}
