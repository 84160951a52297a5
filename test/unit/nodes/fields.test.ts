import assert from 'node:assert/strict';
import test from 'node:test';
import {
	choice,
	type Field,
	flag,
	integer,
	optionalInteger,
	optionalText,
	readFields,
	reference,
	secret,
	text,
} from '../../../nodes/runtime/fields.ts';

const read = <T>(field: Field<T>, raw: unknown) => {
	const { values, problems } = readFields({ it: field }, { it: raw });
	return values ? { value: values.it } : { problem: problems[0]?.reason };
};
const variable = `\${PORT}`;

test('a text loses the blanks around it and must not be empty', () => {
	assert.deepEqual(read(text(), ' a b '), { value: 'a b' });
	for (const empty of ['', '  ', undefined, null]) assert.deepEqual(read(text(), empty), { problem: 'missing' });
	assert.deepEqual(read(text({ default: '/' }), ''), { value: '/' });
	assert.deepEqual(read(text({ pattern: /^\d+$/, reason: 'range' }), 'x'), { problem: 'range' });
});

test('an optional text reads as undefined when it is empty', () => {
	assert.deepEqual(read(optionalText(), ' '), { value: undefined });
	assert.deepEqual(read(optionalText({ pattern: /^https:/, reason: 'httpsUrl' }), 'http://x'), { problem: 'httpsUrl' });
});

test('a secret keeps every character, blanks included', () => {
	assert.deepEqual(read(secret(), ' p@ss/w#rd% '), { value: ' p@ss/w#rd% ' });
	assert.deepEqual(read(secret(), ''), { value: undefined });
});

test('a variable that Node-RED left in place does not exist, and is named', () => {
	for (const field of [
		text(),
		optionalText(),
		secret(),
		optionalInteger({ min: 1, max: 9 }),
		flag(true),
		reference(),
	]) {
		const { problems } = readFields({ it: field as Field<unknown> }, { it: variable });
		assert.deepEqual(problems, [{ field: 'it', reason: 'variable', values: { name: 'PORT' } }]);
	}
	assert.deepEqual(read(text(), `a${variable}`), { value: `a${variable}` });
});

test('a whole number is taken from its bounds inwards only', () => {
	const port = integer({ min: 1, max: 65_535, default: 25 });
	for (const [raw, value] of [
		['1', 1],
		[65_535, 65_535],
		['', 25],
		[undefined, 25],
	] as const)
		assert.deepEqual(read(port, raw), { value });
	for (const raw of ['0', '65536', '2.5', 'x', '-1', 'NaN']) assert.deepEqual(read(port, raw), { problem: 'range' });
});

test('a choice is one of its list, the first where nothing was chosen', () => {
	assert.deepEqual(read(choice('tls', 'none'), undefined), { value: 'tls' });
	assert.deepEqual(read(choice('tls', 'none'), 'none'), { value: 'none' });
	assert.deepEqual(read(choice('tls', 'none'), 'toString'), { problem: 'choice' });
});

test('a reference to nothing is missing', () => {
	for (const raw of ['', '_ADD_', undefined]) assert.deepEqual(read(reference(), raw), { problem: 'missing' });
	assert.deepEqual(read(reference(), 'abc'), { value: 'abc' });
});

test('all problems are listed, not only the first', () => {
	const { problems } = readFields({ a: text(), b: text(), c: text() }, { b: 'x' });
	assert.deepEqual(
		problems.map(({ field }) => field),
		['a', 'c'],
	);
});
