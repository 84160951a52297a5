import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type CustomKindOptions, customKind, purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonObject } from '../../../lib/mail/message.ts';
import { render } from '../../../lib/mail/render.ts';
import { read } from './messages.ts';

const schema: JsonObject = {
	type: 'object',
	required: ['id', 'recipient', 'appointment'],
	properties: {
		id: { type: 'string' },
		recipient: { type: 'object' },
		currency: { type: 'string' },
		fee: { type: 'string', format: 'money' },
		appointment: {
			type: 'object',
			required: ['day', 'state'],
			properties: {
				day: { type: 'string', format: 'date' },
				state: { enum: ['new', 'moved'] },
				steps: { type: 'array', items: { $ref: '#/$defs/step' } },
				link: { type: 'string', format: 'uri' },
			},
		},
	},
	$defs: {
		step: { type: 'object', properties: { cost: { type: 'string', format: 'money' }, text: { type: 'string' } } },
	},
};
const templates = {
	es: {
		subject: 'Cita del {{appointment.day}}',
		text: '{{#appointment.state_moved}}Se movió.{{/appointment.state_moved}}{{#appointment.steps}} {{text}}: {{cost}}{{/appointment.steps}}',
		html: '<p>{{appointment.day}} {{fee}} {{#appointment.link}}<a href="{{.}}">ver</a>{{/appointment.link}}</p>',
	},
};
const options: CustomKindOptions = { name: 'appointment', schema, templates };
const body: JsonObject = {
	id: 'A-1',
	recipient: { address: 'ana@x.test', language: 'es_CL' },
	currency: 'CLP',
	fee: '15000',
	appointment: {
		day: '2025-06-03',
		state: 'moved',
		steps: [{ text: 'Examen', cost: '1000' }],
		link: 'https://odoo.test/a',
	},
};

suite('Another kind of mail is a schema and templates, without code', () => {
	test("its values are shown as the schema's formats say", async () => {
		const kind = await customKind(options);
		const mail = await read(body, { kind });
		assert.deepEqual(
			[mail.kind, mail.id, mail.databaseUuid, mail.recipient.address, mail.sender, mail.reference],
			['appointment', 'A-1', 'kind:appointment', 'ana@x.test', null, null],
		);
		const { subject, text, html } = render(mail, kind, { origin: 'https://odoo.test' });
		assert.equal(subject, 'Cita del 3 de junio de 2025');
		assert.equal(text, 'Se movió. Examen: $1.000\n');
		assert.equal(html, '<p>3 de junio de 2025 $15.000 <a href="https://odoo.test/a">ver</a></p>');
	});

	test('a lax schema lets neither a second address nor a header through', async () => {
		const kind = await customKind(options);
		for (const address of ['a@x.test,b@x.test', 'a@x.test\r\nBcc: b@x.test', 'Ana <a@x.test>']) {
			assert.throws(() => kind.validate({ ...body, recipient: { address } }), {
				code: 'MESSAGE_INVALID',
				message: /recipient\.address must be exactly one e-mail address/,
			});
		}
		assert.throws(() => kind.validate({ ...body, recipient: { address: 'a@x.test', name: 'x\nBcc: y' } }), {
			message: /recipient\.name must be one line/,
		});
		assert.throws(() => kind.validate({ ...body, company: { sender: { address: 'x y' } } }), {
			code: 'MESSAGE_INVALID',
		});
	});

	test('its own schema is checked', async () => {
		const kind = await customKind(options);
		assert.throws(() => kind.validate({ ...body, appointment: { day: 'x', state: 'new' } }), {
			message: 'The message does not fit its schema: appointment.day must be a day such as 2025-06-03',
		});
	});

	test('a message that names another major version is refused as such', async () => {
		const kind = await customKind({ ...options, version: 2 });
		kind.validate({ ...body, version: '2.1' });
		kind.validate(body);
		assert.throws(() => kind.validate({ ...body, version: '1.0' }), { code: 'MESSAGE_VERSION' });
	});

	test('a name in a template that the schema does not know is a warning', async () => {
		const typo = { es: { ...templates.es, subject: 'Cita\n{{appointment.dya}} {{appointment.day.x}} {{language}}' } };
		assert.deepEqual((await customKind({ ...options, templates: typo })).warnings, [
			'Template es, subject, line 2: {{appointment.dya}} is not a field of the schema',
			'Template es, subject, line 2: {{appointment.day.x}} is not a field of the schema',
		]);
		assert.deepEqual((await customKind(options)).warnings, []);
	});

	const refused: [title: string, change: Partial<CustomKindOptions>, words: RegExp][] = [
		['a name with blanks', { name: 'My mail' }, /lower-case letters/],
		['the name of the built-in kind', { name: 'purchase' }, /is not "purchase"/],
		['a schema of a list', { schema: { type: 'array' } }, /must say "type": "object"/],
		['a schema without id', { schema: { type: 'object', required: ['recipient'] } }, /"required" must name "id"/],
		[
			'a schema without recipient',
			{ schema: { type: 'object', required: ['id'] } },
			/"required" must name "recipient"/,
		],
		['no templates', { templates: {} }, /default language "es" are missing/],
		['an unknown format', { schema: { ...schema, format: 'phone' } }, /unknown format "phone"/],
	];
	for (const [title, change, words] of refused) {
		test(`${title} is refused when it is deployed`, async () => {
			await assert.rejects(customKind({ ...options, ...change }), { code: 'CONFIG_INVALID', message: words });
		});
	}

	test('a schema that contains itself is followed only as deep as the message', async () => {
		const tree: JsonObject = {
			type: 'object',
			required: ['id', 'recipient'],
			properties: { day: { type: 'string', format: 'date' }, next: { $ref: '#' } },
		};
		const own = { es: { subject: '{{next.next.day}}', text: 'x', html: '<p>x</p>' } };
		const kind = await customKind({ name: 'tree', schema: tree, templates: own });
		const { id = '', recipient = '' } = body;
		const leaf = { id, recipient, day: '2025-06-03' };
		const mail = await read({ id, recipient, next: { id, recipient, next: leaf } }, { kind });
		assert.equal(render(mail, kind, { origin: null }).subject, '3 de junio de 2025');
	});
});

suite('The built-in kind', () => {
	test('has templates in Spanish and English without a wrong name', async () => {
		const kind = await purchaseKind();
		assert.deepEqual([...kind.templates.languages.keys()], ['es', 'en']);
		assert.deepEqual(kind.warnings, []);
	});

	test('own templates replace those of their language only', async () => {
		const kind = await purchaseKind({ templates: { en: { subject: 'Mine', text: 'x', html: '<p>x</p>' } } });
		assert.deepEqual(kind.templates.languages.get('en')?.subject, [{ type: 'literal', text: 'Mine' }]);
		assert.ok((kind.templates.languages.get('es')?.html.length ?? 0) > 50);
	});
});
