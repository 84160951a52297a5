/**
 * Lets the SQL of pg_dump through to psql and nothing that psql would do by itself: outside of quotes a backslash begins a
 * command of psql, one of which runs a shell (`\!`, measured).
 *
 * It reads SQL as psql does (strings, names, dollar quotes, comments, data of COPY). A psql that knows `\restrict`
 * (CVE-2025-8714) refuses such commands besides; the two do not depend on each other.
 */
import { HubError } from '../errors.ts';

/** A name of SQL, quoted or not. */
const NAME = '(?:"(?:[^"]|"")+"|[^".\\s(),;\\\\]+)';
/** The only COPY that pg_dump writes: from what follows, never from a file or a program. */
const COPY = new RegExp(`^COPY (?:${NAME}\\.)?${NAME} (?:\\((?:${NAME}(?:, )?)*\\) )?FROM stdin;$`);
const RESTRICT = /^\\(?:un)?restrict [A-Za-z0-9]+$/;
const HEADER = /^-- (?:Data for )?Name: .*; Type: ([A-Z ]+); Schema: /;
/** Rights of roles that need not exist where the dump is restored; whoever restores owns all of it. */
const RIGHTS = /^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) [^;'$\\]*;$/;
const RIGHTS_TYPES = ['ACL', 'DEFAULT ACL'];
/** Were it off, a backslash in a string would mean something else to psql than it does here. */
const STRINGS = /standard_conforming_strings/i;
const STRINGS_ON = 'SET standard_conforming_strings = on;';

const NEWLINE = 0x0a;
/** The longest line outside of data, in bytes: a view's whole definition fits. */
const LINE_MAX_BYTES = 16 * 1024 * 1024;
const DATA_END = Buffer.from('\n\\.');
const IDENTIFIER = /[\w$\u0080-\u00ff]/;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\u00ff][\w\u0080-\u00ff]*)?\$/y;
const NOTHING = Buffer.alloc(0);

/**
 * What encloses the place that is looked at.
 * sql → string | name | dollar | comment → sql; sql → data (a line with COPY) → sql (a line with `\.`).
 */
type Within =
	| { kind: 'sql' }
	| { kind: 'string'; escapes: boolean }
	| { kind: 'name' }
	| { kind: 'dollar'; tag: string }
	| { kind: 'comment'; depth: number }
	| { kind: 'data' };

const SQL: Within = { kind: 'sql' };

export class DumpGuard {
	#within: Within = SQL;
	/** The end of what came, not looked at yet; in data it begins with the line break before. */
	#rest: Buffer = NOTHING;
	#line = 0;
	/** Nothing of the next statement was seen yet. */
	#between = true;
	#type = '';

	/** What may go on to psql. @throws HubError DUMP_UNSAFE naming the line */
	push(chunk: Buffer): Buffer {
		const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
		const passed: Buffer[] = [];
		let at = 0;
		for (;;) {
			const next = this.#within.kind === 'data' ? this.#data(bytes, at, passed) : this.#statement(bytes, at, passed);
			if (next === undefined) break;
			at = next;
		}
		const kept = this.#within.kind === 'data' ? this.#dataBegin(bytes, at, passed) : at;
		this.#rest = Buffer.from(bytes.subarray(kept));
		if (this.#within.kind !== 'data' && this.#rest.length > LINE_MAX_BYTES) throw this.#unsafe('a line without end');
		return passed.length === 1 ? Buffer.from(passed[0] ?? NOTHING) : Buffer.concat(passed);
	}

	/** The last of it. @throws HubError DUMP_UNSAFE when it ends within something */
	end(): Buffer {
		const last = this.#rest.length > 0 ? this.push(Buffer.from('\n')) : NOTHING;
		if (this.#within.kind !== 'sql') throw this.#unsafe('an end within a string, a comment or data');
		return last;
	}

	/** Looks at one line of SQL; undefined when it is not whole yet. */
	#statement(bytes: Buffer, at: number, passed: Buffer[]): number | undefined {
		const end = bytes.indexOf(NEWLINE, at);
		if (end < 0) return undefined;
		this.#line++;
		const line = bytes.toString('latin1', at, end);
		if (this.#within.kind === 'sql' && this.#between) {
			if (RESTRICT.test(line)) return end + 1;
			if (RIGHTS_TYPES.includes(this.#type) && RIGHTS.test(line)) return end + 1;
			this.#type = HEADER.exec(line)?.[1] ?? this.#type;
			if (COPY.test(line)) {
				this.#within = { kind: 'data' };
				// The line break belongs to the data: its first line may be its last.
				passed.push(bytes.subarray(at, end));
				return end;
			}
		}
		if (STRINGS.test(line) && line !== STRINGS_ON) throw this.#unsafe('another meaning of strings');
		this.#lex(`${line}\n`);
		passed.push(bytes.subarray(at, end + 1));
		return end + 1;
	}

	/** Looks for the end of data from the line break before it; undefined when it is not there yet. */
	#data(bytes: Buffer, at: number, passed: Buffer[]): number | undefined {
		const found = bytes.indexOf(DATA_END, at);
		if (found < 0 || found + DATA_END.length >= bytes.length) return undefined;
		// COPY doubles every backslash of data; psql would also take a carriage return for the end.
		if (bytes[found + DATA_END.length] !== NEWLINE) throw this.#unsafe('data that pg_dump does not write');
		const end = found + DATA_END.length + 1;
		passed.push(bytes.subarray(at, end));
		this.#within = SQL;
		this.#between = true;
		return end;
	}

	/** Passes data on up to where its end may begin. */
	#dataBegin(bytes: Buffer, at: number, passed: Buffer[]): number {
		const from = Math.max(at, bytes.length - DATA_END.length);
		const mark = bytes.indexOf(NEWLINE, from);
		const kept = mark < 0 ? bytes.length : mark;
		passed.push(bytes.subarray(at, kept));
		return kept;
	}

	#lex(text: string): void {
		for (let at = 0; at < text.length; ) at = this.#step(text, at);
	}

	/** Takes one token or character; gives the place after it. */
	#step(text: string, at: number): number {
		const within = this.#within;
		const char = text.charAt(at);
		switch (within.kind) {
			case 'string':
				if (within.escapes && char === '\\') return at + 2;
				if (char !== "'") return at + 1;
				if (text.charAt(at + 1) === "'") return at + 2;
				this.#within = SQL;
				return at + 1;
			case 'name':
				if (char === '"') this.#within = SQL;
				return at + 1;
			case 'dollar': {
				const end = text.indexOf(within.tag, at);
				if (end < 0) return text.length;
				this.#within = SQL;
				return end + within.tag.length;
			}
			case 'comment':
				if (text.startsWith('/*', at)) this.#within = { kind: 'comment', depth: within.depth + 1 };
				else if (!text.startsWith('*/', at)) return at + 1;
				else this.#within = within.depth > 1 ? { kind: 'comment', depth: within.depth - 1 } : SQL;
				return at + 2;
			default:
				return this.#plain(text, at, char);
		}
	}

	#plain(text: string, at: number, char: string): number {
		if (/\s/.test(char)) return at + 1;
		if (text.startsWith('--', at)) return text.length;
		if (text.startsWith('/*', at)) {
			this.#within = { kind: 'comment', depth: 1 };
			return at + 2;
		}
		if (char === '\\') throw this.#unsafe('a command of psql');
		if (this.#between && /^copy\b/i.test(text.slice(at, at + 5)))
			throw this.#unsafe('a COPY that pg_dump does not write');
		this.#between = char === ';';
		const before = text.charAt(at - 1);
		if (char === "'") {
			const escapes = /e/i.test(before) && !IDENTIFIER.test(text.charAt(at - 2));
			this.#within = { kind: 'string', escapes };
		} else if (char === '"') {
			this.#within = { kind: 'name' };
		} else if (char === '$' && !IDENTIFIER.test(before)) {
			DOLLAR.lastIndex = at;
			const tag = DOLLAR.exec(text)?.[0];
			if (tag) {
				this.#within = { kind: 'dollar', tag };
				return at + tag.length;
			}
		}
		return at + 1;
	}

	#unsafe(what: string): HubError {
		return new HubError(
			'DUMP_UNSAFE',
			`The dump holds ${what} (line ${this.#line} outside of data). It was not restored; pg_dump writes no such thing.`,
		);
	}
}
