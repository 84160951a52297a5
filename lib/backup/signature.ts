/** Signs records of backups with Ed25519, and believes none that is not signed by a known key. */
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
	sign,
	verify,
} from 'node:crypto';
import { HubError } from '../errors.ts';
import { canonicalJson } from './canonical.ts';
import { type BackupRecord, backupFileName, parseRecord } from './record.ts';

export interface SigningKey {
	/** Secret, for the hub that makes backups: `clinic-hub-sign-…`. */
	privateKey: string;
	/** For whoever checks them: `clinic-hub-verify-…`. */
	publicKey: string;
}

/** The content of `<file>.json`. */
export interface SignedRecord {
	record: BackupRecord;
	/** Identifier of the public key; which one to try, not whom to believe. */
	keyId: string;
	/** Ed25519 over the record's canonical JSON, base64. */
	signature: string;
}

/** What can be seen of a file without opening it. */
export interface SeenFile {
	name: string;
	size: number;
	/** Hexadecimal, as Drive's `sha256Checksum`. */
	sha256: string;
	/** What is attached to the file, as far as it is. */
	id?: string;
	databaseUuid?: string;
}

const PRIVATE = 'clinic-hub-sign-';
const PUBLIC = 'clinic-hub-verify-';
/** 32 bytes, base64url. */
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/;
/** What DER puts before the 32 bytes of a key (RFC 8410, sections 4 and 7). */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');

/** Keeps a signature of this kind from being valid for anything else that the key may sign one day. */
const CONTEXT = 'clinic-hub backup record 1\n';

const KEY_ID_CHARACTERS = 16;

/** A new pair of keys. */
export function createSigningKey(): SigningKey {
	const { privateKey } = generateKeyPairSync('ed25519');
	const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PRIVATE_DER.length);
	const text = PRIVATE + secret.toString('base64url');
	return { privateKey: text, publicKey: publicKeyOf(text) };
}

/**
 * The public key that belongs to a private one.
 * @throws HubError KEY_INVALID, without the key in its message
 */
export function publicKeyOf(privateKey: string): string {
	return publicText(createPublicKey(readPrivate(privateKey)));
}

/**
 * Names a public key in records and lists; tells keys apart and proves nothing.
 * @throws HubError KEY_INVALID
 */
export function keyIdOf(publicKey: string): string {
	return createHash('sha256')
		.update(publicText(readPublic(publicKey)))
		.digest('hex')
		.slice(0, KEY_ID_CHARACTERS);
}

/**
 * @param privateKey `clinic-hub-sign-…`
 * @throws HubError KEY_INVALID; BACKUP_UNTRUSTED when the record is malformed
 */
export function signRecord(record: BackupRecord, privateKey: string): SignedRecord {
	const key = readPrivate(privateKey);
	const checked = parseRecord(record);
	const signature = sign(null, signedBytes(checked), key).toString('base64');
	return { record: checked, keyId: keyIdOf(publicKeyOf(privateKey)), signature };
}

/**
 * The record, when one of the keys signed it as it is. Several keys let one be changed while old files stay readable.
 * @param signed the parsed content of `<file>.json`, from wherever
 * @param publicKeys `clinic-hub-verify-…`
 * @throws HubError BACKUP_UNTRUSTED saying what is wrong; KEY_INVALID when a given key is none
 */
export function verifyRecord(signed: unknown, publicKeys: readonly string[]): BackupRecord {
	const keys = new Map(publicKeys.map((text) => [keyIdOf(text), readPublic(text)]));
	const { record, keyId, signature } = (signed ?? {}) as { record?: unknown; keyId?: unknown; signature?: unknown };
	if (typeof keyId !== 'string' || typeof signature !== 'string') throw untrusted('is not signed');
	const key = keys.get(keyId);
	if (!key) throw untrusted(`is signed by a key that is not trusted here (${keyId.slice(0, KEY_ID_CHARACTERS)})`);
	const parsed = parseRecord(record);
	if (verify(null, signedBytes(parsed), key, Buffer.from(signature, 'base64'))) return parsed;
	throw untrusted('was changed after it was signed');
}

/**
 * As `verifyRecord`, and the file beside it is the one that the record describes, under the name that it had. To be called
 * before a file is decrypted.
 * @throws HubError BACKUP_UNTRUSTED saying what differs
 */
export function verifyFile(signed: unknown, publicKeys: readonly string[], seen: SeenFile): BackupRecord {
	const record = verifyRecord(signed, publicKeys);
	const name = backupFileName(record);
	if (seen.name !== name) throw untrusted(`belongs to ${name}, not to this file: it was renamed or given another date`);
	if (seen.size !== record.size) throw untrusted(`says ${record.size} bytes, and the file has ${seen.size}`);
	if (seen.sha256 !== record.sha256) throw untrusted('has another checksum than the file');
	if (seen.id !== undefined && seen.id !== record.id) throw untrusted('belongs to another backup than the file says');
	if (seen.databaseUuid !== undefined && seen.databaseUuid !== record.databaseUuid) {
		throw untrusted('belongs to another database than the file says');
	}
	return record;
}

/**
 * The parsed content of a record's file; not trusted yet.
 * @throws HubError BACKUP_UNTRUSTED when it is no JSON
 */
export function parseSigned(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new HubError('BACKUP_UNTRUSTED', 'The record of the backup is no JSON: it was cut or changed.', { cause });
	}
}

function signedBytes(record: BackupRecord): Buffer {
	return Buffer.from(CONTEXT + canonicalJson(record));
}

function untrusted(what: string): HubError {
	return new HubError('BACKUP_UNTRUSTED', `The record of the backup ${what}. Nothing of it was opened.`);
}

function readPrivate(text: string): KeyObject {
	return createPrivateKey({ key: readDer(text, PRIVATE, PRIVATE_DER), format: 'der', type: 'pkcs8' });
}

function readPublic(text: string): KeyObject {
	return createPublicKey({ key: readDer(text, PUBLIC, PUBLIC_DER), format: 'der', type: 'spki' });
}

function publicText(key: KeyObject): string {
	const der = key.export({ format: 'der', type: 'spki' });
	return PUBLIC + der.subarray(PUBLIC_DER.length).toString('base64url');
}

function readDer(text: string, prefix: string, der: Buffer): Buffer {
	const trimmed = text.trim();
	const value = trimmed.slice(prefix.length);
	if (trimmed.startsWith(prefix) && KEY_TEXT.test(value)) return Buffer.concat([der, Buffer.from(value, 'base64url')]);
	const kind = prefix === PRIVATE ? 'private' : 'public';
	throw new HubError(
		'KEY_INVALID',
		`A ${kind} key for records is one line that begins with ${prefix} and is followed by 43 characters.`,
	);
}
