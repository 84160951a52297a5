import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddress } from '../../../lib/smtp/address.ts';

describe('recipient address', () => {
	const good: [string, string][] = [
		['ventas@proveedor.cl', 'ventas@proveedor.cl'],
		["o'higgins+pedidos@sub.proveedor.cl", "o'higgins+pedidos@sub.proveedor.cl"],
		['root@localhost', 'root@localhost'],
		['ventas@clínica.cl', 'ventas@xn--clnica-4va.cl'],
		[`${'a'.repeat(64)}@x.cl`, `${'a'.repeat(64)}@x.cl`],
	];
	for (const [text, address] of good) {
		it(`${text} is taken as ${address}`, () => {
			assert.deepEqual(parseAddress(text), { address, domain: address.split('@')[1] });
		});
	}

	const bad: [string, RegExp][] = [
		['', /empty/],
		['b@v.test\r\nBcc: evil@x.test', /control characters or line breaks/],
		['b@v.test\nevil@x.test', /control characters/],
		['b@v.test\0', /control characters/],
		['b@v.test\u2028evil@x.test', /control characters/],
		['\u202eb@v.test', /control characters/],
		['b@v.test,evil@x.test', /more than one/],
		['b@v.test; evil@x.test', /more than one/],
		['grupo:b@v.test,c@v.test;', /more than one/],
		['grupo:b@v.test', /plain/],
		['Ventas <b@v.test>', /plain/],
		['<b@v.test>', /plain/],
		['b@v.test evil@x.test', /plain/],
		['b@v.test(evil)', /plain/],
		['"b c"@v.test', /plain/],
		['b@[127.0.0.1]', /plain/],
		['b\\@v.test', /plain/],
		['b', /name@domain/],
		['@v.test', /name@domain/],
		['b@', /name@domain/],
		['b@v@x.test', /name@domain/],
		['ñandú@v.test', /letters that many mail servers/],
		['.b@v.test', /before the @/],
		['b..c@v.test', /before the @/],
		[`${'a'.repeat(65)}@x.cl`, /before the @/],
		['b@-v.test', /domain/],
		['b@v..test', /domain/],
		['b@v.test.', /domain/],
		['b@1.2.3.4', /domain/],
		['b@0x7f.1', /domain/],
		['b@v%41.test', /domain/],
		[`b@${'a'.repeat(64)}.test`, /domain/],
		[`b@${`${'a'.repeat(60)}.`.repeat(5)}test`, /too long/],
	];
	for (const [text, fault] of bad) {
		it(`${JSON.stringify(text).slice(0, 50)} is refused`, () => {
			const parsed = parseAddress(text);
			assert.ok('fault' in parsed, JSON.stringify(parsed));
			assert.match(parsed.fault, fault);
			if (text.includes('test')) assert.ok(!parsed.fault.includes('test'), 'the fault does not repeat the address');
		});
	}
});
