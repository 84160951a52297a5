import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_BODY_BYTES, messageReader } from '../../../lib/mail/envelope.ts';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonValue } from '../../../lib/mail/message.ts';
import { SIGNATURE_HEADER, sign } from '../../../lib/mail/signature.ts';
import { body, message, set } from './messages.ts';

const kind = await purchaseKind();
const read = await messageReader({ kind });
const keys = new Map([
	['2025', 'a secret of enough characters'],
	['2026', 'another secret of enough characters'],
]);

suite('Garbage is refused with a reason that a person understands', () => {
	const cases: [title: string, body: Buffer, code: string, words: RegExp][] = [
		['an empty body', Buffer.alloc(0), 'MESSAGE_INVALID', /is empty/],
		['no JSON', Buffer.from('Hola'), 'MESSAGE_INVALID', /is not JSON/],
		['cut JSON', body(message()).subarray(0, 300), 'MESSAGE_INVALID', /is not JSON/],
		['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'MESSAGE_INVALID', /is not text in UTF-8/],
		['a list', Buffer.from('[]'), 'MESSAGE_INVALID', /JSON, but not an object/],
		['null', Buffer.from('null'), 'MESSAGE_INVALID', /JSON, but not an object/],
		['a number', Buffer.from('7'), 'MESSAGE_INVALID', /JSON, but not an object/],
		['an empty object', Buffer.from('{}'), 'MESSAGE_INVALID', /type is missing/],
		['10 MB', Buffer.alloc(10_000_000, 'x'), 'MESSAGE_INVALID', /has 10000000 bytes; more than 1048576 are not taken/],
		['a field named __proto__', protoBody(), 'MESSAGE_INVALID', /a field named __proto__/],
		['100,000 levels of nesting', nested(100_000), 'MESSAGE_INVALID', /nested deeper than 32 levels|is not JSON/],
		[
			'another major version',
			body(set(message(), 'version', '2.3')),
			'MESSAGE_VERSION',
			/has version 2\.3, this hub knows version 1/,
		],
	];
	for (const [title, garbage, code, words] of cases) {
		test(title, () => {
			assert.throws(() => read(garbage, {}), { name: 'HubError', code, message: words });
		});
	}

	test('a version that is no version is an invalid message, not an unknown version', () => {
		for (const version of ['x', '', '1', '1.0.0', '-1.0']) {
			assert.throws(() => read(body(set(message(), 'version', version)), {}), { code: 'MESSAGE_INVALID' });
		}
	});

	test('a body at the limit is read, one byte more is not', () => {
		const room = MAX_BODY_BYTES - body(set(message(), 'filler', '')).length;
		assert.equal(read(body(set(message(), 'filler', 'x'.repeat(room))), {}).what, 'mail');
		assert.throws(() => read(body(set(message(), 'filler', 'x'.repeat(room + 1))), {}), { code: 'MESSAGE_INVALID' });
	});

	test('__proto__ in a message changes no other object', () => {
		assert.throws(() => read(protoBody(), {}));
		assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
	});

	test('a byte order mark is tolerated', () => {
		assert.equal(read(Buffer.concat([Buffer.from('\ufeff'), body(message())]), {}).what, 'mail');
	});
});

suite('A good message', () => {
	test('is taken apart', () => {
		const mail = read(body(message()), undefined);
		assert.equal(mail.what, 'mail');
		if (mail.what !== 'mail') return;
		const { data, ...facts } = mail;
		assert.deepEqual(data, message());
		assert.deepEqual(facts, {
			what: 'mail',
			kind: 'purchase',
			id: '5f0c9a4e-6a35-4f0e-9d0b-0f4c1d2e3a4b',
			databaseUuid: '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002',
			database: 'clinica',
			model: 'purchase.order',
			recordId: 42,
			reference: 'P00042',
			recipient: { name: 'Insumos Médicos Ñuble Ltda.', address: 'ventas@insumos.test' },
			language: 'es_CL',
			sender: { name: 'Compras, Clínica San Roque', address: 'compras@clinica.test' },
			replyTo: { name: 'Ana Rojas', address: 'ana.rojas@clinica.test' },
			documentLink:
				'http://localhost:8069/my/purchase/42?access_token=8f6f3e1e-33a5-4a0e-8b7f-2f5d3a2f9f11&report_type=pdf&download=true',
			sample: false,
			rendered: null,
		});
	});

	test('a connection probe is told from a mail', () => {
		const { id, time, source } = message();
		const probe = body({ type: 'connection.probe', version: '1.0', id, time, source } as JsonValue);
		assert.deepEqual(read(probe, {}), {
			what: 'probe',
			id: '5f0c9a4e-6a35-4f0e-9d0b-0f4c1d2e3a4b',
			databaseUuid: '0a1b2c3d-4e5f-11f0-8a6b-0242ac120002',
			database: 'clinica',
		});
		assert.throws(() => read(body({ type: 'connection.probe', version: '9.0' }), {}), { code: 'MESSAGE_VERSION' });
		assert.throws(() => read(body({ type: 'connection.probe', version: '1.0' }), {}), { code: 'MESSAGE_INVALID' });
	});
});

suite('The source of a message', () => {
	test('only databases on the list are taken', async () => {
		const databases = new Set(['0a1b2c3d-4e5f-11f0-8a6b-0242ac120002']);
		const reader = await messageReader({ kind, databases });
		assert.equal(reader(body(message()), {}).what, 'mail');
		const other = set(message(), 'source.databaseUuid', 'ffffffff-4e5f-11f0-8a6b-0242ac120002');
		assert.throws(() => reader(body(other), {}), { code: 'MESSAGE_SOURCE', message: /not among the allowed ones/ });
	});
});

suite('Signatures', async () => {
	const signedOnly = await messageReader({ kind, keys });
	const good = body(message());

	test('a message signed with any known key is taken', () => {
		for (const [id, secret] of keys) {
			assert.equal(signedOnly(good, { [SIGNATURE_HEADER]: sign(good, id, secret) }).what, 'mail');
		}
	});

	const header = sign(good, '2025', 'a secret of enough characters');
	const forged: [title: string, body: Buffer, header: unknown, words: RegExp][] = [
		['no signature', good, undefined, /is not signed/],
		['a changed body', Buffer.concat([good, Buffer.from(' ')]), header, /does not fit the body/],
		['another secret', good, sign(good, '2025', 'not the secret, just as long'), /does not fit the body/],
		['an unknown key', good, header.replace('2025', '2024'), /key "2024", which this node does not have/],
		['__proto__ as key', good, header.replace('2025', '__proto__'), /key "__proto__", which this node does not have/],
		['a shorter digest', good, header.slice(0, -1), /is not of the form/],
		['capital letters', good, header.toUpperCase(), /is not of the form/],
		['a later scheme', good, header.replace('v1', 'v2'), /is not of the form/],
		['a number', good, 7, /is not of the form/],
		['a list', good, [header], /is not of the form/],
		['bytes', good, Buffer.from(header), /is not of the form/],
	];
	for (const [title, text, value, words] of forged) {
		test(`where a key is configured, ${title} is refused`, () => {
			assert.throws(() => signedOnly(text, { [SIGNATURE_HEADER]: value }), {
				code: 'MESSAGE_SIGNATURE',
				message: words,
			});
		});
	}

	test('the signature is looked at before anything in the body is', () => {
		assert.throws(() => signedOnly(Buffer.from('no JSON'), {}), { code: 'MESSAGE_SIGNATURE' });
	});

	test('without a key a signature is not looked at', () => {
		assert.equal(read(good, { [SIGNATURE_HEADER]: 'nonsense' }).what, 'mail');
	});
});

function protoBody(): Buffer {
	return Buffer.from(JSON.stringify(message()).replace('{', '{"__proto__":{"polluted":true},'));
}

function nested(levels: number): Buffer {
	return Buffer.from(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
}
