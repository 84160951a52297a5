/** Messages for the unit tests of mail: the contract's own vectors, changed in one place. */

import { readdirSync, readFileSync } from 'node:fs';
import { type MessagePolicy, type MessageReader, messageReader } from '../../../lib/mail/envelope.ts';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonObject, JsonValue, MailMessage } from '../../../lib/mail/message.ts';

const VECTORS = new URL('../../../contracts/vectors/', import.meta.url);

export interface Vector {
	file: string;
	title: string;
	at?: string;
	message: JsonValue;
}

export function vectors(folder: 'good' | 'bad'): Vector[] {
	const names = readdirSync(new URL(`${folder}/`, VECTORS)).filter((name) => name.endsWith('.json'));
	return names.map((name) => ({
		file: name,
		...JSON.parse(readFileSync(new URL(`${folder}/${name}`, VECTORS), 'utf8')),
	}));
}

/** A fresh copy of a good message. */
export function message(name = 'purchase-full'): JsonObject {
	return vectors('good').find(({ file }) => file === `${name}.json`)?.message as JsonObject;
}

/** Sets one field, `order.lines.0.quantity`; a field that is not there yet is added. */
export function set(target: JsonObject, path: string, value: JsonValue): JsonObject {
	const steps = path.split('.');
	const last = steps.pop() as string;
	const holder = steps.reduce<JsonObject>((node, step) => node[step] as JsonObject, target);
	holder[last] = value;
	return target;
}

export function body(value: JsonValue): Buffer {
	return Buffer.from(JSON.stringify(value));
}

let builtIn: Promise<MessageReader> | undefined;

/** Reads as the worker does; without a policy, as one that takes orders from anywhere. */
export async function read(value: JsonValue, policy?: MessagePolicy): Promise<MailMessage> {
	builtIn ??= purchaseKind().then((kind) => messageReader({ kind }));
	const reader = policy ? await messageReader(policy) : await builtIn;
	const result = reader(body(value), {});
	if (result.what !== 'mail') throw new Error('expected a mail');
	return result;
}

/** Every place of a message that holds text, as paths. */
export function textPaths(value: JsonValue, prefix = ''): string[] {
	if (typeof value === 'string') return [prefix];
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, entry]) => textPaths(entry, prefix ? `${prefix}.${key}` : key));
}
