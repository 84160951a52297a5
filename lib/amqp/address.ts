/** Where a broker is and who we are there, from separate fields or from one URL. */
import { isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { HubError } from '../errors.ts';

export interface AddressOptions {
	/** `amqp://user:password@host:5672/vhost` or `amqps://…`. Separate fields fill in what it leaves out. */
	url?: string | undefined;
	/** Name or IP address. Default localhost. */
	host?: string | undefined;
	/** Default 5672, with TLS 5671. */
	port?: number | undefined;
	/** Default `/`; an empty name means the default too. */
	vhost?: string | undefined;
	/** Default guest. */
	user?: string | undefined;
	/** Any characters. Default guest when no user is given either, else empty. */
	password?: string | undefined;
	/** Switches TLS on, as `amqps:` does. */
	tls?: ConnectionOptions | undefined;
	/** Seconds, 1 to 3600. Default 10, or the URL's `?heartbeat=`. */
	heartbeatSeconds?: number | undefined;
}

export interface Address {
	host: string;
	port: number;
	vhost: string;
	user: string;
	password: string;
	/** undefined: no TLS. */
	tls: ConnectionOptions | undefined;
	heartbeatSeconds: number;
}

/** Two missed beats end a connection: a broker that went silent is noticed after 20 to 30 s. */
const HEARTBEAT_SECONDS = 10;
const LONGEST_HEARTBEAT_SECONDS = 3_600;

/**
 * Greedy on purpose: the last `@` ends the password, so that a password pasted without escaping still works. Only a
 * percent sign followed by two hexadecimal digits means something else than itself.
 */
const URL_PATTERN = /^(amqps?):\/\/(?:(.*)@)?(\[[^\]]*\]|[^@/?#:]*)(?::(\d*))?(\/[^?#]*)?(?:\?([^#]*))?$/is;

/** @throws HubError CONFIG_INVALID, which never shows the URL: it holds the password */
export function parseAddress(options: AddressOptions): Address {
	const url = options.url?.trim() ? parseUrl(options.url.trim()) : {};
	const tls = options.tls ?? (url.secure ? {} : undefined);
	const host = url.host ?? options.host?.trim() ?? '';
	const port = url.port ?? options.port ?? (tls ? 5671 : 5672);
	const user = url.user ?? options.user;
	const password = url.password ?? options.password;
	const heartbeatSeconds = options.heartbeatSeconds ?? url.heartbeatSeconds ?? HEARTBEAT_SECONDS;
	if (/[/@\s]/.test(host)) {
		throw new HubError(
			'CONFIG_INVALID',
			'The host of the broker is a name or an IP address, without a path or a scheme',
		);
	}
	if (!Number.isInteger(port) || port < 1 || port > 65_535) {
		throw new HubError('CONFIG_INVALID', 'The port of the broker is a number from 1 to 65535');
	}
	if (!Number.isInteger(heartbeatSeconds) || heartbeatSeconds < 1 || heartbeatSeconds > LONGEST_HEARTBEAT_SECONDS) {
		throw new HubError(
			'CONFIG_INVALID',
			`The heartbeat is a whole number of seconds from 1 to ${LONGEST_HEARTBEAT_SECONDS}`,
		);
	}
	return {
		host: host || 'localhost',
		port,
		vhost: (url.vhost ?? options.vhost) || '/',
		user: user || (password ? '' : 'guest'),
		password: password ?? (user ? '' : 'guest'),
		tls,
		heartbeatSeconds,
	};
}

/** For messages: `amqp.clinic.example:5672`, never with credentials. */
export function endpoint({ host, port }: Pick<Address, 'host' | 'port'>): string {
	return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

interface UrlParts {
	secure?: boolean;
	host?: string;
	port?: number;
	vhost?: string;
	user?: string;
	password?: string;
	heartbeatSeconds?: number;
}

function parseUrl(text: string): UrlParts {
	const match = URL_PATTERN.exec(text);
	if (!match) {
		throw new HubError(
			'CONFIG_INVALID',
			'The URL of the broker is not of the form amqp://user:password@host:port/vhost',
		);
	}
	const [, scheme = '', credentials, host = '', port, path = '', query = ''] = match;
	const colon = credentials?.indexOf(':') ?? -1;
	const heartbeat = new URLSearchParams(query).get('heartbeat');
	return {
		secure: scheme.toLowerCase() === 'amqps',
		...(host && { host: decode(host).replace(/^\[|\]$/g, '') }),
		...(port && { port: Number(port) }),
		...(path.length > 1 && { vhost: decode(path.slice(1)) }),
		...(credentials && { user: decode(colon < 0 ? credentials : credentials.slice(0, colon)) }),
		...(credentials && colon >= 0 && { password: decode(credentials.slice(colon + 1)) }),
		...(heartbeat && { heartbeatSeconds: Number(heartbeat) }),
	};
}

/** Decodes runs of `%XX` as UTF-8; what is no valid escape stays as it is written. */
function decode(text: string): string {
	return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
		try {
			return decodeURIComponent(run);
		} catch {
			return run; // not UTF-8, so it was not meant as an escape
		}
	});
}
