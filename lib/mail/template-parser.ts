/**
 * Reads one logic-less template (mustache's grammar) into a tree. Refused, with the line: partials, other delimiters,
 * and in HTML whatever would put data where escaping does not help. The tree is walked by `template-writer.ts`; since
 * mustache only parses, no lambda can run.
 */

import Mustache from 'mustache';
import { HubError } from '../errors.ts';
import { findActiveContent, URL_ATTRIBUTES } from './active-content.ts';

export type TemplatePart = 'subject' | 'text' | 'html';

export type TemplateNode =
	| { type: 'literal'; text: string }
	| { type: 'value'; path: readonly string[]; line: number; isUrl: boolean; inTag: boolean }
	| { type: 'section'; path: readonly string[]; line: number; inverted: boolean; children: TemplateNode[] };

/** Longer templates are not written by hand; the editor stores them in the flow file. */
const MAX_TEMPLATE_CHARACTERS = 200_000;

type Token = [string, string, number, number, (Token[] | unknown)?, ...unknown[]];

/**
 * mustache puts literal text together letter by letter, which V8 keeps as a tree with a node a letter; walking those trees
 * again for every mail took a quarter of its time (measured).
 */
function inOnePiece(text: string): string {
	return Buffer.from(text, 'utf16le').toString('utf16le');
}

/**
 * @param label names the template in errors, such as `es, html`
 * @throws HubError TEMPLATE_INVALID naming label and line
 */
export function parseTemplate(source: string, part: TemplatePart, label: string): TemplateNode[] {
	const fail = (index: number, problem: string): never => {
		throw new HubError('TEMPLATE_INVALID', `Template ${label}, line ${lineOf(source, index)}: ${problem}`);
	};
	if (source.length > MAX_TEMPLATE_CHARACTERS) fail(0, `longer than ${MAX_TEMPLATE_CHARACTERS} characters`);
	if (source.trim() === '') fail(0, 'is empty');
	/** All literal text so far: where in the HTML a value stands. */
	let before = '';
	/** The same with a mark for every value, and for each token where it begins in both. */
	let flat = '';
	const begins: { flat: number; source: number }[] = [];

	const convert = (list: Token[]): TemplateNode[] =>
		list.flatMap((token): TemplateNode[] => {
			const [type, name, start] = token;
			const line = lineOf(source, start);
			const place = part === 'html' && type !== 'text' ? placeOf(before) : OUTSIDE;
			begins.push({ flat: flat.length, source: start });
			switch (type) {
				case 'text':
					before += name;
					flat += name;
					return [{ type: 'literal', text: inOnePiece(name) }];
				case '!':
					return [];
				case '&':
					if (part === 'html') fail(start, '{{{…}}} and {{&…}} would put data unescaped into the mail: write {{…}}');
					return [{ type: 'value', path: pathOf(name, start, fail), line, isUrl: false, inTag: false }];
				case 'name':
					if (place.problem !== undefined) fail(start, place.problem);
					flat += '#';
					return [{ type: 'value', path: pathOf(name, start, fail), line, isUrl: place.isUrl, inTag: place.inTag }];
				case '#':
				case '^': {
					// Else `href="{{#a}}https://{{/a}}{{b}}"` would let a value begin the address after all.
					if (place.inUrl) fail(start, 'a section cannot stand inside an address: put it around the whole tag');
					const path = pathOf(name, start, fail);
					return [{ type: 'section', path, line, inverted: type === '^', children: convert(token[4] as Token[]) }];
				}
				case '>':
					return fail(start, `{{>${name}}}: a template cannot include another one`);
				default:
					return fail(start, `{{${type}…}} is not supported`);
			}
		});

	const nodes = convert(tokenize(source, fail));
	const active = part === 'html' ? findActiveContent(flat) : null;
	if (active) {
		const begin = begins.findLast((entry) => entry.flat <= active.index) ?? { flat: 0, source: 0 };
		fail(begin.source + active.index - begin.flat, `${active.what} does not belong into a mail`);
	}
	return nodes;
}

interface Place {
	isUrl: boolean;
	/** Anywhere inside an attribute that holds an address. */
	inUrl: boolean;
	inTag: boolean;
	/** Why no value may stand here. */
	problem?: string;
}

const OUTSIDE: Place = { isUrl: false, inUrl: false, inTag: false };

/** Where in the HTML a value stands, judged by the literal text before it. */
function placeOf(before: string): Place {
	const lower = before.toLowerCase();
	if (lower.lastIndexOf('<style') > lower.lastIndexOf('</style')) {
		return { ...OUTSIDE, problem: 'data cannot stand inside <style>' };
	}
	const open = before.lastIndexOf('<');
	const attribute = openAttribute(before.slice(open));
	if (!attribute) {
		if (open <= before.lastIndexOf('>')) return OUTSIDE;
		return { ...OUTSIDE, problem: 'data inside a tag belongs into a quoted attribute: name="{{…}}"' };
	}
	const { name, value } = attribute;
	const place: Place = { isUrl: false, inUrl: URL_ATTRIBUTES.has(name), inTag: true };
	if (name === 'style' || name.startsWith('on'))
		return { ...place, problem: `data cannot stand inside the attribute ${name}` };
	return { ...place, isUrl: place.inUrl && value.trim() === '' };
}

/**
 * The attribute whose quoted value a tag's text ends in. Read once from left to right: as one regular expression it tries
 * every way to divide a long text, for minutes.
 */
function openAttribute(tag: string): { name: string; value: string } | null {
	if (!/^<[a-zA-Z]/.test(tag)) return null;
	for (let at = 2; at < tag.length; at++) {
		const character = tag[at];
		if (character === '>') return null;
		if (character !== '"' && character !== "'") continue;
		const close = tag.indexOf(character, at + 1);
		if (close < 0) {
			const assigned = tag.slice(2, at).trimEnd();
			const name = assigned.endsWith('=') ? lastName(assigned.slice(0, -1).trimEnd()) : '';
			return name === '' ? null : { name, value: tag.slice(at + 1) };
		}
		at = close;
	}
	return null;
}

function lastName(text: string): string {
	let begin = text.length;
	while (begin > 0 && !/[\s"'<>/=]/.test(text[begin - 1] ?? '')) begin--;
	return text.slice(begin).toLowerCase();
}

/** `order.number` → its steps; `.` is the entry itself. */
function pathOf(name: string, start: number, fail: (index: number, problem: string) => never): readonly string[] {
	if (name === '.') return [];
	const path = name.split('.');
	if (name === '' || path.some((step) => step === '' || /\s/.test(step))) {
		fail(start, `{{${name}}} is not the name of a field`);
	}
	return path;
}

function tokenize(source: string, fail: (index: number, problem: string) => never): Token[] {
	// mustache.parse() would keep every draft of the preview in its cache for ever.
	const writer = new Mustache.Writer();
	(writer as { templateCache?: unknown }).templateCache = undefined;
	try {
		return writer.parse(source, ['{{', '}}']) as Token[];
	} catch (thrown) {
		const text = thrown instanceof Error ? thrown.message : String(thrown);
		const [, problem = text, position = '0'] = /^(.*) at (\d+)$/.exec(text) ?? [];
		const unclosed = /^Unclosed section "(.*)"$/.exec(problem)?.[1];
		const opening = unclosed === undefined ? -1 : lastOpening(source, unclosed);
		return fail(opening >= 0 ? opening : Number(position), words(problem));
	}
}

function lastOpening(source: string, name: string): number {
	let last = -1;
	for (const match of source.matchAll(/\{\{\s*[#^]\s*([^}]*?)\s*\}\}/g)) if (match[1] === name) last = match.index;
	return last;
}

function words(problem: string): string {
	return problem
		.replace(/^Unclosed section "(.*)"$/, '{{#$1}} is not closed by {{/$1}}')
		.replace(/^Unopened section "(.*)"$/, '{{/$1}} closes what was not opened')
		.replace(/^Unclosed tag$/, '{{ is not closed by }}')
		.replace(/^Invalid tags: .*$/, 'other delimiters are not supported');
}

function lineOf(source: string, index: number): number {
	return source.slice(0, index).split('\n').length;
}
