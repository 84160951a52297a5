/**
 * Takes a message to its next place: ledger first, then the confirmed publication, then the result for Odoo, and only then
 * the acknowledgement. Whatever fails on the way leaves the message unacknowledged, so that it comes again.
 */

import { createHash } from 'node:crypto';
import type { Delivery } from './delivery.ts';
import type { HubHeaders } from './headers.ts';
import type { Ledger, LedgerChange, LedgerEntry } from './ledger.ts';
import type { ConnectionProbe } from './message.ts';
import type { MailOutcome, ParkedGarbage } from './outcomes.ts';
import type { MailQueues } from './queues.ts';
import type { Reason } from './reasons.ts';
import type { Results } from './results.ts';
import { levelAfter } from './retry.ts';
import type { Work } from './work.ts';

export interface PlacementOptions {
	queues: MailQueues;
	ledger: Ledger;
	results: Results;
	/** After the acknowledgement; must not throw. */
	onOutcome: (outcome: MailOutcome | ParkedGarbage) => void;
}

/** The SMTP server's answer, where there is one. */
export interface Answer {
	code?: number;
	response: string;
}

/** Header values must fit into one frame beside the message's own. */
const MAX_REASON_CHARACTERS = 1_000;

export class Placement {
	readonly #queues: MailQueues;
	readonly #ledger: Ledger;
	readonly #results: Results;
	readonly #onOutcome: PlacementOptions['onOutcome'];
	/** What became of mails that were handed over while the ledger could not be written. */
	readonly #unwritten = new Map<string, () => Promise<unknown>>();

	constructor({ queues, ledger, results, onOutcome }: PlacementOptions) {
		this.#queues = queues;
		this.#ledger = ledger;
		this.#results = results;
		this.#onOutcome = onOutcome;
	}

	/** Writes what could not be written; resolves when the ledger holds all of it. */
	async writeUnwritten(): Promise<void> {
		for (const [key, write] of this.#unwritten) {
			await write();
			this.#unwritten.delete(key);
		}
	}

	/** The SMTP server took the mail. */
	async recordSent(work: Work, response: string): Promise<void> {
		await this.#write(work.key, () => this.#ledger.markSent(work.facts, response));
	}

	async reportSent(work: Work, answer: Answer): Promise<void> {
		const attempt = work.delivery.hub.attempt + 1;
		await this.#finish(work.delivery, { ...this.#outcome(work, 'delivered'), attempt, smtp: answer });
	}

	/** It was sent before: Odoo is told again, for it may not have heard the first time. */
	async duplicate(work: Work, entry: LedgerEntry): Promise<void> {
		await this.#results.tell(this.#decidedBefore(work, 'delivered', entry));
		work.delivery.ack();
	}

	/** A person gave it up before: Odoo is told again, as for what was sent. Who it was the ledger does not keep. */
	async discarded(work: Work, entry: LedgerEntry): Promise<void> {
		await this.#results.tell(this.#decidedBefore(work, 'discarded', entry));
		work.delivery.ack();
	}

	/** Refused for now: to the next delay, or parked when there is none. */
	async retry(work: Work, reason: Reason, answer?: Answer): Promise<void> {
		const used = work.delivery.hub.attempt + 1;
		const level = levelAfter(used, this.#queues.levels);
		if (level === undefined) {
			const text = `Refused at ${used} attempts; the last time: ${reason.text}`;
			return this.park(work, { code: 'exhausted', text }, 'parked', answer);
		}
		if (!(await this.#record(work, 'waiting', reason, answer))) return this.postpone(work.delivery);
		if (work.delivery.lost) return;
		await this.#queues.delay(work.delivery.message, level, { ...work.delivery.hub, attempt: used });
		await this.#finish(work.delivery, {
			...this.#outcome(work, 'retrying'),
			attempt: used,
			retryAt: Date.now() + level.delayMs,
			reason,
			...(answer ? { smtp: answer } : {}),
		});
	}

	/** Somebody else has it under way: looked at again after the first delay, without using an attempt. */
	async postpone(delivery: Delivery): Promise<void> {
		const [level] = this.#queues.levels;
		if (delivery.lost) return;
		if (level) await this.#queues.delay(delivery.message, level, delivery.hub);
		else await this.#queues.requeue(delivery.message, delivery.hub);
		delivery.ack();
	}

	/** The same for a mail that was claimed and not handed over, unless somebody else has claimed it since. */
	async postponeUnsent(work: Work, reason: Reason): Promise<void> {
		await this.#record(work, 'waiting', reason);
		await this.postpone(work.delivery);
	}

	/** Not the mail's fault: back to the queue, with no attempt used. */
	async giveBack(work: Work, reason: Reason, answer?: Answer, chances = work.delivery.hub.chances): Promise<void> {
		if (!(await this.#record(work, 'waiting', reason, answer))) return this.postpone(work.delivery);
		await this.giveBackUnstarted(work.delivery, chances);
	}

	/** Nothing was begun: back to the queue. */
	async giveBackUnstarted(delivery: Delivery, chances = delivery.hub.chances): Promise<void> {
		if (delivery.lost) return;
		await this.#queues.requeue(delivery.message, { ...delivery.hub, chances });
		delivery.ack();
	}

	/** For a person to decide. `unknown`: it may have gone out. */
	async park(work: Work, reason: Reason, state: 'parked' | 'unknown' = 'parked', answer?: Answer): Promise<void> {
		if (!(await this.#record(work, state, reason, answer))) return this.postpone(work.delivery);
		await this.#publishParked(work, reason);
		await this.#finish(work.delivery, {
			...this.#outcome(work, state),
			attempt: work.delivery.hub.attempt + 1,
			reason,
			...(answer ? { smtp: answer } : {}),
		});
	}

	/**
	 * It is parked already and comes again: a second copy is harmless, a missing one is not. Odoo is told again, for it may
	 * not have heard the first time.
	 */
	async parkAgain(work: Work, state: 'parked' | 'unknown', entry: LedgerEntry): Promise<void> {
		const code = (entry.reason ?? 'dead-letter') as Reason['code'];
		const reason: Reason = { code, text: entry.reasonText ?? 'It was parked before.' };
		// Of the time at which the ledger said so: what a person decides while the copy is published is later, and counts.
		const outcome = { ...this.#decidedBefore(work, state, entry), reason };
		await this.#publishParked(work, reason);
		await this.#results.tell(outcome);
		work.delivery.ack();
	}

	/**
	 * A message that cannot be read or trusted: nothing in it is believed, so the ledger is not touched and no Odoo is told.
	 * Nor is one where only the database is not accepted or the version unknown: the id and the database are then words of a
	 * sender that this hub was told not to believe, or of a contract whose fields may mean something else, and an answer would
	 * let whoever may publish here write into the results of any Odoo. A person sees it among the parked; once the database is
	 * accepted, or both sides have one version, a replay sends it and its result goes out.
	 */
	async parkUnread(delivery: Delivery, reason: Reason): Promise<void> {
		const key = bodyKey(delivery.message.content);
		if (delivery.lost) return;
		await this.#queues.park(delivery.message, parkedHeaders(delivery, key, reason));
		delivery.ack();
		this.#onOutcome({ outcome: 'parked', id: null, key, time: Date.now(), reason });
	}

	async probed(delivery: Delivery, probe: ConnectionProbe): Promise<void> {
		const { id, databaseUuid } = probe;
		await this.#finish(delivery, {
			outcome: 'probed',
			id,
			databaseUuid,
			kind: null,
			reference: null,
			time: Date.now(),
		});
	}

	async #publishParked(work: Work, reason: Reason): Promise<void> {
		if (work.delivery.lost) return;
		await this.#queues.park(work.delivery.message, parkedHeaders(work.delivery, work.key, reason));
	}

	/** False when somebody else changed the row in between. */
	async #record(work: Work, state: LedgerChange['state'], reason: Reason, answer?: Answer): Promise<boolean> {
		const change: LedgerChange = {
			state,
			attempts: work.seen?.attempts ?? 0,
			response: answer?.response ?? null,
			reason: reason.code,
			reasonText: reason.text.slice(0, MAX_REASON_CHARACTERS),
		};
		const { seen } = work;
		const version = await this.#write(work.key, () => this.#ledger.change(work.facts, seen, change));
		if (version !== null) work.seen = { version, attempts: change.attempts };
		return version !== null;
	}

	async #write<T>(key: string, write: () => Promise<T>): Promise<T> {
		try {
			return await write();
		} catch (thrown) {
			this.#unwritten.set(key, write);
			throw thrown;
		}
	}

	async #finish(delivery: Delivery, outcome: MailOutcome): Promise<void> {
		await this.#results.tell(outcome);
		delivery.ack();
		this.#onOutcome(outcome);
	}

	/** By the ledger, which may know another address, corrected since. */
	#decidedBefore(work: Work, word: MailOutcome['outcome'], entry: LedgerEntry): MailOutcome {
		const { attempts, messageId, recipient, response } = entry;
		return {
			...this.#outcome(work, word),
			attempt: attempts,
			messageId,
			...(recipient === null ? {} : { recipient }),
			...(response === null ? {} : { smtp: { response } }),
		};
	}

	#outcome(work: Work, outcome: MailOutcome['outcome']): MailOutcome {
		const { databaseUuid, id, kind, reference, recipient, messageId } = work.facts;
		return { outcome, id, databaseUuid, kind, reference, time: Date.now(), messageId, recipient };
	}
}

/** By which a message without a trusted id is found among the parked: the same body is the same message. */
export function bodyKey(body: Buffer): string {
	return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function parkedHeaders({ hub }: Delivery, key: string, reason: Reason): HubHeaders {
	return {
		...hub,
		key,
		reason: reason.code,
		reasonText: reason.text.slice(0, MAX_REASON_CHARACTERS),
		parkedAt: Date.now(),
	};
}
