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

	it('never starts more in any second than the rate allows, however large the pool', async () => {
		const admission = new Admission(20, 5);
		const starts: number[] = [];
		await Promise.all(
			Array.from({ length: 12 }, async () => {
				await admission.enter(never);
				starts.push(performance.now());
				admission.leave();
			}),
		);
		for (const [at, start] of starts.entries()) {
			const later = starts[at + 5];
			// 1 ms: the clock of a start is read after its turn was given.
			if (later !== undefined) assert.ok(later - start >= 999, `${later - start} ms between ${at} and ${at + 5}`);
		}
		assert.ok((starts.at(-1) ?? 0) - (starts[0] ?? 0) < 4_000, 'and not much slower');
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
