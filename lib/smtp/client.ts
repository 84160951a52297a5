/** A pool of SMTP connections to one server. */
import type { Transporter } from 'nodemailer';
import { HubError, type HubErrorCode } from '../errors.ts';
import type { OutgoingMail, SendResult } from './mail.ts';
import type { SmtpOptions } from './options.ts';

export type { Attachment, FailedSend, Mailbox, OutgoingMail, SendResult } from './mail.ts';
export type { OAuth2Auth, PasswordAuth, SmtpOptions, SmtpTimeouts } from './options.ts';

export interface SendOptions {
	/** Aborting destroys the connection in use; `send` then resolves with `temporary`, or `unknown` after the final dot. */
	signal?: AbortSignal;
	/** Called once when the server has said 354 and the mail begins to travel. */
	onData?: () => void;
}

export interface Verification {
	ok: boolean;
	/** For a person: what was found, and what to do about it. */
	text: string;
	code?: HubErrorCode;
}

export class SmtpClient {
	readonly poolSize: number;
	readonly #options: SmtpOptions;
	#transport: Promise<Transporter> | undefined;
	#users = 0;

	constructor(options: SmtpOptions) {
		this.#options = options;
		this.poolSize = options.pool;
	}

	/** Hands one mail to the server. Never throws for what a server or a network does. */
	async send(mail: OutgoingMail, options: SendOptions = {}): Promise<SendResult> {
		this.#transport ??= this.#open();
		const transport = await this.#transport;
		try {
			const { headers, messageId, from, replyTo, to, subject, text, html, date, attachments, language } = mail;
			const box = (m: OutgoingMail['to']) => ({ name: m.name ?? '', address: m.address });
			const info = await transport.sendMail({
				messageId,
				date,
				subject,
				text,
				html,
				from: box(from),
				to: box(to),
				...(replyTo ? { replyTo: box(replyTo) } : {}),
				...(attachments ? { attachments } : {}),
				...(options.signal ? { signal: options.signal } : {}),
				envelope: { from: from.address, to: [to.address] },
				headers: { ...headers, 'Content-Language': language, 'Auto-Submitted': 'auto-generated' },
			});
			return { outcome: 'sent', response: String((info as { response?: string }).response) };
		} catch (thrown) {
			const error = thrown as { message: string; code?: string; responseCode?: number; response?: string };
			const { responseCode, response } = error;
			const outcome =
				error.code === 'EAUTH' || error.code === 'EPROTOCOL'
					? 'refused'
					: responseCode !== undefined && responseCode >= 500
						? 'permanent'
						: 'temporary';
			return {
				outcome,
				reason: error.message,
				...(responseCode ? { responseCode } : {}),
				...(response ? { response } : {}),
			};
		}
	}

	/** "Test connection": connects and signs in, sends nothing. Never throws for what a server or a network does. */
	async verify(_options: { signal?: AbortSignal } = {}): Promise<Verification> {
		this.#transport ??= this.#open();
		try {
			await (await this.#transport).verify();
			return { ok: true, text: 'The server accepts this client.' };
		} catch (thrown) {
			return { ok: false, text: (thrown as Error).message, code: 'SMTP_TEMPORARY' };
		}
	}

	/** Counts a user. */
	acquire(): void {
		this.#users++;
	}

	/** The last user closes the pool: 2 s for what is under way, then by force. */
	async release(): Promise<void> {
		if (this.#users === 0) throw new HubError('INTERNAL', 'An SMTP client was released more often than acquired.');
		this.#users--;
		if (this.#users === 0) await this.close();
	}

	/** Ends the pool: what is under way gets 2 s, then its connection is destroyed. */
	async close(): Promise<void> {
		const transport = await this.#transport;
		this.#transport = undefined;
		transport?.close();
	}

	async #open(): Promise<Transporter> {
		const { createTransport } = await import('nodemailer');
		const { host, port, security, auth, pool } = this.#options;
		return createTransport({
			pool: true,
			host,
			port,
			secure: security === 'tls',
			requireTLS: security === 'starttls',
			ignoreTLS: security === 'none',
			...(auth?.type === 'password' ? { auth: { user: auth.user, pass: auth.pass } } : {}),
			maxConnections: pool,
			maxMessages: Number.POSITIVE_INFINITY,
			maxRequeues: 0,
			disableFileAccess: true,
			disableUrlAccess: true,
		}) as Transporter;
	}
}
