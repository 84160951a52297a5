import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseTemplate } from '../../../lib/mail/template-parser.ts';
import { chooseTemplates, parseTemplates } from '../../../lib/mail/templates.ts';

suite('A template that cannot work is refused when it is deployed, naming the line', () => {
	const cases: [title: string, source: string, words: string][] = [
		['an unclosed section', 'a\nb {{#order}}\nc\n', 'line 2: {{#order}} is not closed by {{/order}}'],
		['sections closed crosswise', '{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}', 'line 2: {{#b}} is not closed by {{/b}}'],
		['a section closed but not opened', 'a\n\n{{/order}}', 'line 3: {{/order}} closes what was not opened'],
		['an unclosed tag', 'a\n{{order.number', 'line 2: {{ is not closed by }}'],
		['a partial', 'a\n{{> footer}}', 'line 2: {{>footer}}: a template cannot include another one'],
		['other delimiters', '{{=<% %>=}}\n<% a %>', 'line 1: {{=…}} is not supported'],
		['an empty name', 'a {{ }}', 'line 1: {{}} is not the name of a field'],
		['a name with blanks', 'a {{order number}}', 'line 1: {{order number}} is not the name of a field'],
		['an expression', '{{order.total * 2}}', 'line 1: {{order.total * 2}} is not the name of a field'],
		['nothing', ' \n ', 'line 1: is empty'],
		[
			'three braces',
			'<p>\n{{{order.number}}}</p>',
			'line 2: {{{…}}} and {{&…}} would put data unescaped into the mail: write {{…}}',
		],
		[
			'an ampersand',
			'<p>{{& order.number}}</p>',
			'line 1: {{{…}}} and {{&…}} would put data unescaped into the mail: write {{…}}',
		],
		['a script', '<p>\n<script>x</script>', 'line 2: <script> does not belong into a mail'],
		['a script cut by a comment', '<scr{{! }}ipt>x', 'line 1: <script> does not belong into a mail'],
		['a form', '<form action="https://x.test">', 'line 1: <form> does not belong into a mail'],
		['an event handler', '\n<p onclick="x()">', 'line 2: the attribute onclick does not belong into a mail'],
		['a script as link', '<a href="javascript:x()">', 'line 1: a script in an attribute does not belong into a mail'],
		[
			'a relative link',
			'<a href="/my/orders">',
			'line 1: an address in href that is not http, https, mailto or tel does not belong into a mail',
		],
		[
			'half a scheme before a value',
			'<a href="java{{x}}">',
			'line 1: an address in href that is not http, https, mailto or tel does not belong into a mail',
		],
		['data in a style sheet', '<style>\np { color: {{x}} }</style>', 'line 2: data cannot stand inside <style>'],
		['data in a style', '<p style="color: {{x}}">', 'line 1: data cannot stand inside the attribute style'],
		['data as attribute', '<p {{x}}>', 'line 1: data inside a tag belongs into a quoted attribute: name="{{…}}"'],
		[
			'data without quotes',
			'<a href={{x}}>',
			'line 1: data inside a tag belongs into a quoted attribute: name="{{…}}"',
		],
		[
			'a section in an address',
			'<a href="{{#a}}https://{{/a}}{{b}}">',
			'line 1: a section cannot stand inside an address: put it around the whole tag',
		],
	];
	for (const [title, source, words] of cases) {
		test(title, () => {
			assert.throws(() => parseTemplate(source, 'html', 'es, html'), {
				code: 'TEMPLATE_INVALID',
				message: `Template es, html, ${words}`,
			});
		});
	}

	test('a template of a megabyte is refused', () => {
		assert.throws(() => parseTemplate('x'.repeat(1_000_000), 'text', 'es, text'), { code: 'TEMPLATE_INVALID' });
	});

	for (const text of ['<p', '<p ', '<p a', '<p a="b" ', '<p "', '<p a= ']) {
		test(`a long tag that begins with ${text} is read at once`, () => {
			const html = `${text}${text.at(-1)?.repeat(50_000)} {{x}}`;
			const begin = performance.now();
			assert.throws(() => parseTemplate(html, 'html', 'es, html'), { code: 'TEMPLATE_INVALID' });
			assert.ok(performance.now() - begin < 1_000, 'the preview holds up all other nodes');
		});
	}

	test('in text and subject three braces are the same as two', () => {
		assert.deepEqual(parseTemplate('{{{a}}}', 'text', ''), [
			{ type: 'value', path: ['a'], line: 1, isUrl: false, inTag: false },
		]);
	});
});

suite('Languages of templates', () => {
	const source = (text: string) => ({ subject: text, text, html: `<p>${text}</p>` });
	const set = parseTemplates({ es: source('es'), es_AR: source('es_AR'), en: source('en') }, 'es');
	const cases: [language: string | null, chosen: string, formatAs: string][] = [
		['es_AR', 'es_AR', 'es_AR'],
		['es_CL', 'es', 'es_CL'],
		['es', 'es', 'es'],
		['en_GB', 'en', 'en_GB'],
		['fr_FR', 'es', 'es'],
		[null, 'es', 'es'],
		['__proto__', 'es', 'es'],
		['constructor', 'es', 'es'],
	];
	for (const [language, chosen, formatAs] of cases) {
		test(`${language} is written with ${chosen} and amounts as in ${formatAs}`, () => {
			const result = chooseTemplates(set, language);
			assert.deepEqual([result.templates.language, result.formatAs], [chosen, formatAs]);
		});
	}

	test('a missing default language or part is named', () => {
		assert.throws(() => parseTemplates({ en: source('x') }, 'es'), {
			code: 'CONFIG_INVALID',
			message: 'Templates in the default language "es" are missing',
		});
		assert.throws(() => parseTemplates({ es: { ...source('x'), text: ' ' } }, 'es'), {
			code: 'CONFIG_INVALID',
			message: 'Templates: text in language es is missing',
		});
		assert.throws(() => parseTemplates({ 'es-CL': source('x') }, 'es-CL'), {
			code: 'CONFIG_INVALID',
			message: /es-CL/,
		});
	});
});
