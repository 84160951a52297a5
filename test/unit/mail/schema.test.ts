import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonValue } from '../../../lib/mail/message.ts';
import { compileSchema, fieldName } from '../../../lib/mail/schema.ts';
import { message, set } from './messages.ts';

suite('A refused message is explained to a person', async () => {
	const kind = await purchaseKind();
	const cases: [path: string, value: JsonValue, words: string][] = [
		['order.lines.1.quantity', 3, 'order.lines[1].quantity must be a decimal number in text form, such as "1234.50"'],
		[
			'order.lines.1.quantity',
			'3,5',
			'order.lines[1].quantity must be a decimal number in text form, such as "1234.50"',
		],
		[
			'recipient.address',
			'a@v.test, b@v.test',
			'recipient.address must be exactly one e-mail address in ASCII, without a name, list or line end',
		],
		['company.name', 'x\ny', 'company.name must be one line without control characters'],
		['company.name', 7, 'company.name must be one line without control characters'],
		['order.notes', '\u0007', 'order.notes must be text without control characters'],
		['order.link', 'javascript:alert(1)', 'order.link must be an absolute http or https address without spaces'],
		['order.kind', 'rental', 'order.kind must be one of purchase, sale'],
		['order.date', '3 June', 'order.date must be a day such as 2025-06-03'],
		['time', 'now', 'time must be a time in UTC such as 2025-06-03T14:05:09Z'],
		['id', '7', 'id must be a UUID in lower case'],
		['type', 'x', 'type must be "order.confirmed"'],
		['recipient', null, 'recipient must be an object'],
		['sample', 'yes', 'sample must be true or false'],
		['order.lines', {}, 'order.lines must be a list'],
		['source.recordId', 0, 'source.recordId must be >= 1'],
		['company.name', 'x'.repeat(201), 'company.name is longer than 200 characters'],
		['recipient.name', '', 'recipient.name is empty'],
	];
	for (const [path, value, words] of cases) {
		test(`${path} = ${JSON.stringify(value).slice(0, 30)}: ${words}`, () => {
			assert.throws(() => kind.validate(set(message(), path, value)), {
				code: 'MESSAGE_INVALID',
				message: `The message does not fit its schema: ${words}`,
			});
		});
	}

	test('no data of the message is quoted', () => {
		const secret = 'Pérez, paciente 4711';
		assert.throws(
			() => kind.validate(set(message(), 'recipient.address', secret)),
			(thrown: Error) => !thrown.message.includes('4711'),
		);
	});
});

suite('A JSON Schema given by a person', () => {
	test('a misspelt keyword is an error, since it would check nothing', async () => {
		await assert.rejects(compileSchema({ type: 'object', requird: ['id'] }, 'JSON Schema'), {
			code: 'CONFIG_INVALID',
			message: /^JSON Schema: .*unknown keyword: "requird"/,
		});
	});

	test('a reference to another place is an error and nothing is fetched', async () => {
		await assert.rejects(compileSchema({ $ref: 'http://127.0.0.1:1/x.json' }, 'JSON Schema'), {
			code: 'CONFIG_INVALID',
		});
	});

	test('a name of every object, such as constructor, does not count as present', async () => {
		const check = await compileSchema({ type: 'object', required: ['constructor'] }, 'JSON Schema');
		assert.equal(check({}), 'constructor is missing');
		assert.equal(check({ constructor: 1 }), null);
	});

	test('the description of a field explains its pattern', async () => {
		const code = { type: 'string', pattern: '^[0-9]{4}$', description: 'Four digits' };
		const check = await compileSchema({ type: 'object', properties: { code } }, 'JSON Schema');
		assert.equal(check({ code: 'x' }), 'code does not fit its description: Four digits');
	});

	test('a field that a sender named is shown without control characters', () => {
		assert.equal(fieldName('/a\u0000b/0/c~1d'), 'a?b[0].c/d');
		assert.equal(fieldName(`/${'x'.repeat(500)}`).length, 160);
	});
});
