import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findActiveContent } from '../../../lib/mail/active-content.ts';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonObject } from '../../../lib/mail/message.ts';
import { type RenderedMail, render } from '../../../lib/mail/render.ts';
import { message, read, set, textPaths } from './messages.ts';

const ORIGIN = 'http://localhost:8069';
const kind = await purchaseKind();
const write = async (data: JsonObject, origin: string | null = ORIGIN): Promise<RenderedMail> =>
	render(await read(data), kind, { origin });
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

suite('The confirmation of a purchase', () => {
	test('is Spanish for a recipient in Chile, with amounts and days as there', async () => {
		const mail = await write(message());
		assert.equal(mail.subject, 'Pedido de compra P00042 · Clínica Universitaria San Roque');
		assert.equal(mail.language, 'es-CL');
		for (const text of [mail.text, mail.html]) {
			for (const part of [
				'3 de junio de 2025',
				'10 de junio de 2025',
				'$1.528.555',
				'2.000 Unidad',
				'Ana Rojas',
				'GUA-NIT-M',
			]) {
				assert.ok(plain(text).includes(part), `${part} is missing`);
			}
		}
		assert.deepEqual(mail.notes, []);
	});

	test('is English for a recipient in the United States', async () => {
		const mail = await write(set(message(), 'recipient.language', 'en_US'));
		assert.equal(mail.subject, 'Purchase order P00042 · Clínica Universitaria San Roque');
		assert.ok(plain(mail.text).includes('TOTAL: CLP 1,528,555'));
		assert.ok(mail.html.includes('lang="en-US"'));
	});

	test('is Spanish, amounts included, for a recipient whose language has no templates', async () => {
		const mail = await write(set(message(), 'recipient.language', 'pt_BR'));
		assert.equal(mail.language, 'es');
		assert.ok(mail.text.includes('3 de junio de 2025'));
	});

	test('speaks otherwise to the buyer of a sale', async () => {
		const mail = await write(set(message(), 'order.kind', 'sale'));
		assert.equal(mail.subject, 'Confirmación del pedido P00042 · Clínica Universitaria San Roque');
		assert.ok(mail.text.includes('Gracias por su pedido'));
		assert.ok(!mail.text.includes('PEDIDO DE COMPRA'));
	});

	test('leaves no gaps where a message has only what is required', async () => {
		const mail = await write(message('purchase-minimal'));
		assert.ok(!/\n{3}/.test(mail.text));
		assert.ok(!/Entrega prevista|Ver el pedido|Observaciones|undefined|null|\[object/.test(mail.text + mail.html));
	});

	test('is the same at every attempt', async () => {
		assert.deepEqual(await write(message()), await write(message()));
	});
});

suite('Data in a mail is only text', () => {
	const tricks = [
		'<script>alert(1)</script>',
		'"><img src=x onerror=alert(1)>',
		"' onmouseover='alert(1)",
		'javascript:alert(1)',
		'{{company.name}}',
		'{{{order.number}}}',
		'{{#order}}x{{/order}}',
		'{{> x}} {{=<% %>=}} <% order.number %>',
		'{{constructor.constructor}}',
		'#{7*7} <%= 7*7 %>',
		'&lt;b&gt; &amp;',
		'\u202etxet desrever',
	];
	const paths = textPaths(message()).filter((path) =>
		/(?:\.name|\.number|\.reference|\.description|\.notes|\.deliverTo|\.paymentTerms|\.unit|\.code|\.phone|\.taxId|company\.address)$/.test(
			path,
		),
	);

	/** They stand in the mail's headers only. */
	const HEADERS = /^company\.(?:sender|replyTo)\./;

	test('the paths tried are all that hold free text', () => assert.equal(paths.length, 20, paths.join(' ')));

	for (const trick of tricks) {
		test(`${JSON.stringify(trick)} in every field`, async () => {
			for (const path of paths) {
				const mail = await write(set(message(), path, trick));
				const shown = trick.replace(/\u202e/g, '');
				assert.equal(findActiveContent(mail.html), null, path);
				assert.ok(!mail.html.includes(trick) || !/[<>"'\u202e]/.test(trick), `${path} was not escaped`);
				assert.ok(mail.text.includes(shown) || HEADERS.test(path), `${path} is not shown as it is`);
			}
		});
	}

	test('names that every object has are nothing in a template', async () => {
		const templates = {
			es: {
				subject: 'x{{constructor}}{{__proto__}}{{order.constructor.name}}{{order.lines.constructor}}{{toString}}',
				text: 'x{{#constructor}}y{{/constructor}}{{#__proto__}}y{{/__proto__}}{{^hasOwnProperty}}n{{/hasOwnProperty}}',
				html: '<p>{{valueOf}}{{order.number.constructor}}{{order.lines.length.constructor}}</p>',
			},
		};
		const mail = render(await read(message()), await purchaseKind({ templates }), { origin: null });
		assert.deepEqual([mail.subject, mail.text, mail.html], ['x', 'xn\n', '<p></p>']);
	});
});

suite('The subject', () => {
	const subjectOf = async (subject: string, data = message()): Promise<string> => {
		const templates = { es: { subject, text: 'x', html: '<p>x</p>' } };
		return render(await read(data), await purchaseKind({ templates }), { origin: null }).subject;
	};

	test('is one line, whatever the data', async () => {
		const data = set(message(), 'order.notes', 'a\r\nBcc: evil@x.test\n\tb\u202e');
		assert.equal(await subjectOf('{{order.notes}}\n{{order.number}}', data), 'a Bcc: evil@x.test b P00042');
	});

	test('is cut at 250 characters without cutting one in two', async () => {
		const subject = await subjectOf('{{order.notes}}', set(message(), 'order.notes', '🏥'.repeat(300)));
		assert.equal([...subject].length, 250);
		assert.ok(subject.isWellFormed() && subject.endsWith('🏥…'));
	});

	test('that is empty for a message is a fault of the template', async () => {
		await assert.rejects(subjectOf('{{order.incoterm}}'), { code: 'TEMPLATE_INVALID', message: /empty subject/ });
	});
});

suite('Links', () => {
	test('to the configured Odoo are kept, escaped', async () => {
		const mail = await write(set(message(), 'order.link', `${ORIGIN}/my/purchase/42?a=b&c='d'`));
		assert.ok(mail.html.includes(`href="${ORIGIN}/my/purchase/42?a=b&amp;c=&#39;d&#39;"`));
		assert.ok(mail.text.includes(`${ORIGIN}/my/purchase/42?a=b&c='d'`));
	});

	for (const link of [
		'https://evil.test/my/purchase/42',
		'http://localhost:8070/my/purchase/42',
		'https://localhost:8069/my/purchase/42',
		'http://localhost.evil.test:8069/',
	]) {
		test(`to elsewhere (${link}) are left out and the mail says so`, async () => {
			const mail = await write(set(message(), 'order.link', link));
			assert.ok(!mail.html.includes('evil') && !mail.html.includes('Ver el pedido'));
			assert.ok(!mail.text.includes(link));
			assert.deepEqual(mail.notes, ['1 links left out: not at the configured address of Odoo']);
		});
	}

	test('are all left out while no address of Odoo is configured', async () => {
		const mail = await write(message(), null);
		assert.ok(!mail.html.includes('8069') && !mail.text.includes('8069'));
		assert.deepEqual(mail.notes, ['2 links left out: no address of Odoo is configured']);
	});

	test('made of any other field are left out, too', async () => {
		const templates = {
			es: { subject: 'x', text: 'x', html: '<a href="{{order.number}}">a</a><img src="{{order.link}}">' },
		};
		const data = set(message(), 'order.number', 'javascript:alert(1)');
		const mail = render(await read(data), await purchaseKind({ templates }), { origin: ORIGIN });
		assert.match(mail.html, /^<a href="">a<\/a><img src="http:\/\/localhost:8069\/my[^"]*">$/);
	});
});

suite('A mail that came ready', () => {
	const ready = (rendered: JsonObject): JsonObject => set(message(), 'rendered', rendered);

	test('is sent as it is', async () => {
		const html = '<p>Estimados: <a href="https://clinica.test/">ver</a></p>';
		const mail = await write(ready({ subject: 'Pedido', text: 'Estimados:\r\n\r\n\r\n\r\nx', html }));
		assert.deepEqual(mail, { subject: 'Pedido', text: 'Estimados:\n\nx\n', html, language: 'es-CL', notes: [] });
	});

	test('is not taken for a template', async () => {
		const mail = await write(
			ready({ subject: '{{order.number}}', text: '{{order.number}}', html: '<p>{{order.number}}</p>' }),
		);
		assert.deepEqual([mail.subject, mail.html], ['{{order.number}}', '<p>{{order.number}}</p>']);
	});

	test('is written at once, however many blanks its text holds', async () => {
		const text = `${' \t'.repeat(49_000)}x \t\ny`;
		const begin = performance.now();
		const mail = await write(ready({ subject: 'x', text, html: '<p>x</p>' }));
		assert.ok(performance.now() - begin < 1_000, 'other nodes would stand still meanwhile');
		assert.equal(mail.text, 'x\ny\n');
	});

	test('with a script is refused in words', async () => {
		const html = '<p>x</p><script>alert(1)</script>';
		await assert.rejects(write(ready({ subject: 'x', text: 'x', html })), {
			code: 'MESSAGE_INVALID',
			message: "The ready mail's HTML holds <script>, which does not belong into a mail",
		});
	});
});

test('a template that repeats itself without end is stopped', async () => {
	const lines = '{{#order.lines}}';
	const close = '{{/order.lines}}';
	const text = `${lines.repeat(4)}x${close.repeat(4)}`;
	const templates = { es: { subject: 'x', text, html: '<p>x</p>' } };
	const line = { description: 'x', quantity: '1', unitPrice: '1', subtotal: '1' };
	const mail = await read(set(message(), 'order.lines', Array(500).fill(line)));
	const own = await purchaseKind({ templates });
	assert.throws(() => render(mail, own, { origin: null }), { code: 'TEMPLATE_INVALID', message: /repeats itself/ });
});

test('an order with 500 lines is written', async () => {
	const line = { description: 'Guantes', quantity: '1', unitPrice: '1', subtotal: '1', unit: 'Caja', code: 'x' };
	const mail = await write(set(message(), 'order.lines', Array(500).fill(line)));
	assert.equal(mail.html.split('Guantes').length, 501);
});
