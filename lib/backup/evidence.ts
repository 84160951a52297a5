/** What is known about backups beyond their files: accepted gaps, drills, proofs of the recovery key. */

import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import { type BackupTables, backupTopic } from './run-tables.ts';

export interface DrillEntry {
	/** Id of the backup that was restored. */
	backup: string;
	databaseUuid: string;
	/** Milliseconds since 1970. */
	finishedAt: number;
	passed: boolean;
	/** The comparison, or code and text of the failure. */
	result: unknown;
}

export interface KeyCheck {
	/** Public half of the key. */
	recipient: string;
	/** Milliseconds since 1970. */
	checkedAt: number;
	/** The backup that it opened; null for the test file of the set-up. */
	backup: string | null;
}

/** Names a statement; both dialects take far more parameters than these need. */
const BATCH = 500;

/** Every method throws `STORE_UNAVAILABLE`. */
export class BackupEvidence {
	readonly #db: Kysely<BackupTables>;

	private constructor(db: Kysely<BackupTables>) {
		this.#db = db;
	}

	/** @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION` */
	static async open(store: Store): Promise<BackupEvidence> {
		return new BackupEvidence(await store.topic<BackupTables>(backupTopic));
	}

	/** A person accepts that these attachments are missing at the source; others stay accepted. */
	async acceptMissing(databaseUuid: string, names: readonly string[]): Promise<void> {
		const accepted_at = Date.now();
		const unique = [...new Set(names)];
		for (let start = 0; start < unique.length; start += BATCH) {
			await this.#db
				.insertInto('backup_accepted')
				.values(unique.slice(start, start + BATCH).map((name) => ({ database_uuid: databaseUuid, name, accepted_at })))
				.onConflict((conflict) => conflict.columns(['database_uuid', 'name']).doNothing())
				.execute();
		}
	}

	async accepted(databaseUuid: string): Promise<Set<string>> {
		const rows = await this.#db
			.selectFrom('backup_accepted')
			.select('name')
			.where('database_uuid', '=', databaseUuid)
			.execute();
		return new Set(rows.map(({ name }) => name));
	}

	/** Of which targets a database was ever backed up; see `targetOf`. */
	async targets(databaseUuid: string): Promise<string[]> {
		const rows = await this.#db
			.selectFrom('backup_run')
			.select('target')
			.distinct()
			.where('database_uuid', '=', databaseUuid)
			.execute();
		return rows.map(({ target }) => target);
	}

	/** What was recorded before cannot have finished after: dated by a wrong clock, it would stay the last one for ever. */
	async recordDrill({ backup, databaseUuid, finishedAt, passed, result }: DrillEntry): Promise<void> {
		await this.#db
			.updateTable('backup_drill')
			.set({ finished_at: finishedAt - 1 })
			.where('database_uuid', '=', databaseUuid)
			.where('finished_at', '>=', finishedAt)
			.execute();
		await this.#db
			.insertInto('backup_drill')
			.values({
				id: randomUUID(),
				backup,
				database_uuid: databaseUuid,
				finished_at: finishedAt,
				passed: passed ? 1 : 0,
				// PostgreSQL takes no NUL, in JSON neither.
				result: JSON.stringify(result ?? null).replaceAll('\\u0000', '\\ufffd'),
			})
			.execute();
	}

	/** The last drill, passed or not, and the last one that passed. */
	async drills(databaseUuid: string): Promise<{ last?: DrillEntry; lastPassed?: DrillEntry }> {
		const newest = async (passedOnly: boolean): Promise<DrillEntry | undefined> => {
			let query = this.#db.selectFrom('backup_drill').selectAll().where('database_uuid', '=', databaseUuid);
			if (passedOnly) query = query.where('passed', '=', 1);
			const row = await query.orderBy('finished_at', 'desc').limit(1).executeTakeFirst();
			return (
				row && {
					backup: row.backup,
					databaseUuid,
					finishedAt: row.finished_at,
					passed: row.passed === 1,
					result: JSON.parse(row.result) as unknown,
				}
			);
		};
		const [last, lastPassed] = [await newest(false), await newest(true)];
		return { ...(last ? { last } : {}), ...(lastPassed ? { lastPassed } : {}) };
	}

	/** Somebody decrypted something with the private half of that key. */
	async recordKeyCheck({ recipient, checkedAt, backup }: KeyCheck): Promise<void> {
		const values = { checked_at: checkedAt, backup };
		await this.#db
			.insertInto('backup_key_check')
			.values({ recipient, ...values })
			.onConflict((conflict) => conflict.column('recipient').doUpdateSet(values))
			.execute();
	}

	async keyCheck(recipient: string): Promise<KeyCheck | undefined> {
		const row = await this.#db
			.selectFrom('backup_key_check')
			.selectAll()
			.where('recipient', '=', recipient)
			.executeTakeFirst();
		return row && { recipient, checkedAt: row.checked_at, backup: row.backup };
	}
}
