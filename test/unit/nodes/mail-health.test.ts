import assert from 'node:assert/strict';
import test from 'node:test';
import type { WorkerState } from '../../../lib/mail/worker-state.ts';
import { healthMessages } from '../../../nodes/amqp-mail/outputs.ts';

const WELL: WorkerState = {
	phase: 'consuming',
	problem: null,
	pauses: [],
	underWay: 0,
	counts: { sent: 0, retried: 0, parked: 0, discarded: 0, duplicates: 0 },
	depths: { queued: 0, delayed: 0, parked: 0 },
	lagMs: null,
	notes: [],
};
const parked = (count: number): WorkerState => ({ ...WELL, depths: { queued: 0, delayed: 0, parked: count } });
const paused = (cause: 'smtp' | 'operator'): WorkerState => ({
	...WELL,
	phase: 'paused',
	pauses: [{ cause, text: 'x', since: 0 }],
});

/** The topic of each message that a row of states gives; undefined where there is none. */
function told(...states: WorkerState[]): unknown[] {
	const news = healthMessages('queue');
	return states.map((state) => news(state)?.topic);
}

test('a start that goes well is no news, and work is none', () => {
	const busy = { ...WELL, underWay: 3, counts: { ...WELL.counts, sent: 9 } };
	assert.deepEqual(told({ ...WELL, phase: 'starting' }, WELL, busy, WELL), [
		undefined,
		undefined,
		undefined,
		undefined,
	]);
});

test('a pause is told once, another cause again, and the end of it', () => {
	const states = [WELL, paused('smtp'), paused('smtp'), paused('operator'), WELL];
	assert.deepEqual(told(...states), [undefined, 'failed', undefined, 'degraded', 'ok']);
});

test('parked mails are told of whenever there are more of them, not when a person works them off', () => {
	const states = [parked(1), parked(1), parked(3), parked(2), parked(3), parked(0)];
	assert.deepEqual(told(...states), ['degraded', undefined, 'degraded', undefined, 'degraded', 'ok']);
});

test('a lost connection is told with the words of the problem', () => {
	const problem = { code: 'AMQP_UNREACHABLE', text: 'The broker does not answer.' } as const;
	const [message] = [healthMessages('queue')({ ...WELL, phase: 'waiting', problem })];
	assert.equal(message?.topic, 'failed');
	assert.partialDeepStrictEqual(message?.payload, {
		queue: 'queue',
		state: 'failed',
		text: 'The broker does not answer.',
	});
});

test('a deploy is no news', () => {
	assert.deepEqual(told({ ...WELL, phase: 'closing' }, { ...WELL, phase: 'stopped' }), [undefined, undefined]);
});
