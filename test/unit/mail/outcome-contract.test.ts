/** The contract of the outcome: the vectors that Python runs too. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import schema from '../../../contracts/mail-outcome.schema.json' with { type: 'json' };
import type { JsonObject } from '../../../lib/mail/message.ts';
import { encodeOutcome, type MailOutcome } from '../../../lib/mail/outcomes.ts';
import { compileSchema, fieldName } from '../../../lib/mail/schema.ts';

const VECTORS = new URL('../../../contracts/vectors/outcome/', import.meta.url);
const check = await compileSchema(schema as JsonObject, 'Contract of the outcome');

for (const folder of ['good', 'bad']) {
	for (const file of readdirSync(new URL(`${folder}/`, VECTORS))) {
		const { title, at = '', message } = JSON.parse(readFileSync(new URL(`${folder}/${file}`, VECTORS), 'utf8'));
		test(`the contract of the outcome ${folder === 'good' ? 'takes' : 'refuses'} ${title} (${file})`, () => {
			const problem = check(message);
			if (folder === 'good') return assert.equal(problem, null);
			assert.ok(problem, 'nothing was found');
			assert.ok(problem.startsWith(fieldName(at)), `${problem} does not begin with ${fieldName(at)}`);
		});
	}
}

test('whatever a mail server or a sender wrote, the outcome fits the contract and can be kept by Odoo', () => {
	// An odd number of halves, so that a cut at any even length goes through a character.
	const long = `\0${'😀'.repeat(2_000)}`;
	const outcome: MailOutcome = {
		outcome: 'parked',
		id: 'b7c1f6d2-0e0c-4f7e-8b53-6a7d0c9e1f20',
		databaseUuid: '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002',
		kind: 'purchase',
		reference: long,
		time: Date.now(),
		smtp: { code: 550, response: long },
		reason: { code: 'SMTP_PERMANENT', text: long },
		by: long,
	};
	const text = encodeOutcome(outcome, 'hub-1').toString();
	const told = JSON.parse(text);
	assert.equal(check(told), null);
	assert.doesNotMatch(text, /\\u0000|\\ud83d/);
	assert.match(told.reference, /^\ufffd(?:😀)+\ufffd$/);
	for (const reference of ['', null]) {
		assert.equal('reference' in JSON.parse(encodeOutcome({ ...outcome, reference }, 'hub-1').toString()), false);
	}
});
