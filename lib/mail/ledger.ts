/**
 * The ledger: what became of each mail, keyed by (database UUID, message id), so that a message that comes twice is not
 * mailed twice. An owner writes `sending` before the first byte goes to the SMTP server; whoever finds a dead owner's
 * `sending` knows that the outcome is unknown. Every change names the version it has seen, so of two at once one wins.
 */

import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import { ENTRY_COLUMNS, type LedgerStatements, ledgerStatements } from './ledger-statements.ts';
import { type LedgerState, type MailTables, mailTopic } from './ledger-tables.ts';

export type { LedgerState } from './ledger-tables.ts';

export interface LedgerKey {
	/** Odoo's `database.uuid`. */
	databaseUuid: string;
	/** The message's UUID. */
	id: string;
}

/** What the ledger knows about one mail when a decision is made. */
export interface LedgerEntry {
	state: LedgerState;
	owner: string;
	version: number;
	/** Attempts begun so far. */
	attempts: number;
	messageId: string;
	recipient: string | null;
	response: string | null;
	reason: string | null;
	reasonText: string | null;
	/** Milliseconds since 1970. */
	updatedAt: number;
}

/** A row as a person sees it. */
export interface LedgerRow extends LedgerEntry, LedgerKey {
	kind: string;
	reference: string | null;
	createdAt: number;
}

/** What does not change while a mail is worked on. */
export interface LedgerFacts extends LedgerKey {
	owner: string;
	kind: string;
	reference: string | null;
	recipient: string;
	messageId: string;
}

export interface LedgerChange {
	state: LedgerState;
	attempts: number;
	response?: string | null;
	reason?: string | null;
	reasonText?: string | null;
}

export interface LedgerSearch {
	databaseUuid?: string;
	id?: string;
	reference?: string;
	/** Compared without regard to case. */
	recipient?: string;
	state?: LedgerState;
	/** Only rows made since, in milliseconds since 1970. */
	since?: number;
	/** Default and maximum 200. */
	limit?: number;
}

/** Rows that a search gives at most; a person reads no more, and SQLite blocks the process while it reads. */
const SEARCH_LIMIT = 200;

/** Of a text that others wrote, in characters; longer ones say nothing more to a person. */
const MAX_TEXT_CHARACTERS = 2_000;

/** PostgreSQL takes no NUL, and a text that cannot be written would pause the worker for good. */
function storable(text: string | null | undefined): string | null {
	return text?.replaceAll('\0', '\ufffd').slice(0, MAX_TEXT_CHARACTERS).toWellFormed() ?? null;
}

export class Ledger {
	readonly #database: Kysely<MailTables>;
	readonly #statements: LedgerStatements;

	private constructor(database: Kysely<MailTables>) {
		this.#database = database;
		this.#statements = ledgerStatements(database);
	}

	/**
	 * Opens the ledger, bringing its tables up to date.
	 * @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION`; every method throws the first
	 */
	static async open(store: Store): Promise<Ledger> {
		return new Ledger(await store.topic<MailTables>(mailTopic));
	}

	/** Undefined when nothing is known of that message. */
	async find({ databaseUuid, id }: LedgerKey): Promise<LedgerEntry | undefined> {
		const [entry] = await this.#statements.find({ database_uuid: databaseUuid, id });
		return entry;
	}

	/**
	 * Writes a state if the row is still as it was seen (undefined: absent).
	 * @returns the new version; null when somebody else changed the row in between, who then decides about the mail
	 */
	async change(
		facts: LedgerFacts,
		seen: Pick<LedgerEntry, 'version'> | undefined,
		change: LedgerChange,
	): Promise<number | null> {
		const now = Date.now();
		const values = {
			database_uuid: facts.databaseUuid,
			id: facts.id,
			state: change.state,
			owner: facts.owner,
			attempts: change.attempts,
			recipient: facts.recipient,
			message_id: facts.messageId,
			response: storable(change.response),
			reason: change.reason ?? null,
			reason_text: storable(change.reasonText),
			updated_at: now,
		};
		const rows = seen
			? await this.#statements.update({ ...values, seen: seen.version })
			: await this.#statements.insert({
					...values,
					kind: facts.kind,
					reference: storable(facts.reference),
					created_at: now,
				});
		return rows[0]?.version ?? null;
	}

	/** Writes `sent` whoever changed the row in between: that the SMTP server took the mail stays true. */
	async markSent({ databaseUuid, id }: LedgerKey, response: string): Promise<void> {
		await this.#statements.markSent({
			database_uuid: databaseUuid,
			id,
			response: storable(response) ?? '',
			updated_at: Date.now(),
		});
	}

	/**
	 * A person's (or the hub's) decision about a parked mail: `waiting` lets it be sent again, `discarded` gives it up.
	 * Leaves rows alone that are `sent` or `sending`, and messages that the ledger does not know.
	 * @returns the state after the call; undefined for a message that the ledger does not know
	 */
	async decide({ databaseUuid, id }: LedgerKey, state: 'waiting' | 'discarded'): Promise<LedgerState | undefined> {
		const [row] = await this.#database
			.updateTable('mail_ledger')
			.set((old) => ({ state, version: old('version', '+', 1), updated_at: Date.now() }))
			.where('database_uuid', '=', databaseUuid)
			.where('id', '=', id)
			.where('state', 'not in', ['sent', 'sending'])
			.returning('state')
			.execute();
		return row?.state ?? (await this.find({ databaseUuid, id }))?.state;
	}

	/** Newest first. "Did this recipient get that order?" is `{ reference, recipient }`. */
	async search(search: LedgerSearch): Promise<LedgerRow[]> {
		let query = this.#database
			.selectFrom('mail_ledger')
			.select(ENTRY_COLUMNS)
			.select(['database_uuid as databaseUuid', 'id', 'kind', 'reference as reference', 'created_at as createdAt']);
		if (search.databaseUuid) query = query.where('database_uuid', '=', search.databaseUuid);
		if (search.id) query = query.where('id', '=', search.id);
		if (search.reference) query = query.where('reference', '=', search.reference);
		if (search.state) query = query.where('state', '=', search.state);
		if (search.since !== undefined) query = query.where('created_at', '>=', search.since);
		const { recipient } = search;
		if (recipient) {
			query = query.where(({ fn, ref, eb }) =>
				eb(fn<string>('lower', [ref('recipient')]), '=', recipient.toLowerCase()),
			);
		}
		return query
			.orderBy('created_at', 'desc')
			.limit(Math.min(search.limit ?? SEARCH_LIMIT, SEARCH_LIMIT))
			.execute();
	}

	/** How many mails are in each state. Reads the whole table: for tests and reports, not for a status. */
	async counts(): Promise<Partial<Record<LedgerState, number>>> {
		const rows = await this.#database
			.selectFrom('mail_ledger')
			.select(({ fn }) => ['state', fn.countAll<number>().as('count')])
			.groupBy('state')
			.execute();
		return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
	}

	/**
	 * Writes something, to know whether that works.
	 * @throws HubError `STORE_UNAVAILABLE`
	 */
	async checkWritable(): Promise<void> {
		await this.setPaused('(check)', false, '');
	}

	/** Whether a person keeps that queue paused, and who. */
	async pausedBy(name: string): Promise<{ by: string } | null> {
		const row = await this.#database
			.selectFrom('mail_switch')
			.select(['paused', 'by'])
			.where('name', '=', name)
			.executeTakeFirst();
		return row?.paused ? { by: row.by ?? '' } : null;
	}

	/** Keeps a person's pause over restarts, and for the other workers of that queue. */
	async setPaused(name: string, paused: boolean, by: string): Promise<void> {
		const values = { paused: paused ? 1 : 0, by, changed_at: Date.now() };
		await this.#database
			.insertInto('mail_switch')
			.values({ name, ...values })
			.onConflict((conflict) => conflict.column('name').doUpdateSet(values))
			.execute();
	}
}
