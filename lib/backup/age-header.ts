/** Makes the header of an age file by npm age-encryption, and keeps the key that it wraps for the payload. */
import { randomBytes } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { HubError } from '../errors.ts';
import { NONCE_BYTES, TAG_BYTES } from './age.ts';
import { checkRecipient } from './age-keys.ts';

/** What encrypting begins with: plain data, so that a thread needs not load the package. For one file only, and secret. */
export interface AgeBeginning {
	header: Uint8Array;
	nonce: Uint8Array;
	fileKey: Uint8Array;
}

/** What an encrypted empty payload of the package ends with after its header: nonce and one tag. */
const EMPTY_PAYLOAD_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * @param recipients public keys, `age1…`; any one of their secret keys opens the file
 * @throws HubError KEY_INVALID when there is none, or one is none of age
 */
export async function beginAge(recipients: readonly string[]): Promise<AgeBeginning> {
	if (recipients.length === 0)
		throw new HubError('KEY_INVALID', 'Nobody could open the backup: no public key is given.');
	const encrypter = new Encrypter();
	const keys: Uint8Array[] = [];
	// A recipient that adds nothing to the header and keeps the file's key: the package's documented interface.
	encrypter.addRecipient({
		wrapFileKey(key) {
			keys.push(Uint8Array.from(key));
			return [];
		},
	});
	for (const recipient of recipients) encrypter.addRecipient(checkRecipient(recipient));
	const empty = await encrypter.encrypt(new Uint8Array(0));
	const [fileKey] = keys;
	if (!fileKey) throw new HubError('INTERNAL', 'The package age-encryption made no key for the file.');
	return { header: empty.slice(0, -EMPTY_PAYLOAD_BYTES), nonce: new Uint8Array(randomBytes(NONCE_BYTES)), fileKey };
}
