import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { decryptAge } from '../../../lib/backup/age-decrypt.ts';
import { createAgeKey, recipientOf } from '../../../lib/backup/age-keys.ts';
import { checkProof, codeIn, proofDue, proofFile, requireProof } from '../../../lib/backup/key-proof.ts';
import {
	createKeys,
	DEMO_RECOVERY,
	keyLines,
	readKeys,
	recipientsOf,
	refuseDemo,
	rotateKeys,
	typedIdentity,
} from '../../../lib/backup/keys.ts';
import { recoveryKeyFile, recoveryKit } from '../../../lib/backup/recovery-kit.ts';
import { keyIdOf, publicKeyOf } from '../../../lib/backup/signature.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-24T15:00:00Z');

/** What `set -a; . file` makes of the lines. */
function sourced(lines: string): Record<string, string> {
	const printed = execFileSync('sh', ['-c', `set -a; eval "$1"; env`, 'sh', lines], { encoding: 'utf8', env: {} });
	return Object.fromEntries(
		printed.split('\n').flatMap((line) => {
			const at = line.indexOf('=');
			return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
		}),
	);
}

async function opened(file: Buffer, identity: string): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of decryptAge(bytes(file), [identity])) parts.push(part);
	return Buffer.concat(parts).toString();
}

async function* bytes(file: Buffer) {
	yield file;
}

test('new keys are read back from their lines, and the recovery key is not among them', async () => {
	const { keys, recoveryIdentity } = await createKeys();
	const lines = keyLines(keys);
	assert.deepEqual(await readKeys(sourced(lines)), keys);
	assert.ok(!lines.includes(recoveryIdentity));
	assert.deepEqual(keys.recovery, [await recipientOf(recoveryIdentity)]);
	assert.deepEqual(keys.verifying, [publicKeyOf(keys.signing)]);
});

test('after a change new backups go to the new recovery key, and old ones are still tested and believed', async () => {
	const old = await createKeys();
	const { keys, recoveryIdentity } = await rotateKeys(old.keys);
	assert.deepEqual(keys.recovery, [await recipientOf(recoveryIdentity)]);
	assert.notEqual(recoveryIdentity, old.recoveryIdentity);
	assert.deepEqual(keys.drill.slice(1), old.keys.drill);
	assert.deepEqual(keys.verifying, [publicKeyOf(keys.signing), ...old.keys.verifying]);
	assert.deepEqual(await readKeys(sourced(keyLines(keys))), keys);
	const drill = await recipientOf(keys.drill[0] ?? '');
	assert.deepEqual(await recipientsOf(keys), [...keys.recovery, drill]);
});

test('missing keys are named by their variables, wrong ones refused without being shown', async () => {
	await assert.rejects(readKeys({}), {
		code: 'CONFIG_INVALID',
		message: /HUB_BACKUP_RECOVERY_KEYS and HUB_BACKUP_SIGNING_KEY/,
	});
	const good = sourced(keyLines((await createKeys()).keys));
	for (const name of Object.keys(good).filter((key) => key.startsWith('HUB_BACKUP_'))) {
		const wrong = `${good[name]?.slice(0, -1)}!`;
		await assert.rejects(readKeys({ ...good, [name]: wrong }), (thrown: Error & { code?: string }) => {
			assert.equal(thrown.code, 'KEY_INVALID', name);
			assert.ok(!thrown.message.includes(wrong), name);
			return true;
		});
	}
});

test('a hub that holds the recovery key itself is refused', async () => {
	const { keys, recoveryIdentity } = await createKeys();
	const environment = { ...sourced(keyLines(keys)), HUB_BACKUP_DRILL_KEYS: recoveryIdentity };
	await assert.rejects(readKeys(environment), { code: 'KEY_INVALID', message: /drill key is the recovery key itself/ });
});

test('the published key is refused where demonstrations are not allowed, anywhere in the list', async () => {
	const demo = await createKeys({ demo: true });
	assert.equal(await recipientOf(DEMO_RECOVERY.identity), DEMO_RECOVERY.recipient);
	assert.equal(demo.recoveryIdentity, DEMO_RECOVERY.identity);
	refuseDemo(demo.keys, true);
	const own = await createKeys();
	refuseDemo(own.keys, false);
	for (const recovery of [demo.keys.recovery, [...own.keys.recovery, ...demo.keys.recovery]]) {
		assert.throws(() => refuseDemo({ recovery }, false), { code: 'KEY_DEMO' });
	}
});

test('the code in a test file proves the key for two weeks, however it is typed', async () => {
	const { keys, recoveryIdentity } = await createKeys();
	const question = { recipient: keys.recovery[0] ?? '', signing: keys.signing, now: NOW };
	const text = await opened(await proofFile(question), recoveryIdentity);
	const code = codeIn(text);
	assert.ok(code, text);
	checkProof(code, question);
	checkProof(` ${code.toLowerCase().replaceAll('-', ' ')}\n`, { ...question, now: NOW + 13 * DAY_MS });
	const refused = { code: 'KEY_INVALID', message: /no code of a test file of the last 14 days/ };
	assert.throws(() => checkProof(code, { ...question, now: NOW + 14 * DAY_MS }), refused);
	assert.throws(() => checkProof(code, { ...question, now: NOW - DAY_MS }), refused);
	assert.throws(() => checkProof('', question), refused);
	const other = await createAgeKey();
	assert.throws(() => checkProof(code, { ...question, recipient: other.recipient }), refused);
});

test('the stock age program opens a test file with the key file of the kit', async (t) => {
	const directory = mkdtempSync(path.join(tmpdir(), 'clinic-hub-keys-'));
	t.after(() => rmSync(directory, { recursive: true, force: true }));
	const { keys, recoveryIdentity } = await createKeys();
	const question = { recipient: keys.recovery[0] ?? '', signing: keys.signing, now: NOW };
	const [key, file] = [path.join(directory, 'recovery-key.txt'), path.join(directory, 'test.age')];
	writeFileSync(key, await recoveryKeyFile(recoveryIdentity, new Date(NOW)));
	writeFileSync(file, await proofFile(question));
	const text = execFileSync('age', ['--decrypt', '--identity', key, file], { encoding: 'utf8' });
	checkProof(codeIn(text) ?? '', question);
});

test('the drill key does not open the test file: it would prove nothing', async () => {
	const { keys } = await createKeys();
	const file = await proofFile({ recipient: keys.recovery[0] ?? '', signing: keys.signing, now: NOW });
	await assert.rejects(opened(file, keys.drill[0] ?? ''), { code: 'KEY_INVALID' });
});

test('without a proof no backup begins, and after half a year somebody is reminded', () => {
	assert.throws(() => requireProof(undefined), { code: 'KEY_UNPROVEN' });
	requireProof({ checkedAt: NOW });
	assert.equal(proofDue({ checkedAt: NOW }, NOW + 180 * DAY_MS - 1), null);
	assert.equal(proofDue({ checkedAt: NOW }, NOW + 180 * DAY_MS), 180);
	assert.equal(proofDue({ checkedAt: NOW }, NOW + 30 * DAY_MS, 30), 30);
});

test('a proof that is dated after now puts off no reminder', () => {
	assert.equal(proofDue({ checkedAt: NOW }, NOW - DAY_MS / 48), null, 'two clocks may differ');
	assert.equal(proofDue({ checkedAt: NOW }, NOW - 20 * DAY_MS), -20);
});

test('a recovery key is understood as it is typed from paper', async () => {
	const { recoveryIdentity } = await createKeys();
	const typed = recoveryIdentity.toLowerCase().replaceAll(/(.{6})/g, '$1 ');
	assert.equal(typedIdentity(`# from the kit\n${typed.slice(0, 40)}\r\n${typed.slice(40)}\n`), recoveryIdentity);
	assert.equal(typedIdentity(await recoveryKeyFile(recoveryIdentity, new Date(NOW))), recoveryIdentity);
});

for (const language of ['en', 'es'] as const) {
	test(`the recovery kit (${language}) holds all that is needed, as text and without scripts`, async () => {
		const { keys, recoveryIdentity } = await createKeys();
		const oauth = { clientId: '123.apps.example', clientSecret: 'GOCSPX-<&"' };
		const kit = { language, recoveryIdentity, verifying: keys.verifying, oauth, made: new Date(NOW) };
		const html = await recoveryKit({ ...kit, folder: 'Copias <clínica>' });
		const text = html
			.replaceAll(/<style>.*?<\/style>/gs, '')
			.replaceAll(/<[^>]*>/g, '')
			.replaceAll('&lt;', '<')
			.replaceAll('&gt;', '>')
			.replaceAll('&quot;', '"')
			.replaceAll('&amp;', '&');
		for (const needed of [
			recoveryIdentity,
			keys.recovery[0],
			keys.verifying[0],
			keyIdOf(keys.verifying[0] ?? ''),
			oauth.clientId,
			oauth.clientSecret,
			'Copias <clínica>',
			'2026-11-24',
			'clinic-hub restore',
			'age --decrypt --identity recovery-key.txt',
			'/web/database/manager',
			'clinic-hub keys check',
		]) {
			assert.ok(text.includes(needed ?? '?'), needed);
		}
		assert.ok(!text.includes(keys.signing) && !text.includes(keys.drill[0] ?? '?'));
		assert.doesNotMatch(html, /<script|https?:[^<]*"/i);
		assert.doesNotMatch(text, language === 'en' ? /DEMONSTRATION/ : /DEMOSTRACIÓN/);
		const demo = await recoveryKit({ ...kit, recoveryIdentity: DEMO_RECOVERY.identity });
		assert.match(demo, language === 'en' ? /DEMONSTRATION/ : /DEMOSTRACIÓN/);
	});
}
