/** Writes the mail of a message: by its templates, or as it came ready. */

import { HubError } from '../errors.ts';
import { findActiveContent } from './active-content.ts';
import { formatsOf, toLocale } from './format.ts';
import type { MailKind } from './kind.ts';
import type { MailMessage, ReadyMail } from './message.ts';
import { isOfOrigin } from './origin.ts';
import { writeTemplate } from './template-writer.ts';
import { chooseTemplates } from './templates.ts';
import { buildView } from './view.ts';

export interface RenderOptions {
	/** Origin of Odoo, see `parseOrigin`. Links of messages to elsewhere are left out; null leaves out all. */
	origin: string | null;
}

export interface RenderedMail {
	subject: string;
	text: string;
	html: string;
	/** BCP 47 tag. */
	language: string;
	/** What was left out and why, for logs and the preview; no address in it. */
	notes: string[];
}

/** RFC 5322 allows 998 octets a line; what is longer than this, no mail client shows. */
const MAX_SUBJECT_CHARACTERS = 250;
/** Gmail clips mails above 102 kB; ten times that is a mistake. */
const MAX_PART_CHARACTERS = 1_000_000;

/**
 * Deterministic and without I/O: the same message gives the same mail at every attempt.
 * @throws HubError TEMPLATE_INVALID when the templates give no subject or multiply without end; MESSAGE_INVALID when a
 * ready mail's HTML holds a script, a form or a link of another scheme
 */
export function render(message: MailMessage, kind: MailKind, options: RenderOptions): RenderedMail {
	return message.rendered ? takeReady(message.rendered, message.language) : fill(message, kind, options);
}

/** Templates were looked through when they were parsed, and data in them is escaped; a ready mail is anybody's HTML. */
function takeReady(ready: ReadyMail, language: string | null): RenderedMail {
	const active = findActiveContent(ready.html);
	if (active) {
		throw new HubError(
			'MESSAGE_INVALID',
			`The ready mail's HTML holds ${active.what}, which does not belong into a mail`,
		);
	}
	const locale = (language && toLocale(language)) ?? 'und';
	return {
		subject: oneLine(ready.subject),
		text: plainText(ready.text),
		html: ready.html,
		language: locale,
		notes: [],
	};
}

function fill(message: MailMessage, kind: MailKind, { origin }: RenderOptions): RenderedMail {
	const { templates, formatAs } = chooseTemplates(kind.templates, message.language);
	const formats = formatsOf(formatAs);
	let refusedLinks = 0;
	const isAllowedUrl = (url: string): boolean => {
		const allowed = isOfOrigin(url, origin);
		if (!allowed) refusedLinks++;
		return allowed;
	};
	const view = buildView(message.data, kind.plan, { formats, isAllowedUrl });
	view['language'] ??= formats.locale;
	const part = (name: 'subject' | 'text' | 'html'): string => {
		const output = writeTemplate(templates[name], name, view, isAllowedUrl);
		if (output.length > MAX_PART_CHARACTERS) {
			throw new HubError(
				'TEMPLATE_INVALID',
				`The ${name} of the mail is longer than ${MAX_PART_CHARACTERS} characters`,
			);
		}
		return output;
	};
	const subject = oneLine(part('subject'));
	if (subject === '') throw new HubError('TEMPLATE_INVALID', 'The template gives an empty subject for this message');
	const mail = { subject, text: plainText(part('text')), html: part('html'), language: formats.locale };
	const elsewhere = origin === null ? 'no address of Odoo is configured' : 'not at the configured address of Odoo';
	return { ...mail, notes: refusedLinks > 0 ? [`${refusedLinks} links left out: ${elsewhere}`] : [] };
}

/** A subject is one line: whatever would end it, or show it in another order, becomes a space. */
function oneLine(text: string): string {
	const line = text
		.toWellFormed()
		.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
		.replace(/ {2,}/g, ' ')
		.trim();
	const characters = [...line];
	return characters.length <= MAX_SUBJECT_CHARACTERS
		? line
		: `${characters.slice(0, MAX_SUBJECT_CHARACTERS - 1).join('')}…`;
}

/** Empty sections leave blank lines behind; one is enough. */
function plainText(text: string): string {
	return `${text
		.replace(/\r\n?/g, '\n')
		// Only from where blanks begin: tried from each one of them, a long row of blanks would take minutes.
		.replace(/(?<![ \t])[ \t]+$/gm, '')
		.replace(/\n{3,}/g, '\n\n')
		.trim()}\n`;
}
