import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonObject } from '../../../lib/mail/message.ts';
import { compileSchema, fieldName } from '../../../lib/mail/schema.ts';
import { message, set, vectors } from './messages.ts';

const schema = (name: string): JsonObject =>
	JSON.parse(readFileSync(new URL(`../../../contracts/${name}.schema.json`, import.meta.url), 'utf8'));

suite('The contract of the order', async () => {
	const kind = await purchaseKind();

	for (const { title, file, message } of vectors('good')) {
		test(`takes ${title} (${file})`, () => kind.validate(message as JsonObject));
	}

	for (const { title, file, at = '', message } of vectors('bad')) {
		test(`refuses ${title} (${file})`, async () => {
			const problem = (await compileSchema(schema('purchase-message'), 'contract'))(message);
			assert.ok(problem, 'nothing was found');
			const field = fieldName(at);
			assert.ok(problem.startsWith(field === '' ? '' : field), `${problem} does not begin with ${field}`);
		});
	}

	test('refuses what is longer than its bounds', () => {
		const line = { description: 'x', quantity: '1', unitPrice: '1', subtotal: '1' };
		assert.doesNotThrow(() => kind.validate(set(message(), 'order.lines', Array(500).fill(line))));
		assert.throws(() => kind.validate(set(message(), 'order.lines', Array(501).fill(line))), {
			code: 'MESSAGE_INVALID',
			message: /order\.lines has more than 500 entries/,
		});
		const rendered = { subject: 'x', text: 'x', html: 'x'.repeat(400_001) };
		assert.throws(() => kind.validate(set(message(), 'rendered', rendered)), {
			code: 'MESSAGE_INVALID',
			message: /rendered\.html is longer than 400000 characters/,
		});
	});
});

suite('The other contracts', () => {
	test('an outcome with every field fits', async () => {
		const check = await compileSchema(schema('mail-outcome'), 'outcome');
		const outcome = {
			type: 'mail.outcome',
			version: '1.1',
			id: 'b7c1f6d2-0e0c-4f7e-8b53-6a7d0c9e1f20',
			databaseUuid: '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002',
			reference: 'P00042',
			outcome: 'parked',
			time: '2025-06-03T14:05:09.120Z',
			attempt: 2,
			messageId: '<b7c1f6d2-0e0c-4f7e-8b53-6a7d0c9e1f20@clinica.test>',
			recipient: 'ventas@insumos.test',
			smtp: { code: 550, response: '550 5.1.1 no such user' },
			reason: {
				code: 'SMTP_PERMANENT',
				text: 'The mailbox does not exist',
				summary: { en: 'Refused.', es: 'Rechazado.' },
			},
		};
		assert.equal(check(outcome), null);
		assert.match(check({ ...outcome, outcome: 'lost' }) ?? '', /^outcome must be one of delivered, retrying/);
	});

	test('a connection probe needs an id and the database', async () => {
		const check = await compileSchema(schema('connection-probe'), 'probe');
		const { id, time, source } = message();
		const probe = { type: 'connection.probe', version: '1.0', id: id ?? '', time: time ?? '', source: source ?? {} };
		assert.equal(check(probe), null);
		assert.equal(check({ ...probe, source: {} }), 'source.database is missing');
	});
});
