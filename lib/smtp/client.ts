/** A pool of SMTP connections to one server. */
import type {
	NodemailerError,
	SendMailOptions,
	SMTPPoolOptions,
	SMTPPoolSentMessageInfo,
	Transporter,
} from 'nodemailer';
import { HubError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { Admission } from './admission.ts';
import { classify } from './classify.ts';
import { compose } from './compose.ts';
import type { OutgoingMail, SendResult } from './mail.ts';
import { TokenSource } from './oauth2.ts';
import { faults, type SmtpOptions } from './options.ts';
import { Transaction } from './transaction.ts';
import { timeoutsOf, transportOptions } from './transport.ts';
import { type Verification, verify } from './verify.ts';

export type { FailedSend, Mailbox, OutgoingMail, SendResult } from './mail.ts';
export type { SmtpOptions } from './options.ts';
export type { Verification } from './verify.ts';

export interface SendOptions {
	/** Aborting destroys the connection in use; `send` then resolves with `temporary`, or `unknown` after the final dot. */
	signal?: AbortSignal;
	/** Asked when the server has said 354, before the first byte travels; false is like aborting. Default true. */
	mayTravel?: () => boolean;
	/** Called once when the server has said 354 and the mail begins to travel. */
	onData?: () => void;
}

/** What is under way when a pool is closed may go on this long, in ms; a deploy must be over in 2 s. */
const CLOSE_GRACE_MS = 2_000;

type Pool = Transporter<SMTPPoolSentMessageInfo, SMTPPoolOptions>;
/** Our own field beside nodemailer's, by which the stream of a mail finds its transaction. */
type Traced = SendMailOptions & { transaction: Transaction };

export class SmtpClient {
	/** Connections at most. */
	readonly poolSize: number;
	/** Faults of the options, for a person; while there are any, `send` and `verify` only say so. */
	readonly faults: readonly string[];
	readonly #options: SmtpOptions;
	readonly #tokens: TokenSource | undefined;
	readonly #admission: Admission;
	readonly #underWay = new Set<Transaction>();
	#pool: Promise<Pool> | undefined;
	#users = 0;
	#closed = false;

	constructor(options: SmtpOptions) {
		this.#options = options;
		this.poolSize = options.pool;
		this.faults = faults(options);
		this.#tokens = options.auth?.type === 'oauth2' ? new TokenSource(options.auth) : undefined;
		this.#admission = new Admission(options.pool, options.ratePerSecond);
	}

	/**
	 * Hands one mail to the server, once. Waits for a turn when the pool is busy or the rate is reached. Never throws for what
	 * a mail, a server or a network does.
	 */
	async send(mail: OutgoingMail, options: SendOptions = {}): Promise<SendResult> {
		if (this.faults.length > 0) return { outcome: 'refused', reason: this.faults.join(' ') };
		if (this.#closed) return { outcome: 'temporary', reason: 'The connection to the mail server is being closed.' };
		let composed: SendMailOptions;
		try {
			composed = compose(mail);
		} catch (thrown) {
			if (!(thrown instanceof HubError)) throw thrown;
			return { outcome: 'permanent', reason: thrown.message };
		}
		const transaction = new Transaction(timeoutsOf(this.#options), options);
		this.#underWay.add(transaction);
		try {
			if (!(await this.#admission.enter(transaction.signal))) {
				return { outcome: 'temporary', reason: 'Sending was cancelled before it began.' };
			}
			try {
				return await this.#attempt(composed, transaction);
			} finally {
				this.#admission.leave();
			}
		} finally {
			transaction.settle();
			this.#underWay.delete(transaction);
		}
	}

	/** "Test connection": connects, signs in, sends nothing. Never throws for what a server or a network does. */
	async verify(options: { signal?: AbortSignal } = {}): Promise<Verification> {
		if (this.faults.length > 0) return { ok: false, text: this.faults.join(' '), code: 'CONFIG_INVALID' };
		return verify(this.#options, this.#tokens, options.signal);
	}

	/** Counts a user. Connections are opened by the first mail. */
	acquire(): void {
		this.#users++;
	}

	/** The last user closes the connections, as `close` does; a later user may open new ones. */
	async release(): Promise<void> {
		if (this.#users === 0) throw new HubError('INTERNAL', 'An SMTP client was released more often than acquired.');
		this.#users--;
		if (this.#users === 0) await this.#end();
	}

	/** For good: mails that wait come back as `temporary`, those under way get 2 s, then their connections are destroyed. */
	async close(): Promise<void> {
		this.#closed = true;
		await this.#end();
	}

	async #attempt(composed: SendMailOptions, transaction: Transaction): Promise<SendResult> {
		transaction.start();
		try {
			this.#pool ??= this.#open();
			const pool = await this.#pool;
			const traced: Traced = { ...composed, transaction, signal: transaction.signal };
			const { response } = await pool.sendMail(traced);
			return { outcome: 'sent', response };
		} catch (thrown) {
			const { phase, interruption } = transaction;
			const failed = classify({ error: thrown as NodemailerError, phase, interruption });
			(this.#options.log ?? silentLog).debug(`SMTP: ${failed.outcome} in phase ${phase}: ${failed.reason}`);
			return failed;
		}
	}

	async #open(): Promise<Pool> {
		// Loaded at first use: it costs 20 ms that a start without mail need not pay.
		const [{ createTransport }, { readWritten }] = await Promise.all([import('nodemailer'), import('./mime.ts')]);
		const pool = createTransport(transportOptions(this.#options, this.#tokens));
		pool.use('stream', (mail, done) => {
			const { transaction } = mail.data as Traced;
			mail.message.createReadStream = () => transaction.follow(readWritten(mail.message));
			done();
		});
		return pool;
	}

	async #end(): Promise<void> {
		const opened = this.#pool;
		this.#pool = undefined;
		const pool = await opened;
		const underWay = [...this.#underWay];
		const stop = (transactions: Transaction[]) => {
			for (const transaction of transactions) transaction.interrupt({ by: 'closing' });
		};
		stop(underWay.filter(({ phase }) => phase === 'waiting'));
		// Closes the idle connections now, and the busy ones when they are done.
		pool?.close();
		const force = setTimeout(() => stop(underWay), CLOSE_GRACE_MS);
		await Promise.all(underWay.map(({ settled }) => settled));
		clearTimeout(force);
	}
}
