/** Protections of what a mail is made of: messages, signatures, templates, documents. */
import type { Mutant } from './mutant.ts';

const envelope = (name: string) => ({ file: 'test/unit/mail/envelope.test.ts', name });
const render = (name: string) => ({ file: 'test/unit/mail/render.test.ts', name });
const document = (name: string) => ({ file: 'test/unit/mail/document.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A body larger than the limit is not parsed',
		file: 'lib/mail/envelope.ts',
		find: 'if (body.length > maxBytes) {',
		replace: 'if (body.length < 0) {',
		test: envelope('a body at the limit is read, one byte more is not'),
	},
	{
		protection: '__proto__ in a message is refused',
		file: 'lib/mail/envelope.ts',
		find: "if (key === '__proto__') throw",
		replace: "if (key === '') throw",
		test: envelope('a field named __proto__'),
	},
	{
		protection: 'Only listed databases are taken',
		file: 'lib/mail/envelope.ts',
		find: 'if (databases.size > 0 && !databases.has(message.databaseUuid)) {',
		replace: 'if (databases.size < 0) {',
		test: envelope('only databases on the list are taken'),
	},
	{
		protection: 'An unsigned message is refused where a key is configured',
		file: 'lib/mail/signature.ts',
		find: 'if (header === undefined || header === null) {',
		replace: 'if (header === undefined || header === null) return;\n\tif (header === undefined) {',
		test: envelope('where a key is configured, no signature is refused'),
	},
	{
		protection: 'A list of databases with a slip in it is not taken for another list',
		file: 'nodes/amqp-mail/config.ts',
		find: "if (wrong !== undefined) throw new FieldProblem('uuids'",
		replace: "if (wrong === '') throw new FieldProblem('uuids'",
		test: {
			file: 'test/unit/nodes/mail-databases.test.ts',
			name: 'what is no UUID is refused and named, however the others are',
		},
	},
	{
		protection: 'The ready flow takes the orders of listed databases only',
		file: 'flows/purchase-mail.json',
		find: '"databases": "$' + '{ODOO_DATABASE_UUIDS}"',
		replace: '"databases": ""',
		test: {
			file: 'test/flows/purchase-mail.test.ts',
			name: 'with databases listed in the variable, orders of another are parked, and the reason says what to do',
			timeoutMs: 90_000,
		},
	},
	{
		protection: 'The signature covers the exact body',
		file: 'lib/mail/signature.ts',
		find: "if (!timingSafeEqual(digest(body, secret), Buffer.from(given, 'hex'))) {",
		replace: "if (digest(body, secret).length !== Buffer.from(given, 'hex').length) {",
		test: envelope('where a key is configured, a changed body is refused'),
	},
	{
		protection: 'The signature is looked at before the body',
		file: 'lib/mail/envelope.ts',
		find: '\t\tcheckSignature(body, headers?.[SIGNATURE_HEADER], keys);\n\t\tconst data = parseBody(body);\n',
		replace: '\t\tconst data = parseBody(body);\n\t\tcheckSignature(body, headers?.[SIGNATURE_HEADER], keys);\n',
		test: envelope('the signature is looked at before anything in the body is'),
	},
	{
		protection: 'A subject is one line',
		file: 'lib/mail/render.ts',
		find: "const subject = oneLine(part('subject'));",
		replace: "const subject = part('subject').trim();",
		test: render('is one line, whatever the data'),
	},
	{
		protection: 'HTML that a sender made holds no active content',
		file: 'lib/mail/render.ts',
		find: '\tif (active) {',
		replace: '\tif (active && active.what.length < 0) {',
		test: render('with a script is refused in words'),
	},
	{
		protection: 'A template cannot repeat itself without end',
		file: 'lib/mail/template-writer.ts',
		find: 'if (pieces > MAX_PIECES) {',
		replace: "if (pieces > MAX_PIECES) return '';\n\t\tif (pieces < 0) {",
		test: render('a template that repeats itself without end is stopped'),
	},
	{
		protection: 'Nothing is linked while no address of Odoo is configured',
		file: 'lib/mail/origin.ts',
		find: 'url.origin === origin',
		replace: '(origin === null || url.origin === origin)',
		test: document('any address while no origin is configured'),
	},
	{
		protection: 'A document comes from the configured Odoo only',
		file: 'lib/mail/document.ts',
		find: 'if (!isOfOrigin(address, origin)) {',
		replace: 'if (address === undefined) {',
		test: document('https://evil.test/x.pdf: no request is made'),
	},
	{
		protection: 'A redirect of Odoo is not followed',
		file: 'lib/mail/document.ts',
		find: "redirect: 'manual'",
		replace: "redirect: 'follow'",
		test: document('a redirect is not followed'),
	},
	{
		protection: 'A document is bounded in size',
		file: 'lib/mail/document.ts',
		find: 'if (size > maxBytes) throw tooLarge(maxBytes);',
		replace: '',
		test: document('more than the limit, said beforehand or not'),
	},
];
