import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../lib/backoff.ts';

const RANGE = { minMs: 1_000, maxMs: 30_000 };

function pauses(random: number, count: number): number[] {
	const backoff = new Backoff({ ...RANGE, random: () => random });
	return Array.from({ length: count }, () => backoff.next());
}

test('pauses double up to the longest and are drawn from the upper half', () => {
	assert.deepEqual(pauses(0, 6), [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
	assert.deepEqual(pauses(0.999_99, 6), [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test('no pause leaves its bounds, whatever is drawn', () => {
	for (const pause of Array.from({ length: 200 }, () => pauses(Math.random(), 12)).flat()) {
		assert.ok(pause >= RANGE.minMs && pause <= RANGE.maxMs, String(pause));
	}
});

test('a success makes pauses short again only when it lasted', () => {
	let now = 0;
	const backoff = new Backoff({ ...RANGE, stableMs: 10_000, random: () => 0, now: () => now });
	for (const expected of [1_000, 2_000, 4_000]) assert.equal(backoff.next(), expected);
	backoff.succeeded();
	now += 9_999;
	assert.equal(backoff.next(), 8_000);
	backoff.succeeded();
	now += 10_000;
	assert.equal(backoff.next(), 1_000);
});
