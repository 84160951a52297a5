/** The properties of an `amqp-broker` node and what they mean for the client. */

import type { ConnectionOptions } from 'node:tls';
import type { BrokerOptions } from '../../lib/amqp/broker.ts';
import {
	choice,
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

/** RabbitMQ's own default is 60 s; a cut cable is then noticed after two minutes at most. In seconds. */
const HEARTBEAT = { min: 5, max: 600, default: 30 };

const fields = {
	/** `fields`: host, port, … below. `url`: everything in one secret, as container platforms hand it out. */
	mode: choice('fields', 'url'),
	host: optionalText({ pattern: /^[^\s/@]+$/, reason: 'host' }),
	/** Empty: 5671 with TLS, 5672 without. */
	port: optionalInteger({ min: 1, max: 65_535 }),
	vhost: text({ default: '/' }),
	user: optionalText(),
	useTls: flag(false),
	tls: optionalReference(),
	heartbeat: integer(HEARTBEAT),
};

const secrets = { password: secret(), url: secret() };

export type BrokerConfig = ValuesOf<typeof fields>;
export type BrokerSecrets = ValuesOf<typeof secrets>;

function validate({ mode, host, user }: BrokerConfig, { url, password }: BrokerSecrets): Problem[] {
	const missing = (field: string): Problem => ({ field, reason: 'missing' });
	if (mode === 'fields') {
		return Object.entries({ host, user, password }).flatMap(([field, value]) => (value ? [] : [missing(field)]));
	}
	if (!url) return [missing('url')];
	return /^amqps?:\/\/[^/]/i.test(url) ? [] : [{ field: 'url', reason: 'amqpUrl' }];
}

export const brokerNode = {
	type: 'amqp-broker',
	fields,
	secrets,
	validate,
	address: ['mode', 'host', 'port', 'vhost', 'user', 'useTls', 'tls'],
	tlsField: 'tls',
} as const;

/** @param tls of the chosen `tls-config` node */
export function brokerOptions(
	config: BrokerConfig,
	{ url, password }: BrokerSecrets,
	tls: ConnectionOptions | undefined,
): BrokerOptions {
	const { mode, host, port, vhost, user, useTls, heartbeat } = config;
	const common = { heartbeatSeconds: heartbeat };
	if (mode === 'url') return { ...common, url: url ?? '', ...(tls ? { tls } : {}) };
	return {
		...common,
		host: host ?? '',
		port: port ?? (useTls ? 5671 : 5672),
		vhost,
		user: user ?? '',
		password: password ?? '',
		...(useTls ? { tls: tls ?? {} } : {}),
	};
}
