import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import vector from '../../../contracts/vectors/signature.json' with { type: 'json' };
import { checkSignature, parseKeys, sign } from '../../../lib/mail/signature.ts';

suite('Signature keys as typed into the node', () => {
	test('keys stand apart by blanks or line ends; = may stand in a secret', () => {
		const keys = parseKeys('2025=0123456789abcdef\r\n\n  b=fedcba98=76543210= \n');
		assert.deepEqual(
			[...keys],
			[
				['2025', '0123456789abcdef'],
				['b', 'fedcba98=76543210='],
			],
		);
	});

	const refused: [text: string, words: RegExp][] = [
		['secretwithoutid-secret', /^Signature key 1: write "id=secret"/],
		['=0123456789abcdef', /^Signature key 1: write "id=secret"/],
		['a;b=0123456789abcdef', /^Signature key 1: write "id=secret"/],
		['a =0123456789abcdef', /^Signature key 1: write "id=secret"/],
		['a=short', /^Signature key "a": the secret is shorter than 16 characters/],
		['a=0123456789abcdef\na=0123456789abcdeg', /^Signature key "a" stands there twice/],
	];
	for (const [text, words] of refused) {
		test(`refuses ${JSON.stringify(text)} without showing the secret`, () => {
			assert.throws(
				() => parseKeys(text),
				(thrown: Error & { code?: string }) =>
					thrown.code === 'CONFIG_INVALID' &&
					words.test(thrown.message) &&
					!/0123456789|withoutid/.test(thrown.message),
			);
		});
	}

	test('the vector that Odoo’s side checks too holds here', () => {
		const { body, keyId, secret, header } = vector;
		assert.equal(sign(Buffer.from(body), keyId, secret), header);
		const keys = parseKeys(`${keyId}=${secret}`);
		checkSignature(Buffer.from(body), header, keys);
		for (const changed of [body.trimEnd(), ` ${body}`, body.replace('Ñ', 'N'), body.normalize('NFD')]) {
			assert.throws(() => checkSignature(Buffer.from(changed), header, keys), { code: 'MESSAGE_SIGNATURE' });
		}
	});

	test('the signature is what any HMAC-SHA-256 gives (RFC 4231, test case 2)', () => {
		assert.equal(
			sign(Buffer.from('what do ya want for nothing?'), 'k', 'Jefe'),
			'v1;kid=k;5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
		);
	});
});
