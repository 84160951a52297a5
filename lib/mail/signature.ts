/** HMAC over the exact body, so that only who holds a key can have mails sent. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { HubError } from '../errors.ts';

/** The AMQP header that carries it: `v1;kid=<key id>;<hex hmac-sha256>`. */
export const SIGNATURE_HEADER = 'x-hub-signature';

/** Key id → secret. Several at a time let a key be changed without a pause. */
export type SignatureKeys = ReadonlyMap<string, string>;

const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
const HEADER = /^v1;kid=([A-Za-z0-9._-]{1,64});([0-9a-f]{64})$/;

/** Shorter secrets can be found by trying; 32 random characters are what the documentation tells to use. */
export const MIN_SECRET_CHARACTERS = 16;

/**
 * Reads `id=secret` pairs separated by blanks or line ends, as typed into the node; an empty text holds no key.
 * @throws HubError CONFIG_INVALID naming the pair, never the secret
 */
export function parseKeys(text: string): Map<string, string> {
	const keys = new Map<string, string>();
	const pairs = text.split(/\s+/).filter((pair) => pair !== '');
	for (const [index, pair] of pairs.entries()) {
		const separator = pair.indexOf('=');
		const id = pair.slice(0, Math.max(separator, 0));
		const secret = pair.slice(separator + 1);
		if (!KEY_ID.test(id)) {
			throw new HubError(
				'CONFIG_INVALID',
				`Signature key ${index + 1}: write "id=secret" without blanks, the id in letters, digits and . _ -`,
			);
		}
		if (secret.length < MIN_SECRET_CHARACTERS) {
			throw new HubError(
				'CONFIG_INVALID',
				`Signature key "${id}": the secret is shorter than ${MIN_SECRET_CHARACTERS} characters`,
			);
		}
		if (keys.has(id)) throw new HubError('CONFIG_INVALID', `Signature key "${id}" stands there twice`);
		keys.set(id, secret);
	}
	return keys;
}

/** The header's value for a body. */
export function sign(body: Buffer, keyId: string, secret: string): string {
	return `v1;kid=${keyId};${digest(body, secret).toString('hex')}`;
}

/**
 * Does nothing when `keys` is empty.
 * @throws HubError MESSAGE_SIGNATURE when the header is missing, names no known key, or does not fit the body
 */
export function checkSignature(body: Buffer, header: unknown, keys: SignatureKeys): void {
	if (keys.size === 0) return;
	if (header === undefined || header === null) {
		throw new HubError('MESSAGE_SIGNATURE', 'The message is not signed, and this node accepts signed messages only');
	}
	const match = typeof header === 'string' ? HEADER.exec(header) : null;
	if (!match) {
		throw new HubError('MESSAGE_SIGNATURE', `The header ${SIGNATURE_HEADER} is not of the form v1;kid=<id>;<hex>`);
	}
	const [, keyId = '', given = ''] = match;
	const secret = keys.get(keyId);
	if (secret === undefined) {
		throw new HubError('MESSAGE_SIGNATURE', `The message is signed with key "${keyId}", which this node does not have`);
	}
	if (!timingSafeEqual(digest(body, secret), Buffer.from(given, 'hex'))) {
		throw new HubError(
			'MESSAGE_SIGNATURE',
			`The signature does not fit the body: it was changed on its way, or key "${keyId}" differs at the sender`,
		);
	}
}

function digest(body: Buffer, secret: string): Buffer {
	return createHmac('sha256', secret).update(body).digest();
}
