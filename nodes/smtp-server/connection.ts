import type { Mailbox, SmtpClient } from '../../lib/smtp/client.ts';
import { connectionOf } from '../runtime/connection.ts';

export interface SmtpConnection {
	/** The shared pool; use it between `acquire` and `release`. */
	client: SmtpClient;
	/** The sender that belongs to this server. */
	from: Mailbox;
}

/** What an `smtp-server` node offers. */
export const smtpConnection = connectionOf<SmtpConnection>('smtp-server');
