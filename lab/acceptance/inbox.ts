/** Looks into the web inbox (maildev 3) that catches the mails of a lab or a test deployment. */
import { HubError } from '../../lib/errors.ts';

/** The inbox answers in milliseconds, in ms. */
const CALL_TIMEOUT_MS = 10_000;

/** The mail looked for came within the last minute: it is among the newest. */
const NEWEST = 50;

export interface ReceivedMail {
	subject: string;
	to: { address: string }[];
	text: string;
	html: string;
}

/** The newest mails, newest first. */
export async function newestMails(url: string): Promise<ReceivedMail[]> {
	const response = await fetch(`${url}/api/email?sort=desc&limit=${NEWEST}`, {
		signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
	});
	if (!response.ok) throw new HubError('INTERNAL', `The inbox answered ${response.status}`);
	return (await response.json()) as ReceivedMail[];
}

/** The mails to `address` whose subject or text names the order. */
export async function mailsAbout(url: string, order: string, address: string): Promise<ReceivedMail[]> {
	const mails = await newestMails(url);
	return mails.filter(
		(mail) =>
			mail.to.some((to) => to.address === address) && (mail.subject.includes(order) || mail.text.includes(order)),
	);
}
