/** The contract of the outcome: the vectors that Python runs too. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import schema from '../../../contracts/mail-outcome.schema.json' with { type: 'json' };
import type { JsonObject } from '../../../lib/mail/message.ts';
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
