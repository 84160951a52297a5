/** The properties of an `amqp-mail` node. */

import { HubError } from '../../lib/errors.ts';
import { parseAddresses } from '../../lib/mail/address.ts';
import { parseOrigin } from '../../lib/mail/origin.ts';
import { DEFAULT_LEVELS, parseLevels } from '../../lib/mail/retry.ts';
import { parseKeys } from '../../lib/mail/signature.ts';
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
	reference,
	secret,
	text,
	type ValuesOf,
} from '../runtime/fields.ts';

/** Names of the order's way, shared with the addon; another kind of mail has its own. */
export const ORDER_WAY = {
	exchange: 'email_exchange',
	routingKey: 'purchase.confirmed',
	queue: 'purchase_confirmation_queue',
} as const;

/** One language as the editor keeps it. */
export interface TemplateRow {
	language: string;
	subject: string;
	text: string;
	html: string;
}

/** AMQP allows 255 bytes; the longest suffix that is added is `.retry.` and a level's name. */
const NAME = /^[A-Za-z0-9_.:-]{1,200}$/;
const KIND_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const LANGUAGE = /^[a-z]{2,3}(?:_[A-Za-z0-9]{2,4}){0,2}(?:@[a-z]{2,8})?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Of a wrong value, in a status: a UUID and a little more. */
const MAX_SHOWN = 40;

/** More than one SMTP pool can use only makes a crash more expensive. */
const PREFETCH = { min: 1, max: 1_000 };
/** In seconds; the broker takes a message back after 30 minutes. */
const DRAFT_TIMEOUT = { min: 1, max: 300, default: 30 };
/** Fewer would park mail because of a few restarts in a row. */
const DELIVERY_LIMIT = { min: 5, max: 1_000, default: 20 };

/** A text that a parser of `lib/` understands; what it refuses is a problem of the field. */
function parsed<T>(parse: (text: string) => T, reason: string, fallback = ''): Field<T> {
	const line = optionalText();
	return custom((raw) => {
		const value = line.read(raw) ?? fallback;
		try {
			return parse(value);
		} catch (thrown) {
			if (thrown instanceof HubError) throw new FieldProblem(reason);
			throw thrown;
		}
	});
}

function parseDatabases(list: string): Set<string> {
	const uuids = list
		.toLowerCase()
		.split(/[\s,;]+/)
		.filter((uuid) => uuid !== '');
	const wrong = uuids.find((uuid) => !UUID.test(uuid));
	if (wrong !== undefined) throw new FieldProblem('uuids', { text: wrong.slice(0, MAX_SHOWN) });
	return new Set(uuids);
}

function readTemplates(raw: unknown): TemplateRow[] {
	if (raw === undefined || raw === null || raw === '') return [];
	if (!Array.isArray(raw)) throw new FieldProblem('invalid');
	return raw.map((row: unknown) => {
		const { language, subject, text, html } = (row ?? {}) as Record<string, unknown>;
		return {
			language: String(language ?? ''),
			subject: String(subject ?? ''),
			text: String(text ?? ''),
			html: String(html ?? ''),
		};
	});
}

function readJson(raw: unknown): Record<string, unknown> | undefined {
	if (raw === undefined || raw === null || String(raw).trim() === '') return undefined;
	let value: unknown;
	try {
		value = JSON.parse(String(raw));
	} catch (thrown) {
		if (thrown instanceof SyntaxError) throw new FieldProblem('json');
		throw thrown;
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FieldProblem('json');
	return value as Record<string, unknown>;
}

const fields = {
	broker: reference(),
	smtp: reference(),
	/** `purchase`: the order's contract and templates. `custom`: queue, JSON Schema and templates of the node's own. */
	kind: choice('purchase', 'custom'),
	kindName: optionalText({ pattern: KIND_NAME, reason: 'kindName' }),
	/** Empty: the order's, see `ORDER_WAY`. */
	exchange: optionalText({ pattern: NAME, reason: 'amqpName' }),
	routingKey: optionalText({ pattern: NAME, reason: 'amqpName' }),
	queue: optionalText({ pattern: NAME, reason: 'amqpName' }),
	retryExchange: text({ default: 'email_retry', pattern: NAME, reason: 'amqpName' }),
	schema: custom(readJson),
	/** For the order they take the place of the built-in ones, language by language. */
	templates: custom(readTemplates),
	defaultLanguage: text({ default: 'es', pattern: LANGUAGE, reason: 'language' }),
	/** Data of the preview and, with another id, of a sample mail. */
	sample: custom(readJson),
	odooUrl: parsed(parseOrigin, 'origin'),
	odooInternalUrl: parsed(parseOrigin, 'origin'),
	attachDocument: flag(false),
	fromMessage: flag(false),
	levels: parsed(parseLevels, 'levels', DEFAULT_LEVELS.map(({ name }) => name).join(' ')),
	onUnknown: choice('resend', 'park'),
	prefetch: optionalInteger(PREFETCH),
	deliveryLimit: integer(DELIVERY_LIMIT),
	/** Empty: all. */
	databases: parsed(parseDatabases, 'uuids'),
	sampleRecipients: parsed(parseAddresses, 'addresses'),
	sampleBroker: optionalReference(),
	publishResults: flag(false),
	resultsExchange: text({ default: 'email_results', pattern: NAME, reason: 'amqpName' }),
	compose: flag(false),
	draftTimeout: integer(DRAFT_TIMEOUT),
};

const secrets = {
	/** `id=secret` pairs; with any, only signed messages are taken. */
	keys: custom((raw) => {
		const value = secret().read(raw) ?? '';
		try {
			return parseKeys(value);
		} catch (thrown) {
			if (thrown instanceof HubError) throw new FieldProblem('keys');
			throw thrown;
		}
	}),
};

export type MailConfig = ValuesOf<typeof fields>;
export type MailSecrets = ValuesOf<typeof secrets>;

function validate(config: MailConfig): Problem[] {
	const { kind, kindName, exchange, routingKey, queue, schema, templates, attachDocument, odooUrl } = config;
	const problems: Problem[] = [];
	const need = (needed: Record<string, unknown>): void => {
		for (const [field, value] of Object.entries(needed)) if (!value) problems.push({ field, reason: 'missing' });
	};
	if (kind === 'custom') need({ kindName, exchange, routingKey, queue, schema });
	if (kind === 'custom' && templates.length === 0) problems.push({ field: 'templates', reason: 'noTemplates' });
	if (attachDocument) need({ odooUrl });
	const languages = templates.map(({ language }) => language);
	if (!languages.every((language) => LANGUAGE.test(language)) || new Set(languages).size < languages.length) {
		problems.push({ field: 'templates', reason: 'languages' });
	}
	if (templates.some(({ subject, text, html }) => ![subject, text, html].every((part) => part.trim() !== ''))) {
		problems.push({ field: 'templates', reason: 'incomplete' });
	}
	return problems;
}

export const mailNode = { type: 'amqp-mail', fields, secrets, validate } as const;
