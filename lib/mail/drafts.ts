/**
 * Drafts that are out in the flow to be changed there. Each attempt has a token of its own, so that a draft that comes back
 * late, twice, or that was never given out is refused; a draft that does not come back is a failure like any other.
 */

import { randomBytes } from 'node:crypto';
import { HubError } from '../errors.ts';
import type { Attachment, Mailbox } from '../smtp/mail.ts';
import { isAddress } from './address.ts';
import type { JsonObject } from './message.ts';

/** What a flow may change in a mail. */
export interface DraftContent {
	to: Mailbox;
	replyTo: Mailbox | null;
	subject: string;
	text: string;
	html: string;
	attachments: Attachment[];
}

export interface Draft extends DraftContent {
	/** What the mail is about; changes to these are ignored. */
	readonly about: {
		readonly id: string;
		readonly databaseUuid: string;
		readonly kind: string;
		readonly reference: string | null;
		/** From 1. */
		readonly attempt: number;
		readonly language: string;
		/** The message as it came. */
		readonly data: JsonObject;
	};
}

/** Writes or changes a mail; throws `DRAFT_MISSING` when nobody did in time. */
export type Compose = (draft: Draft, signal: AbortSignal) => Promise<DraftContent>;

export interface DraftDeskOptions {
	/** Hands a draft to the flow. */
	emit: (token: string, draft: Draft) => void;
	/** How long a draft may stay in the flow, in milliseconds. Default 30,000, at most 300,000. */
	timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Longer, and a message could be held beyond the 30 minutes after which the broker takes it back. */
const MAX_TIMEOUT_MS = 300_000;

/** RFC 5322 2.1.1 allows 998 characters a line; longer subjects are folded, but no reader shows them. */
const MAX_SUBJECT_CHARACTERS = 998;

/** Of text, HTML and attachments together, in bytes; above it most servers refuse a mail. */
const MAX_DRAFT_BYTES = 25 * 1024 * 1024;

const TOKEN_BYTES = 18;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

interface OpenDraft {
	resolve(content: DraftContent): void;
}

export class DraftDesk {
	readonly #emit: DraftDeskOptions['emit'];
	readonly #timeoutMs: number;
	readonly #open = new Map<string, OpenDraft>();

	constructor({ emit, timeoutMs = DEFAULT_TIMEOUT_MS }: DraftDeskOptions) {
		this.#emit = emit;
		this.#timeoutMs = Math.min(timeoutMs, MAX_TIMEOUT_MS);
	}

	/** Drafts that are out now. */
	get open(): number {
		return this.#open.size;
	}

	/**
	 * Gives a draft out and waits for it.
	 * @throws HubError `DRAFT_MISSING` after the time-out, `CANCELLED` when the signal is aborted
	 */
	readonly compose: Compose = (draft, signal) =>
		new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(new HubError('CANCELLED', 'The worker stopped before this draft was given out.'));
				return;
			}
			const token = randomBytes(TOKEN_BYTES).toString('base64url');
			const end = (): void => {
				clearTimeout(timer);
				signal.removeEventListener('abort', abort);
				this.#open.delete(token);
			};
			const abort = (): void => {
				end();
				reject(new HubError('CANCELLED', 'The worker stopped while the draft was in the flow.'));
			};
			const timer = setTimeout(() => {
				end();
				const seconds = this.#timeoutMs / 1_000;
				reject(
					new HubError(
						'DRAFT_MISSING',
						`The flow did not give the draft back within ${seconds} s. Check that every branch ends at this node's input.`,
					),
				);
			}, this.#timeoutMs);
			signal.addEventListener('abort', abort, { once: true });
			this.#open.set(token, {
				resolve(content) {
					end();
					resolve(content);
				},
			});
			this.#emit(token, draft);
		});

	/**
	 * Takes a draft back.
	 * @throws HubError `DRAFT_REFUSED` for a token that is unknown, used or late, and for content that cannot be a mail; in
	 *   the second case the token stays valid until the time-out, so the flow may correct it
	 */
	submit(token: unknown, content: unknown): void {
		const open = typeof token === 'string' ? this.#open.get(token) : undefined;
		if (open === undefined) {
			throw new HubError(
				'DRAFT_REFUSED',
				'This draft is not awaited: it came too late, a second time, or was never given out. Nothing was sent for it.',
			);
		}
		open.resolve(checkedContent(content));
	}
}

function checkedContent(content: unknown): DraftContent {
	if (typeof content !== 'object' || content === null) throw refused('it is not an object');
	const { to, replyTo, subject, text, html, attachments } = content as Record<string, unknown>;
	const checked: DraftContent = {
		to: checkedMailbox(to, 'to'),
		replyTo: replyTo === undefined || replyTo === null ? null : checkedMailbox(replyTo, 'replyTo'),
		subject: checkedText(subject, 'subject'),
		text: checkedText(text, 'text'),
		html: checkedText(html, 'html'),
		attachments: checkedAttachments(attachments ?? []),
	};
	if (CONTROL.test(checked.subject)) throw refused('its subject holds a line break or a control character');
	if (checked.subject.length > MAX_SUBJECT_CHARACTERS) throw refused('its subject is too long');
	const attached = checked.attachments.reduce((sum, { content: bytes }) => sum + bytes.length, 0);
	if (attached + Buffer.byteLength(checked.text) + Buffer.byteLength(checked.html) > MAX_DRAFT_BYTES) {
		throw refused(`it is larger than ${MAX_DRAFT_BYTES / 1024 / 1024} MiB`);
	}
	return checked;
}

function checkedMailbox(value: unknown, field: string): Mailbox {
	const { name, address } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
	if (typeof address !== 'string' || !isAddress(address)) {
		throw refused(`"${field}.address" is not exactly one e-mail address`);
	}
	if (name === undefined || name === null || name === '') return { address };
	if (typeof name !== 'string' || CONTROL.test(name)) throw refused(`"${field}.name" is not a name in one line`);
	return { name, address };
}

function checkedText(value: unknown, field: string): string {
	if (typeof value !== 'string' || value === '') throw refused(`"${field}" is missing or not text`);
	return value;
}

function checkedAttachments(value: unknown): Attachment[] {
	if (!Array.isArray(value)) throw refused('"attachments" is not a list');
	return value.map((attachment: unknown) => {
		const { filename, contentType, content } = (attachment ?? {}) as Record<string, unknown>;
		if (typeof filename !== 'string' || filename === '' || CONTROL.test(filename)) {
			throw refused('an attachment has no file name in one line');
		}
		if (typeof contentType !== 'string' || !/^[\w.+-]+\/[\w.+-]+$/.test(contentType)) {
			throw refused('an attachment has no content type such as application/pdf');
		}
		if (!Buffer.isBuffer(content)) throw refused('the content of an attachment is not a buffer');
		return { filename, contentType, content };
	});
}

function refused(why: string): HubError {
	return new HubError('DRAFT_REFUSED', `The draft cannot become a mail: ${why}. Correct it and hand it in again.`);
}
