import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Pauses } from '../../../lib/mail/pauses.ts';
import { DEFAULT_LEVELS, levelAfter } from '../../../lib/mail/retry.ts';
import { Slots } from '../../../lib/mail/slots.ts';
import { Streak } from '../../../lib/mail/streak.ts';

function pauses(t: TestContext, answers: boolean[]) {
	t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
	const probed: number[] = [];
	const held = new Pauses({
		delays: { smtp: [1_000, 2_000, 5_000] },
		probe: async () => {
			probed.push(Date.now());
			return answers.shift() ?? false;
		},
		onChange: () => {},
	});
	const pass = async (ms: number) => {
		t.mock.timers.tick(ms);
		for (let turn = 0; turn < 5; turn++) await Promise.resolve();
	};
	return { held, probed, pass };
}

test('a pause tries to end by itself after growing waits, and the last wait is repeated', async (t) => {
	const { held, probed, pass } = pauses(t, [false, false, false, true]);
	held.add('smtp', 'refused');
	for (let second = 0; second < 13; second++) await pass(1_000);
	assert.deepEqual(probed, [1_000, 3_000, 8_000, 13_000]);
	assert.deepEqual(held.all, []);
});

test('a pause that comes back waits longer, unless something went well in between', async (t) => {
	const { held, pass } = pauses(t, [true, true]);
	held.add('smtp', 'refused');
	await pass(1_000);
	assert.equal(held.has('smtp'), false);
	held.add('smtp', 'refused');
	assert.equal(held.all[0]?.retryAt, 3_000);
	await pass(2_000);
	held.forget('smtp');
	held.add('smtp', 'refused');
	assert.equal(held.all[0]?.retryAt, 4_000);
});

test('a pause says since when, and a second cause does not change it', async (t) => {
	const { held, pass } = pauses(t, []);
	held.add('smtp', 'first');
	await pass(500);
	assert.equal(held.add('smtp', 'second'), false);
	held.add('operator', 'Paused by ana.', 'ana');
	assert.deepEqual(
		held.all.map(({ cause, text, since }) => ({ cause, text, since })),
		[
			{ cause: 'smtp', text: 'first', since: 0 },
			{ cause: 'operator', text: 'Paused by ana.', since: 500 },
		],
	);
	held.close();
});

test('attempts are delayed by 10 s, 1 min, 10 min, 1 h and 6 h, then there is no delay left', () => {
	const delays = [1, 2, 3, 4, 5, 6].map((used) => levelAfter(used, DEFAULT_LEVELS)?.delayMs);
	assert.deepEqual(delays, [10_000, 60_000, 600_000, 3_600_000, 21_600_000, undefined]);
});

test('the fifth domain refused in a row names the mails before it; upper and lower case are one domain', () => {
	const streak = new Streak();
	for (const domain of ['a.test', 'b.test', 'A.test', 'c.test', 'd.test']) {
		assert.equal(streak.refused(domain, `key of ${domain}`), undefined);
	}
	const earlier = ['a.test', 'b.test', 'A.test', 'c.test', 'd.test'].map((domain) => `key of ${domain}`);
	assert.deepEqual(streak.refused('e.test', 'key of e.test'), earlier);
	assert.equal(streak.refused('f.test', 'key of f.test'), undefined);
});

test('slots are given in the order of asking, and a caller that stopped waiting takes none', async () => {
	const slots = new Slots(1);
	const never = new AbortController().signal;
	const first = await slots.acquire(never);
	const stopped = new AbortController();
	const second = slots.acquire(stopped.signal);
	const order: string[] = [];
	const third = slots.acquire(never).then((release) => {
		order.push('third');
		return release;
	});
	stopped.abort();
	await assert.rejects(second, { code: 'CANCELLED' });
	first();
	(await third)();
	(await slots.acquire(never))();
	assert.deepEqual(order, ['third']);
	await assert.rejects(slots.acquire(stopped.signal), { code: 'CANCELLED' });
});
