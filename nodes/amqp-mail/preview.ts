/** Routes of the dialog: the built-in templates to start from, and the live preview by the code that writes the mails. */

import { HubError, toHubError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import type { RenderedMail } from '../../lib/mail/render.ts';
import { adminRoute } from '../runtime/admin-route.ts';
import { problemPhrase, readFields } from '../runtime/fields.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { type Phrase, phraseOf } from '../runtime/phrase.ts';
import { mailNode } from './config.ts';
import { mailKind } from './kind.ts';

export type PreviewAnswer =
	| { ok: true; mail: RenderedMail; warnings: readonly string[] }
	/** `text` adds details for the person who writes the template, in English. */
	| { ok: false; phrase: Phrase; text?: string };

/** Whoever the preview's mail is for; `.example` belongs to nobody (RFC 2606). */
const PREVIEW_RECIPIENT = 'ventas@proveedor.example';

const { kind, kindName, schema, templates, defaultLanguage, sample, odooUrl } = mailNode.fields;
const previewFields = { kind, kindName, schema, templates, defaultLanguage, sample, odooUrl };

/** Call once in the node file. */
export function defineMailPreview(RED: NodeAPI): void {
	adminRoute(RED, {
		method: 'get',
		path: 'amqp-mail/templates',
		permission: 'flows.read',
		async handle() {
			const { builtInTemplates } = await import('../../lib/mail/built-in.ts');
			const { sampleOrder } = await import('../../lib/mail/sample.ts');
			return { templates: await builtInTemplates(), sample: sampleOrder({ recipient: PREVIEW_RECIPIENT }) };
		},
	});
	adminRoute(RED, {
		method: 'post',
		path: 'amqp-mail/preview',
		// As deploying: who may not change a template needs no preview of a changed one.
		permission: 'flows.write',
		handle: ({ body }) => preview(body),
	});
}

async function preview(body: Record<string, unknown>): Promise<PreviewAnswer> {
	const { values, problems } = readFields(previewFields, body);
	if (!values) return { ok: false, phrase: problemPhrase(mailNode.type, problems[0]) };
	try {
		const { messageReader } = await import('../../lib/mail/envelope.ts');
		const { render } = await import('../../lib/mail/render.ts');
		const { sampleOrder } = await import('../../lib/mail/sample.ts');
		const mail = await mailKind(values);
		const data = values.sample ?? sampleOrder({ recipient: PREVIEW_RECIPIENT, origin: values.odooUrl });
		const read = await messageReader({ kind: mail });
		const message = read(Buffer.from(JSON.stringify(inLanguage(data as JsonObject, body['language']))), undefined);
		if (message.what !== 'mail')
			throw new HubError('MESSAGE_INVALID', 'The sample data is a connection probe, not a mail');
		return { ok: true, mail: render(message, mail, { origin: values.odooUrl }), warnings: mail.warnings };
	} catch (thrown) {
		const error = toHubError(thrown);
		if (error.code === 'INTERNAL') throw thrown;
		return { ok: false, phrase: phraseOf(error), text: error.message };
	}
}

/** The sample as if its recipient spoke the language of the tab. */
function inLanguage(data: JsonObject, language: unknown): JsonObject {
	const { recipient } = data;
	if (typeof language !== 'string' || language === '') return data;
	if (typeof recipient !== 'object' || recipient === null || Array.isArray(recipient)) return data;
	const own = recipient['language'];
	const same = typeof own === 'string' && (own === language || own.startsWith(`${language}_`));
	return same ? data : { ...data, recipient: { ...recipient, language } };
}
