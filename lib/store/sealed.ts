/**
 * Encrypts what lies in the store and must not be read from a copy of it: consent tokens, session addresses of uploads.
 * AES-256-GCM under a key that is kept elsewhere; each value is bound to its place, so that rows cannot be exchanged.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HubError } from '../errors.ts';

export interface Sealer {
	/**
	 * @param place where the value lies, such as `upload/<key>`; opening names the same
	 * @returns one line of ASCII
	 */
	seal(text: string, place: string): string;
	/** @throws HubError `STORE_KEY` when it was sealed with another key, for another place, or was changed since */
	open(sealed: string, place: string): string;
}

export interface StoreKeyOptions {
	/** What variables gave, `HUB_STORE_KEY` first; absent and empty ones are passed over. */
	given: readonly (string | undefined)[];
	/** Where a key is made and kept when none is given. */
	userDir: string;
}

/** Name of the key's file in the user directory. */
const KEY_FILE = 'clinic-hub.key';

/** Bytes of a generated key: as many as the cipher's. */
const KEY_BYTES = 32;

/** Recommended for GCM by NIST SP 800-38D: other lengths are hashed first. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Of the key's identifier, hexadecimal: it only tells keys apart. */
const KEY_ID_CHARACTERS = 8;

/** Fixed: the secret is the clinic's own, and the same one must give the same key on every hub. */
const SALT = 'clinic-hub store v1';

/** About 30 ms once a process: a chosen password is slow to guess, the start is not. */
const SCRYPT = { N: 16_384, r: 8, p: 1 };

interface Key {
	id: string;
	bytes: Buffer;
}

/**
 * The secrets of this hub, the one that seals first: those given, then that of a file in the user directory, which is
 * made when none is given. All of them open, so that a variable may be set later.
 * @throws HubError `STORE_KEY` when that file cannot be read or made
 */
export function storeSecrets({ given, userDir }: StoreKeyOptions): string[] {
	const secrets = given.filter((secret): secret is string => Boolean(secret));
	const file = path.join(userDir, KEY_FILE);
	const kept = read(file);
	if (kept) return [...secrets, kept];
	return secrets.length > 0 ? secrets : [generate(file)];
}

function read(file: string): string | undefined {
	try {
		const text = readFileSync(file, 'utf8').trim();
		if (text) return text;
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw unusable(file, thrown);
	}
	throw unusable(file, new Error('it is empty'));
}

/** Complete before it has its name, and never over another: of two processes at once the first one's stays. */
function generate(file: string): string {
	const secret = randomBytes(KEY_BYTES).toString('base64url');
	const temporary = `${file}.${process.pid}`;
	try {
		writeFileSync(temporary, `${secret}\n`, { mode: 0o600, flush: true });
		linkSync(temporary, file);
		return secret;
	} catch (thrown) {
		const kept = (thrown as NodeJS.ErrnoException).code === 'EEXIST' ? read(file) : undefined;
		if (kept) return kept;
		throw unusable(file, thrown);
	} finally {
		rmSync(temporary, { force: true });
	}
}

function unusable(file: string, cause: unknown): HubError {
	return new HubError(
		'STORE_KEY',
		`The key of the store, ${file}, cannot be read or made: give the hub the right to read and write it, or set HUB_STORE_KEY.`,
		{ cause },
	);
}

/** @param secrets the first one seals, all of them open; each is any text that is hard to guess */
export function sealer(secrets: readonly string[]): Sealer {
	if (secrets.length === 0) throw new HubError('CONFIG_INVALID', 'A key of the store is needed; set HUB_STORE_KEY.');
	// Derived at first use: most starts need none.
	const keys: (Key | undefined)[] = secrets.map(() => undefined);
	const keyAt = (index: number): Key => {
		const known = keys[index];
		if (known) return known;
		const key = derive(secrets[index] ?? '');
		keys[index] = key;
		return key;
	};
	return {
		seal(text, place) {
			const key = keyAt(0);
			const nonce = randomBytes(NONCE_BYTES);
			const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(aad(place));
			const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
			return `v1.${key.id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
		},
		open(sealed, place) {
			const [version, id, data] = sealed.split('.');
			const key = secrets.map((_, index) => index).find((index) => keyAt(index).id === id);
			if (version !== 'v1' || !data || key === undefined) {
				throw refused('was encrypted with another key than HUB_STORE_KEY or the key in the user directory');
			}
			const bytes = Buffer.from(data, 'base64url');
			try {
				const decipher = createDecipheriv('aes-256-gcm', keyAt(key).bytes, bytes.subarray(0, NONCE_BYTES), {
					authTagLength: TAG_BYTES,
				})
					.setAAD(aad(place))
					.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
				const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
				return Buffer.concat([text, decipher.final()]).toString('utf8');
			} catch (thrown) {
				throw refused('was changed, or moved from another place of the store', thrown);
			}
		},
	};
}

/** Authenticated with the value, so that it opens at its own place only. */
const aad = (place: string) => Buffer.from(place);

function derive(secret: string): Key {
	const bytes = scryptSync(secret, SALT, KEY_BYTES, SCRYPT);
	const id = createHash('sha256').update('id').update(bytes).digest('hex').slice(0, KEY_ID_CHARACTERS);
	return { id, bytes };
}

function refused(what: string, cause?: unknown): HubError {
	return new HubError(
		'STORE_KEY',
		`A value in the store ${what}. Give the hub the key of before, or connect that account again.`,
		{ cause },
	);
}
