/**
 * What a failed attempt means for the mail: the one table. First row that fits wins. The rows were found by measuring
 * nodemailer 10.6 against a scripted server; `test/integration/smtp-dialogue.test.ts` plays every one of them.
 */
import type { NodemailerError } from 'nodemailer';
import type { Why } from '../why.ts';
import type { FailedSend } from './mail.ts';
import { TokenError } from './oauth2.ts';
import type { Interruption, Phase } from './transaction.ts';

export interface Failure {
	/** As thrown by nodemailer, or by the token endpoint. */
	error: NodemailerError;
	phase: Phase;
	/** Set when we ended the attempt ourselves. */
	interruption?: Interruption | undefined;
}

interface Row {
	outcome: FailedSend['outcome'];
	fits(failure: Failure, reply: number): boolean;
	/** For a person: no address, no secret, nothing that the server said, for that may name the recipient. */
	words(failure: Failure, reply: string): string;
	/** The same as a key, where it is a frequent one. */
	why?: Why | ((failure: Failure) => Why | undefined);
}

const CERTIFICATE: Record<string, string> = {
	CERT_HAS_EXPIRED: "The server's certificate has expired; it must be renewed there.",
	CERT_NOT_YET_VALID: "The server's certificate is not valid yet; check the clocks of both machines.",
	DEPTH_ZERO_SELF_SIGNED_CERT: "The server's certificate is self-signed; add it to the trusted authorities.",
	SELF_SIGNED_CERT_IN_CHAIN: "The server's certificate comes from an unknown authority; add that authority.",
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The server's certificate comes from an unknown authority; add that authority.",
	UNABLE_TO_GET_ISSUER_CERT: "The server's certificate comes from an unknown authority; add that authority.",
	UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		"The server's certificate cannot be verified: the authority is unknown, or the server does not send the whole chain.",
	CERT_REVOKED: "The server's certificate was revoked.",
	ERR_TLS_CERT_ALTNAME_INVALID: "The server's certificate is for another name than the configured host.",
	HOSTNAME_MISMATCH: "The server's certificate is for another name than the configured host.",
};

const NETWORK: Record<string, string> = {
	ECONNREFUSED: 'The connection was refused: nothing listens on that port, or a firewall rejects it.',
	ENOTFOUND: 'The host name of the server is not known (DNS).',
	ENODATA: 'The host name of the server has no address (DNS).',
	EAI_AGAIN: 'The host name of the server cannot be resolved now (DNS does not answer).',
	EHOSTUNREACH: 'There is no way to the server from this network.',
	ENETUNREACH: 'There is no way to the server from this network.',
	ECONNRESET: 'The connection was cut before the mail was handed over.',
	EPIPE: 'The connection was cut before the mail was handed over.',
};

const CERTIFICATE_WHY: Record<string, Why> = {
	CERT_HAS_EXPIRED: 'certificateExpired',
	CERT_NOT_YET_VALID: 'certificateNotYet',
	CERT_REVOKED: 'certificateRevoked',
	ERR_TLS_CERT_ALTNAME_INVALID: 'certificateName',
	HOSTNAME_MISMATCH: 'certificateName',
};

const NETWORK_WHY: Record<string, Why> = {
	ECONNREFUSED: 'networkRefused',
	ENOTFOUND: 'nameUnknown',
	ENODATA: 'nameUnknown',
	EAI_AGAIN: 'nameServer',
	EHOSTUNREACH: 'noRoute',
	ENETUNREACH: 'noRoute',
	ECONNRESET: 'cut',
	EPIPE: 'cut',
};

const CUT = 'The connection ended before the mail was handed over.';

/** What OpenSSL says when the other side speaks plain text. */
const PLAIN_PORT: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

const isReplyTo = (commands: readonly string[], { error }: Failure) => commands.includes(error.command ?? '');

const TABLE: readonly Row[] = [
	// After the final dot only a 4xx or 5xx says that the server did not take the mail.
	{
		outcome: 'unknown',
		fits: ({ phase }, reply) => phase === 'answer' && !(reply >= 400 && reply < 600),
		words: ({ interruption }) =>
			interruption?.by === 'deadline'
				? `The whole mail was handed over, but no answer came within ${interruption.ms / 1000} s: it may have been accepted.`
				: 'The whole mail was handed over, but the connection ended before the answer: it may have been accepted.',
	},
	// We gave up ourselves before the final dot: no server may deliver what was sent so far (RFC 5321 4.1.1.4).
	{
		outcome: 'temporary',
		fits: ({ interruption }) => interruption !== undefined,
		words: ({ interruption }) =>
			interruption?.by === 'deadline'
				? {
						setup: `No usable connection to the server within ${interruption.ms / 1000} s.`,
						envelope: `The server did not answer sender and recipient within ${interruption.ms / 1000} s.`,
						transfer: `The server did not take the mail within ${interruption.ms / 1000} s.`,
						answer: 'The server did not answer.',
					}[interruption.phase]
				: 'Sending was interrupted before the mail was handed over.',
	},
	// The token endpoint is down or overloaded: neither the mail nor the credentials are at fault.
	{
		outcome: 'temporary',
		fits: ({ error }) => error instanceof TokenError && error.temporary,
		words: ({ error }) => error.message,
	},
	// The token endpoint rejects our credentials: every mail would fail.
	{
		outcome: 'refused',
		fits: ({ error }) => error instanceof TokenError,
		words: ({ error }) => error.message,
	},
	// RFC 5321 4.2.1: a 4xx asks to try again, whatever the command, sign-in (454) and greeting (421) included.
	{
		outcome: 'temporary',
		fits: (_, reply) => reply >= 400 && reply < 500,
		words: (_, reply) => `The server asks to try again later (${reply}).`,
		why: 'later',
	},
	// RFC 4954 6: 535, 534, 538 and 5xx to AUTH reject the credentials or the way of signing in: not the mail.
	{
		outcome: 'refused',
		fits: ({ error }) => error.code === 'EAUTH',
		words: ({ error }, reply) =>
			error.responseCode === 535
				? `The server refuses the credentials (${reply}).`
				: error.responseCode
					? `The server does not accept this way of signing in (${reply}).`
					: 'The server offers no way of signing in that fits the configured credentials.',
		why: ({ error }) => (error.responseCode === 535 ? 'credentials' : 'signInKind'),
	},
	// RFC 4954 6: 530 to any command asks for signing in (or for TLS) first: every mail would fail.
	{
		outcome: 'refused',
		fits: (_, reply) => reply === 530,
		words: (_, reply) => `The server wants this client to sign in, or to use TLS, before it takes mail (${reply}).`,
		why: 'signInNeeded',
	},
	// Required STARTTLS is not offered, or fails for good: going on in plain text is not an option.
	{
		outcome: 'refused',
		fits: (failure, reply) => reply >= 500 && (failure.error.code === 'ETLS' || isReplyTo(['STARTTLS'], failure)),
		words: (_, reply) =>
			`The server does not offer STARTTLS (${reply}); choose TLS from the start (usually port 465), or ask its operator.`,
		why: 'noStartTls',
	},
	// RFC 5321 3.1: 554 (or another 5xx) as greeting or to EHLO turns the client away before any mail is known.
	{
		outcome: 'refused',
		fits: (failure, reply) => reply >= 500 && isReplyTo(['CONN', 'EHLO', 'HELO'], failure),
		words: (_, reply) =>
			`The server turns this client away (${reply}): this machine is perhaps blocked or not allowed to relay there.`,
		why: 'turnedAway',
	},
	// A certificate that cannot be trusted concerns every mail, and heals without anybody touching the mails.
	{
		outcome: 'refused',
		fits: ({ error }) => CERTIFICATE[error.originalCode ?? ''] !== undefined,
		words: ({ error }) => CERTIFICATE[error.originalCode ?? ''] ?? '',
		why: ({ error }) => CERTIFICATE_WHY[error.originalCode ?? ''] ?? 'certificateUnknown',
	},
	// TLS that cannot be agreed (plain-text port, old version) concerns every mail, like a certificate.
	{
		outcome: 'refused',
		fits: ({ error }) => /^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(error.originalCode ?? ''),
		words: ({ error }) =>
			PLAIN_PORT.has(error.originalCode ?? '')
				? 'This port does not speak TLS from the start; choose STARTTLS (usually port 587).'
				: 'TLS cannot be agreed with the server: it is too old, or wants a client certificate.',
		why: ({ error }) => (PLAIN_PORT.has(error.originalCode ?? '') ? 'tlsFromStart' : 'tlsAgreed'),
	},
	// RFC 5321 4.2.4: 503 says that the session was in the wrong state; a new connection starts a new session.
	{
		outcome: 'temporary',
		fits: (_, reply) => reply === 503,
		words: (_, reply) => `The server lost track of the session (${reply}).`,
	},
	// RFC 5321 4.2.1: a 5xx to MAIL, RCPT, DATA or after the final dot rejects this mail for good.
	{
		outcome: 'permanent',
		fits: (_, reply) => reply >= 500 && reply < 600,
		words: (failure, reply) =>
			failure.error.command === 'MAIL FROM'
				? `The server refuses the sender (${reply}).`
				: failure.error.command === 'RCPT TO'
					? `The server refuses the recipient (${reply}).`
					: `The server refuses the mail (${reply}).`,
		why: ({ error }) => (({ 'MAIL FROM': 'sender', 'RCPT TO': 'recipient' }) as const)[error.command ?? ''],
	},
	// Refused by nodemailer itself, before or instead of the server: a retry would see the same.
	{
		outcome: 'permanent',
		fits: ({ error }, reply) =>
			reply === 0 && ['EENVELOPE', 'ESTREAM', 'EMESSAGE', 'EFILEACCESS', 'EURLACCESS'].includes(error.code ?? ''),
		words: ({ error }) =>
			error.command === 'MAIL FROM' && error.code === 'EMESSAGE'
				? 'The mail is larger than the server allows.'
				: 'The mail cannot be sent: an address or its content is not valid.',
	},
	// Refused, DNS, time-out, cut before the final dot, and whatever is not known: tried again, a bounded number of times.
	{
		outcome: 'temporary',
		fits: () => true,
		words: ({ error }) =>
			error.timeoutType === 'GREETING_TIMEOUT'
				? 'The server accepts connections, but does not greet: it is overloaded, or it is not an SMTP server without TLS.'
				: error.code === 'ETIMEDOUT'
					? 'The server does not answer: it is down, or a firewall drops the connection.'
					: error.code === 'EPROTOCOL'
						? 'The server answers something that is not SMTP.'
						: (NETWORK[error.originalCode ?? ''] ?? CUT),
		why: ({ error }) =>
			error.timeoutType === 'GREETING_TIMEOUT'
				? 'greeting'
				: error.code === 'ETIMEDOUT'
					? 'silent'
					: error.code === 'EPROTOCOL'
						? 'notSmtp'
						: NETWORK_WHY[error.originalCode ?? ''],
	},
];

/** A reply with its enhanced status (RFC 3463) when it has one: `550 5.1.1`. The rest of it may name the recipient. */
function shortReply({ responseCode, response }: NodemailerError): string {
	const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
	return enhanced === undefined ? String(responseCode ?? '') : `${responseCode} ${enhanced}`;
}

/** Decides what a failed attempt means; see the rows above. */
export function classify(failure: Failure): FailedSend {
	const { responseCode, response } = failure.error;
	const row = TABLE.find(({ fits }) => fits(failure, responseCode ?? 0));
	if (row === undefined) throw new Error('The last row fits everything');
	const why = typeof row.why === 'function' ? row.why(failure) : row.why;
	return {
		outcome: row.outcome,
		reason: row.words(failure, shortReply(failure.error)),
		...(why ? { why } : {}),
		...(responseCode ? { responseCode } : {}),
		...(response ? { response } : {}),
	};
}
