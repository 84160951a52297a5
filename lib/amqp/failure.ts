/** What amqplib reports, as failures with a code and words for a person. */
import { HubError, type HubErrorCode } from '../errors.ts';
import type { Why } from '../why.ts';
import { type Address, endpoint } from './address.ts';

/** Reply codes of AMQP 0-9-1 that say what is wrong: https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
const CODES: Readonly<Record<number, HubErrorCode>> = {
	403: 'AMQP_FORBIDDEN',
	404: 'AMQP_NOT_FOUND',
	405: 'AMQP_EXCLUSIVE',
	406: 'AMQP_MISMATCH',
};

/** RabbitMQ answers 403 both for a missing right and for a queue that another consumer holds; only the text differs. */
const EXCLUSIVE = /in exclusive use|exclusive access/;

/** The failure of a channel or of an operation on it. */
export function channelFailure(thrown: unknown): HubError {
	if (thrown instanceof HubError) return thrown;
	const text = thrown instanceof Error ? thrown.message : String(thrown);
	const reply = Number((thrown as { code?: unknown } | undefined)?.code);
	const said = serverText(text);
	if (reply === 403 && EXCLUSIVE.test(said)) return new HubError('AMQP_EXCLUSIVE', said, { cause: thrown });
	const code = CODES[reply];
	if (code) return new HubError(code, said, { cause: thrown });
	if (!isFromChannel(thrown)) return new HubError('INTERNAL', text.split('\n', 1)[0] ?? text, { cause: thrown });
	return new HubError('AMQP_UNREACHABLE', `The channel to the broker ended: ${said}`, { cause: thrown });
}

/** What amqplib (2.3) says when a channel or its connection ends: plain errors, told from others by their text alone. */
const ENDED =
	/^(?:(?:[Cc]hannel|Connection) (?:closed|closing|ended)|Operation failed|Unexpected close|Heartbeat timeout)/;

/** False for errors of whoever used the channel. */
export function isFromChannel(thrown: unknown): boolean {
	if (!(thrown instanceof Error)) return false;
	const { code } = thrown as { code?: unknown };
	// A number as code tells nothing: amqplib writes one into the error that a consumer threw, too.
	return ENDED.test(thrown.message) || (typeof code === 'string' && code in NETWORK);
}

/** The broker's own words out of amqplib's `Operation failed: … 404 (NOT-FOUND) with message "NOT_FOUND - no queue …"`. */
function serverText(text: string): string {
	const quoted = /with message "(?:[A-Z_]+ - )?(.*)"/s.exec(text)?.[1];
	return (quoted ?? text).split('\n', 1)[0] ?? text;
}

/** Why no connection came about. Codes: AMQP_CREDENTIALS (also for the virtual host), AMQP_UNREACHABLE. */
export function connectFailure(thrown: unknown, address: Address): HubError {
	if (thrown instanceof HubError) return thrown;
	const where = endpoint(address);
	const { message, code } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { message: String(thrown) };
	if (message.startsWith('Handshake terminated by server: 403')) {
		const hint = /localhost/.test(message) ? ' (this user may only connect from the machine of the broker itself)' : '';
		return new HubError(
			'AMQP_CREDENTIALS',
			`The broker at ${where} refuses user "${address.user}"${hint}. Check user and password.`,
			{ cause: thrown },
		);
	}
	// amqplib does not hand on the text of the refusal; the handshake has accepted user and password before.
	if (message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) {
		return new HubError(
			'AMQP_CREDENTIALS',
			`The broker at ${where} refuses the virtual host "${address.vhost}" to user "${address.user}": ` +
				'it does not exist, or the user has no rights there.',
			{ cause: thrown },
		);
	}
	return new HubError('AMQP_UNREACHABLE', unreachableText(where, message, code, address.tls !== undefined), {
		cause: thrown,
	});
}

const NETWORK: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'nobody listens there',
	ENOTFOUND: 'the name is not known',
	EAI_AGAIN: 'the name cannot be looked up now',
	ETIMEDOUT: 'no answer',
	EHOSTUNREACH: 'no route to it',
	ENETUNREACH: 'no route to it',
	ECONNRESET: 'the connection was cut',
	EPIPE: 'the connection was cut',
};

function unreachableText(where: string, message: string, code: string | undefined, tls: boolean): string {
	// A reset comes from a port of the other kind, too, when the first bytes make no sense to it.
	if (/abruptly|Invalid frame|ERR_SSL|ECONNRESET|EPIPE/.test(`${message} ${code ?? ''}`)) {
		const other = tls ? 'without TLS' : 'with TLS';
		return `What answers at ${where} ended the connection in the handshake; is the port one ${other}?`;
	}
	const known = code === undefined ? undefined : NETWORK[code];
	if (known) return `The broker at ${where} cannot be reached: ${known}.`;
	if (code && /CERT|SELF_SIGNED|ISSUER|ALTNAME|VERIFY/.test(code)) {
		return `The certificate of the broker at ${where} is not accepted: ${message}.`;
	}
	return `The connection to the broker at ${where} failed: ${serverText(message)}.`;
}

const NETWORK_WHY: Readonly<Record<string, Why>> = {
	ECONNREFUSED: 'networkRefused',
	ENOTFOUND: 'nameUnknown',
	EAI_AGAIN: 'nameServer',
	ETIMEDOUT: 'silent',
	EHOSTUNREACH: 'noRoute',
	ENETUNREACH: 'noRoute',
	ECONNRESET: 'handshake',
	EPIPE: 'handshake',
	CERT_HAS_EXPIRED: 'certificateExpired',
	CERT_NOT_YET_VALID: 'certificateNotYet',
	ERR_TLS_CERT_ALTNAME_INVALID: 'certificateName',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'certificateUnknown',
	SELF_SIGNED_CERT_IN_CHAIN: 'certificateUnknown',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificateUnknown',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificateUnknown',
};

/** What a failure of `connectFailure` comes from, as a key, where it is a frequent one. */
export function connectWhy({ code, message, cause }: HubError): Why | undefined {
	if (code === 'AMQP_CREDENTIALS') return message.includes('refuses the virtual host') ? 'vhost' : 'credentials';
	if (/ended the connection in the handshake/.test(message)) return 'handshake';
	const reported = (cause as NodeJS.ErrnoException | undefined)?.code;
	const known = reported === undefined ? undefined : NETWORK_WHY[reported];
	return known ?? (/^The certificate of/.test(message) ? 'certificate' : undefined);
}

/** Why an open connection ended. */
export function lostFailure(thrown: unknown, address: Address): HubError {
	const where = endpoint(address);
	const { message = '', code } = (thrown ?? {}) as { message?: string; code?: number | string };
	if (/Heartbeat timeout/.test(message)) {
		return new HubError('AMQP_UNREACHABLE', `The broker at ${where} went silent: the connection was given up.`, {
			cause: thrown,
		});
	}
	if (code === 320)
		return new HubError('AMQP_UNREACHABLE', `The broker at ${where} closed the connection: ${serverText(message)}.`, {
			cause: thrown,
		});
	const why = (typeof code === 'string' && NETWORK[code]) || serverText(message) || 'it was cut';
	return new HubError('AMQP_UNREACHABLE', `The connection to the broker at ${where} was lost: ${why}.`, {
		cause: thrown,
	});
}
