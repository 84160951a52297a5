/** Keys of the age format, X25519: what Debian's `age` reads, too. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { HubError } from '../errors.ts';

export interface AgeKey {
	/** Secret: `AGE-SECRET-KEY-1…`. */
	identity: string;
	/** Public: `age1…`. */
	recipient: string;
}

const IDENTITY = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;
const RECIPIENT = /^age1[0-9a-z]{58}$/;

/** A new key. Its identity must be kept off this machine when it is the one for recovery. */
export async function createAgeKey(): Promise<AgeKey> {
	const identity = await generateX25519Identity();
	return { identity, recipient: await identityToRecipient(identity) };
}

/**
 * The recipient that belongs to an identity.
 * @throws HubError KEY_INVALID, without the key in its message
 */
export async function recipientOf(identity: string): Promise<string> {
	const text = identity.trim();
	try {
		if (IDENTITY.test(text)) return await identityToRecipient(text);
	} catch (cause) {
		throw new HubError('KEY_INVALID', 'The secret key of age has a wrong check sum: it was mistyped or cut.', {
			cause,
		});
	}
	throw new HubError(
		'KEY_INVALID',
		'A secret key of age is one line that begins with AGE-SECRET-KEY-1, 74 characters.',
	);
}

/** @throws HubError KEY_INVALID for what is no public key of age */
export function checkRecipient(recipient: string): string {
	const text = recipient.trim();
	if (RECIPIENT.test(text)) return text;
	const secret = text.startsWith('AGE-SECRET-KEY-') ? ' This is a secret key: keep it away from here.' : '';
	throw new HubError('KEY_INVALID', `A public key of age is one line that begins with age1, 62 characters.${secret}`);
}
