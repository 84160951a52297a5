/** The templates of a kind of mail: subject, text and HTML a language, parsed once. */

import { HubError } from '../errors.ts';
import { parseTemplate, type TemplateNode, type TemplatePart } from './template-parser.ts';
import type { Plan } from './view.ts';

export interface TemplateSource {
	subject: string;
	text: string;
	html: string;
}

/** Language (`es`, `es_CL`, `en`, …) → templates as typed. */
export type TemplateSources = Readonly<Record<string, TemplateSource>>;

export interface Templates {
	/** Code under which they were written. */
	readonly language: string;
	readonly subject: readonly TemplateNode[];
	readonly text: readonly TemplateNode[];
	readonly html: readonly TemplateNode[];
}

export interface TemplateSet {
	readonly defaultLanguage: string;
	readonly languages: ReadonlyMap<string, Templates>;
}

export const TEMPLATE_PARTS: readonly TemplatePart[] = ['subject', 'text', 'html'];

/** As in the contract. */
export const LANGUAGE_CODE = /^[a-z]{2,3}(?:_[A-Z][a-z]{3})?(?:_[A-Z]{2}|_[0-9]{3})?(?:@[a-z]{2,8})?$/;

/** More languages than any clinic writes in. */
const MAX_LANGUAGES = 32;

/**
 * @param defaultLanguage for recipients whose language has no templates; must be among `sources`
 * @throws HubError TEMPLATE_INVALID naming language, part and line; CONFIG_INVALID when a language or a part is missing
 */
export function parseTemplates(sources: TemplateSources, defaultLanguage: string): TemplateSet {
	const languages = new Map<string, Templates>();
	const entries = Object.entries(sources);
	if (entries.length > MAX_LANGUAGES) {
		throw new HubError('CONFIG_INVALID', `Templates in more than ${MAX_LANGUAGES} languages`);
	}
	for (const [language, source] of entries) {
		if (!LANGUAGE_CODE.test(language)) {
			throw new HubError('CONFIG_INVALID', `"${language.slice(0, 32)}" is not a language code such as es or es_CL`);
		}
		const parse = (part: TemplatePart): TemplateNode[] => {
			const text: unknown = source?.[part];
			if (typeof text !== 'string' || text.trim() === '') {
				throw new HubError('CONFIG_INVALID', `Templates: ${part} in language ${language} is missing`);
			}
			return parseTemplate(text, part, `${language}, ${part}`);
		};
		languages.set(language, { language, subject: parse('subject'), text: parse('text'), html: parse('html') });
	}
	if (!languages.has(defaultLanguage)) {
		throw new HubError('CONFIG_INVALID', `Templates in the default language "${defaultLanguage}" are missing`);
	}
	return { defaultLanguage, languages };
}

/**
 * `es_CL` → templates of `es_CL`, else `es`, else the default's. With them comes the language to format amounts in: the
 * recipient's own when the templates are in that language, else the templates'.
 */
export function chooseTemplates(set: TemplateSet, language: string | null): { templates: Templates; formatAs: string } {
	const wanted = language ?? set.defaultLanguage;
	const base = wanted.split(/[_@]/, 1)[0] as string;
	const own = set.languages.get(wanted) ?? set.languages.get(base);
	if (own) return { templates: own, formatAs: wanted };
	const fallback = set.languages.get(set.defaultLanguage) as Templates;
	return { templates: fallback, formatAs: fallback.language };
}

/** Names in the templates that the schema does not know, one sentence each: typing errors, most likely. */
export function unknownNames(set: TemplateSet, plan: Plan): string[] {
	const warnings: string[] = [];
	for (const templates of set.languages.values()) {
		for (const part of TEMPLATE_PARTS) {
			walk(templates[part], [plan], (path, line) => {
				const place = `Template ${templates.language}, ${part}, line ${line}`;
				warnings.push(`${place}: {{${path.join('.')}}} is not a field of the schema`);
			});
		}
	}
	return warnings;
}

type Report = (path: readonly string[], line: number) => void;

function walk(nodes: readonly TemplateNode[], scopes: readonly Plan[], report: Report): void {
	for (const node of nodes) {
		if (node.type === 'literal') continue;
		const plan = find(scopes, node.path);
		if (!plan) report(node.path, node.line);
		if (node.type !== 'section') continue;
		const inner = node.inverted ? scopes : [plan?.items ?? plan ?? {}, ...scopes];
		walk(node.children, inner, report);
	}
}

function find(scopes: readonly Plan[], path: readonly string[]): Plan | undefined {
	for (const scope of scopes) {
		let plan: Plan | undefined = scope;
		for (const step of path) plan = plan && stepInto(plan, step);
		if (plan) return plan;
	}
	return undefined;
}

function stepInto(plan: Plan, step: string): Plan | undefined {
	if (plan.items) return /^(?:\d+|length)$/.test(step) ? plan.items : undefined;
	// A field without a plan of its own may hold anything.
	if (!plan.fields) return plan.format === undefined ? {} : undefined;
	const field = plan.fields.get(step);
	if (field) return field;
	for (const [name, candidate] of plan.fields) {
		if (candidate.isEnum && step.startsWith(`${name}_`)) return {};
	}
	return undefined;
}
