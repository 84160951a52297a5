/**
 * One attempt at one message, from the broker to its next place. The order is what makes a crash harmless:
 * read → look it up → write the mail → claim it (`sending`) → SMTP → ledger → result → acknowledge.
 */

import { type HubError, toHubError } from '../errors.ts';
import type { SmtpClient } from '../smtp/client.ts';
import type { FailedSend, Mailbox } from '../smtp/mail.ts';
import type { Delivery } from './delivery.ts';
import type { MessageReader } from './envelope.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { ConnectionProbe, MailMessage } from './message.ts';
import type { LedgerOwner } from './owner.ts';
import type { Answer, Placement } from './placement.ts';
import type { Reason } from './reasons.ts';
import type { Slots } from './slots.ts';
import { MAX_CHANCES, type Streak } from './streak.ts';
import { mailKey, type Work } from './work.ts';
import type { MailWriter } from './writer.ts';

/**
 * - `settled`: acknowledged, or taken back by the broker meanwhile.
 * - `unstarted`: stopped before anything happened; may go back to the queue.
 * - `held`: neither; must stay unacknowledged, and the worker must pause for the cause.
 */
export type Verdict =
	| { what: 'settled' }
	| { what: 'unstarted' }
	| { what: 'held'; cause: 'ledger' | 'queues'; error: HubError };

export interface AttemptOptions {
	read: MessageReader;
	ledger: Ledger;
	owner: () => LedgerOwner;
	writer: MailWriter;
	smtp: SmtpClient;
	slots: Slots;
	streak: Streak;
	placement: Placement;
	/** What to do with a mail that may have gone out already: send it again, or park it for a person. */
	onUnknown: 'resend' | 'park';
	/** The only addresses that samples go to, in lower case. */
	sampleRecipients: ReadonlySet<string>;
	/** Aborted when even what is under way must end. */
	force: AbortSignal;
	onSent: () => void;
	onDuplicate: () => void;
	/** The SMTP server refuses the hub itself. */
	onRefused: (reason: string) => void;
	/** One refusal too many in a row; these, parked before it, are to be taken back. */
	onStreak: (earlier: string[]) => void;
	/** True while the worker is stopping for such a row. */
	inStreak: () => boolean;
}

const SETTLED: Verdict = { what: 'settled' };
const UNSTARTED: Verdict = { what: 'unstarted' };
const FENCED = 'The hub stood still for so long that another worker may send this mail; here nothing was handed over.';

export class Attempts {
	readonly #options: AttemptOptions;
	/** Mails that this worker has under way; a second copy of one waits. */
	readonly #underWay = new Set<string>();

	constructor(options: AttemptOptions) {
		this.#options = options;
	}

	/** Never throws. */
	async run(delivery: Delivery): Promise<Verdict> {
		try {
			return await this.#run(delivery);
		} catch (thrown) {
			const error = toHubError(thrown);
			if (error.code === 'CANCELLED') return UNSTARTED;
			// Taken back by the broker: whoever gets it next finds its state in the ledger.
			if (delivery.lost && !error.code.startsWith('STORE_')) return SETTLED;
			return { what: 'held', cause: error.code.startsWith('STORE_') ? 'ledger' : 'queues', error };
		}
	}

	async #run(delivery: Delivery): Promise<Verdict> {
		const { placement, read } = this.#options;
		let message: MailMessage | ConnectionProbe;
		try {
			message = read(delivery.message.content, delivery.message.properties.headers);
		} catch (thrown) {
			await placement.parkUnread(delivery, reasonOf(toHubError(thrown)));
			return SETTLED;
		}
		if (message.what === 'probe') {
			await placement.probed(delivery, message);
			return SETTLED;
		}
		const key = mailKey(message);
		if (this.#underWay.has(key)) {
			await placement.postpone(delivery);
			return SETTLED;
		}
		this.#underWay.add(key);
		try {
			return await this.#attempt(this.#work(delivery, message, key), message);
		} finally {
			this.#underWay.delete(key);
		}
	}

	#work(delivery: Delivery, message: MailMessage, key: string): Work {
		const { databaseUuid, id, kind, reference } = message;
		const { owner, writer } = this.#options;
		const facts = {
			databaseUuid,
			id,
			kind,
			reference,
			owner: owner().id,
			recipient: delivery.hub.recipient ?? message.recipient.address,
			messageId: writer.messageId(message),
		};
		return { delivery, message, key, facts, seen: undefined };
	}

	async #attempt(work: Work, message: MailMessage): Promise<Verdict> {
		const { ledger, owner, placement, slots, smtp, writer, force, sampleRecipients } = this.#options;
		const { delivery, facts } = work;
		const entry = await ledger.find(facts);
		work.seen = entry;
		if (entry && !(await this.#mayProceed(work, entry))) return SETTLED;
		if (message.sample && !sampleRecipients.has(facts.recipient.toLowerCase())) {
			const text =
				'Samples go to the allowed sample addresses only, and this is none of them. Add it, or discard the sample.';
			await placement.park(work, { code: 'sample-recipient', text });
			return SETTLED;
		}
		const recipient = recipientOf(message, facts.recipient);
		let written: Awaited<ReturnType<MailWriter['write']>>;
		try {
			written = await writer.write(message, recipient, delivery.hub.attempt + 1, delivery.stop);
		} catch (thrown) {
			return this.#notWritten(work, toHubError(thrown));
		}
		const { mail } = written;
		const release = await slots.acquire(delivery.stop);
		let result: Awaited<ReturnType<SmtpClient['send']>>;
		let fenced = false;
		// Asked last before the mail leaves, for a process can stand still anywhere between the claim and then.
		const mayTravel = (): boolean => {
			fenced = owner().id !== facts.owner || !owner().holds;
			return !fenced;
		};
		try {
			if (delivery.lost) return SETTLED;
			const attempts = (work.seen?.attempts ?? 0) + 1;
			facts.recipient = mail.to.address;
			const version = await ledger.change(facts, work.seen, { state: 'sending', attempts });
			if (version === null) {
				await placement.postpone(delivery);
				return SETTLED;
			}
			work.seen = { version, attempts };
			result = await smtp.send(mail, { signal: force, mayTravel });
			if (result.outcome === 'sent') await placement.recordSent(work, result.response);
		} finally {
			release();
		}
		if (result.outcome === 'sent') {
			const { response } = result;
			this.#options.streak.success();
			this.#options.onSent();
			await placement.reportSent(work, { code: codeOf(response), response });
		} else if (fenced) {
			await placement.postponeUnsent(work, { code: 'SMTP_TEMPORARY', text: FENCED });
		} else {
			await this.#notSent(work, result, mail.to.address);
		}
		return SETTLED;
	}

	/** Decides by what the ledger says; false when the message has found its place. */
	async #mayProceed(work: Work, entry: LedgerEntry): Promise<boolean> {
		const { placement, owner, onUnknown, onDuplicate } = this.#options;
		switch (entry.state) {
			case 'waiting':
				return true;
			case 'sent':
				onDuplicate();
				await placement.duplicate(work, entry);
				return false;
			case 'discarded':
				await placement.discarded(work, entry);
				return false;
			case 'parked':
			case 'unknown':
				await placement.parkAgain(work, entry.state, entry);
				return false;
			case 'sending': {
				// Of this worker, and not under way: it lost the ledger between the SMTP server's answer and writing it.
				const own = entry.owner === owner().id;
				if (!own && (await owner().isAlive(entry.owner))) {
					await placement.postpone(work.delivery);
					return false;
				}
				if (onUnknown === 'resend') return true;
				const text =
					'The hub ended while it was sending this mail; it may have gone out. Ask the recipient or the mail server, ' +
					'then replay or discard it.';
				await placement.park(work, { code: 'SMTP_UNKNOWN', text }, 'unknown');
				return false;
			}
		}
	}

	async #notWritten(work: Work, error: HubError): Promise<Verdict> {
		const { placement } = this.#options;
		if (error.code === 'CANCELLED') return UNSTARTED;
		// A bug counts as temporary: the mail is tried again and, if it stays, parked with these words.
		if (error.retryable || error.code === 'INTERNAL') await placement.retry(work, reasonOf(error));
		else await placement.park(work, reasonOf(error));
		return SETTLED;
	}

	async #notSent(work: Work, result: FailedSend, address: string): Promise<void> {
		const { placement, onUnknown, onRefused, onStreak, inStreak, streak, force } = this.#options;
		const answer: Answer | undefined =
			result.response === undefined
				? undefined
				: { response: result.response, ...(result.responseCode === undefined ? {} : { code: result.responseCode }) };
		const text = result.reason;
		switch (result.outcome) {
			case 'temporary':
				// Broken off by this worker itself, before the mail was handed over.
				if (force.aborted) await placement.giveBack(work, { code: 'SMTP_TEMPORARY', text }, answer);
				else await placement.retry(work, { code: 'SMTP_TEMPORARY', text }, answer);
				return;
			case 'unknown':
				if (onUnknown === 'resend') await placement.retry(work, { code: 'SMTP_UNKNOWN', text }, answer);
				else await placement.park(work, { code: 'SMTP_UNKNOWN', text }, 'unknown', answer);
				return;
			case 'refused':
				onRefused(text);
				await placement.giveBack(work, { code: 'SMTP_REFUSED', text }, answer);
				return;
			case 'permanent': {
				const reason: Reason = { code: 'SMTP_PERMANENT', text };
				const { chances } = work.delivery.hub;
				// Without a reply of the server it is the mail itself that was refused, here.
				if (result.responseCode !== undefined && chances < MAX_CHANCES) {
					const earlier = streak.refused(domainOf(address), work.key);
					if (earlier) onStreak(earlier);
					if (inStreak()) return placement.giveBack(work, reason, answer, chances + 1);
				}
				await placement.park(work, reason, 'parked', answer);
			}
		}
	}
}

function recipientOf(message: MailMessage, address: string): Mailbox {
	const { name } = message.recipient;
	return name === undefined ? { address } : { name, address };
}

function reasonOf({ code, message }: HubError): Reason {
	return { code, text: message };
}

function domainOf(address: string): string {
	return address.slice(address.lastIndexOf('@') + 1);
}

/** A reply begins with its code (RFC 5321 4.2). */
function codeOf(response: string): number {
	return Number.parseInt(response.slice(0, 3), 10);
}
