/** Queries compiled once: building one costs Kysely more than SQLite needs to run it, and a mail runs three. */

import type { Compilable, CompiledQuery, Kysely } from 'kysely';

/** Stands in a query for a value that is given at each run. */
class Placeholder {
	readonly name: string;

	constructor(name: string) {
		this.name = name;
	}
}

/**
 * Builds and compiles a query at once.
 * @param build gets one placeholder a value of `Values`, to be used where the query takes the value itself; a placeholder
 *   must not be looked into, for it only becomes a value when the query runs
 * @returns runs the query with the values of that run and gives its rows
 */
export function statement<Values extends object, Row>(
	database: Kysely<never>,
	build: (values: Values) => Compilable<Row>,
): (values: Values) => Promise<Row[]> {
	const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as Values;
	const compiled: CompiledQuery<Row> = build(placeholders).compile();
	const parameters = compiled.parameters as readonly unknown[];
	return async (values) => {
		const given = parameters.map((parameter) =>
			parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter,
		);
		const { rows } = await database.executeQuery<Row>({ ...compiled, parameters: given });
		return rows;
	};
}
