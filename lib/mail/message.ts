/** One message of a mail queue after it was checked: what the worker needs to know, whatever its kind. */

import type { Mailbox } from '../smtp/mail.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
	[key: string]: JsonValue;
}

/** A mail that the sender rendered itself. */
export interface ReadyMail {
	subject: string;
	text: string;
	html: string;
}

export interface MailMessage {
	readonly what: 'mail';
	/** Name of the kind, such as `purchase`. */
	readonly kind: string;
	/** Unique within `databaseUuid`. */
	readonly id: string;
	/** Odoo's `database.uuid`; `kind:<name>` where another kind of mail names none. With `id` the ledger's key. */
	readonly databaseUuid: string;
	readonly database: string | null;
	/** Odoo's model and record, to find it there. */
	readonly model: string | null;
	readonly recordId: number | null;
	/** What a person calls it: the order's number. */
	readonly reference: string | null;
	readonly recipient: { readonly name?: string; readonly address: string };
	/** Odoo's code, such as `es_CL`; null: the kind's default. */
	readonly language: string | null;
	/** Null: the SMTP account's own. */
	readonly sender: Mailbox | null;
	readonly replyTo: Mailbox | null;
	/** A document that may be attached; not checked against the configured origin yet. */
	readonly documentLink: string | null;
	/** Goes to the allowed sample addresses only. */
	readonly sample: boolean;
	readonly rendered: ReadyMail | null;
	/** The body as parsed, for templates. */
	readonly data: JsonObject;
}

/** Asks whether the way is open: answered by an outcome `probed`, no mail is sent. */
export interface ConnectionProbe {
	readonly what: 'probe';
	readonly id: string;
	readonly databaseUuid: string;
	readonly database: string;
}
