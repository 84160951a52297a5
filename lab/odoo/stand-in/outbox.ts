/** Messages on their way to the hub, with the states, bounds and delays of the addon. */
import { setTimeout as delay } from 'node:timers/promises';
import { toHubError } from '../../../lib/errors.ts';
import { type Outcome, publish } from './handover.ts';
import { odooTime } from './purchases.ts';
import type { Records, Row } from './records.ts';

const MODEL = 'clinic.mail.outbox';

/** As in the addon: rows published over one connection. */
const BATCH_ROWS = 50;

/** As in the addon: pauses by attempts so far, in ms. */
const BACKOFF_MS = [15_000, 60_000, 120_000, 300_000];

export class Outbox {
	readonly #records: Records;
	readonly #stop = new AbortController();
	#wake: () => void = () => {};
	#loop: Promise<void> = Promise.resolve();

	constructor(records: Records) {
		this.#records = records;
	}

	/** Adds a row, inside the transaction that confirms the order. */
	add(row: { uuid: string; order: Row; body?: string; code?: string; reason?: string }): void {
		this.#records.create(MODEL, {
			...{ uuid: row.uuid, res_id: row.order.id, order_name: row.order.name ?? '', body: row.body ?? false },
			...{ state: row.body === undefined ? 'unsent' : 'pending', attempts: 0, next_try: Date.now() },
			...{ reason_code: row.code || false, reason: row.reason || false, published_at: false },
		});
	}

	/** The newest row about an order. */
	about(order: number): Row | undefined {
		return this.#records.search(MODEL, [['res_id', '=', order]]).at(-1);
	}

	/** Keeps what waits from leaving, and gives how many that are. */
	holdPending(): number {
		const waiting = this.#records.search(MODEL, [['state', '=', 'pending']]);
		for (const { id } of waiting) this.#records.write(MODEL, id, { state: 'held' });
		return waiting.length;
	}

	/** Looks for rows now; after the commit. */
	wake(): void {
		this.#wake();
	}

	start(): void {
		this.#loop = this.#run();
	}

	async stop(): Promise<void> {
		this.#stop.abort();
		await this.#loop;
	}

	async #run(): Promise<void> {
		while (!this.#stop.signal.aborted) {
			const woken = new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
			await this.#publishDue();
			const pause = delay(1_000, undefined, { signal: this.#stop.signal }).catch(() => {});
			await Promise.race([woken, pause]);
		}
	}

	/** Publishes what is due, unless an earlier failure still has to be waited for. */
	async #publishDue(): Promise<void> {
		const pending = this.#records.search(MODEL, [['state', '=', 'pending']]);
		const now = Date.now();
		if (pending.some(({ reason_code, next_try }) => reason_code && Number(next_try) > now)) return;
		const due = pending.slice(0, BATCH_ROWS);
		if (due.length === 0) return;
		let outcomes: Record<string, Outcome>;
		try {
			outcomes = await publish(Object.fromEntries(due.map(({ uuid, body }) => [String(uuid), String(body)])));
		} catch (thrown) {
			const { code, message } = toHubError(thrown);
			outcomes = Object.fromEntries(due.map(({ uuid }) => [String(uuid), { code, reason: message }]));
		}
		this.#records.transaction(() => {
			for (const row of due) this.#record(row, outcomes[String(row.uuid)] ?? { code: 'INTERNAL', reason: '' });
		});
	}

	#record(row: Row, { code, reason }: Outcome): void {
		const attempts = Number(row.attempts) + 1;
		if (code === '') {
			const published_at = odooTime(Date.now());
			const values = { state: 'published', attempts, published_at, reason_code: false, reason: false };
			this.#records.write(MODEL, row.id, values);
			return;
		}
		const pause = BACKOFF_MS[Math.min(attempts, BACKOFF_MS.length) - 1] ?? 0;
		const values = { attempts, reason_code: code, reason, next_try: Date.now() + pause };
		this.#records.write(MODEL, row.id, values);
		console.error(`Message ${row.uuid} waits ${pause / 1000} s: ${code} ${reason}`);
	}
}
