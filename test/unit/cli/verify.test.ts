import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createKeys } from '../../../lib/backup/keys.ts';
import { recordFileName } from '../../../lib/backup/record.ts';
import { signRecord } from '../../../lib/backup/signature.ts';
import { signedFile } from '../backup/signed-file.ts';
import { run } from './console.ts';

async function backup(t: TestContext, change: Parameters<typeof signedFile>[2] = {}) {
	const directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-verify-'));
	t.after(() => rmSync(directory, { recursive: true, force: true }));
	const { keys, recoveryIdentity } = await createKeys();
	const identity = path.join(directory, 'recovery-key.txt');
	// As somebody types it from paper.
	writeFileSync(identity, recoveryIdentity.toLowerCase().replaceAll(/(.{6})/g, '$1 '));
	const made = await signedFile(directory, keys, change);
	const key = ['--verifying-key', keys.verifying[0] ?? ''];
	return { ...made, keys, directory, identity, key, recoveryIdentity };
}

test('a backup is checked by its signature, and with the key read to its end', async (t) => {
	const { file, key, identity, record } = await backup(t);
	const outside = await run(['verify', file, ...key, '--json']);
	assert.equal(outside.exit, 0);
	assert.deepEqual([outside.json['ok'], outside.json['opened'], outside.json['id']], [true, false, record.id]);
	const inside = await run(['verify', file, ...key, '--identity', identity]);
	assert.equal(inside.exit, 0);
	assert.match(inside.output, /Signed by the hub: "clinica", 2026-11-24T03:00:00\.000Z, .* 1 attachments/);
	assert.match(inside.output, /read to its end: all agrees/);
	const spanish = await run(['verify', file, ...key, '--identity', identity], { environment: { LANG: 'es_CL.UTF-8' } });
	assert.match(spanish.output, /Firmada por el hub: «clinica».*\n.*todo coincide/);
});

test('keys come from the variables of the hub, and the recovery key may be piped in', async (t) => {
	const { file, keys, recoveryIdentity } = await backup(t);
	const environment = { HUB_BACKUP_VERIFYING_KEYS: keys.verifying.join(' ') };
	const { exit, json } = await run(['verify', file, '--identity', '-', '--json'], {
		environment,
		input: `${recoveryIdentity}\n`,
	});
	assert.deepEqual([exit, json['opened']], [0, true]);
});

test('what is not encrypted is looked into without a key', async (t) => {
	const { file, key } = await backup(t, { encryption: 'none' });
	const { exit, json } = await run(['verify', file, ...key, '--json']);
	assert.deepEqual([exit, json['opened']], [0, true]);
});

test('a file that was changed, cut, renamed, or signed by somebody else is refused before it is opened', async (t) => {
	const { file, content, key, identity, record, directory } = await backup(t);
	const refused = async (path: string, verifying: string[] = key) => {
		// The identity does not exist: whoever opened the file first would say so.
		const { exit, errors } = await run(['verify', path, ...verifying, '--identity', identity]);
		assert.equal(exit, 4, errors);
		assert.match(errors, /Nothing of it was opened/);
		return errors;
	};
	const changed = Buffer.from(content);
	changed[200] = (changed[200] ?? 0) ^ 1;
	writeFileSync(file, changed);
	assert.match(await refused(file), /another checksum/);
	writeFileSync(file, content.subarray(0, -1));
	assert.match(await refused(file), /bytes/);
	writeFileSync(file, content);
	const other = (await createKeys()).keys;
	assert.match(await refused(file, ['--verifying-key', other.verifying[0] ?? '']), /not trusted here/);
	writeFileSync(recordFileName(file), JSON.stringify(signRecord(record, other.signing)));
	assert.match(await refused(file), /not trusted here/);
	writeFileSync(recordFileName(file), '{"record":');
	assert.equal((await run(['verify', file, ...key])).exit, 4);
	writeFileSync(recordFileName(file), JSON.stringify({ record }));
	assert.match(await refused(file), /is not signed/);
	const renamed = path.join(directory, 'clinica_2027-01-01T03-00-00Z.zip.age');
	renameSync(file, renamed);
	writeFileSync(recordFileName(renamed), JSON.stringify(signRecord(record, (await createKeys()).keys.signing)));
	assert.equal((await run(['verify', renamed, ...key])).exit, 4);
});

test('content that is not what was signed is refused, whoever signed it', async (t) => {
	const { file, key, identity } = await backup(t, { tables: { res_partner: 51 } });
	const { exit, errors } = await run(['verify', file, ...key, '--identity', identity]);
	assert.equal(exit, 4);
	assert.match(errors, /not what its record says: rows/);
});

test('another key is told apart from a wrong file', async (t) => {
	const { file, key } = await backup(t);
	const { recoveryIdentity } = await createKeys();
	const other = await run(['verify', file, ...key, '--identity', '-'], { input: recoveryIdentity });
	assert.equal(other.exit, 5);
	assert.match(other.errors, /not encrypted to this key/);
	const none = await run(['verify', file, ...key, '--identity', '-'], { input: 'AGE-SECRET-KEY-1' });
	assert.equal(none.exit, 5);
});

test('a missing file, record, or verifying key is said with what to do', async (t) => {
	const { file, key, directory } = await backup(t);
	for (const [args, exit, text] of [
		[['verify', path.join(directory, 'none'), ...key], 6, /none\.json cannot be read \(ENOENT\)/],
		[['verify', file], 2, /A verifying key is needed/],
		[['verify', ...key], 2, /Usage: clinic-hub verify FILE/],
		[['verify', file, ...key, '--identity', path.join(directory, 'no-key')], 6, /no-key cannot be read/],
		[['verify', file, '--nonsense'], 2, /Unknown option '--nonsense'.*--help/],
	] as const) {
		const result = await run([...args]);
		assert.equal(result.exit, exit, result.errors);
		assert.match(result.errors, text);
		assert.equal(result.output, '');
	}
});

test('with --json a failure is one object too', async (t) => {
	const { file } = await backup(t);
	const { exit, json } = await run(['verify', file, '--json', '--verifying-key', 'x']);
	assert.deepEqual([exit, json['ok'], json['exit'], json['code']], [5, false, 5, 'KEY_INVALID']);
});

test('a bar is drawn on a terminal only, and taken away before text', async (t) => {
	const { file, key } = await backup(t);
	const { errors } = await run(['verify', file, ...key], { columns: 40 });
	const pictures = errors.split('\r\u001b[K');
	assert.match(pictures.at(-2) ?? '', /^Checksum \[#{24}\] 100/);
	assert.equal(pictures.at(-1), '');
	for (const picture of pictures) assert.ok(picture.length < 40, picture);
	assert.equal((await run(['verify', file, ...key])).errors, '');
});
