/** What people were told of already, kept over restarts: the same again only after a day, and once that all is well again. */

import type { Kysely } from 'kysely';
import type { Store, Topic } from '../store/store.ts';
import type { Finding } from './alarm.ts';

export interface Told {
	/** One for each finding that was there. */
	keys: string[];
	/** When somebody was told last, ms since 1970. */
	at: number;
}

const DAY_MS = 86_400_000;

/** What is critical is told every day until it is over; a warning that waits for a person once a week. In ms. */
const AGAIN_MS = { critical: DAY_MS, warning: 7 * DAY_MS, info: 7 * DAY_MS };

/** What is to be told now, and what is remembered from now on. */
export function decide(
	findings: readonly Finding[],
	told: Told | undefined,
	now: number,
): { tell: 'alarm' | 'well' | null; told: Told } {
	const keys = findings.map(keyOf);
	if (keys.length === 0) return { tell: told && told.keys.length > 0 ? 'well' : null, told: { keys, at: now } };
	const known = new Set(told?.keys);
	const [worst] = findings;
	const age = now - (told?.at ?? 0);
	// A clock that was ahead must not keep it silent.
	const again = !(age >= 0 && age < AGAIN_MS[worst?.severity ?? 'critical']);
	if (again || keys.some((key) => !known.has(key))) return { tell: 'alarm', told: { keys, at: now } };
	return { tell: null, told: { keys, at: told?.at ?? now } };
}

function keyOf({ code, severity, database = '', parameters }: Finding): string {
	return [code, severity, database, parameters['standing'] ?? ''].join(' ');
}

interface AlarmTables {
	alarm_told: {
		/** Of the node. */
		id: string;
		/** JSON. */
		told: string;
	};
}

const alarmTopic: Topic = {
	name: 'alarm',
	migrations: {
		'0001-told': {
			async up(db) {
				await db.schema
					.createTable('alarm_told')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('told', 'text', (column) => column.notNull())
					.execute();
			},
		},
	},
};

/** While the store does not work this process remembers by itself. */
export class AlarmMemory {
	readonly #store: () => Promise<Store>;
	readonly #id: string;
	#told: Told | undefined;

	/** @param id of the node, stable over restarts */
	constructor(store: () => Promise<Store>, id: string) {
		this.#store = store;
		this.#id = id;
	}

	async load(): Promise<Told | undefined> {
		if (this.#told) return this.#told;
		const db = await this.#open();
		const row = await db.selectFrom('alarm_told').select('told').where('id', '=', this.#id).executeTakeFirst();
		this.#told = row && (JSON.parse(row.told) as Told);
		return this.#told;
	}

	/** Remembered even when the store throws. */
	async save(told: Told): Promise<void> {
		this.#told = told;
		const db = await this.#open();
		const row = { id: this.#id, told: JSON.stringify(told) };
		await db
			.insertInto('alarm_told')
			.values(row)
			.onConflict((conflict) => conflict.column('id').doUpdateSet({ told: row.told }))
			.execute();
	}

	async #open(): Promise<Kysely<AlarmTables>> {
		return (await this.#store()).topic<AlarmTables>(alarmTopic);
	}
}
