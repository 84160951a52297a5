/** What goes in and what comes out of `SmtpClient.send`. */

import type { Why } from '../why.ts';

export interface Mailbox {
	/** Shown beside the address; any language, no control characters. */
	name?: string;
	/** Exactly one addr-spec (RFC 5321 Mailbox): no comment, no group, no second address. */
	address: string;
}

export interface Attachment {
	filename: string;
	/** `type/subtype`, without parameters. */
	contentType: string;
	content: Buffer;
}

/** One mail to one recipient: the server's answer then belongs to that recipient alone. */
export interface OutgoingMail {
	/** `<id@domain>`; the same at every attempt, so that a mailbox can recognise a duplicate. */
	messageId: string;
	/** Author and envelope sender: bounces go there. */
	from: Mailbox;
	replyTo?: Mailbox;
	to: Mailbox;
	subject: string;
	text: string;
	html: string;
	/** BCP 47 tag, for `Content-Language`. */
	language: string;
	/** The `Date` header. */
	date: Date;
	/** Further headers: `X-…`, `References` and `In-Reply-To` only; another name is refused as permanent. */
	headers?: Record<string, string>;
	attachments?: Attachment[];
}

/**
 * - `sent`: the server took the responsibility for the mail.
 * - `temporary`: it did not; the same mail may pass later.
 * - `permanent`: it did not, and it never will: a person must look.
 * - `unknown`: the whole mail was handed over and no answer came: it may or may not have been accepted.
 * - `refused`: the server refuses this client whatever the mail: sign-in, greeting, certificate. Not the mail's fault.
 */
export type SendResult =
	| { outcome: 'sent'; response: string }
	| {
			outcome: 'temporary' | 'permanent' | 'unknown' | 'refused';
			/** For a person: what happened and, where it is known, what to do. No address, no secret. */
			reason: string;
			/** The same as a key, where it is a frequent one. */
			why?: Why;
			/** The server's reply code, when it answered. */
			responseCode?: number;
			/** The server's reply as received; it may name the recipient: for the ledger, not for logs. */
			response?: string;
	  };

export type FailedSend = Exclude<SendResult, { outcome: 'sent' }>;
