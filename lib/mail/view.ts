/** Turns a message into what its templates see: values in the recipient's language, as the schema's formats say. */

import type { Formats } from './format.ts';
import type { JsonObject, JsonValue } from './message.ts';
import type { View, ViewValue } from './template-writer.ts';

/** What a schema says about a value that matters for showing it. May contain itself. */
export interface Plan {
	format?: string;
	isEnum?: boolean;
	fields?: Map<string, Plan>;
	items?: Plan;
}

export interface ViewOptions {
	formats: Formats;
	/** Decides on values of format `uri`; a refused one is left out. */
	isAllowedUrl: (url: string) => boolean;
}

/** Deeper nesting does not come from people; `envelope.ts` refuses it for messages. */
export const MAX_DEPTH = 32;

/** Overrides the direction of writing, so that one text is shown as another. */
const DIRECTION_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g;

/** What a plan is made of, beside references. */
const KEYWORDS = ['format', 'enum', 'properties', 'items', 'allOf', 'anyOf', 'oneOf'];

/** Reads formats, enumerations and structure from a schema; `$ref` within the schema only. */
export function planOf(schema: JsonObject): Plan {
	const known = new Map<JsonObject, Plan>();
	const visit = (node: JsonValue | undefined): Plan => {
		if (!isObject(node)) return {};
		const seen = known.get(node);
		if (seen) return seen;
		const plan: Plan = {};
		known.set(node, plan);
		const reference = typeof node['$ref'] === 'string' ? resolve(schema, node['$ref']) : undefined;
		if (isObject(reference) && !KEYWORDS.some((keyword) => keyword in node)) {
			// The very plan, not a copy: it may still be in the making when a schema contains itself.
			const target = visit(reference);
			known.set(node, target);
			return target;
		}
		if (typeof node['format'] === 'string') plan.format = node['format'];
		if (Array.isArray(node['enum'])) plan.isEnum = true;
		if (isObject(node['properties'])) {
			plan.fields = new Map(Object.entries(node['properties']).map(([name, field]) => [name, visit(field)]));
		}
		if (isObject(node['items'])) plan.items = visit(node['items']);
		if (isObject(reference)) merge(plan, visit(reference));
		for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
			const branches = node[keyword];
			if (Array.isArray(branches)) for (const branch of branches) merge(plan, visit(branch));
		}
		return plan;
	};
	return visit(schema);
}

/**
 * A copy of the message for templates. Beside a field `kind` that the schema enumerates stands `kind_<value>: true`, so
 * that a template without logic can tell values apart.
 */
export function buildView(data: JsonObject, plan: Plan, options: ViewOptions): View {
	return viewObject(data, plan, options, '', 0);
}

function viewObject(data: JsonObject, plan: Plan, options: ViewOptions, outerCurrency: string, depth: number): View {
	const view: View = Object.create(null);
	const ownCurrency = Object.hasOwn(data, 'currency') ? data['currency'] : undefined;
	const currency = typeof ownCurrency === 'string' ? ownCurrency : outerCurrency;
	for (const key of Object.keys(data)) {
		const field = plan.fields?.get(key) ?? {};
		const raw = data[key];
		const value = viewValue(raw, field, options, currency, depth);
		if (value === undefined) continue;
		view[key] = value;
		if (field.isEnum && typeof raw === 'string') view[`${key}_${raw}`] = true;
	}
	return view;
}

function viewValue(
	value: JsonValue | undefined,
	plan: Plan,
	options: ViewOptions,
	currency: string,
	depth: number,
): ViewValue | undefined {
	if (value === null || value === undefined) return undefined;
	if (typeof value === 'string') return viewText(value, plan.format, options, currency);
	if (typeof value !== 'object') return value;
	if (depth >= MAX_DEPTH) return undefined;
	if (!Array.isArray(value)) return viewObject(value, plan, options, currency, depth + 1);
	const items = plan.items ?? {};
	return value.flatMap((entry) => viewValue(entry, items, options, currency, depth + 1) ?? []);
}

function viewText(
	text: string,
	format: string | undefined,
	options: ViewOptions,
	currency: string,
): string | undefined {
	const { formats } = options;
	switch (format) {
		case 'money':
			return formats.money(text, currency);
		case 'decimal':
			return formats.decimal(text);
		case 'date':
			return formats.date(text);
		case 'date-time':
			return formats.time(text);
		case 'uri':
			return options.isAllowedUrl(text) ? text : undefined;
		default:
			return asWritten(text);
	}
}

/** The text without what would show it as another; people paste such marks along with a name and do not see them. */
export function asWritten(text: string): string {
	return text.toWellFormed().replace(DIRECTION_OVERRIDES, '');
}

function merge(into: Plan, from: Plan): void {
	if (from === into) return;
	if (from.format !== undefined) into.format ??= from.format;
	if (from.isEnum) into.isEnum = true;
	if (from.items) into.items ??= from.items;
	if (from.fields) into.fields = new Map([...from.fields, ...(into.fields ?? [])]);
}

function resolve(schema: JsonObject, reference: string): JsonValue | undefined {
	if (!reference.startsWith('#')) return undefined;
	let node: JsonValue | undefined = schema;
	for (const step of reference.slice(1).split('/').slice(1)) {
		const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
		if (!isObject(node) || !Object.hasOwn(node, name)) return undefined;
		node = node[name];
	}
	return node;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
