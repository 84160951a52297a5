import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import MailComposer from 'nodemailer/lib/mail-composer';
import { compose } from '../../../lib/smtp/compose.ts';
import type { OutgoingMail } from '../../../lib/smtp/mail.ts';
import { readWritten, writeMime } from '../../../lib/smtp/mime.ts';

const MAIL: OutgoingMail = {
	messageId: '<8a5d@clinica.test>',
	from: { name: 'Clínica "San Roque", compras', address: 'compras@clinica.test' },
	to: { name: 'Ñandú Insumos', address: 'ventas@insumos.test' },
	replyTo: { address: 'respuestas@clinica.test' },
	subject: 'Pedido de compra P00042 · Clínica Universitaria San Roque, con un asunto que no cabe en una sola línea',
	text: 'Línea\n.punto al comienzo\nblancos al final   \n\n— fin\n',
	html: `<p title="=">${'ñandú 日本 '.repeat(200)}</p>\n.\n${'x'.repeat(3000)}`,
	language: 'es',
	date: new Date('2026-01-02T03:04:05Z'),
	headers: { 'X-Order': 'P00042', References: '<a@b.test>' },
};

const FILE = { filename: 'Pedido ñ "1".pdf', contentType: 'application/pdf', content: randomBytes(200_001) };

const MAILS: Record<string, OutgoingMail> = {
	'text and HTML': MAIL,
	'a document': { ...MAIL, attachments: [FILE] },
	'two documents': { ...MAIL, attachments: [FILE, { ...FILE, filename: 'x.bin', content: Buffer.from([0]) }] },
	'empty parts': { ...MAIL, text: '', html: '' },
	'one line without an end': { ...MAIL, text: 'x', html: ' ' },
};

describe('the written mail', () => {
	for (const [what, mail] of Object.entries(MAILS)) {
		it(`is nodemailer's own, byte for byte: ${what}`, async () => {
			const compiled = () => new MailComposer({ ...compose(mail), baseBoundary: 'same' }).compile();
			const expected = await buffer(compiled().createReadStream());
			assert.deepEqual(writeMime(compiled()).toString('latin1'), expected.toString('latin1'));
			assert.deepEqual(await buffer(readWritten(compiled())), expected);
		});
	}

	it('has a boundary that no text can foresee', () => {
		const boundaries = Array.from(
			{ length: 2 },
			() => /boundary="([^"]+)"/.exec(writeMime(new MailComposer(compose(MAIL)).compile()).toString())?.[1],
		);
		assert.match(boundaries[0] ?? '', /[0-9a-f-]{36}/);
		assert.notEqual(boundaries[0], boundaries[1]);
	});

	it('travels in pieces', async () => {
		const pieces = await readWritten(new MailComposer(compose({ ...MAIL, attachments: [FILE] })).compile()).toArray();
		assert.ok(pieces.length > 3);
		for (const piece of pieces as Buffer[]) assert.ok(piece.length <= 64 * 1024);
	});
});
