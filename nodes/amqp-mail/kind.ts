/** The kind of mail that a node's properties describe. */

import type { MailKind } from '../../lib/mail/kind.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import type { TemplateSources } from '../../lib/mail/templates.ts';
import type { MailConfig, TemplateRow } from './config.ts';

export type KindConfig = Pick<MailConfig, 'kind' | 'kindName' | 'schema' | 'templates' | 'defaultLanguage'>;

/** @throws HubError CONFIG_INVALID or TEMPLATE_INVALID: a schema or a template cannot be used */
export async function mailKind(config: KindConfig): Promise<MailKind> {
	const { customKind, purchaseKind } = await import('../../lib/mail/kind.ts');
	const { kind, kindName = '', schema = {}, defaultLanguage } = config;
	const templates = sourcesOf(config.templates);
	if (kind === 'purchase') return purchaseKind({ templates, defaultLanguage });
	return customKind({ name: kindName, schema: schema as JsonObject, templates, defaultLanguage });
}

function sourcesOf(rows: readonly TemplateRow[]): TemplateSources {
	return Object.fromEntries(rows.map(({ language, subject, text, html }) => [language, { subject, text, html }]));
}
