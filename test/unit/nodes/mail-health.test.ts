import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { WorkerState } from '../../../lib/mail/worker-state.ts';
import { HealthNews, PROBLEM_GRACE_MS } from '../../../nodes/amqp-mail/outputs.ts';
import type { FlowMessage } from '../../../nodes/runtime/node-red.ts';

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

const problem = { code: 'AMQP_UNREACHABLE', text: 'The broker does not answer.' } as const;
const unreachable: WorkerState = { ...WELL, phase: 'waiting', problem };

/** The topic of each message that a row of states gives; undefined where there is none. */
function told(...states: WorkerState[]): unknown[] {
	const messages: FlowMessage[] = [];
	const news = new HealthNews('queue', (message) => messages.push(message));
	return states.map((state) => {
		news.take(state);
		return messages.pop()?.topic;
	});
}

/** The same with a clock that the test moves. */
function clocked(t: TestContext) {
	t.mock.timers.enable({ apis: ['setTimeout'] });
	const messages: FlowMessage[] = [];
	const news = new HealthNews('queue', (message) => messages.push(message));
	return { messages, news, pass: (ms: number) => t.mock.timers.tick(ms) };
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

test('a connection that stays away is told after the grace, with the words of the problem, and its return', (t) => {
	const { messages, news, pass } = clocked(t);
	news.take({ ...WELL, phase: 'starting' });
	news.take(unreachable);
	pass(PROBLEM_GRACE_MS - 1);
	news.take({ ...unreachable, counts: { ...WELL.counts, sent: 1 } });
	assert.equal(messages.length, 0);
	pass(1);
	assert.equal(messages[0]?.topic, 'failed');
	assert.partialDeepStrictEqual(messages[0]?.payload, {
		queue: 'queue',
		state: 'failed',
		text: 'The broker does not answer.',
		counts: { sent: 1 },
	});
	news.take(unreachable);
	pass(PROBLEM_GRACE_MS);
	assert.equal(messages.length, 1);
	news.take({ ...unreachable, problem: { code: 'AMQP_CREDENTIALS', text: 'x' } });
	news.take(WELL);
	assert.deepEqual(
		messages.map(({ topic }) => topic),
		['failed', 'failed', 'ok'],
	);
});

test('a broker that restarts is no news, however often', (t) => {
	const { messages, news, pass } = clocked(t);
	for (let restart = 0; restart < 5; restart++) {
		news.take(unreachable);
		pass(PROBLEM_GRACE_MS - 1);
		news.take(WELL);
	}
	pass(PROBLEM_GRACE_MS);
	assert.deepEqual(messages, []);
});

test('a pause that begins by itself does not wait for the grace of a problem', () => {
	assert.deepEqual(told(unreachable, { ...unreachable, pauses: paused('smtp').pauses }), [undefined, 'failed']);
});

test('nothing is told after the end, also of a problem that waited', (t) => {
	const { messages, news, pass } = clocked(t);
	news.take(unreachable);
	news.take({ ...unreachable, phase: 'closing' });
	pass(PROBLEM_GRACE_MS);
	assert.deepEqual(messages, []);
});

test('a deploy is no news', () => {
	assert.deepEqual(told({ ...WELL, phase: 'closing' }, { ...WELL, phase: 'stopped' }), [undefined, undefined]);
});
