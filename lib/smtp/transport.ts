/** Configures nodemailer; nothing else knows its options. */
import type { SMTPPoolOptions } from 'nodemailer';
import type { TokenSource } from './oauth2.ts';
import { DEFAULT_TIMEOUTS, type SmtpOptions, type SmtpTimeouts } from './options.ts';

/** For DNS, TCP, greeting and TLS together, in ms: leaves half of `setup` to EHLO and sign-in. */
const CONNECT_MS = 30_000;
/** An idle connection is closed by us after this time, in ms: before relays do (Postfix after 300 s, some after 60 s). */
const IDLE_MS = 50_000;

export function timeoutsOf({ timeouts }: SmtpOptions): SmtpTimeouts {
	return { ...DEFAULT_TIMEOUTS, ...timeouts };
}

export function transportOptions(
	options: SmtpOptions,
	tokens: TokenSource | undefined,
): SMTPPoolOptions & { pool: true } {
	const { host, port, security, auth, pool, clientName, tls, proxy } = options;
	const timeouts = timeoutsOf(options);
	const connect = Math.min(CONNECT_MS, timeouts.setup);
	return {
		pool: true,
		host,
		port,
		secure: security === 'tls',
		requireTLS: security === 'starttls',
		ignoreTLS: security === 'none',
		tls: { minVersion: 'TLSv1.2', ...tls },
		...(clientName ? { name: clientName } : {}),
		...(proxy ? { proxy } : {}),
		...(auth?.type === 'password' ? { auth: { user: auth.user, pass: auth.pass } } : {}),
		...(auth?.type === 'oauth2' && tokens
			? {
					auth: {
						type: 'OAuth2',
						user: auth.user,
						provisionCallback: (_user, renew, done) => {
							tokens.token(renew).then(
								({ value, expires }) => done(null, value, expires),
								(thrown: Error) => done(thrown),
							);
						},
					},
				}
			: {}),
		// Otherwise a server that does not offer AUTH would be sent mail without signing in.
		forceAuth: auth !== undefined,
		maxConnections: pool,
		// The default, 100, costs 20 % of the speed (measured).
		maxMessages: Number.POSITIVE_INFINITY,
		// Who repeats a mail is decided where its attempts are counted.
		maxRequeues: 0,
		idleTimeout: IDLE_MS,
		dnsTimeout: connect,
		connectionTimeout: connect,
		greetingTimeout: connect,
		// Silence; the phases have their own deadlines, this one is for a connection that no mail uses.
		socketTimeout: Math.max(...Object.values(timeouts)) + CONNECT_MS,
		// An aborted connection is destroyed at once.
		socketCloseTimeout: 0,
		disableFileAccess: true,
		disableUrlAccess: true,
	};
}
