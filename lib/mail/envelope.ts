/** Takes one message apart and checks all of it before anything is done: size, signature, JSON, version, schema, source. */

import { HubError } from '../errors.ts';
import type { Mailbox } from '../smtp/mail.ts';
import { checkVersion, type MailKind } from './kind.ts';
import type { ConnectionProbe, JsonObject, JsonValue, MailMessage, ReadyMail } from './message.ts';
import { type Check, compileSchema } from './schema.ts';
import { checkSignature, SIGNATURE_HEADER, type SignatureKeys } from './signature.ts';
import { asWritten, isObject, MAX_DEPTH } from './view.ts';

/** A message of 500 lines takes about 150 kB; what is larger is no order. */
export const MAX_BODY_BYTES = 1024 * 1024;

const PROBE_TYPE = 'connection.probe';

export interface MessagePolicy {
	kind: MailKind;
	/** Default `MAX_BODY_BYTES`. */
	maxBytes?: number;
	/** Empty or left out: signatures are not looked at. */
	keys?: SignatureKeys;
	/** Database UUIDs whose messages are taken; empty or left out: all. */
	databases?: ReadonlySet<string>;
}

/** `(body, headers)` of an AMQP message → what it asks for. Throws HubError MESSAGE_INVALID, _VERSION, _SIGNATURE, _SOURCE. */
export type MessageReader = (
	body: Buffer,
	headers: Record<string, unknown> | undefined,
) => MailMessage | ConnectionProbe;

/** Prepares reading the messages of one node. */
export async function messageReader(policy: MessagePolicy): Promise<MessageReader> {
	const { default: probeSchema } = await import('../../contracts/connection-probe.schema.json', {
		with: { type: 'json' },
	});
	const checkProbe = await compileSchema(probeSchema as JsonObject, 'Contract of the probe');
	const { kind, maxBytes = MAX_BODY_BYTES, keys = new Map<string, string>(), databases = new Set<string>() } = policy;
	return (body, headers) => {
		if (body.length > maxBytes) {
			throw new HubError(
				'MESSAGE_INVALID',
				`The message has ${body.length} bytes; more than ${maxBytes} are not taken`,
			);
		}
		checkSignature(body, headers?.[SIGNATURE_HEADER], keys);
		const data = parseBody(body);
		const message = data['type'] === PROBE_TYPE ? readProbe(data, checkProbe) : readMail(data, kind);
		if (databases.size > 0 && !databases.has(message.databaseUuid)) {
			throw new HubError(
				'MESSAGE_SOURCE',
				`The message comes from the database ${message.databaseUuid}, which is not among the allowed ones. If this is your Odoo, ` +
					'add that UUID to the allowed databases and replay the message; if it is a copy of your Odoo, discard it',
			);
		}
		return message;
	};
}

function parseBody(body: Buffer): JsonObject {
	if (body.length === 0) throw new HubError('MESSAGE_INVALID', 'The message is empty');
	let data: JsonValue;
	try {
		data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
	} catch (thrown) {
		const problem = thrown instanceof SyntaxError ? 'is not JSON' : 'is not text in UTF-8';
		throw new HubError('MESSAGE_INVALID', `The message ${problem}`, { cause: thrown });
	}
	if (!isObject(data)) throw new HubError('MESSAGE_INVALID', 'The message is JSON, but not an object');
	checkStructure(data, 1);
	return data;
}

/** Refuses what no honest sender writes and what code that copies objects may stumble over. */
function checkStructure(value: JsonValue, depth: number): void {
	if (typeof value !== 'object' || value === null) return;
	if (depth > MAX_DEPTH) throw new HubError('MESSAGE_INVALID', `The message is nested deeper than ${MAX_DEPTH} levels`);
	if (Array.isArray(value)) {
		for (const entry of value) checkStructure(entry, depth + 1);
		return;
	}
	for (const key of Object.keys(value)) {
		if (key === '__proto__') throw new HubError('MESSAGE_INVALID', 'The message has a field named __proto__');
		checkStructure(value[key] as JsonValue, depth + 1);
	}
}

function readProbe(data: JsonObject, check: Check): ConnectionProbe {
	checkVersion(data, 1);
	const problem = check(data);
	if (problem !== null)
		throw new HubError('MESSAGE_INVALID', `The connection probe does not fit its schema: ${problem}`);
	const source = data['source'] as JsonObject;
	return {
		what: 'probe',
		id: data['id'] as string,
		databaseUuid: source['databaseUuid'] as string,
		database: source['database'] as string,
	};
}

/** The casts rely on the schemas: both the purchase's and `any-mail` fix these fields where they are present. */
function readMail(data: JsonObject, kind: MailKind): MailMessage {
	kind.validate(data);
	const source = part(data, 'source');
	const company = part(data, 'company');
	const order = part(data, 'order');
	const recipient = part(data, 'recipient');
	const rendered = kind.type === null ? null : data['rendered'];
	return {
		what: 'mail',
		kind: kind.name,
		id: data['id'] as string,
		databaseUuid: text(source['databaseUuid']) ?? `kind:${kind.name}`,
		database: text(source['database']),
		model: text(source['model']),
		recordId: typeof source['recordId'] === 'number' ? source['recordId'] : null,
		reference: text(order['number']) ?? text(data['reference']),
		recipient: mailbox(recipient) as Mailbox,
		language: text(recipient['language']),
		sender: mailbox(company['sender']),
		replyTo: mailbox(company['replyTo']),
		documentLink: text(order['documentLink']) ?? text(data['documentLink']),
		sample: data['sample'] === true,
		rendered: isObject(rendered) ? (rendered as unknown as ReadyMail) : null,
		data,
	};
}

function part(data: JsonObject, name: string): JsonObject {
	const value = data[name];
	return isObject(value) ? value : {};
}

function text(value: JsonValue | undefined): string | null {
	return typeof value === 'string' ? value : null;
}

function mailbox(value: JsonValue | undefined): Mailbox | null {
	if (!isObject(value) || typeof value['address'] !== 'string') return null;
	const { address } = value;
	const name = asWritten(text(value['name']) ?? '');
	return name === '' ? { address } : { name, address };
}
