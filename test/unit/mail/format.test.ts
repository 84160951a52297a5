import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatsOf, toLocale } from '../../../lib/mail/format.ts';

/** Intl uses no-break spaces of two widths; they are not what these tests are about. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

suite("Amounts in the recipient's language", () => {
	const cases: [language: string, decimal: string, currency: string, shown: string][] = [
		['es_CL', '1528555', 'CLP', '$1.528.555'],
		['es_CL', '1528555.00', 'CLP', '$1.528.555'],
		['es_CL', '0', 'CLP', '$0'],
		['es_CL', '1234.5', 'EUR', 'EUR 1.234,50'],
		['es_ES', '1234.5', 'EUR', '1.234,50 €'],
		['es_ES', '-1234.50', 'EUR', '-1.234,50 €'],
		['es_ES', '0.1', 'EUR', '0,10 €'],
		['en_US', '1234.5', 'USD', '$1,234.50'],
		['en_US', '1528555', 'CLP', 'CLP 1,528,555'],
		['en_US', '0.123456', 'USD', '$0.123456'],
		['es_ES', '1.005', 'KWD', '1,005 KWD'],
	];
	for (const [language, decimal, currency, shown] of cases) {
		test(`${decimal} ${currency} in ${language} is ${shown}`, () => {
			assert.equal(plain(formatsOf(language).money(decimal, currency)), shown);
		});
	}

	test('amounts beyond the precision of floating point keep every digit', () => {
		assert.equal(plain(formatsOf('en_US').money('123456789012.34', 'USD')), '$123,456,789,012.34');
		assert.equal(plain(formatsOf('es_ES').money('999999999999999.99', 'EUR')), '999.999.999.999.999,99 €');
		assert.equal(plain(formatsOf('es_ES').money('123456789012345.123456', 'EUR')), '123.456.789.012.345,123456 €');
		assert.notEqual(Number('999999999999999.99').toFixed(2), '999999999999999.99', 'a float would do after all');
	});

	test('a currency that does not exist is shown by its code', () => {
		assert.equal(plain(formatsOf('es_ES').money('10', 'QQQ')), '10,00 QQQ');
		assert.equal(formatsOf('es_ES').money('10', 'pesos'), '10 pesos');
	});
});

suite('Quantities, days and times', () => {
	test('trailing zeros go, other digits stay', () => {
		assert.equal(formatsOf('es_CL').decimal('150.0'), '150');
		assert.equal(formatsOf('es_CL').decimal('2000.500'), '2.000,5');
		assert.equal(formatsOf('en_US').decimal('0.333333'), '0.333333');
	});

	test('a day is the same day in every time zone', () => {
		assert.equal(formatsOf('es_CL').date('2025-06-03'), '3 de junio de 2025');
		assert.equal(formatsOf('en_US').date('2025-12-31'), 'December 31, 2025');
		assert.equal(formatsOf('en_GB').date('2024-02-29'), '29 February 2024');
	});

	test('a time says that it is UTC', () => {
		assert.equal(plain(formatsOf('es_ES').time('2025-06-03T14:05:09Z')), '3 de junio de 2025 a las 14:05 UTC');
	});

	test('what is no number, day or time is shown as it came', () => {
		const formats = formatsOf('es_ES');
		assert.equal(formats.decimal('many'), 'many');
		assert.equal(formats.date('soon'), 'soon');
		assert.equal(formats.time('soon'), 'soon');
	});
});

suite('Languages', () => {
	test("Odoo's codes become BCP 47 tags", () => {
		assert.equal(toLocale('es_CL'), 'es-CL');
		assert.equal(toLocale('es_419'), 'es-419');
		assert.equal(toLocale('sr@latin'), 'sr-Latn');
		assert.equal(toLocale('ca@valencia'), 'ca');
	});

	test('an unknown or malformed language formats as English', () => {
		assert.equal(toLocale('__proto__'), null);
		assert.equal(formatsOf('xx_XX').locale, 'en-US');
	});

	test('more languages than a clinic has do not grow the memory without end', () => {
		for (let index = 0; index < 200; index++) formatsOf(`es_${String(index).padStart(3, '0')}`);
		assert.equal(formatsOf('es_CL').date('2025-06-03'), '3 de junio de 2025');
	});
});
