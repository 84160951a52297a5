/** Turns a message into the mail that goes out: templates, document, and the flow's own hand where it composes. */

import { HubError } from '../errors.ts';
import type { Attachment, Mailbox, OutgoingMail } from '../smtp/mail.ts';
import { fetchDocument } from './document.ts';
import type { Compose } from './drafts.ts';
import type { MailKind } from './kind.ts';
import type { MailMessage } from './message.ts';
import { render } from './render.ts';

export interface WriterOptions {
	kind: MailKind;
	/** The SMTP account's own mailbox: author of every mail, so that the sender checks of other servers (SPF) hold. */
	from: Mailbox;
	/** True: mails are from the address that the message names, which the account must be allowed to use. Default false. */
	fromMessage?: boolean;
	/** See `parseOrigin`; null: no links and no documents. */
	origin: string | null;
	/** Where the hub itself reaches Odoo. Default: `origin`. */
	internalOrigin?: string | null;
	/** Attach the document that the message names. Default false. */
	attachDocument?: boolean;
	/** In bytes; default 10 MiB. */
	maxDocumentBytes?: number;
	/** Lets the flow change each mail before it is sent. */
	compose?: Compose;
}

export interface WrittenMail {
	mail: OutgoingMail;
	/** What was left out, for logs. */
	notes: string[];
}

export class MailWriter {
	readonly #options: WriterOptions;
	readonly #domain: string;

	constructor(options: WriterOptions) {
		this.#options = options;
		this.#domain = options.from.address.slice(options.from.address.lastIndexOf('@') + 1);
	}

	/** The same at every attempt and after a restart, so that a mailbox can recognise a duplicate. */
	messageId({ id, databaseUuid, kind }: MailMessage): string {
		// Ids of kinds without a database are unique in their kind only.
		const local = databaseUuid.startsWith('kind:') ? `${id}.${kind}` : id;
		return `<${local}@${this.#domain}>`;
	}

	/**
	 * @param recipient the message's own, or the one a person put in its place
	 * @param attempt from 1
	 * @throws HubError `TEMPLATE_INVALID`, `MESSAGE_INVALID`, `DOCUMENT_REFUSED`: for good; `DOCUMENT_UNAVAILABLE`,
	 *   `DRAFT_MISSING`: for now; `CANCELLED` when the signal is aborted
	 */
	async write(message: MailMessage, recipient: Mailbox, attempt: number, signal: AbortSignal): Promise<WrittenMail> {
		const { kind, origin, compose } = this.#options;
		const { notes, language, ...content } = render(message, kind, { origin });
		const attachments = await this.#attachments(message, signal);
		const replyTo = message.replyTo ?? (this.#options.fromMessage ? null : message.sender);
		const mail: OutgoingMail = {
			messageId: this.messageId(message),
			from: this.#from(message),
			to: recipient,
			...content,
			language,
			date: new Date(),
			...(replyTo ? { replyTo } : {}),
			...(attachments.length > 0 ? { attachments } : {}),
		};
		if (!compose) return { mail, notes };
		const { id, databaseUuid, reference, data } = message;
		const about = { id, databaseUuid, kind: message.kind, reference, attempt, language, data };
		const changed = await compose({ about, to: recipient, replyTo, ...content, attachments }, signal);
		const { replyTo: newReplyTo, ...rest } = changed;
		const { replyTo: _, ...kept } = mail;
		return { mail: { ...kept, ...rest, ...(newReplyTo ? { replyTo: newReplyTo } : {}) }, notes };
	}

	#from({ sender }: MailMessage): Mailbox {
		const { from, fromMessage } = this.#options;
		if (!sender) return from;
		if (fromMessage) return sender;
		return sender.name === undefined ? from : { name: sender.name, address: from.address };
	}

	async #attachments(message: MailMessage, signal: AbortSignal): Promise<Attachment[]> {
		const { attachDocument, origin, internalOrigin, maxDocumentBytes } = this.#options;
		if (!attachDocument || message.documentLink === null) return [];
		if (signal.aborted) throw new HubError('CANCELLED', 'The worker stopped before the document was fetched.');
		const document = await fetchDocument(message.documentLink, {
			origin,
			internalOrigin: internalOrigin ?? null,
			reference: message.reference,
			signal,
			...(maxDocumentBytes === undefined ? {} : { maxBytes: maxDocumentBytes }),
		});
		return [document];
	}
}
