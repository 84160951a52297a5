/** The search language of `files.list` (`q`); whatever it does not know is refused, as Drive refuses it. */
import type { Item } from './records.ts';
import { invalid } from './refusal.ts';

export type Matches = (item: Item) => boolean;

type Token = { kind: 'word' | 'text' | 'sign'; value: string };

const FOLDED = /^(and|or|not|in|has|contains)$/i;
const TIMES = ['createdTime', 'modifiedTime'] as const;

/**
 * @param project whose `appProperties` are searched
 * @throws Refusal 400 `invalid`
 */
export function parseQuery(query: string, project: string, aliasOf: (id: string) => string): Matches {
	const tokens = tokenize(query);
	let at = 0;
	const peek = () => tokens[at];
	const isWord = (word: string) => peek()?.kind === 'word' && peek()?.value.toLowerCase() === word;
	const isSign = (sign: string) => peek()?.kind === 'sign' && peek()?.value === sign;
	const take = (kind?: Token['kind'], value?: string): string => {
		const token = tokens[at];
		if (!token || (kind && token.kind !== kind) || (value !== undefined && token.value.toLowerCase() !== value)) {
			throw invalid('Invalid Value');
		}
		at += 1;
		return token.value;
	};

	const either = (): Matches => {
		let left = both();
		while (isWord('or')) {
			take();
			const [one, other] = [left, both()];
			left = (item) => one(item) || other(item);
		}
		return left;
	};
	const both = (): Matches => {
		let left = single();
		while (isWord('and')) {
			take();
			const [one, other] = [left, single()];
			left = (item) => one(item) && other(item);
		}
		return left;
	};
	const single = (): Matches => {
		if (isWord('not')) {
			take();
			const inner = single();
			return (item) => !inner(item);
		}
		if (isSign('(')) {
			take();
			const inner = either();
			take('sign', ')');
			return inner;
		}
		if (peek()?.kind === 'text') {
			const value = aliasOf(take('text'));
			take('word', 'in');
			if (take('word') !== 'parents') throw invalid('Invalid Value');
			return (item) => item.parent === value;
		}
		return comparison();
	};
	const comparison = (): Matches => {
		const field = take('word');
		switch (field) {
			case 'trashed': {
				const equal = equality(take('sign'));
				const wanted = take('word');
				if (wanted !== 'true' && wanted !== 'false') throw invalid('Invalid Value');
				return (item) => (item.trashed === (wanted === 'true')) === equal;
			}
			case 'name': {
				if (isWord('contains')) {
					take();
					const prefix = take('text').toLowerCase();
					return ({ name }) =>
						name
							.toLowerCase()
							.split(/[\s_-]+/)
							.some((part) => part.startsWith(prefix)) || name.toLowerCase().startsWith(prefix);
				}
				const equal = equality(take('sign'));
				const wanted = take('text');
				return (item) => (item.name === wanted) === equal;
			}
			case 'mimeType': {
				if (isWord('contains')) {
					take();
					const prefix = take('text');
					return (item) => item.mimeType.startsWith(prefix);
				}
				const equal = equality(take('sign'));
				const wanted = take('text');
				return (item) => (item.mimeType === wanted) === equal;
			}
			case 'createdTime':
			case 'modifiedTime':
				return time(field, take('sign'), Date.parse(take('text')));
			case 'appProperties': {
				take('word', 'has');
				take('sign', '{');
				take('word', 'key');
				take('sign', '=');
				const key = take('text');
				take('word', 'and');
				take('word', 'value');
				take('sign', '=');
				const value = take('text');
				take('sign', '}');
				return (item) => item.appProperties[project]?.[key] === value;
			}
			default:
				throw invalid('Invalid Value');
		}
	};

	const matches = either();
	if (at < tokens.length) throw invalid('Invalid Value');
	return matches;
}

function equality(sign: string): boolean {
	if (sign !== '=' && sign !== '!=') throw invalid('Invalid Value');
	return sign === '=';
}

function time(field: (typeof TIMES)[number], sign: string, wanted: number): Matches {
	if (Number.isNaN(wanted)) throw invalid('Invalid Value');
	const compare: Record<string, (value: number) => boolean> = {
		'<': (value) => value < wanted,
		'<=': (value) => value <= wanted,
		'=': (value) => value === wanted,
		'!=': (value) => value !== wanted,
		'>': (value) => value > wanted,
		'>=': (value) => value >= wanted,
	};
	const matches = compare[sign];
	if (!matches) throw invalid('Invalid Value');
	return (item) => matches(Date.parse(item[field]));
}

function tokenize(query: string): Token[] {
	const tokens: Token[] = [];
	const pattern = /\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z]+)|(<=|>=|!=|[<>=(){}]))/gy;
	while (pattern.lastIndex < query.trimEnd().length) {
		const match = pattern.exec(query);
		if (!match) throw invalid('Invalid Value');
		const [, text, word, sign] = match;
		if (text !== undefined) tokens.push({ kind: 'text', value: text.replace(/\\(.)/g, '$1') });
		else if (word !== undefined) tokens.push({ kind: 'word', value: FOLDED.test(word) ? word.toLowerCase() : word });
		else tokens.push({ kind: 'sign', value: sign ?? '' });
	}
	return tokens;
}
