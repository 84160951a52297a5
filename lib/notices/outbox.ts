/** The notices of one sender in the store: which windows are open, which parcels wait. */
import { createHash, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Parcel } from './channel.ts';
import type { CheckedNotice } from './notice.ts';
import type { NoticeTables } from './tables.ts';

/** A notice to one receiver over one channel. */
export interface Address {
	channel: string;
	target: string | null;
}

export type Waiting = Parcel & { attempts: number; nextAt: number };

/** A window that closed with repetitions. */
export interface ClosedWindow extends CheckedNotice {
	repeats: number;
	openedAt: number;
	lastAt: number;
}

export interface OutboxOptions {
	/** Whose notices these are. */
	sender: string;
	/** Parcels that may wait a channel; when full, newer ones are not taken: the first alarm explains the others. */
	maxWaiting: number;
	/** How long the same notice is counted instead of sent, ms. */
	windowMs: number;
}

/** `repeated`: it was counted only. `dropped`: parcels for which there was no room. */
export type Taken = { repeated: boolean; dropped: number };

export class Outbox {
	readonly #db: Kysely<NoticeTables>;
	readonly #options: OutboxOptions;

	constructor(db: Kysely<NoticeTables>, options: OutboxOptions) {
		this.#db = db;
		this.#options = options;
	}

	/** Counts the notice when its window is open; otherwise opens one and puts a parcel a receiver. All of it or nothing. */
	async take(notice: CheckedNotice, addresses: readonly Address[], now: number): Promise<Taken> {
		const key = this.#key(notice);
		return this.#db.transaction().execute(async (db) => {
			const counted = await db
				.updateTable('notice_window')
				.set((eb) => ({ repeats: eb('repeats', '+', 1), last_at: now, text: notice.text }))
				.where('key', '=', key)
				.executeTakeFirst();
			if (counted.numUpdatedRows === 1n) return { repeated: true, dropped: 0 };
			await this.#openWindow(db, key, notice, now);
			return { repeated: false, dropped: await this.#put(db, notice, addresses, now) };
		});
	}

	/** Closes the windows whose time is over. One with repetitions gives a parcel a receiver, and opens anew. */
	async closeWindows(
		now: number,
		tell: (window: ClosedWindow) => { notice: CheckedNotice; addresses: readonly Address[] },
	): Promise<number> {
		const { sender, windowMs } = this.#options;
		const over = await this.#db
			.selectFrom('notice_window')
			.selectAll()
			.where('sender', '=', sender)
			.where('closes_at', '<=', now)
			.execute();
		let dropped = 0;
		for (const row of over) {
			await this.#db.transaction().execute(async (db) => {
				// Another process may close it, or a repetition come, in between: then this one leaves it to the next round.
				if (row.repeats === 0) {
					await db.deleteFrom('notice_window').where('key', '=', row.key).where('repeats', '=', 0).execute();
					return;
				}
				const claimed = await db
					.updateTable('notice_window')
					.set({ repeats: 0, opened_at: now, last_at: now, closes_at: now + windowMs })
					.where('key', '=', row.key)
					.where('repeats', '=', row.repeats)
					.where('closes_at', '=', row.closes_at)
					.executeTakeFirst();
				if (claimed.numUpdatedRows !== 1n) return;
				const { subject, text, severity, about, repeats } = row;
				const to = JSON.parse(row.receivers) as string[];
				const closed = { to, subject, text, severity, about, repeats, openedAt: row.opened_at, lastAt: row.last_at };
				const { notice, addresses } = tell(closed);
				dropped += await this.#put(db, notice, addresses, now);
			});
		}
		return dropped;
	}

	/** The parcel that has been due longest; those that failed often come later. */
	async next(channel: string, now: number): Promise<Waiting | undefined> {
		const row = await this.#db
			.selectFrom('notice_outbox')
			.selectAll()
			.where('sender', '=', this.#options.sender)
			.where('channel', '=', channel)
			.where('next_at', '<=', now)
			.orderBy('next_at')
			.orderBy('created_at')
			.limit(1)
			.executeTakeFirst();
		if (row === undefined) return undefined;
		const { id, target, subject, text, severity, about, attempts } = row;
		return { id, target, subject, text, severity, about, at: row.created_at, attempts, nextAt: row.next_at };
	}

	/** Makes the parcel this process's until `until`; false when another was faster. */
	async claim({ id, nextAt }: Waiting, until: number): Promise<boolean> {
		const claimed = await this.#db
			.updateTable('notice_outbox')
			.set((eb) => ({ next_at: until, attempts: eb('attempts', '+', 1) }))
			.where('id', '=', id)
			.where('next_at', '=', nextAt)
			.executeTakeFirst();
		return claimed.numUpdatedRows === 1n;
	}

	async postpone(id: string, until: number): Promise<void> {
		await this.#db.updateTable('notice_outbox').set({ next_at: until }).where('id', '=', id).execute();
	}

	async remove(id: string): Promise<void> {
		await this.#db.deleteFrom('notice_outbox').where('id', '=', id).execute();
	}

	/**
	 * Forgets parcels older than `before`, also of senders that no longer exist, and those of channels that are no longer
	 * configured; gives how many.
	 */
	async expire(before: number, channels: readonly string[]): Promise<number> {
		await this.#db.deleteFrom('notice_window').where('closes_at', '<', before).execute();
		const old = await this.#db.deleteFrom('notice_outbox').where('created_at', '<', before).executeTakeFirst();
		if (channels.length === 0) return Number(old.numDeletedRows);
		const elsewhere = await this.#db
			.deleteFrom('notice_outbox')
			.where('sender', '=', this.#options.sender)
			.where('channel', 'not in', [...channels])
			.executeTakeFirst();
		return Number(old.numDeletedRows + elsewhere.numDeletedRows);
	}

	/** Gives back what an ended process had claimed. Only where no other process can be at work. */
	async recover(now: number): Promise<void> {
		await this.#db
			.updateTable('notice_outbox')
			.set({ next_at: now })
			.where('sender', '=', this.#options.sender)
			.where('next_at', '>', now)
			.execute();
	}

	async waiting(channel: string): Promise<number> {
		return this.#waiting(this.#db, channel);
	}

	/** When the next window closes, ms since the epoch. */
	async nextClosing(): Promise<number | undefined> {
		const row = await this.#db
			.selectFrom('notice_window')
			.select('closes_at')
			.where('sender', '=', this.#options.sender)
			.orderBy('closes_at')
			.limit(1)
			.executeTakeFirst();
		return row?.closes_at;
	}

	/** Two processes may open it at once; then both tell the notice, and one window counts from there. */
	async #openWindow(db: Kysely<NoticeTables>, key: string, notice: CheckedNotice, now: number): Promise<void> {
		const { sender, windowMs } = this.#options;
		const { subject, severity, about, text } = notice;
		const row = { key, sender, subject, severity, about, text, receivers: JSON.stringify(notice.to), repeats: 0 };
		await db
			.insertInto('notice_window')
			.values({ ...row, opened_at: now, last_at: now, closes_at: now + windowMs })
			.onConflict((conflict) => conflict.column('key').doNothing())
			.execute();
	}

	async #put(
		db: Kysely<NoticeTables>,
		notice: CheckedNotice,
		addresses: readonly Address[],
		now: number,
	): Promise<number> {
		const { sender, maxWaiting } = this.#options;
		const { subject, text, severity, about } = notice;
		let dropped = 0;
		for (const { channel, target } of addresses) {
			if ((await this.#waiting(db, channel)) >= maxWaiting) {
				dropped++;
				continue;
			}
			const row = { id: randomUUID(), sender, channel, target, subject, text, severity, about };
			await db
				.insertInto('notice_outbox')
				.values({ ...row, created_at: now, attempts: 0, next_at: now })
				.execute();
		}
		return dropped;
	}

	async #waiting(db: Kysely<NoticeTables>, channel: string): Promise<number> {
		const { count } = await db
			.selectFrom('notice_outbox')
			.select((eb) => eb.fn.countAll<number>().as('count'))
			.where('sender', '=', this.#options.sender)
			.where('channel', '=', channel)
			.executeTakeFirstOrThrow();
		return Number(count);
	}

	#key({ severity, subject, to }: CheckedNotice): string {
		const parts = [this.#options.sender, severity, subject, ...[...to].sort()];
		return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
	}
}
