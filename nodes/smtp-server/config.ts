/** The properties of an `smtp-server` node and what they mean for the client. */

import type { ConnectionOptions } from 'node:tls';
import { parseAddress } from '../../lib/smtp/address.ts';
import type { SmtpOptions } from '../../lib/smtp/client.ts';
import {
	choice,
	custom,
	type Field,
	FieldProblem,
	flag,
	integer,
	optionalInteger,
	optionalReference,
	optionalText,
	type Problem,
	secret,
	text,
	type ValuesOf,
} from '../runtime/fields.ts';

/** Relays commonly allow 10 to 20 connections of one client; above, they answer 421. */
const POOL = { min: 1, max: 50, default: 5 };

/** Registered ports: submission over TLS, submission with STARTTLS, relay. */
const PORT = { tls: 465, starttls: 587, none: 25 } as const;

/** Exactly one plain address. */
export function mailAddress(): Field<string> {
	const line = text();
	return custom((raw) => {
		const parsed = parseAddress(line.read(raw));
		if ('fault' in parsed) throw new FieldProblem('address');
		return parsed.address;
	});
}

const fields = {
	host: text({ pattern: /^[^\s/@]+$/, reason: 'host' }),
	/** Empty: 465 for TLS, 587 for STARTTLS, 25 for none. */
	port: optionalInteger({ min: 1, max: 65_535 }),
	security: choice('starttls', 'tls', 'none'),
	tls: optionalReference(),
	authType: choice('password', 'oauth2', 'none'),
	user: optionalText(),
	/** Signing in without encryption, to another machine than this one: the password can be read on the way. */
	allowPlaintextPassword: flag(false),
	clientId: optionalText(),
	accessUrl: optionalText({ pattern: /^https:\/\/\S+$/, reason: 'httpsUrl' }),
	scope: optionalText(),
	fromName: optionalText(),
	fromAddress: mailAddress(),
	pool: integer(POOL),
	ratePerSecond: optionalInteger({ min: 1, max: 10_000 }),
	clientName: optionalText({ pattern: /^[A-Za-z0-9.[\]:-]+$/, reason: 'host' }),
	proxy: optionalText({ pattern: /^https?:\/\/\S+$/, reason: 'httpUrl' }),
};

const secrets = { password: secret(), clientSecret: secret(), refreshToken: secret() };

export type SmtpConfig = ValuesOf<typeof fields>;
export type SmtpSecrets = ValuesOf<typeof secrets>;

function validate(config: SmtpConfig, { password, clientSecret }: SmtpSecrets): Problem[] {
	const { authType, user, clientId, accessUrl } = config;
	const needed = {
		password: { user, password },
		oauth2: { user, clientId, clientSecret, accessUrl },
		none: {},
	}[authType];
	return Object.entries(needed).flatMap(([field, value]) => (value ? [] : [{ field, reason: 'missing' }]));
}

export const smtpNode = {
	type: 'smtp-server',
	fields,
	secrets,
	validate,
	address: [
		'host',
		'port',
		'security',
		'tls',
		'authType',
		'user',
		'allowPlaintextPassword',
		'clientId',
		'accessUrl',
		'scope',
		'proxy',
	],
	tlsField: 'tls',
} as const;

/** @param tls of the chosen `tls-config` node */
export function smtpOptions(
	config: SmtpConfig,
	secretsOfNode: SmtpSecrets,
	tls: ConnectionOptions | undefined,
): SmtpOptions {
	const { host, port, security, pool, ratePerSecond, fromName, fromAddress, clientName, proxy } = config;
	return {
		host,
		port: port ?? PORT[security],
		security,
		pool,
		from: { ...(fromName ? { name: fromName } : {}), address: fromAddress },
		allowPlaintextPassword: config.allowPlaintextPassword,
		...authOf(config, secretsOfNode),
		...(ratePerSecond ? { ratePerSecond } : {}),
		...(clientName ? { clientName } : {}),
		...(proxy ? { proxy } : {}),
		...(tls ? { tls } : {}),
	};
}

function authOf(config: SmtpConfig, { password, clientSecret, refreshToken }: SmtpSecrets): Pick<SmtpOptions, 'auth'> {
	const { authType, user = '', clientId = '', accessUrl = '', scope } = config;
	if (authType === 'none') return {};
	if (authType === 'password') return { auth: { type: 'password', user, pass: password ?? '' } };
	return {
		auth: {
			type: 'oauth2',
			user,
			clientId,
			clientSecret: clientSecret ?? '',
			accessUrl,
			...(refreshToken ? { refreshToken } : {}),
			...(scope ? { scope } : {}),
		},
	};
}
