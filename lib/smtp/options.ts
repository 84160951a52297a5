/** How an SMTP server is reached, and how long each step may take. */
import type { ConnectionOptions } from 'node:tls';
import { isPrivateUrl } from '../http.ts';
import type { Log } from '../log.ts';
import { isLoopback } from '../loopback.ts';
import { hasControls, parseAddress } from './address.ts';
import type { Mailbox } from './mail.ts';

export interface PasswordAuth {
	type: 'password';
	user: string;
	pass: string;
}

/** XOAUTH2 with tokens fetched from `accessUrl`. */
export interface OAuth2Auth {
	type: 'oauth2';
	/** The mailbox that the token is for. */
	user: string;
	clientId: string;
	clientSecret: string;
	/** With it the grant `refresh_token` is used; without it `client_credentials` (two-legged). */
	refreshToken?: string;
	/** Token endpoint; https, or http on this machine. */
	accessUrl: string;
	/** Asked for with the token, for example `https://outlook.office365.com/.default`. */
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
	/** Relays that delay their greeting on purpose do so for seconds; after a minute a relay counts as down. */
	setup: 60_000,
	/** RFC 5321 4.5.3.2 allows 5 minutes a command; giving up earlier loses nothing, for the mail is tried again. */
	envelope: 120_000,
	/** 25 MB at 350 kbit/s. */
	transfer: 600_000,
	/** RFC 5321 4.5.3.2.6: 10 minutes; a shorter wait ends in a second copy, for the server may just be slow to store. */
	answer: 600_000,
};

export interface SmtpOptions {
	host: string;
	port: number;
	/** `tls`: from the first byte (465). `starttls`: required, never falls back to plain text. `none`: plain text. */
	security: 'tls' | 'starttls' | 'none';
	auth?: PasswordAuth | OAuth2Auth;
	/** Allows credentials over `security: 'none'` to a host other than this machine. Default false. */
	allowPlaintextPassword?: boolean;
	/** Connections at most, and mails under way at most. */
	pool: number;
	/** Mails a second at most. Default: no limit. */
	ratePerSecond?: number;
	/** The sender that belongs to this server: for test mails, and where a mail names none. */
	from: Mailbox;
	/** How this client introduces itself (EHLO). Default: the machine's name when it has a domain, else `[127.0.0.1]`. */
	clientName?: string;
	/** Further options of TLS: authorities (`ca`, instead of the usual ones), client certificate. */
	tls?: ConnectionOptions;
	/** `http://…` or `https://…` proxy that allows CONNECT to the server's port. Default: direct. */
	proxy?: string;
	timeouts?: Partial<SmtpTimeouts>;
	log?: Log;
}

/** What is wrong with the options, for a person; empty when all is well. */
export function faults(options: SmtpOptions): string[] {
	const { host, port, security, auth, pool, ratePerSecond, clientName } = options;
	const found: string[] = [];
	if (host === '' || /\s/.test(host) || hasControls(host))
		found.push('The host of the mail server is missing or malformed.');
	if (!Number.isInteger(port) || port < 1 || port > 65_535) found.push('The port must be between 1 and 65535.');
	if (!Number.isInteger(pool) || pool < 1) found.push('The pool must have at least one connection.');
	if (ratePerSecond !== undefined && !(Number.isInteger(ratePerSecond) && ratePerSecond >= 1)) {
		found.push('The rate must be at least one mail a second.');
	}
	const from = parseAddress(options.from.address);
	if ('fault' in from) found.push(`Sender: ${from.fault}`);
	if (clientName !== undefined && !/^[A-Za-z0-9.:[\]-]+$/.test(clientName)) found.push('The client name is malformed.');
	if (auth && security === 'none' && !isLoopback(host) && !options.allowPlaintextPassword) {
		found.push(
			'Without TLS the password would cross the network readably: choose TLS or STARTTLS, or allow it expressly.',
		);
	}
	if (auth?.type === 'oauth2' && !isPrivateUrl(auth.accessUrl)) {
		found.push('The address of the token endpoint must begin with https://.');
	}
	return found;
}
