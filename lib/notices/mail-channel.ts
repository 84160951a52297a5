/** Notices by mail, through a sender of their own: another server than the one whose failure they may report. */
import { SmtpClient, type SmtpOptions } from '../smtp/client.ts';
import type { Channel, Delivery, Parcel } from './channel.ts';
import { checkAddress } from './notice.ts';
import { type Language, SEVERITY_WORDS } from './words.ts';

export interface MailChannelOptions {
	/** Default `mail`. */
	name?: string;
	/** Its `from` is who the notices are from. */
	smtp: SmtpOptions;
	/** Receivers of notices that name none. */
	to: string[];
	language: Language;
}

/** Shorter than for business mail: an alarm that hangs is worth a second copy. In ms. */
const TIMEOUTS = { setup: 30_000, envelope: 30_000, transfer: 60_000, answer: 120_000 };

/** @throws HubError CONFIG_INVALID for an address that is none */
export function mailChannel({ name = 'mail', smtp, to, language }: MailChannelOptions): Channel {
	const client = new SmtpClient({ ...smtp, timeouts: { ...TIMEOUTS, ...smtp.timeouts } });
	const standing = to.map(checkAddress);
	const domain = smtp.from.address.split('@').at(-1);
	return {
		name,
		kind: 'smtp',
		targets: (wanted) => (wanted.length > 0 ? [...wanted] : standing),
		async deliver({ id, target, subject, text, severity, at }: Parcel, signal: AbortSignal): Promise<Delivery> {
			const result = await client.send(
				{
					messageId: `<${id}@${domain}>`,
					from: smtp.from,
					to: { address: target ?? '' },
					subject: `[${SEVERITY_WORDS[language][severity]}] ${subject}`,
					text,
					html: `<pre style="white-space:pre-wrap;font:inherit">${escapeHtml(text)}</pre>`,
					language,
					date: new Date(at),
					// RFC 2156 5.3.6; what makes a mail client show an alarm as one.
					...(severity === 'critical' ? { headers: { 'X-Priority': '1 (Highest)' } } : {}),
				},
				{ signal },
			);
			switch (result.outcome) {
				case 'sent':
					return { outcome: 'delivered' };
				case 'permanent':
					return { outcome: 'never', reason: result.reason };
				case 'unknown':
					return { outcome: 'unknown', reason: result.reason };
				default:
					return { outcome: 'later', reason: result.reason };
			}
		},
		close: () => client.close(),
	};
}

const escapeHtml = (text: string) =>
	text.replace(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] ?? '');
