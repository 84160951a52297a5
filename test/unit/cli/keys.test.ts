import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { KEY_FILES } from '../../../cli/keys.ts';
import { BackupEvidence } from '../../../lib/backup/evidence.ts';
import { DEMO_RECOVERY, readKeys } from '../../../lib/backup/keys.ts';
import { openStore } from '../../../lib/store/store.ts';
import { signedFile } from '../backup/signed-file.ts';
import { run } from './console.ts';

function directory(t: TestContext): string {
	const made = mkdtempSync(path.join(tmpdir(), 'clinic-hub-cli-'));
	t.after(() => rmSync(made, { recursive: true, force: true }));
	return made;
}

/** Keys made by the command, and the environment of a hub that was given them. */
async function made(t: TestContext, ...args: string[]) {
	const root = directory(t);
	const out = path.join(root, 'keys');
	const { exit, json } = await run(['keys', 'create', '--out', out, '--json', ...args]);
	assert.equal(exit, 0);
	const environment: Record<string, string> = { HUB_USER_DIR: path.join(root, 'hub'), ...variables(out) };
	return { root, out, json, environment };
}

function variables(out: string): Record<string, string> {
	const lines = readFileSync(path.join(out, KEY_FILES.hub), 'utf8').trim().split('\n');
	return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}

async function proofOf(environment: Record<string, string>) {
	const store = await openStore({ file: path.join(environment['HUB_USER_DIR'] ?? '', 'clinic-hub.sqlite') });
	try {
		const { recovery } = await readKeys(environment);
		return await (await BackupEvidence.open(store)).keyCheck(recovery[0] ?? '');
	} finally {
		await store.close();
	}
}

test('keys are written for their owner only, and never over others', async (t) => {
	const { out, environment } = await made(t);
	for (const name of Object.values(KEY_FILES)) assert.equal(statSync(path.join(out, name)).mode & 0o777, 0o600, name);
	const before = readFileSync(path.join(out, KEY_FILES.hub), 'utf8');
	const again = await run(['keys', 'create', '--out', out]);
	assert.equal(again.exit, 2);
	assert.match(again.errors, /exists already: name another directory/);
	assert.equal(readFileSync(path.join(out, KEY_FILES.hub), 'utf8'), before);
	const recovery = readFileSync(path.join(out, KEY_FILES.recovery), 'utf8').trim().split('\n').at(-1) ?? '';
	assert.ok(!before.includes(recovery));
	for (const kit of [KEY_FILES.kitEn, KEY_FILES.kitEs]) {
		const html = readFileSync(path.join(out, kit), 'utf8');
		assert.ok(html.replaceAll(/<[^>]*>/g, '').includes(recovery));
		assert.ok(!html.includes(environment['HUB_BACKUP_SIGNING_KEY'] ?? '?'));
	}
});

test('no key is shown on the screen or in JSON', async (t) => {
	const out = path.join(directory(t), 'keys');
	const { output, errors } = await run(['keys', 'create', '--out', out]);
	const { output: json } = await run(['keys', 'create', '--out', `${out}2`, '--json']);
	assert.doesNotMatch(output + errors + json, /AGE-SECRET-KEY|clinic-hub-sign-/);
	assert.match(output, /Until 3 is done the hub makes no backup/);
});

test('the test file proves the key, which the hub then knows', async (t) => {
	const { out, environment } = await made(t);
	assert.equal(await proofOf(environment), undefined);
	const test = path.join(out, KEY_FILES.test);
	const recovery = path.join(out, KEY_FILES.recovery);
	const { exit, output } = await run(['keys', 'check', test, '--identity', recovery], { environment });
	assert.equal(exit, 0);
	assert.match(output, /The recovery key opens recovery-test\.age/);
	const proof = await proofOf(environment);
	assert.ok(proof && proof.backup === null && Date.now() - proof.checkedAt < 60_000);
});

test('a backup proves the key too; the drill key, another key and another file do not', async (t) => {
	const { root, out, environment } = await made(t);
	const { file } = await signedFile(root, await readKeys(environment));
	const recovery = path.join(out, KEY_FILES.recovery);
	const check = (target: string, input: string) =>
		run(['keys', 'check', target, '--identity', '-'], { environment, input });
	const drill = await check(file, environment['HUB_BACKUP_DRILL_KEYS'] ?? '');
	assert.equal(drill.exit, 5);
	assert.match(drill.errors, /is no recovery key of the hub/);
	const other = await made(t);
	const foreign = readFileSync(path.join(other.out, KEY_FILES.recovery), 'utf8').trim().split('\n').at(-1) ?? '';
	assert.equal((await check(file, foreign)).exit, 5);
	const own = readFileSync(recovery, 'utf8').trim().split('\n').at(-1) ?? '';
	assert.equal((await check(path.join(other.out, KEY_FILES.test), own)).exit, 5);
	assert.equal((await check(recovery, own)).exit, 4);
	assert.equal((await check(path.join(root, 'none'), own)).exit, 6);
	assert.equal(await proofOf(environment), undefined);
	assert.equal((await check(file, own)).exit, 0);
	assert.ok(await proofOf(environment));
});

test('the published key is for laboratories', async (t) => {
	const { out, environment, json } = await made(t, '--demo');
	assert.equal(json['recipient'], DEMO_RECOVERY.recipient);
	const args = ['keys', 'check', path.join(out, KEY_FILES.test), '--identity', path.join(out, KEY_FILES.recovery)];
	const refused = await run(args, { environment });
	assert.equal(refused.exit, 5);
	assert.match(refused.errors, /published one for demonstrations/);
	assert.equal(await proofOf(environment), undefined);
	assert.equal((await run(args, { environment: { ...environment, HUB_DEMO_KEYS: 'true' } })).exit, 0);
});

test('after a change of keys an old backup is still believed and opened with the old kit', async (t) => {
	const { root, out, environment } = await made(t);
	const { file } = await signedFile(root, await readKeys(environment));
	const next = path.join(root, 'new-keys');
	assert.equal((await run(['keys', 'rotate', '--out', next], { environment })).exit, 0);
	const rotated = { ...environment, ...variables(next) };
	assert.notEqual(rotated['HUB_BACKUP_RECOVERY_KEYS'], environment['HUB_BACKUP_RECOVERY_KEYS']);
	const old = ['--identity', path.join(out, KEY_FILES.recovery)];
	const verified = await run(['verify', file, ...old, '--json'], { environment: rotated });
	assert.deepEqual([verified.exit, verified.json['opened']], [0, true]);
	// The new key is another one, to be proven anew.
	assert.equal(await proofOf(rotated), undefined);
	assert.equal((await run(['keys', 'check', file, ...old], { environment: rotated })).exit, 5);
});

test('keys rotate needs the keys of before, and where to write', async (t) => {
	const out = path.join(directory(t), 'keys');
	assert.equal((await run(['keys', 'rotate', '--out', out])).exit, 2);
	assert.equal(existsSync(out), false);
	assert.match((await run(['keys', 'create'])).errors, /--out DIRECTORY/);
});
