/** Records of models in SQLite, each as JSON: what the stand-in keeps between its starts. */
import { DatabaseSync } from 'node:sqlite';

export type Value = string | number | boolean | null;
export type Row = { id: number } & Record<string, Value>;

/** One comparison of Odoo's search domains. */
export type Term = [field: string, operator: string, value: unknown];

export class Records {
	readonly #database: DatabaseSync;

	/** @param file `:memory:` keeps nothing */
	constructor(file: string) {
		this.#database = new DatabaseSync(file);
		this.#database.exec(`
			pragma journal_mode = wal;
			create table if not exists record (
				model text not null, id integer not null, data text not null, primary key (model, id)
			) strict;
		`);
	}

	/** Runs `work` in one transaction: all of it or, when it throws, nothing. */
	transaction<T>(work: () => T): T {
		this.#database.exec('begin immediate');
		try {
			const result = work();
			this.#database.exec('commit');
			return result;
		} catch (thrown) {
			this.#database.exec('rollback');
			throw thrown;
		}
	}

	/** Adds a record and gives its id, counted up from 1. */
	create(model: string, values: Record<string, Value>): number {
		const next = 'select coalesce(max(id), 0) + 1 as id from record where model = ?';
		const { id } = this.#database.prepare(next).get(model) as { id: number };
		this.#database.prepare('insert into record values (?, ?, ?)').run(model, id, JSON.stringify(values));
		return id;
	}

	read(model: string, id: number): Row | undefined {
		const found = this.#database.prepare('select data from record where model = ? and id = ?').get(model, id);
		return found && ({ ...JSON.parse(String(found.data)), id } as Row);
	}

	/** Changes fields of a record that exists. */
	write(model: string, id: number, values: Record<string, Value>): void {
		const { id: _id, ...before } = this.read(model, id) ?? { id };
		const data = JSON.stringify({ ...before, ...values });
		this.#database.prepare('update record set data = ? where model = ? and id = ?').run(data, model, id);
	}

	remove(model: string, id: number): void {
		this.#database.prepare('delete from record where model = ? and id = ?').run(model, id);
	}

	/** Records that meet every term, oldest first. Throws `RangeError` for an operator that the stand-in does not know. */
	search(model: string, domain: readonly Term[] = []): Row[] {
		const rows = this.#database.prepare('select id, data from record where model = ? order by id').all(model);
		return rows
			.map((row) => ({ ...JSON.parse(String(row.data)), id: Number(row.id) }) as Row)
			.filter((row) => domain.every((term) => meets(row, term)));
	}

	close(): void {
		this.#database.close();
	}
}

function meets(row: Row, [field, operator, value]: Term): boolean {
	const own = row[field] ?? false;
	switch (operator) {
		case '=':
			return own === (value ?? false);
		case '!=':
			return own !== (value ?? false);
		case 'in':
			return Array.isArray(value) && value.includes(own);
		case 'ilike':
			return String(own).toLowerCase().includes(String(value).toLowerCase());
		default:
			throw new RangeError(`Invalid operator ${operator}`);
	}
}
