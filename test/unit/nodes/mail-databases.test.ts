/** Which databases' messages an `amqp-mail` takes, as a person or a variable lists them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { mailNode } from '../../../nodes/amqp-mail/config.ts';

const { databases } = mailNode.fields;
const A = '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002';
const B = 'ffffffff-4e5f-11f0-8a6b-0242ac120002';

test('databases are listed with commas, blanks or line ends between them, in either case', () => {
	for (const list of [`${A},${B}`, `${A} ${B}`, ` ${A.toUpperCase()} ,\n${B}, `, `${A};${B}`]) {
		assert.deepEqual(databases.read(list), new Set([A, B]), JSON.stringify(list));
	}
});

test('no list means every database', () => {
	for (const list of ['', '  ', undefined, null]) assert.equal(databases.read(list).size, 0);
});

test('what is no UUID is refused and named, however the others are', () => {
	const slips = ['clinica', A.slice(1), `${A}0`, A.replaceAll('-', ''), `{${A}}`, 'all', '*'];
	for (const slip of slips) {
		const problem = { reason: 'uuids', values: { text: slip.slice(0, 40) } };
		for (const list of [slip, `${A}, ${slip}`]) assert.throws(() => databases.read(list), problem, list);
	}
});

test('a variable that does not exist is not taken for an empty list: a slip in its name would accept all', () => {
	const name = 'ODOO_DATABSE_UUIDS';
	assert.throws(() => databases.read(`\${${name}}`), { reason: 'variable', values: { name } });
});
