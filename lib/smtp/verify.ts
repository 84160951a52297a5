/** "Test connection": what a mail would meet, without a mail. */
import type { NodemailerError } from 'nodemailer';
import type { HubErrorCode } from '../errors.ts';
import type { Why } from '../why.ts';
import { classify } from './classify.ts';
import type { FailedSend } from './mail.ts';
import type { TokenSource } from './oauth2.ts';
import type { SmtpOptions } from './options.ts';
import { transportOptions } from './transport.ts';

export interface Verification {
	ok: boolean;
	/** For a person: what was found, and what to do about it. */
	text: string;
	code?: HubErrorCode;
	/** The text as a key, where it is a frequent one. */
	why?: Why;
}

/** For each step, in ms: a person waits, and a paused worker asks again anyway. */
const STEP_MS = 10_000;
/** For everything, in ms. */
const TOTAL_MS = 20_000;

const CODE: Record<FailedSend['outcome'], HubErrorCode> = {
	temporary: 'SMTP_TEMPORARY',
	refused: 'SMTP_REFUSED',
	permanent: 'SMTP_PERMANENT',
	unknown: 'SMTP_UNKNOWN',
};

/**
 * Uses a connection of its own, not one of the pool, so that it meets what a new connection meets. After an abort that
 * connection ends by its own time-outs.
 */
export async function verify(options: SmtpOptions, tokens?: TokenSource, signal?: AbortSignal): Promise<Verification> {
	const { createTransport } = await import('nodemailer');
	const transport = createTransport({
		...transportOptions(options, tokens),
		dnsTimeout: STEP_MS,
		connectionTimeout: STEP_MS,
		greetingTimeout: STEP_MS,
		socketTimeout: STEP_MS,
	});
	const deadline = AbortSignal.timeout(TOTAL_MS);
	const end = signal ? AbortSignal.any([signal, deadline]) : deadline;
	const { promise: ended, resolve: give } = Promise.withResolvers<Verification>();
	const onEnd = () =>
		give(
			deadline.aborted
				? { ok: false, text: `The server did not let this client in within ${TOTAL_MS / 1000} s.`, code: 'TIMEOUT' }
				: { ok: false, text: 'The test was cancelled.', code: 'CANCELLED' },
		);
	if (end.aborted) onEnd();
	end.addEventListener('abort', onEnd, { once: true });
	try {
		return await Promise.race([ended, attempt(options, () => transport.verify())]);
	} finally {
		end.removeEventListener('abort', onEnd);
		transport.close();
	}
}

async function attempt({ security, auth }: SmtpOptions, connect: () => Promise<true>): Promise<Verification> {
	try {
		await connect();
	} catch (thrown) {
		const { outcome, reason, why } = classify({ error: thrown as NodemailerError, phase: 'setup' });
		return { ok: false, text: reason, code: CODE[outcome], ...(why ? { why } : {}) };
	}
	const transport = security === 'none' ? 'without encryption' : 'over TLS';
	return {
		ok: true,
		text: auth ? `Connected ${transport} and signed in.` : `Connected ${transport}, without signing in.`,
	};
}
