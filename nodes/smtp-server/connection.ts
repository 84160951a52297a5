import type { Mailbox, SmtpClient, SmtpOptions } from '../../lib/smtp/client.ts';
import { connectionOf } from '../runtime/connection.ts';

export interface SmtpConnection {
	/** The shared pool; use it between `acquire` and `release`. */
	client: SmtpClient;
	/** The sender that belongs to this server. */
	from: Mailbox;
	/** For a client of one's own, which need not wait for the shared pool. Holds the secrets: for code only. */
	options: SmtpOptions;
}

/** What an `smtp-server` node offers. */
export const smtpConnection = connectionOf<SmtpConnection>('smtp-server');
