/** The channels that a node's properties describe. */

import type { Channel } from '../../lib/notices/channel.ts';
import type { SmtpConnection } from '../smtp-server/connection.ts';
import type { NoticeConfig, NoticeSecrets } from './config.ts';

/**
 * @param smtp what the chosen `smtp-server` offers
 * @throws HubError CONFIG_INVALID
 */
export async function channelsOf(
	{ to, webhookUrl, language }: NoticeConfig,
	{ webhookBearer, webhookKey }: NoticeSecrets,
	smtp: SmtpConnection | undefined,
): Promise<Channel[]> {
	const { mailChannel } = await import('../../lib/notices/mail-channel.ts');
	const { webhookChannel } = await import('../../lib/notices/webhook-channel.ts');
	const channels: Channel[] = [];
	// A connection of its own: an alarm must not wait behind the mails that cannot get out.
	if (smtp) channels.push(mailChannel({ smtp: { ...smtp.options, pool: 1 }, to, language }));
	if (webhookUrl) {
		const signed = webhookKey ? { hmac: webhookKey } : {};
		const bearer = webhookBearer ? { bearer: webhookBearer } : {};
		channels.push(webhookChannel({ url: webhookUrl, ...bearer, ...signed }));
	}
	return channels;
}
