/** Leases: one row a name, taken by one statement, so that of many who ask at once exactly one gets it. */

import { type Kysely, type RawBuilder, sql } from 'kysely';
import { HubError } from '../errors.ts';
import type { HouseTables } from './house.ts';
import type { Lease, LeaseOptions, StoreDialect } from './store.ts';

/** The database's clock in milliseconds: hubs on several machines must agree on when a lease ends. */
function databaseNow(dialect: StoreDialect): RawBuilder<number> {
	return dialect === 'sqlite'
		? sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
		: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
}

/** No lease lasts so long: one that ends later was taken while the clock was ahead, and would be nobody's for months. In ms. */
const LONGEST_MS = 86_400_000;

/**
 * Takes the lease when it is free, expired, from a clock that was ahead, or already this owner's.
 * @returns null while another owner holds it
 */
export async function takeLease(
	database: Kysely<HouseTables>,
	dialect: StoreDialect,
	name: string,
	{ owner, ttlMs }: LeaseOptions,
): Promise<Lease | null> {
	const now = databaseNow(dialect);
	const taken = await database
		.insertInto('hub_lease')
		.values({ name, owner, token: 1, expires_at: sql<number>`${now} + ${ttlMs}` })
		.onConflict((conflict) =>
			conflict
				.column('name')
				.doUpdateSet((row) => ({
					owner,
					token: row('hub_lease.token', '+', 1),
					expires_at: row.ref('excluded.expires_at'),
				}))
				.where((row) =>
					row.or([
						row('hub_lease.expires_at', '<=', now),
						row('hub_lease.expires_at', '>', sql<number>`${now} + ${LONGEST_MS}`),
						row('hub_lease.owner', '=', owner),
					]),
				),
		)
		.returning('token')
		.executeTakeFirst();
	return taken ? new StoreLease(database, now, name, taken.token, ttlMs) : null;
}

class StoreLease implements Lease {
	readonly name: string;
	readonly token: number;
	readonly #database: Kysely<HouseTables>;
	readonly #now: RawBuilder<number>;
	readonly #ttlMs: number;

	constructor(database: Kysely<HouseTables>, now: RawBuilder<number>, name: string, token: number, ttlMs: number) {
		this.#database = database;
		this.#now = now;
		this.name = name;
		this.token = token;
		this.#ttlMs = ttlMs;
	}

	async check(): Promise<void> {
		const held = await this.#database
			.selectFrom('hub_lease')
			.select('token')
			.where('name', '=', this.name)
			.where('token', '=', this.token)
			.where('expires_at', '>', this.#now)
			.executeTakeFirst();
		if (!held) throw this.#lost();
	}

	async renew(): Promise<void> {
		const { numUpdatedRows } = await this.#database
			.updateTable('hub_lease')
			.set({ expires_at: sql<number>`${this.#now} + ${this.#ttlMs}` })
			.where('name', '=', this.name)
			.where('token', '=', this.token)
			// An expired lease is not revived: others may already have acted on its end without taking it.
			.where('expires_at', '>', this.#now)
			.executeTakeFirst();
		if (numUpdatedRows === 0n) throw this.#lost();
	}

	async release(): Promise<void> {
		// The row stays, so that the token goes on growing.
		await this.#database
			.updateTable('hub_lease')
			.set({ expires_at: 0 })
			.where('name', '=', this.name)
			.where('token', '=', this.token)
			.execute();
	}

	#lost(): HubError {
		return new HubError(
			'LEASE_LOST',
			`This process no longer holds "${this.name}": it was not renewed in time, or another one has taken over. What it was ` +
				'doing is stopped here and goes on there.',
		);
	}
}
