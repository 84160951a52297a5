import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Decrypter } from 'age-encryption';
import { AgeEncryptor } from '../../../lib/backup/age.ts';
import { decryptAge } from '../../../lib/backup/age-decrypt.ts';
import { beginAge } from '../../../lib/backup/age-header.ts';
import { type AgeKey, checkRecipient, createAgeKey, recipientOf } from '../../../lib/backup/age-keys.ts';
import { pieces } from './proof-files.ts';

const CHUNK = 65_536;
/** Around the edges of chunks. */
const SIZES = [0, 1, 15, 16, 17, ...[1, 2, 3, 16].flatMap((n) => [-17, -16, -1, 0, 1, 16].map((d) => n * CHUNK + d))];

let recovery: AgeKey;
let drill: AgeKey;
let directory: string;
before(async () => {
	[recovery, drill] = [await createAgeKey(), await createAgeKey()];
	directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-age-'));
	writeFileSync(path.join(directory, 'recovery.txt'), `${recovery.identity}\n`);
	writeFileSync(path.join(directory, 'drill.txt'), `${drill.identity}\n`);
});
after(() => rmSync(directory, { recursive: true, force: true }));

async function encrypt(plain: Buffer, piece = 1_048_576): Promise<Buffer> {
	const encryptor = new AgeEncryptor(await beginAge([recovery.recipient, drill.recipient]));
	const out: Buffer[] = [];
	for await (const chunk of pieces(plain, piece)) out.push(...encryptor.push(chunk));
	out.push(...encryptor.finish());
	return Buffer.concat(out);
}

async function decrypt(file: Buffer, key: AgeKey, piece = 70_000): Promise<Buffer> {
	const out: Buffer[] = [];
	for await (const chunk of decryptAge(pieces(file, piece), [key.identity])) out.push(chunk);
	return Buffer.concat(out);
}

const byAge = (input: Buffer, ...args: string[]) =>
	execFileSync('age', args, { input, cwd: directory, maxBuffer: 64 * CHUNK });

test('the program age opens what the hub encrypted, with either key, at every size around a chunk', async () => {
	for (const size of SIZES) {
		const plain = randomBytes(size);
		const file = await encrypt(plain, size % 2 ? 10_000 : 1_048_576);
		const key = size % 3 ? 'recovery.txt' : 'drill.txt';
		assert.ok(byAge(file, '--decrypt', '--identity', key).equals(plain), `size ${size}`);
	}
});

test('the hub opens what the program age encrypted, at every size around a chunk', async () => {
	for (const size of SIZES) {
		const plain = randomBytes(size);
		const file = byAge(plain, '--encrypt', '--recipient', recovery.recipient, '--recipient', drill.recipient);
		assert.ok((await decrypt(file, size % 2 ? recovery : drill, 1 + (size % 90_000))).equals(plain), `size ${size}`);
	}
});

test('the package that made the header opens the payload, too', async () => {
	const plain = randomBytes(3 * CHUNK);
	const decrypter = new Decrypter();
	decrypter.addIdentity(drill.identity);
	assert.ok(Buffer.from(await decrypter.decrypt(await encrypt(plain))).equals(plain));
});

test('a file that was cut anywhere, or to which something was added, is refused', async () => {
	const file = await encrypt(randomBytes(2 * CHUNK));
	const payload = file.indexOf('\n--- ') + 49;
	const edges = [0, 10, 30, payload - 20, payload, payload + 5, payload + 16, payload + 20, payload + 32];
	const chunks = [1, 2].flatMap((n) => [-1, 0, 1].map((d) => payload + 16 + n * (CHUNK + 16) + d));
	for (const length of [...edges, ...chunks].filter((at) => at < file.length)) {
		await assert.rejects(decrypt(file.subarray(0, length), drill), { code: 'BACKUP_ALTERED' }, `cut at ${length}`);
	}
	await assert.rejects(decrypt(Buffer.concat([file, Buffer.alloc(1)]), drill), { code: 'BACKUP_ALTERED' });
	await assert.rejects(decrypt(Buffer.concat([file, Buffer.alloc(CHUNK)]), drill), { code: 'BACKUP_ALTERED' });
});

test('a changed byte anywhere is refused', async () => {
	const file = await encrypt(randomBytes(CHUNK + 100));
	for (let at = 0; at < file.length; at += at < 600 ? 1 : 997) {
		const changed = Buffer.from(file);
		changed.writeUInt8(file.readUInt8(at) ^ 4, at);
		await assert.rejects(
			decrypt(changed, drill),
			(error: { code?: string }) => ['BACKUP_ALTERED', 'KEY_INVALID'].includes(error.code ?? ''),
			`byte ${at}`,
		);
	}
});

test('another key does not open it, and says so', async () => {
	const file = await encrypt(Buffer.from('secret'));
	const message = 'The backup is not encrypted to this key.';
	await assert.rejects(decrypt(file, await createAgeKey()), { code: 'KEY_INVALID', message });
});

test('keys are checked before they are used, and never stand in a message', async () => {
	assert.equal(await recipientOf(` ${recovery.identity}\n`), recovery.recipient);
	assert.equal(
		execFileSync('age-keygen', ['-y'], { input: recovery.identity, encoding: 'utf8' }).trim(),
		recovery.recipient,
	);
	const mistyped = recovery.identity.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'));
	await assert.rejects(recipientOf(mistyped), (error: Error & { code?: string }) => {
		assert.equal(error.code, 'KEY_INVALID');
		assert.ok(!error.message.includes(mistyped.slice(20)));
		return true;
	});
	assert.throws(() => checkRecipient(recovery.identity), { code: 'KEY_INVALID', message: /secret key: keep it away/ });
	await assert.rejects(beginAge([]), { code: 'KEY_INVALID', message: /Nobody could open/ });
});
