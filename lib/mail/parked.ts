/**
 * Mails that wait for a person. The parked queue is the truth; the ledger only mirrors it. Whatever is decided is published
 * to its next place and confirmed before the parked copy is acknowledged. One at a time works on the queue: what somebody
 * else looks at is invisible meanwhile.
 */

import type { Channel, GetMessage } from 'amqplib';
import type { Broker } from '../amqp/broker.ts';
import type { Audit } from '../audit.ts';
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import type { Lease } from '../store/store.ts';
import { isAddress } from './address.ts';
import type { MessageReader } from './envelope.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import type { MailOutcome } from './outcomes.ts';
import { type Browsed, browse, type Found, type ParkedMail, returned } from './parked-browse.ts';
import type { ParkedLock } from './parked-lock.ts';
import { outcomeOf, ParkedResults, parseKey } from './parked-results.ts';
import type { MailQueues } from './queues.ts';
import type { Results } from './results.ts';

export type { ParkedMail } from './parked-browse.ts';

/** Some seconds for 10,000 messages, and as much again for deciding on them; in milliseconds. */
const WORK_TIMEOUT_MS = 120_000;

/** Decided at once; more do not make the broker faster. */
const BATCH = 50;

/** Of a body shown to a person, in characters. */
const SHOWN_CHARACTERS = 65_536;

/** Listed at most; more nobody reads. */
const LIST_LIMIT = 1_000;

export interface ParkedOptions {
	broker: Broker;
	queues: MailQueues;
	results: Results;
	read: MessageReader;
	ledger: () => Promise<Ledger>;
	lock: ParkedLock;
	audit: Audit;
	/** After a mail was discarded; must not throw. */
	onOutcome: (outcome: MailOutcome) => void;
}

/** Which parked mails an action is for. */
export type Selection = { keys: readonly string[] } | { reason: string } | { all: true };

export interface ParkedList {
	mails: ParkedMail[];
	/** All that were looked at, by reason. */
	byReason: Record<string, number>;
	/** True when more match than are listed, or lie behind those that were looked at. */
	more: boolean;
}

export interface ParkedDetail extends ParkedMail {
	/** The untouched body as text, at most 64 Ki characters. */
	body: string;
	truncated: boolean;
	/** What the ledger knows; null when nothing. */
	ledger: LedgerRow | null;
}

/** What became of each mail that an action was for. */
export interface ActionReport {
	done: string[];
	/** Sent before: taken out of the parked queue, not sent again. */
	alreadySent: string[];
	/** Not among the parked (any more). */
	missing: string[];
	failed: { key: string; code: HubErrorCode; text: string }[];
	/** True when more may match behind those that were looked at: call again. */
	more: boolean;
}

type Taken = Found & { message: GetMessage };
type Decision = (found: Taken) => Promise<'done' | 'alreadySent'>;

export class ParkedMails {
	readonly #options: ParkedOptions;
	readonly #told: ParkedResults;
	/** Messages that must lie in the queue once the lock's holder is done. */
	#fetched = 0;
	constructor(options: ParkedOptions) {
		this.#options = options;
		this.#told = new ParkedResults(options.results, options.ledger);
	}

	/**
	 * Oldest first. Odoo is told of those that the broker gave up by itself, for until then nobody knows of them.
	 * @param limit default 100, at most 1,000
	 */
	async list({ reason, limit = 100 }: { reason?: string; limit?: number } = {}): Promise<ParkedList> {
		// Of a time before it is looked: what a person decides meanwhile is later, and counts.
		const time = Date.now();
		const { found, more } = await this.#locked((channel) => this.#browse(channel, () => false));
		await this.#told.tellGivenUp(found, time);
		const byReason: Record<string, number> = {};
		for (const { mail } of found) byReason[mail.reason] = (byReason[mail.reason] ?? 0) + 1;
		const matching = found.map(({ mail }) => mail).filter((mail) => reason === undefined || mail.reason === reason);
		const mails = matching.toSorted((a, b) => a.parkedAt - b.parkedAt).slice(0, Math.min(limit, LIST_LIMIT));
		return { mails, byReason, more: more || mails.length < matching.length };
	}

	/** Tells Odoo of the mails that the broker gave up by itself since the last time. */
	async tellGivenUp(): Promise<void> {
		await this.list({ limit: 0 });
	}

	/** @throws HubError `NOT_FOUND` */
	async inspect(key: string): Promise<ParkedDetail> {
		const detail = await this.#locked(async (channel) => {
			const { found } = await this.#browse(channel, (mail) => mail.key === key);
			const wanted = found.find(({ mail }) => mail.key === key);
			if (!wanted?.message) throw notParked(key);
			const body = wanted.message.content.toString('utf8');
			return { ...wanted.mail, body: body.slice(0, SHOWN_CHARACTERS), truncated: body.length > SHOWN_CHARACTERS };
		});
		const ledgerKey = parseKey(key);
		const [row] = ledgerKey ? await (await this.#options.ledger()).search({ ...ledgerKey, limit: 1 }) : [];
		return { ...detail, ledger: row ?? null };
	}

	/**
	 * Sets the recipient; the body stays as it came. The mail stays parked until it is replayed.
	 * @throws HubError `CONFIG_INVALID` when that is not exactly one address, `NOT_FOUND`, `MESSAGE_INVALID` for a message
	 *   that cannot be read
	 */
	async correct(key: string, address: string, actor: string): Promise<void> {
		if (!isAddress(address)) {
			throw new HubError('CONFIG_INVALID', 'The new recipient must be exactly one e-mail address, without a name.');
		}
		const report = await this.#act({ keys: [key] }, 'mail.correct', actor, async (found) => {
			const { message, content, mail } = found;
			if (!content) {
				throw new HubError(
					'MESSAGE_INVALID',
					'This message cannot be read, so it has no recipient to correct. Discard it.',
				);
			}
			const hub = this.#options.queues.headers(message);
			await this.#options.queues.park(message, {
				...hub,
				key,
				reason: mail.reason,
				reasonText: mail.reasonText,
				parkedAt: Date.now(),
				recipient: address,
				correctedBy: actor,
			});
			this.#fetched++; // the copy lies there in the place of the one that is acknowledged
			const told = await this.#told.toldKey(found);
			if (told) {
				const reason = { code: mail.reason, text: mail.reasonText };
				const word = told.row?.state === 'unknown' ? 'unknown' : 'parked';
				const outcome = { ...outcomeOf(word, found, told), attempt: mail.attempt, recipient: address, reason };
				await this.#options.results.tell({ ...outcome, by: actor });
			}
			return 'done';
		});
		const [failure] = report.failed;
		if (failure) throw new HubError('MESSAGE_INVALID', failure.text);
		if (report.done.length === 0) throw notParked(key);
	}

	/** Back to the queue, with all attempts ahead and the corrected recipient. */
	replay(selection: Selection, actor: string): Promise<ActionReport> {
		return this.#act(selection, 'mail.replay', actor, (found) => this.#replay(found, 0, actor));
	}

	/** Gives mails up for good: they are not sent if they come again. */
	discard(selection: Selection, actor: string): Promise<ActionReport> {
		return this.#act(selection, 'mail.discard', actor, async (found) => {
			// Of a time before the ledger is asked: if a copy is sent meanwhile, that is later, and counts.
			const time = Date.now();
			const ledgerKey = parseKey(found.mail.key);
			const ledger = await this.#options.ledger();
			const state = ledgerKey ? await ledger.decide(ledgerKey, 'discarded') : undefined;
			const told = await this.#told.toldKey(found);
			if (state === 'sent') return this.#told.alreadySent(found, told);
			if (told) {
				const outcome: MailOutcome = { ...outcomeOf('discarded', found, told), time, by: actor };
				await this.#options.results.tell(outcome);
				this.#options.onOutcome(outcome);
			}
			return 'done';
		});
	}

	/**
	 * The hub's own change of mind after a row of refusals: back to the queue with the attempts as they were.
	 * @returns how many were found
	 */
	async takeBack(keys: readonly string[]): Promise<number> {
		const report = await this.#act({ keys }, 'mail.take-back', 'hub', (found) => this.#replay(found, 1));
		return report.done.length;
	}

	/** @param by the person; none where the hub itself takes it back */
	async #replay(found: Taken, chance: 0 | 1, by?: string): Promise<'done' | 'alreadySent'> {
		const { mail, message, content } = found;
		const time = Date.now();
		const ledgerKey = parseKey(mail.key);
		// First the permission, then the message: found without it, the worker would park the mail again.
		const ledger = await this.#options.ledger();
		const state = ledgerKey ? await ledger.decide(ledgerKey, 'waiting') : undefined;
		const told = await this.#told.toldKey(found);
		if (state === 'sent') return this.#told.alreadySent(found, told);
		// Before it can be sent, so that the queue of Odoo holds both in this order; what cannot be read is parked again.
		if (told && content) {
			const outcome = { ...outcomeOf('retrying', found, told), time, retryAt: time };
			await this.#options.results.tell(by === undefined ? outcome : { ...outcome, by });
		}
		const hub = this.#options.queues.headers(message);
		const { reason: _, reasonText: __, parkedAt: ___, key: ____, ...kept } = hub;
		const chances = chance ? hub.chances + 1 : 0;
		await this.#options.queues.requeue(message, { ...kept, attempt: chance ? hub.attempt : 0, chances });
		return 'done';
	}

	async #act(selection: Selection, action: string, actor: string, decide: Decision): Promise<ActionReport> {
		const { audit } = this.#options;
		const wanted = selector(selection);
		const report: ActionReport = { done: [], alreadySent: [], missing: [], failed: [], more: false };
		try {
			await this.#locked(async (channel, lease) => {
				const { found, more } = await this.#browse(channel, wanted);
				report.more = more;
				const chosen = found.filter((one): one is Taken => one.message !== undefined);
				for (let at = 0; at < chosen.length; at += BATCH) {
					await lease.check();
					await Promise.all(chosen.slice(at, at + BATCH).map((one) => this.#decideOne(channel, one, decide, report)));
				}
			});
		} catch (thrown) {
			audit({ action, actor, subject: describeSelection(selection), outcome: 'failed' });
			throw thrown;
		}
		for (const key of report.done) audit({ action, actor, subject: key, outcome: 'done' });
		for (const { key } of report.failed) audit({ action, actor, subject: key, outcome: 'failed' });
		if ('keys' in selection) {
			const seen = new Set([...report.done, ...report.alreadySent, ...report.failed.map(({ key }) => key)]);
			report.missing = selection.keys.filter((key) => !seen.has(key));
		}
		return report;
	}

	async #decideOne(channel: Channel, one: Taken, decide: Decision, report: ActionReport): Promise<void> {
		const { key } = one.mail;
		try {
			const outcome = await decide(one);
			this.#ack(channel, one.message);
			report[outcome].push(key);
		} catch (thrown) {
			const { code, message } = toHubError(thrown);
			report.failed.push({ key, code, text: message });
		}
	}

	async #browse(channel: Channel, keep: (mail: ParkedMail) => boolean): Promise<Browsed> {
		const { queues, read } = this.#options;
		const browsed = await browse(channel, {
			queue: queues.parked,
			mainQueue: queues.main,
			headers: (message) => queues.headers(message),
			read: ({ content, properties }) => read(content, properties.headers),
			keep,
		});
		// The newer copy lies in the queue, so these are only in the way.
		this.#fetched = browsed.fetched;
		for (const message of browsed.older) this.#ack(channel, message);
		return browsed;
	}

	#locked<T>(work: (channel: Channel, lease: Lease) => Promise<T>): Promise<T> {
		const { lock, broker, queues } = this.#options;
		return lock.hold(async (lease) => {
			this.#fetched = 0;
			try {
				return await broker.withChannel((channel) => work(channel, lease), { timeoutMs: WORK_TIMEOUT_MS });
			} finally {
				// What was done is done, also where the connection ends before the broker has given the rest back.
				await returned(broker, queues.parked, this.#fetched).catch(() => undefined);
			}
		});
	}

	#ack(channel: Channel, message: GetMessage): void {
		channel.ack(message);
		this.#fetched--;
	}
}

function selector(selection: Selection): (mail: ParkedMail) => boolean {
	if ('keys' in selection) {
		const keys = new Set(selection.keys);
		return ({ key }) => keys.has(key);
	}
	if ('reason' in selection) return ({ reason }) => reason === selection.reason;
	return () => true;
}

/** For the audit record of an action that failed as a whole. */
function describeSelection(selection: Selection): string {
	if ('keys' in selection)
		return selection.keys.length === 1 ? (selection.keys[0] ?? '') : `${selection.keys.length} mails`;
	return 'reason' in selection ? `all with reason ${selection.reason}` : 'all';
}

function notParked(key: string): HubError {
	return new HubError('NOT_FOUND', `No parked mail has the key "${key}" (any more); list the parked mails again.`);
}
