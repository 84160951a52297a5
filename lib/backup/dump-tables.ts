/**
 * Reads a plain dump of pg_dump while it arrives: rows a table, the files that attachments name, the database's own id,
 * and whether pg_dump came to its end.
 */
import { CopyRows } from './copy-rows.ts';

/** An attachment's file, as the dump names it. */
export interface NamedFile {
	/** `ir_attachment.store_fname`, such as `ab/ab12…`. */
	name: string;
	/** `write_date`, in ms since 1970; undefined when it is empty. */
	writtenAt: number | undefined;
}

export interface DumpFacts {
	/** Rows by table; outside schema `public` as `schema.table`. */
	tables: Record<string, number>;
	/** `database.uuid` of `ir_config_parameter`. */
	databaseUuid: string | undefined;
	/** pg_dump's completion marker stands at the end. */
	complete: boolean;
}

/** The last but few lines of every dump that pg_dump finished. */
const MARKER = '-- PostgreSQL database dump complete';
/** What may follow it; since 2025-08 `\unrestrict` with a key does (measured with 15.18). */
const AFTER_MARKER = /^(--)?$|^\\unrestrict [A-Za-z0-9]+$/;

/** A name of SQL, quoted or not. */
const NAME = '"(?:[^"]|"")+"|[^".\\s(),]+';
const COPY_LINE = new RegExp(`^COPY (?:(${NAME})\\.)?(${NAME}) (?:\\((.*)\\) )?FROM stdin;$`);
const COLUMN = new RegExp(NAME, 'g');

/** The longest line outside of data that is looked at, in bytes: COPY with 1,600 columns of 63 characters fits. */
const LINE_MAX_BYTES = 262_144;

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const END_OF_DATA = Buffer.from('\\.\n');
const NOTHING = Buffer.alloc(0);

/** Feed it with `write`, then ask `end`. Memory: one number a table, and one line. */
export class DumpTables {
	readonly #tables = new Map<string, number>();
	readonly #onFile: (file: NamedFile) => void;
	#databaseUuid: string | undefined;
	#complete = false;
	/** Outside of data: the line so far. */
	#line = '';
	/** The table whose data is being read; null outside of data. */
	#table: string | null = null;
	#rows = 0;
	/** The row being read began in an earlier chunk. */
	#withinRow = false;
	/** The beginning of what may be the end of the data, cut by the end of a chunk. */
	#held = NOTHING;
	#columns: CopyRows | undefined;

	/** @param onFile called for each row of `ir_attachment` that names a file */
	constructor(onFile: (file: NamedFile) => void) {
		this.#onFile = onFile;
	}

	write(bytes: Buffer): void {
		const chunk = this.#held.length ? Buffer.concat([this.#held, bytes]) : bytes;
		this.#held = NOTHING;
		for (let at = 0; at < chunk.length; ) {
			at = this.#table === null ? this.#readLine(chunk, at) : this.#readRows(chunk, at);
		}
	}

	end(): DumpFacts {
		if (this.#table === null && this.#line !== '') this.#statement(this.#line);
		const complete = this.#complete && this.#table === null;
		return { tables: Object.fromEntries(this.#tables), databaseUuid: this.#databaseUuid, complete };
	}

	/** Reads to the end of one line; returns where the next begins. */
	#readLine(chunk: Buffer, begin: number): number {
		const newline = chunk.indexOf(NEWLINE, begin);
		const end = newline < 0 ? chunk.length : newline;
		if (this.#line.length < LINE_MAX_BYTES) {
			this.#line += chunk.toString('latin1', begin, Math.min(end, begin + LINE_MAX_BYTES));
		}
		if (newline < 0) return end;
		const line = this.#line;
		this.#line = '';
		this.#statement(line);
		return newline + 1;
	}

	#statement(line: string): void {
		if (line === MARKER) this.#complete = true;
		else if (this.#complete && !AFTER_MARKER.test(line)) this.#complete = false;
		if (!line.startsWith('COPY ')) return;
		const match = COPY_LINE.exec(Buffer.from(line, 'latin1').toString('utf8'));
		if (!match) return;
		const [, schema = 'public', name = '', columns = ''] = match;
		const table = unquoted(name);
		this.#table = unquoted(schema) === 'public' ? table : `${unquoted(schema)}.${table}`;
		this.#rows = 0;
		this.#columns = this.#columnsOf(this.#table, (columns.match(COLUMN) ?? []).map(unquoted));
	}

	/** Reads rows to the end of the data or of the chunk; returns where it stopped. */
	#readRows(chunk: Buffer, begin: number): number {
		for (let at = begin; at < chunk.length; ) {
			if (!this.#withinRow && chunk[at] === BACKSLASH) {
				const head = chunk.subarray(at, at + END_OF_DATA.length);
				if (END_OF_DATA.subarray(0, head.length).equals(head)) {
					this.#columns?.write(chunk.subarray(begin, at));
					if (head.length === END_OF_DATA.length) this.#endOfData();
					else this.#held = Buffer.from(head);
					return at + head.length;
				}
			}
			const newline = chunk.indexOf(NEWLINE, at);
			this.#withinRow = newline < 0;
			if (newline < 0) break;
			this.#rows++;
			at = newline + 1;
		}
		this.#columns?.write(chunk.subarray(begin));
		return chunk.length;
	}

	#endOfData(): void {
		const table = this.#table ?? '';
		this.#tables.set(table, (this.#tables.get(table) ?? 0) + this.#rows);
		this.#table = null;
		this.#columns = undefined;
	}

	#columnsOf(table: string, columns: string[]): CopyRows | undefined {
		if (table === 'ir_attachment') {
			return new CopyRows(columns, ['store_fname', 'write_date'], ({ store_fname, write_date }) => {
				if (store_fname) this.#onFile({ name: store_fname, writtenAt: timeOf(write_date) });
			});
		}
		if (table === 'ir_config_parameter') {
			return new CopyRows(columns, ['key', 'value'], ({ key, value }) => {
				if (key === 'database.uuid') this.#databaseUuid = value ?? undefined;
			});
		}
		return undefined;
	}
}

function unquoted(name: string): string {
	return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** Odoo keeps UTC without saying so: `2026-11-24 03:00:01.123456`. */
function timeOf(text: string | null | undefined): number | undefined {
	const time = text ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
	return Number.isNaN(time) ? undefined : time;
}
