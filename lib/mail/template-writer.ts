/** Fills a parsed template with a view. Only own fields of plain data are looked at, so `constructor` is just a name. */

import { HubError } from '../errors.ts';
import type { TemplateNode, TemplatePart } from './template-parser.ts';

/** Strings, numbers, booleans, lists, and objects without prototype, as `view.ts` makes them. */
export type ViewValue = string | number | boolean | ViewValue[] | View;
export interface View {
	[key: string]: ViewValue;
}

interface Scope {
	readonly view: ViewValue;
	readonly parent: Scope | null;
}

/**
 * Pieces that one mail may consist of: an order with 500 lines takes about 15,000. Sections nested in themselves would
 * otherwise multiply without end.
 */
const MAX_PIECES = 200_000;

/**
 * @param isAllowedUrl decides on a value that begins an address in HTML (`href="{{…}}"`); a refused one is left empty
 * @throws HubError TEMPLATE_INVALID when the template multiplies its sections beyond all bounds
 */
export function writeTemplate(
	nodes: readonly TemplateNode[],
	part: TemplatePart,
	view: View,
	isAllowedUrl: (url: string) => boolean,
): string {
	let pieces = 0;
	const write = (list: readonly TemplateNode[], scope: Scope): string => {
		pieces += list.length;
		if (pieces > MAX_PIECES) {
			throw new HubError(
				'TEMPLATE_INVALID',
				`The template repeats itself more than ${MAX_PIECES} times for this message`,
			);
		}
		let output = '';
		for (const node of list) {
			if (node.type === 'literal') {
				output += node.text;
				continue;
			}
			const value = lookup(scope, node.path);
			if (node.type === 'value') {
				const text = show(value);
				if (part !== 'html') output += text;
				else if (!node.isUrl || isAllowedUrl(text)) output += escapeHtml(text, node.inTag);
			} else if (node.inverted) {
				if (isEmpty(value)) output += write(node.children, scope);
			} else if (Array.isArray(value)) {
				for (const entry of value) output += write(node.children, { view: entry, parent: scope });
			} else if (!isEmpty(value)) {
				output += write(node.children, value === true ? scope : { view: value as ViewValue, parent: scope });
			}
		}
		return output;
	};
	return write(nodes, { view, parent: null });
}

function lookup(scope: Scope, path: readonly string[]): ViewValue | undefined {
	if (path.length === 0) return scope.view;
	for (let at: Scope | null = scope; at; at = at.parent) {
		let value: ViewValue | undefined = at.view;
		for (const step of path) {
			if (typeof value !== 'object' || !Object.hasOwn(value, step)) {
				value = undefined;
				break;
			}
			value = (value as View)[step];
		}
		if (value !== undefined) return value;
	}
	return undefined;
}

function isEmpty(value: ViewValue | undefined): boolean {
	return value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0);
}

function show(value: ViewValue | undefined): string {
	if (typeof value === 'string') return value;
	if (typeof value === 'number' || value === true) return String(value);
	if (Array.isArray(value))
		return value
			.map(show)
			.filter((text) => text !== '')
			.join(', ');
	return '';
}

const SPECIAL = /[&<>"'`\r\n]/;
const ENTITIES: Record<string, string> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
	'`': '&#96;',
};

/** Line ends become visible ones, which `white-space` does not do in every mail client. */
function escapeHtml(text: string, inTag: boolean): string {
	if (!SPECIAL.test(text)) return text;
	return text
		.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '')
		.replace(/\r\n|\r|\n/g, inTag ? ' ' : '<br>');
}
