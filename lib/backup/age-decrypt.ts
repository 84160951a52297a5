/** Opens files of the age format, with node:crypto for their payload; see `age.ts`. */
import { createDecipheriv, type KeyObject } from 'node:crypto';
import { Decrypter } from 'age-encryption';
import { HubError } from '../errors.ts';
import { CHUNK_BYTES, ChunkCounter, NONCE_BYTES, payloadKey, TAG_BYTES } from './age.ts';
import { recipientOf } from './age-keys.ts';
import { ByteReader } from './byte-reader.ts';

const VERSION_LINE = 'age-encryption.org/v1\n';
const MAC_LINE = /\n--- [A-Za-z0-9+/]{43}\n/;
/** A header has some 100 bytes a recipient. In bytes. */
const HEADER_MAX_BYTES = 65_536;
const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES;

/**
 * The plain text, each piece only after its authentication. Whoever uses pieces before the end must be ready to throw
 * away what was made of them: that a file was cut shows at its end.
 * @param identities secret keys; one that fits is enough
 * @throws HubError KEY_INVALID when none fits, BACKUP_ALTERED when the file is no age file, was changed or cut
 */
export async function* decryptAge(
	source: AsyncIterable<Buffer>,
	identities: readonly string[],
): AsyncGenerator<Buffer> {
	const reader = new ByteReader(source);
	try {
		yield* openAge(reader, identities);
	} finally {
		await reader.close();
	}
}

async function* openAge(reader: ByteReader, identities: readonly string[]): AsyncGenerator<Buffer> {
	const fileKey = await openHeader(reader, identities);
	const nonce = await reader.peek(NONCE_BYTES);
	if (nonce.length < NONCE_BYTES) throw altered('it is cut behind its header');
	const key = payloadKey(fileKey, nonce);
	reader.skip(NONCE_BYTES);
	const counter = new ChunkCounter();
	for (let first = true, last = false; !last; first = false) {
		// One byte more tells whether this is the last one.
		const ahead = await reader.peek(SEALED_BYTES + 1);
		last = ahead.length <= SEALED_BYTES;
		const plain = openChunk(ahead.subarray(0, SEALED_BYTES), key, counter.next(last));
		if (plain.length === 0 && !first) throw altered('its last piece is empty');
		reader.skip(Math.min(ahead.length, SEALED_BYTES));
		if (plain.length) yield plain;
	}
}

function openChunk(sealed: Buffer, key: KeyObject, nonce: Buffer): Buffer {
	if (sealed.length < TAG_BYTES) throw altered('it is cut');
	const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
	const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
	try {
		decipher.final();
	} catch (cause) {
		throw new HubError('BACKUP_ALTERED', 'The encrypted file was changed or cut after it was written.', { cause });
	}
	return plain;
}

async function openHeader(reader: ByteReader, identities: readonly string[]): Promise<Uint8Array> {
	const decrypter = new Decrypter();
	for (const identity of identities) {
		await recipientOf(identity);
		decrypter.addIdentity(identity.trim());
	}
	const bytes = await headerOf(reader);
	try {
		return await decrypter.decryptHeader(bytes);
	} catch (cause) {
		// The package has one text for it (0.3.1, `Decrypter.decryptHeader`).
		const none = cause instanceof Error && cause.message.includes('no identity matched');
		if (none) throw new HubError('KEY_INVALID', 'The backup is not encrypted to this key.', { cause });
		throw new HubError('BACKUP_ALTERED', 'The header of the encrypted file was changed.', { cause });
	}
}

async function headerOf(reader: ByteReader): Promise<Buffer> {
	const start = await reader.peek(VERSION_LINE.length);
	if (start.toString('latin1') !== VERSION_LINE) throw altered('it does not begin as files of age do');
	for (let size = 1_024; ; size *= 2) {
		const bytes = await reader.peek(size);
		const match = MAC_LINE.exec(bytes.toString('latin1'));
		if (match) {
			const header = Buffer.from(bytes.subarray(0, match.index + match[0].length));
			reader.skip(header.length);
			return header;
		}
		if (bytes.length < size) throw altered('it is cut within its header');
		if (size >= HEADER_MAX_BYTES) throw altered('its header does not end');
	}
}

function altered(why: string): HubError {
	return new HubError('BACKUP_ALTERED', `The encrypted file cannot be opened: ${why}.`);
}
