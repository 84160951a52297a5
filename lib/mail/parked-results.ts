/** What Odoo is told of mails that wait for a person, and of what was decided about them. */

import type { Ledger, LedgerKey, LedgerRow } from './ledger.ts';
import type { MailOutcome } from './outcomes.ts';
import { BROWSE_LIMIT, type Found } from './parked-browse.ts';
import type { Results } from './results.ts';

/** A mail as Odoo knows it, and what the ledger knows of it. */
export interface Told {
	key: LedgerKey;
	row: LedgerRow | undefined;
}

export class ParkedResults {
	readonly #results: Results;
	readonly #ledger: () => Promise<Ledger>;
	/** Mails that the broker gave up, by key and time, of which Odoo has been told. */
	readonly #toldOf = new Set<string>();

	constructor(results: Results, ledger: () => Promise<Ledger>) {
		this.#results = results;
		this.#ledger = ledger;
	}

	/** Of those that the broker gave up by itself, for until then nobody knows of them. Never throws. */
	async tellGivenUp(found: readonly Found[], time: number): Promise<void> {
		for (const one of found.filter(({ byBroker }) => byBroker)) {
			const { key, parkedAt, attempt, reason: code, reasonText: text } = one.mail;
			const mark = `${key} ${parkedAt}`;
			if (this.#toldOf.has(mark)) continue;
			try {
				const told = await this.toldKey(one);
				if (told?.row?.state === 'sent') await this.alreadySent(one, told);
				else if (told) {
					const word = told.row?.state === 'unknown' ? 'unknown' : 'parked';
					await this.#results.tell({ ...outcomeOf(word, one, told), time, attempt, reason: { code, text } });
				}
			} catch {
				return; // whoever looks at the parked mails sees them all the same; Odoo is told the next time
			}
			if (this.#toldOf.size >= BROWSE_LIMIT) this.#toldOf.clear();
			this.#toldOf.add(mark);
		}
	}

	/** A copy of what was sent: Odoo is told again, for the worker may have ended before it could. */
	async alreadySent(found: Found, told: Told | undefined): Promise<'alreadySent'> {
		const { row } = told ?? {};
		if (told && row) {
			await this.#results.tell({
				...outcomeOf('delivered', found, told),
				attempt: row.attempts,
				messageId: row.messageId,
				...(row.recipient === null ? {} : { recipient: row.recipient }),
				...(row.response === null ? {} : { smtp: { response: row.response } }),
			});
		}
		return 'alreadySent';
	}

	/**
	 * About which mail Odoo is told of a decision. Undefined for a message without a trusted id, save where it can be believed
	 * by now (its database was accepted since) and the ledger knows of no other message with that id.
	 */
	async toldKey({ mail, content }: Found): Promise<Told | undefined> {
		const trusted = parseKey(mail.key);
		const key = trusted ?? (content ? { databaseUuid: content.databaseUuid, id: content.id } : undefined);
		if (!key) return undefined;
		const [row] = await (await this.#ledger()).search({ ...key, limit: 1 });
		return row && !trusted ? undefined : { key, row };
	}
}

/** Undefined for a message without a trusted id. */
export function parseKey(key: string): LedgerKey | undefined {
	const slash = key.indexOf('/');
	return slash < 0 ? undefined : { databaseUuid: key.slice(0, slash), id: key.slice(slash + 1) };
}

/** A decision about a mail that may be unreadable by now; then the ledger names it. */
export function outcomeOf(outcome: MailOutcome['outcome'], { mail }: Found, { key, row }: Told): MailOutcome {
	const recipient = mail.recipient ?? row?.recipient ?? null;
	return {
		outcome,
		...key,
		kind: mail.kind ?? row?.kind ?? null,
		reference: mail.reference ?? row?.reference ?? null,
		time: Date.now(),
		...(recipient === null ? {} : { recipient }),
	};
}
