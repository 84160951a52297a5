/** Reads chosen columns of the rows of one COPY block, in pg_dump's text format, while they arrive in pieces. */

const TAB = 0x09;
const NEWLINE = 0x0a;
const NULL_TEXT = '\\N';

/** A longer value is none that is asked for here (names, keys, times); the rest of it is not kept. In bytes. */
const VALUE_MAX_BYTES = 4_096;

/**
 * Only the wanted columns are kept, each up to a bound and one character a byte, so that a row of any size costs no memory. A backslash never
 * stands for a tab or a line end in this format (COPY, "Text Format"), so columns can be told apart by bytes alone.
 */
export class CopyRows {
	readonly #wanted: ReadonlyMap<number, string>;
	readonly #take: (row: Record<string, string | null>) => void;
	#row: Record<string, string | null> = {};
	#column = 0;
	#value = '';

	/**
	 * @param columns of the table, in the order of its COPY line
	 * @param names of those wanted
	 */
	constructor(columns: string[], names: readonly string[], take: (row: Record<string, string | null>) => void) {
		this.#wanted = new Map(names.map((name) => [columns.indexOf(name), name]));
		this.#take = take;
	}

	/** Bytes of rows, line ends included, without the closing `\.`. */
	write(bytes: Buffer): void {
		let begin = 0;
		while (begin < bytes.length) {
			let end = begin;
			while (end < bytes.length && bytes[end] !== TAB && bytes[end] !== NEWLINE) end++;
			const name = this.#wanted.get(this.#column);
			if (name !== undefined && this.#value.length < VALUE_MAX_BYTES) {
				this.#value += bytes.toString('latin1', begin, Math.min(end, begin + VALUE_MAX_BYTES));
			}
			if (end === bytes.length) return;
			if (name !== undefined) this.#row[name] = this.#value === NULL_TEXT ? null : this.#value;
			this.#value = '';
			this.#column++;
			if (bytes[end] === NEWLINE) {
				this.#take(this.#row);
				this.#row = {};
				this.#column = 0;
			}
			begin = end + 1;
		}
	}
}
