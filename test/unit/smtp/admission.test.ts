import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Admission } from '../../../lib/smtp/admission.ts';

const never = new AbortController().signal;

describe('admission to the pool', () => {
	it('lets as many run at once as there are connections, first come first served', async () => {
		const admission = new Admission(2);
		const order: number[] = [];
		const turns = [1, 2, 3, 4].map((n) => admission.enter(never).then(() => order.push(n)));
		await Promise.all(turns.slice(0, 2));
		assert.deepEqual(order, [1, 2]);
		admission.leave();
		await turns[2];
		assert.deepEqual(order, [1, 2, 3]);
		admission.leave();
		await turns[3];
		assert.deepEqual(order, [1, 2, 3, 4]);
	});

	it('never starts more in any second than the rate allows, however large the pool', async (t) => {
		t.mock.timers.enable({ apis: ['setTimeout'] });
		let now = 0;
		const pass = async (ms: number) => {
			now += ms;
			t.mock.timers.tick(ms);
			await new Promise(setImmediate);
		};
		const admission = new Admission(20, 3, () => now);
		const starts: number[] = [];
		const enter = () => admission.enter(never).then(() => starts.push(now));
		void enter();
		await pass(0);
		await pass(600);
		for (let n = 0; n < 6; n++) void enter();
		await pass(0);
		assert.deepEqual(starts, [0, 600, 600]);
		await pass(399);
		assert.equal(starts.length, 3);
		await pass(1);
		assert.deepEqual(starts.slice(3), [1_000], 'one second after the first, not all at once');
		await pass(600);
		assert.deepEqual(starts.slice(4), [1_600, 1_600]);
		await pass(400);
		assert.deepEqual(starts.slice(6), [2_000]);
	});

	it('a turn that is given up goes to the next', async () => {
		const admission = new Admission(1);
		await admission.enter(never);
		const abort = new AbortController();
		const given = admission.enter(abort.signal);
		const next = admission.enter(never);
		abort.abort();
		assert.equal(await given, false);
		admission.leave();
		assert.equal(await next, true);
		assert.equal(admission.pending, 1);
		assert.equal(await admission.enter(abort.signal), false, 'an aborted signal gets no turn');
	});
});
