/** Where a synchronisation stands, in the store. */
import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { SourceEvent } from './model.ts';
import type { Cursor } from './suspects.ts';
import { type IdentityTables, identityTopic } from './tables.ts';

/** How long what an event said of a user is remembered: longer than from one full run to the next, in ms. */
const REMEMBERED_MS = 30 * 86_400_000;

/** Rows a statement; PostgreSQL takes 65,535 parameters. */
const BATCH = 500;

export interface Standing {
	issuer: string;
	cursor: Cursor | null;
	counted: number | null;
	fullAt: number | null;
}

/** What events said of users, the latest word on each. */
export interface Said {
	deleted: Set<string>;
	lockedOut: Set<string>;
	reset: Map<string, number>;
}

export class IdentityMemory {
	readonly #database: Kysely<IdentityTables>;
	readonly #pair: string;

	private constructor(database: Kysely<IdentityTables>, pair: string) {
		this.#database = database;
		this.#pair = pair;
	}

	/** @param pair names the realm and the Odoo that belong together */
	static async open(store: Store, pair: string): Promise<IdentityMemory> {
		return new IdentityMemory(await store.topic<IdentityTables>(identityTopic), pair);
	}

	async standing(): Promise<Standing | null> {
		const row = await this.#database
			.selectFrom('identity_state')
			.selectAll()
			.where('pair', '=', this.#pair)
			.executeTakeFirst();
		if (!row) return null;
		const cursor = row.cursor === null ? null : (JSON.parse(row.cursor) as Cursor);
		return { issuer: row.issuer, cursor, counted: row.counted, fullAt: row.full_at };
	}

	async stand({ issuer, cursor, counted, fullAt }: Standing): Promise<void> {
		const values = { issuer, cursor: cursor && JSON.stringify(cursor), counted, full_at: fullAt };
		await this.#database
			.insertInto('identity_state')
			.values({ pair: this.#pair, ...values })
			.onConflict((conflict) => conflict.column('pair').doUpdateSet(values))
			.execute();
	}

	/** Remembers that these were dealt with; harmless when repeated. */
	async dealtWith(events: readonly SourceEvent[], now: number): Promise<void> {
		const rows = events.map(({ key, at, kind, subject }) => ({
			...{ pair: this.#pair, key, at, kind },
			subject: subject.type === 'user' ? subject.id : '',
		}));
		for (let start = 0; start < rows.length; start += BATCH) {
			await this.#database
				.insertInto('identity_event')
				.values(rows.slice(start, start + BATCH))
				.onConflict((conflict) => conflict.columns(['pair', 'key']).doNothing())
				.execute();
		}
		if (rows.length === 0) return;
		await this.#database
			.deleteFrom('identity_event')
			.where('pair', '=', this.#pair)
			.where('at', '<', now - REMEMBERED_MS)
			.execute();
	}

	/**
	 * @param more events that were read and not dealt with yet
	 * @param only ids that matter; all of them without it
	 */
	async said(more: readonly SourceEvent[], only?: readonly string[]): Promise<Said> {
		const query = this.#database
			.selectFrom('identity_event')
			.select(['at', 'kind', 'subject'])
			.where('pair', '=', this.#pair)
			.where('subject', '!=', '')
			.where('kind', '!=', 'passwordReset')
			.orderBy('at');
		const rows = await (only ? query.where('subject', 'in', only.length > 0 ? only : ['']) : query).execute();
		const said: Said = { deleted: new Set(), lockedOut: new Set(), reset: new Map() };
		const last = new Map<string, string>();
		for (const { subject, kind } of rows) last.set(subject, kind);
		for (const { subject, kind, at } of more) {
			if (subject.type !== 'user') continue;
			if (kind === 'passwordReset') said.reset.set(subject.id, Math.max(at, said.reset.get(subject.id) ?? 0));
			else last.set(subject.id, kind);
		}
		for (const [subject, kind] of last) {
			if (kind === 'deleted') said.deleted.add(subject);
			else if (kind === 'lockedOut') said.lockedOut.add(subject);
		}
		return said;
	}

	/** Keys of the events of `from` and later that were dealt with. */
	async keysSince(from: number): Promise<Set<string>> {
		const rows = await this.#database
			.selectFrom('identity_event')
			.select('key')
			.where('pair', '=', this.#pair)
			.where('at', '>=', from)
			.execute();
		return new Set(rows.map(({ key }) => key));
	}

	async changed(keys: readonly string[], now: number): Promise<void> {
		const rows = [...new Set(keys)].map((changed) => ({ pair: this.#pair, changed, at: now }));
		for (let start = 0; start < rows.length; start += BATCH) {
			await this.#database
				.insertInto('identity_change')
				.values(rows.slice(start, start + BATCH))
				.onConflict((conflict) => conflict.columns(['pair', 'changed']).doUpdateSet({ at: now }))
				.execute();
		}
	}

	/** What was changed since `from`; what is older is forgotten. */
	async recent(from: number): Promise<Set<string>> {
		await this.#database.deleteFrom('identity_change').where('pair', '=', this.#pair).where('at', '<', from).execute();
		const rows = await this.#database
			.selectFrom('identity_change')
			.select('changed')
			.where('pair', '=', this.#pair)
			.execute();
		return new Set(rows.map(({ changed }) => changed));
	}
}
