/** A lease that is held while work goes on, against a store that fails as each test wants. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../../../lib/errors.ts';
import { HeldLease, holdLease } from '../../../lib/store/held-lease.ts';
import type { Lease, LeaseOptions } from '../../../lib/store/store.ts';

/** Three renewals in it; each far longer than a step of a test. */
const TTL_MS = 300;

const away = () => new HubError('STORE_UNAVAILABLE', 'The store is away.');
const neverAborted = () => new AbortController().signal;

interface Keeper {
	/** What each call does, by turns; the last one again and again. Default: it works. */
	renew: (() => Promise<void>)[];
	release: () => Promise<void>;
	renewals: number;
	owners: string[];
	lease(name: string, options: LeaseOptions): Promise<Lease | null>;
}

/** One lease, which is given to one at a time. */
function keeper(): Keeper {
	let holder: string | undefined;
	const kept: Keeper = {
		renew: [async () => {}],
		release: async () => {},
		renewals: 0,
		owners: [],
		async lease(name, { owner }) {
			if (holder !== undefined && holder !== owner) return null;
			holder = owner;
			kept.owners.push(owner);
			return {
				...{ name, token: kept.owners.length },
				check: async () => {},
				renew: () => (kept.renew[Math.min(kept.renewals++, kept.renew.length - 1)] ?? (async () => {}))(),
				async release() {
					holder = undefined;
					await kept.release();
				},
			};
		},
	};
	return kept;
}

const options = (change: { signal?: AbortSignal; waitMs?: number } = {}) => ({
	...{ owner: 'hub', ttlMs: TTL_MS, signal: neverAborted() },
	...change,
});

test('a renewal that fails once does not end the work', async () => {
	const kept = keeper();
	kept.renew = [() => Promise.reject(away()), async () => {}];
	const aborted = await holdLease(kept, 'x', options(), async (signal) => {
		await delay(TTL_MS * 2);
		return signal.aborted;
	});
	assert.equal(aborted, false);
	assert.ok(kept.renewals >= 3);
});

test('work ends when another has the lease, and when no renewal came through for as long as it lasts', async () => {
	const lost = new HubError('LEASE_LOST', 'Another has it.');
	const silent = () => new Promise<void>(() => {});
	for (const [renew, latestMs] of [
		[() => Promise.reject(lost), TTL_MS],
		[() => Promise.reject(away()), TTL_MS * 2],
		[silent, TTL_MS * 2],
	] as const) {
		const kept = keeper();
		kept.renew = [renew];
		const begin = performance.now();
		// However the work ends when it is told to.
		const work = (signal: AbortSignal) =>
			new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
		// The renewals alone keep no process alive.
		const alive = setTimeout(() => undefined, 10_000);
		await assert.rejects(holdLease(kept, 'x', options(), work), { code: 'LEASE_LOST' });
		clearTimeout(alive);
		assert.ok(performance.now() - begin < latestMs + 200);
	}
});

test('a lease that cannot be given back makes no failure of what was done', async () => {
	const kept = keeper();
	kept.release = () => Promise.reject(away());
	assert.equal(await holdLease(kept, 'x', options(), async () => 'done'), 'done');
});

test('within one process, too, one works at a time; who waits can be cancelled, and gives up after its time', async () => {
	const kept = keeper();
	let end = () => {};
	const first = holdLease(kept, 'x', options(), () => new Promise<void>((resolve) => (end = resolve)));
	const cancel = new AbortController();
	const cancelled = holdLease(kept, 'x', options({ signal: cancel.signal }), async () => 'never');
	cancel.abort();
	await assert.rejects(cancelled, { code: 'CANCELLED' });
	await assert.rejects(
		holdLease(kept, 'x', options({ waitMs: 100 }), async () => 'never'),
		{ code: 'TIMEOUT' },
	);
	const second = holdLease(kept, 'x', options(), async () => 'second');
	end();
	await first;
	assert.equal(await second, 'second');
	assert.equal(new Set(kept.owners).size, 2);
	assert.ok(kept.owners.every((owner) => owner.startsWith('hub/')));
});

test('a lease that was given back while a renewal was under way was not lost', async () => {
	const kept = keeper();
	let fail = () => {};
	kept.renew = [() => new Promise((_, reject) => (fail = () => reject(new HubError('LEASE_LOST', 'Given back.'))))];
	const lease = await kept.lease('x', { owner: 'hub', ttlMs: TTL_MS });
	assert.ok(lease);
	const held = new HeldLease(lease, { ttlMs: TTL_MS });
	while (kept.renewals === 0) await delay(10);
	await held.release();
	fail();
	await delay(10);
	assert.equal(held.signal.aborted, false);
});
