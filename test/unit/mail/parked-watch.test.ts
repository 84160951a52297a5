import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParkedWatch } from '../../../lib/mail/parked-watch.ts';

function aWatch({ tookMs = 0, fails = false } = {}) {
	const clock = { now: 0, looks: 0, fails };
	const watch = new ParkedWatch(
		async () => {
			clock.looks++;
			clock.now += tookMs;
			if (clock.fails) throw new Error('The broker is gone.');
		},
		() => clock.now,
	);
	const looks = async (afterMs: number, parked: number): Promise<number> => {
		clock.now += afterMs;
		await watch.counted(parked).catch(() => undefined);
		return clock.looks;
	};
	return { clock, looks };
}

test('the parked mails are looked through when their number changed, and not again before half a minute', async () => {
	const { looks } = aWatch();
	assert.equal(await looks(0, 0), 0);
	assert.equal(await looks(5_000, 1), 1);
	assert.equal(await looks(5_000, 2), 1);
	assert.equal(await looks(25_000, 2), 2);
	assert.equal(await looks(60_000, 2), 2);
	assert.equal(await looks(60_000, 1), 3);
});

test('one that came while another left is found within ten minutes, and one that came after all had left at once', async () => {
	const { looks } = aWatch();
	await looks(0, 1);
	assert.equal(await looks(599_000, 1), 1);
	assert.equal(await looks(1_000, 1), 2);
	await looks(60_000, 0);
	assert.equal(await looks(60_000, 1), 3);
});

test('a look that takes long is done for a twentieth of the time at most, and one that fails is done again', async () => {
	const slow = aWatch({ tookMs: 6_000 });
	await slow.looks(0, 10_000);
	assert.equal(await slow.looks(119_000, 10_001), 1);
	assert.equal(await slow.looks(1_000, 10_001), 2);
	const broken = aWatch({ fails: true });
	await broken.looks(0, 1);
	assert.equal(await broken.looks(30_000, 1), 2);
});
