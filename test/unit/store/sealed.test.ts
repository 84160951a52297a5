import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { HubError } from '../../../lib/errors.ts';
import { sealer, storeSecrets } from '../../../lib/store/sealed.ts';

const TOKEN = '1//refresh-token-ñ';

function directory(t: TestContext): string {
	const made = mkdtempSync(path.join(tmpdir(), 'clinic-hub-sealed-'));
	t.after(() => rmSync(made, { recursive: true, force: true }));
	return made;
}

function refused(run: () => unknown, message: RegExp): void {
	assert.throws(run, (thrown: unknown) => {
		assert.ok(thrown instanceof HubError);
		assert.equal(thrown.code, 'STORE_KEY');
		assert.match(thrown.message, message);
		assert.doesNotMatch(thrown.message, /refresh-token/);
		return true;
	});
}

test('what was sealed opens again, shows nothing of itself, and is never sealed the same twice', () => {
	const box = sealer(['a key']);
	const sealed = box.seal(TOKEN, 'consent/a');
	assert.equal(box.open(sealed, 'consent/a'), TOKEN);
	assert.ok(!Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(Buffer.from('refresh')));
	assert.notEqual(box.seal(TOKEN, 'consent/a'), sealed);
});

test('what was sealed for one place does not open at another', () => {
	const box = sealer(['a key']);
	refused(() => box.open(box.seal(TOKEN, 'consent/a'), 'consent/b'), /moved from another place/);
});

test('a changed bit anywhere is refused', () => {
	const box = sealer(['a key']);
	const [version, id, data] = box.seal(TOKEN, 'p').split('.');
	const bytes = Buffer.from(data ?? '', 'base64url');
	for (let index = 0; index < bytes.length; index += 1) {
		const changed = Buffer.from(bytes);
		changed[index] = (changed[index] ?? 0) ^ 1;
		refused(() => box.open(`${version}.${id}.${changed.toString('base64url')}`, 'p'), /was changed/);
	}
	refused(() => box.open(`${version}.${id}.${bytes.subarray(0, 14).toString('base64url')}`, 'p'), /was changed/);
	refused(() => box.open('', 'p'), /another key/);
});

test('another key is told apart from damage, and the keys of before still open', () => {
	const old = sealer(['old key']).seal(TOKEN, 'p');
	refused(() => sealer(['new key']).open(old, 'p'), /another key/);
	const both = sealer(['new key', 'old key']);
	assert.equal(both.open(old, 'p'), TOKEN);
	assert.equal(sealer(['new key']).open(both.seal(TOKEN, 'p'), 'p'), TOKEN);
});

test('without a variable a key is made once, for its owner only', (t) => {
	const userDir = directory(t);
	const file = path.join(userDir, 'clinic-hub.key');
	const first = storeSecrets({ given: [undefined, ''], userDir });
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.deepEqual(first, [readFileSync(file, 'utf8').trim()]);
	assert.equal(Buffer.from(first[0] ?? '', 'base64url').length, 32);
	assert.deepEqual(storeSecrets({ given: [], userDir }), first);
	assert.deepEqual(storeSecrets({ given: ['by variable'], userDir }), ['by variable', ...first]);
});

test('with a variable no key is made, and one that was emptied is not replaced', (t) => {
	const userDir = directory(t);
	const file = path.join(userDir, 'clinic-hub.key');
	assert.deepEqual(storeSecrets({ given: ['by variable'], userDir }), ['by variable']);
	assert.equal(existsSync(file), false);
	writeFileSync(file, '');
	refused(() => storeSecrets({ given: [], userDir }), /clinic-hub\.key, cannot be read or made/);
});
