/** Audit records in the store: accepted at once, written behind, never in the way of the action that they record. */

import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { Audit, AuditEvent } from '../audit.ts';
import { toHubError } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import { type HouseTables, houseTopic } from './house.ts';
import type { Store } from './store.ts';

/** Records kept in memory while the store cannot be written; above it the oldest go and the log says how many. */
const QUEUE_LIMIT = 10_000;

/** Records a statement; PostgreSQL takes at most 65,535 parameters. */
const BATCH = 200;

/** Wait after a failed write, in milliseconds; doubles up to the second value. */
const RETRY_MS = [1_000, 60_000] as const;

/** How long `close` tries to write what is queued, in milliseconds: a part of the 2 seconds of a graceful close. */
const CLOSE_TIMEOUT_MS = 1_500;

export interface AuditOptions {
	log?: Log;
	/** Wait after a failed write in milliseconds, for tests; default 1,000, doubling up to 60,000. */
	retryMs?: number;
}

/** An `Audit` whose records end up in the table `hub_audit`. */
export interface StoreAudit {
	readonly record: Audit;
	/** Resolves when everything recorded so far is written, or could not be written once. Never rejects. */
	flush(): Promise<void>;
	/** Writes what is left, within 1.5 seconds, and stops. Never rejects. */
	close(): Promise<void>;
}

/**
 * @param open gives the store; called again after each failure, so the store may come later than the first record
 */
export function storeAudit(open: () => Promise<Store>, options: AuditOptions = {}): StoreAudit {
	const writer = new AuditWriter(open, options);
	return {
		record: (event) => writer.add(event),
		flush: () => writer.flush(),
		close: () => writer.close(),
	};
}

type AuditRow = Insertable<HouseTables['hub_audit']>;

class AuditWriter {
	readonly #open: () => Promise<Store>;
	readonly #log: Log;
	readonly #firstRetryMs: number;
	#queue: AuditRow[] = [];
	#dropped = 0;
	#retryMs: number;
	#writing: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(open: () => Promise<Store>, { log = silentLog, retryMs = RETRY_MS[0] }: AuditOptions) {
		this.#open = open;
		this.#log = log;
		this.#firstRetryMs = retryMs;
		this.#retryMs = retryMs;
	}

	add(event: Omit<AuditEvent, 'at'>): void {
		this.#queue.push(rowOf(event));
		if (this.#queue.length > QUEUE_LIMIT) {
			this.#queue.shift();
			this.#dropped += 1;
		}
		if (!this.#timer && !this.#closed) void this.flush();
	}

	flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		// Started later than assigned, so that its end always finds the assignment.
		this.#writing ??= Promise.resolve().then(() => this.#writeAll());
		return this.#writing;
	}

	async close(): Promise<void> {
		this.#closed = true;
		let deadline: NodeJS.Timeout | undefined;
		const late = new Promise<void>((resolve) => {
			deadline = setTimeout(resolve, CLOSE_TIMEOUT_MS);
		});
		await Promise.race([this.flush(), late]);
		clearTimeout(deadline);
		if (this.#queue.length > 0) this.#log.error(`${this.#queue.length} audit records were not written to the store.`);
	}

	async #writeAll(): Promise<void> {
		try {
			const database = await (await this.#open()).topic<HouseTables>(houseTopic);
			while (this.#queue.length > 0) {
				const batch = this.#queue.slice(0, BATCH);
				// A batch whose answer was lost is written again: its ids keep it from counting twice.
				await database
					.insertInto('hub_audit')
					.values(batch)
					.onConflict((conflict) => conflict.column('id').doNothing())
					.execute();
				const written = new Set(batch);
				this.#queue = this.#queue.filter((row) => !written.has(row));
			}
			this.#retryMs = this.#firstRetryMs;
			if (this.#dropped > 0)
				this.#log.error(`${this.#dropped} audit records were lost while the store was not writable.`);
			this.#dropped = 0;
		} catch (thrown) {
			this.#log.warn(`Audit records wait to be written (${this.#queue.length}): ${toHubError(thrown).message}`);
			if (this.#closed) return;
			this.#timer = setTimeout(() => void this.flush(), this.#retryMs).unref();
			this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS[1]);
		} finally {
			this.#writing = undefined;
		}
	}
}

function rowOf({ action, actor, subject, outcome, details }: Omit<AuditEvent, 'at'>): AuditRow {
	return { id: randomUUID(), at: Date.now(), action, actor, subject, outcome, details: jsonOf(details) };
}

/** What cannot be turned into JSON (a loop, a bigint) must not make the action fail that is being recorded. */
function jsonOf(details: Record<string, unknown> | undefined): string | null {
	if (!details) return null;
	try {
		return JSON.stringify(details);
	} catch {
		return JSON.stringify({ unreadable: true });
	}
}
