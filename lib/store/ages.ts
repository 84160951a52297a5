/** Blanks personal data that has reached its age; ids, states and times stay, so that counts and links stay true. */

import { type Kysely, sql } from 'kysely';
import type { AgeRule, StoreDialect } from './store.ts';

const DAY_MS = 86_400_000;

/** Rows a statement: larger, and others wait noticeably for the lock. */
const BATCH = 1_000;

/**
 * Applies one rule; several processes may do so at once.
 * @param now milliseconds since 1970
 * @returns how many rows were blanked or removed
 */
export async function blankAged(
	database: Kysely<unknown>,
	dialect: StoreDialect,
	rule: AgeRule,
	now: number,
): Promise<number> {
	const table = sql.table(rule.table);
	// Both are the physical address of a row, the fastest key that every table has.
	const address = sql.ref(dialect === 'sqlite' ? 'rowid' : 'ctid');
	const due = now - rule.days * DAY_MS;
	if (rule.blank === 'row') {
		const { numAffectedRows = 0n } = await sql`
			delete from ${table} where ${sql.ref(rule.timeColumn)} < ${due}`.execute(database);
		return Number(numAffectedRows);
	}
	const blanks = sql.join(rule.blank.map((column) => sql`${sql.ref(column)} = null`));
	const filled = sql.join(
		rule.blank.map((column) => sql`${sql.ref(column)} is not null`),
		sql` or `,
	);
	let total = 0;
	for (;;) {
		const { numAffectedRows = 0n } = await sql`
			update ${table} set ${blanks} where (${filled}) and ${address} in (
				select ${address} from ${table} where ${sql.ref(rule.timeColumn)} < ${due} and (${filled}) limit ${BATCH}
			)`.execute(database);
		total += Number(numAffectedRows);
		if (numAffectedRows < BATCH) return total;
	}
}
