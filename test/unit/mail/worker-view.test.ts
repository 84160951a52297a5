import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubError } from '../../../lib/errors.ts';
import { Health } from '../../../lib/health.ts';
import { healthOf, type WorkerState } from '../../../lib/mail/worker-state.ts';
import { WorkerView } from '../../../lib/mail/worker-view.ts';

test('what has not changed is not told again', () => {
	const view = new WorkerView(new Health(), () => ({ phase: 'consuming', pauses: [], underWay: 0 }));
	const told: WorkerState[] = [];
	view.onState((state) => told.push(state));
	view.setDepths({ queued: 1, delayed: 0, parked: 0 });
	view.setDepths({ queued: 1, delayed: 0, parked: 0 });
	view.noteLag(1);
	view.refresh();
	assert.equal(told.length, 1);
	view.setDepths({ queued: 2, delayed: 0, parked: 0 });
	assert.equal(told.length, 2);
});

test('many mails in a moment are told once', (t) => {
	t.mock.timers.enable({ apis: ['setTimeout'] });
	const view = new WorkerView(new Health(), () => ({ phase: 'consuming', pauses: [], underWay: 0 }));
	const told: WorkerState[] = [];
	view.onState((state) => told.push(state));
	for (let mail = 0; mail < 1_000; mail++) {
		view.count({ outcome: 'parked', id: null, key: 'k', time: 0, reason: { code: 'MESSAGE_INVALID', text: '' } });
	}
	assert.equal(view.state.counts.parked, 1_000);
	assert.equal(told.length, 0);
	t.mock.timers.tick(250);
	assert.equal(told.length, 1);
});

test('health is failed while the worker paused by itself or cannot consume, degraded while a person is awaited', () => {
	const view = new WorkerView(new Health(), () => ({ phase: 'consuming', pauses: [], underWay: 0 }));
	assert.equal(healthOf(view.state).state, 'ok');
	view.setDepths({ queued: 0, delayed: 0, parked: 2 });
	assert.deepEqual(
		[healthOf(view.state).state, healthOf(view.state).text],
		['degraded', '2 parked mails wait for a person.'],
	);
	const operator = { cause: 'operator', text: 'Paused by ana.', since: 0 } as const;
	assert.equal(healthOf({ ...view.state, pauses: [operator] }).state, 'degraded');
	const smtp = { cause: 'smtp', text: 'The server refuses the credentials.', since: 0 } as const;
	const failed = healthOf({ ...view.state, pauses: [operator, smtp] });
	assert.deepEqual([failed.state, failed.text], ['failed', 'Paused: The server refuses the credentials.']);
	view.setProblem(new HubError('AMQP_EXCLUSIVE', 'Another worker.'));
	assert.equal(healthOf(view.state).state, 'failed');
});
