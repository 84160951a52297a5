/** Odoo's search domains in their prefix form, on rows whose fields may be lists. */
import { RpcError } from '../errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

type Test = (row: Fields) => boolean;

/** @throws RpcError for a field or an operator that is not known, before any row is looked at */
export function matcher(model: string, domain: readonly unknown[], known: readonly string[]): Test {
	const stack: Test[] = [];
	for (const term of domain.toReversed()) {
		if (term === '|' || term === '&') {
			const [a, b] = [stack.pop(), stack.pop()];
			if (!a || !b) throw new RpcError('builtins.IndexError', 'pop from empty list');
			stack.push(term === '|' ? (row) => a(row) || b(row) : (row) => a(row) && b(row));
		} else if (term === '!') {
			const one = stack.pop();
			if (one) stack.push((row) => !one(row));
		} else stack.push(leaf(model, term as [string, string, unknown], known));
	}
	return (row) => stack.every((test) => test(row));
}

/** Whether archived records are asked for by name. */
export const namesActive = (domain: readonly unknown[]): boolean =>
	domain.some((term) => Array.isArray(term) && term[0] === 'active');

function leaf(model: string, [field, operator, value]: [string, string, unknown], known: readonly string[]): Test {
	if (!known.includes(field)) {
		const text = `Invalid field ${model}.${field} in leaf (${[field, operator, value].map(python).join(', ')})`;
		throw new RpcError('builtins.ValueError', text);
	}
	const own = (row: Fields): unknown => {
		const stored = row[field];
		return stored === undefined || stored === null || stored === '' ? false : stored;
	};
	const holds = (row: Fields, wanted: unknown): boolean => {
		const stored = own(row);
		return Array.isArray(stored) ? stored.includes(wanted) : stored === (wanted ?? false);
	};
	switch (operator) {
		case '=':
			return (row) => holds(row, value);
		case '!=':
			return (row) => !holds(row, value);
		case 'in': {
			const wanted = new Set(value as unknown[]);
			return (row) => [own(row)].flat().some((each) => wanted.has(each));
		}
		case 'like':
			return (row) => String(own(row) || '').includes(String(value));
		case '=ilike': {
			const pattern = likePattern(String(value));
			return (row) => pattern.test(String(own(row) || ''));
		}
		case '<':
			return (row) => Number(own(row)) < Number(value);
		default:
			throw new RpcError('builtins.ValueError', `Invalid operator ${operator}`);
	}
}

/** PostgreSQL's LIKE: `%` and `_`, unless a backslash stands before them. */
function likePattern(text: string): RegExp {
	const source = text.replace(/\\(.)|[%_]|[.*+?^${}()|[\]\\/]/gsu, (found, escaped: string | undefined) => {
		if (escaped !== undefined) return literal(escaped);
		if (found === '%') return '.*';
		return found === '_' ? '.' : literal(found);
	});
	return new RegExp(`^${source}$`, 'isu');
}

function python(value: unknown): string {
	if (typeof value === 'string') return `'${value}'`;
	return Array.isArray(value) ? `[${value.map(python).join(', ')}]` : String(value);
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
