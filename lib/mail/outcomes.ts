/** What became of a mail, for the flow and, as `contracts/mail-outcome.schema.json`, for the Odoo that asked for it. */

import type { Reason } from './reasons.ts';
import { summaryOf } from './reasons.ts';

/** The words of the contract. */
export type OutcomeWord = 'delivered' | 'retrying' | 'parked' | 'unknown' | 'discarded' | 'probed';

export interface MailOutcome {
	outcome: OutcomeWord;
	id: string;
	databaseUuid: string;
	/** Null for what could not be read, and for a probe. */
	kind: string | null;
	reference: string | null;
	/** Milliseconds since 1970. */
	time: number;
	/** From 1. */
	attempt?: number;
	/** Milliseconds since 1970. */
	retryAt?: number;
	messageId?: string;
	recipient?: string;
	smtp?: { code?: number; response: string };
	reason?: Reason;
	/** The person who decided, where one did. */
	by?: string;
}

/** An outcome of a message that could not be read or trusted: it has no id of its own. */
export interface ParkedGarbage {
	outcome: 'parked';
	id: null;
	/** `sha256:…` of the body, by which it is found among the parked. */
	key: string;
	time: number;
	reason: Reason;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Bounds of the contract, in characters. */
const MAX_REFERENCE = 128;
const MAX_RESPONSE = 1_000;
const MAX_REASON = 2_000;
const MAX_BY = 200;

/** False for another kind of mail that names no database: no Odoo waits for its result. */
export function hasAddressee(outcome: MailOutcome): boolean {
	return UUID.test(outcome.databaseUuid) && UUID.test(outcome.id);
}

/** The body for `email_results`. */
export function encodeOutcome(outcome: MailOutcome, hub: string): Buffer {
	const { id, databaseUuid, reference, time, attempt, retryAt, messageId, recipient, smtp, reason, by } = outcome;
	const body = {
		type: 'mail.outcome',
		version: '1.1',
		id,
		databaseUuid,
		reference: reference ? cut(reference, MAX_REFERENCE) : undefined,
		outcome: outcome.outcome,
		time: new Date(time).toISOString(),
		attempt,
		retryAt: retryAt === undefined ? undefined : new Date(retryAt).toISOString(),
		messageId,
		recipient,
		smtp: smtp && { code: smtp.code, response: cut(smtp.response, MAX_RESPONSE) },
		reason: reason && {
			code: reason.code,
			text: cut(reason.text, MAX_REASON),
			summary: summaryOf(reason.code),
		},
		by: by === undefined ? undefined : cut(by, MAX_BY),
		hub,
	};
	return Buffer.from(JSON.stringify(body));
}

/** Odoo's PostgreSQL takes neither half a character nor NUL. */
function cut(text: string, max: number): string {
	return text.slice(0, max).toWellFormed().replaceAll('\0', '\ufffd');
}
