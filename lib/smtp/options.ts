/** How an SMTP server is reached, and how long each step may take. */
import type { ConnectionOptions } from 'node:tls';
import type { Log } from '../log.ts';
import type { Mailbox } from './mail.ts';

export interface PasswordAuth {
	type: 'password';
	user: string;
	pass: string;
}

/** XOAUTH2 with tokens fetched from `accessUrl`, which must be https. */
export interface OAuth2Auth {
	type: 'oauth2';
	/** The mailbox that the token is for. */
	user: string;
	clientId: string;
	clientSecret: string;
	/** With it the grant `refresh_token` is used; without it `client_credentials` (two-legged). */
	refreshToken?: string;
	/** Token endpoint. */
	accessUrl: string;
	/** Asked for with `client_credentials`, for example `https://outlook.office365.com/.default`. */
	scope?: string;
}

/** In milliseconds. Each bounds one phase as a whole, however slowly the server trickles. */
export interface SmtpTimeouts {
	/** DNS, TCP, greeting, TLS, EHLO and sign-in. */
	setup: number;
	/** MAIL, RCPT and DATA up to the server's 354. */
	envelope: number;
	/** The mail itself, up to the final dot. */
	transfer: number;
	/** From the final dot to the server's answer. */
	answer: number;
}

export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
	/** A relay that delays its greeting on purpose does so for seconds; longer than a minute is a relay that is down. */
	setup: 60_000,
	/** RFC 5321 4.5.3.2 allows servers 5 minutes a command; nothing is lost by giving up earlier, the mail is retried. */
	envelope: 120_000,
	/** A mail of 25 MB at 350 kbit/s. */
	transfer: 600_000,
	/** RFC 5321 4.5.3.2.6: "a too-short time-out here makes duplicates", at least 10 minutes. */
	answer: 600_000,
};

export interface SmtpOptions {
	host: string;
	port: number;
	/** `tls`: from the first byte (465). `starttls`: required, never falls back to plain text. `none`: plain text. */
	security: 'tls' | 'starttls' | 'none';
	auth?: PasswordAuth | OAuth2Auth;
	/** Allows a password over `security: 'none'` to a host other than this machine. Default false. */
	allowPlaintextPassword?: boolean;
	/** Connections at most, and mails under way at most. */
	pool: number;
	/** Mails a second at most. Default: no limit. */
	ratePerSecond?: number;
	/** Who a test mail is from. */
	from: Mailbox;
	/** Further options of TLS: extra authorities (`ca`), client certificate. */
	tls?: ConnectionOptions;
	/** `http://…` proxy that allows CONNECT to the server's port. Default: none, direct. */
	proxy?: string;
	timeouts?: Partial<SmtpTimeouts>;
	log?: Log;
}
