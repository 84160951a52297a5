/** A node's properties, described once: how each is read, what is missing or wrong, in words the editor can translate. */

import path from 'node:path';
import { type Phrase, shared } from './phrase.ts';

/** Something that keeps a node from being ready. */
export interface Problem {
	/** The property; its label is `<type>.label.<field>` in the node's catalogue. */
	field: string;
	/** What is wrong, in the shared catalogue: `problem.<reason>`, which may use `__field__`. */
	reason: string;
	values?: Record<string, string | number>;
}

/** Thrown by `read`; becomes a `Problem` of the field. */
export class FieldProblem extends Error {
	readonly reason: string;
	readonly values: Record<string, string | number>;
	constructor(reason: string, values: Record<string, string | number> = {}) {
		super(reason);
		this.reason = reason;
		this.values = values;
	}
}

/** How one property is read from the flow file. */
export interface Field<T> {
	/** @throws FieldProblem */
	read(raw: unknown): T;
}
export type Fields = Record<string, Field<unknown>>;
export type ValuesOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** `${NAME}` that Node-RED left in place: the variable does not exist. Only a whole value is a variable. */
const UNSET_VARIABLE = /^\$\{(\S+)\}$/;

function present(raw: unknown): string {
	if (typeof raw === 'object' && raw !== null) throw new FieldProblem('invalid');
	const value = String(raw ?? '');
	const variable = UNSET_VARIABLE.exec(value)?.[1];
	if (variable) throw new FieldProblem('variable', { name: variable });
	return value;
}

/** A required line of text, blanks around it removed. */
export function text(options: { pattern?: RegExp; reason?: string; default?: string } = {}): Field<string> {
	return {
		read(raw) {
			const value = present(raw).trim() || (options.default ?? '');
			if (!value) throw new FieldProblem('missing');
			if (options.pattern && !options.pattern.test(value)) throw new FieldProblem(options.reason ?? 'invalid');
			return value;
		},
	};
}

/** A line of text that may be empty, which reads as undefined. */
export function optionalText(options: { pattern?: RegExp; reason?: string } = {}): Field<string | undefined> {
	const required = text(options);
	return { read: (raw) => (present(raw).trim() ? required.read(raw) : undefined) };
}

/** A secret that may be empty. Any character counts, blanks included. */
export function secret(): Field<string | undefined> {
	return { read: (raw) => present(raw) || undefined };
}

export interface IntegerOptions {
	min: number;
	max: number;
}

/** A whole number within bounds (both included); digits as text are taken too, as `${PORT}` gives them. */
export function integer(options: IntegerOptions & { default: number }): Field<number> {
	return { read: (raw) => optionalInteger(options).read(raw) ?? options.default };
}

/** Like `integer`; empty reads as undefined. */
export function optionalInteger({ min, max }: IntegerOptions): Field<number | undefined> {
	return {
		read(raw) {
			const value = present(raw).trim();
			if (value === '') return undefined;
			const number = Number(value);
			if (!Number.isInteger(number) || number < min || number > max) throw new FieldProblem('range', { min, max });
			return number;
		},
	};
}

/** One of a closed list; the first is the default. */
export function choice<const T extends string>(...options: readonly [T, ...T[]]): Field<T> {
	return {
		read(raw) {
			const value = present(raw) || options[0];
			const found = options.find((option) => option === value);
			if (!found) throw new FieldProblem('choice', { options: options.join(', ') });
			return found;
		},
	};
}

/** A check box. */
export function flag(byDefault: boolean): Field<boolean> {
	return {
		read(raw) {
			if (raw === undefined || raw === null || raw === '') return byDefault;
			const value = present(raw);
			if (value !== 'true' && value !== 'false') throw new FieldProblem('choice', { options: 'true, false' });
			return value === 'true';
		},
	};
}

/** Of a folder on this machine, from its root; empty reads as undefined. */
export function optionalFolder(): Field<string | undefined> {
	return {
		read(raw) {
			const folder = optionalText().read(raw);
			if (folder !== undefined && !path.isAbsolute(folder)) throw new FieldProblem('folder');
			return folder;
		},
	};
}

/** The id of another node, chosen in a list; `HubNode.connection` gives what that node offers. */
export function reference(): Field<string> {
	return {
		read(raw) {
			const id = present(raw);
			// The editor writes this for "none chosen".
			if (!id || id === '_ADD_') throw new FieldProblem('missing');
			return id;
		},
	};
}

/** Like `reference`; none chosen reads as undefined. */
export function optionalReference(): Field<string | undefined> {
	return { read: (raw) => (present(raw) && raw !== '_ADD_' ? String(raw) : undefined) };
}

/** A property whose shape the node checks itself, such as a list. */
export function custom<T>(read: (raw: unknown) => T): Field<T> {
	return { read };
}

export type Reading<F extends Fields> =
	| { values: ValuesOf<F>; problems: [] }
	| { values?: undefined; problems: [Problem, ...Problem[]] };

/** Reads every field and collects all that is wrong, not only the first. */
export function readFields<F extends Fields>(fields: F, raw: Record<string, unknown>): Reading<F> {
	const values: Record<string, unknown> = {};
	const problems: Problem[] = [];
	for (const [name, field] of Object.entries(fields)) {
		try {
			values[name] = field.read(raw[name]);
		} catch (thrown) {
			if (!(thrown instanceof FieldProblem)) throw thrown;
			problems.push({ field: name, reason: thrown.reason, values: thrown.values });
		}
	}
	const [first, ...rest] = problems;
	return first ? { problems: [first, ...rest] } : { values: values as ValuesOf<F>, problems: [] };
}

/** The problem in words: "Host is missing". */
export function problemPhrase(type: string, { field, reason, values }: Problem): Phrase {
	return shared(`problem.${reason}`, { ...values, field: { key: `${type}.label.${field}` } });
}
