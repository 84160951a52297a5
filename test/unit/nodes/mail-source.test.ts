import assert from 'node:assert/strict';
import test from 'node:test';
import type { WorkerState } from '../../../lib/mail/worker-state.ts';
import { workerPhrase } from '../../../nodes/amqp-mail/mail-source.ts';
import { NO_SIGN_IN } from '../../../nodes/runtime/actor.ts';

const CONSUMING: WorkerState = {
	phase: 'consuming',
	problem: null,
	pauses: [],
	underWay: 0,
	counts: { sent: 3, retried: 0, parked: 0, discarded: 0, duplicates: 0 },
	depths: { queued: 0, delayed: 0, parked: 0 },
	lagMs: null,
	notes: [],
};

test('a node is green while all goes out, blue at work, and yellow as long as mails lie parked', () => {
	const tone = (state: Partial<WorkerState>) => workerPhrase({ ...CONSUMING, ...state }).tone;
	const parked = { queued: 0, delayed: 0, parked: 2 };
	assert.equal(tone({}), 'ready');
	assert.equal(tone({ underWay: 1 }), 'busy');
	assert.equal(tone({ depths: parked }), 'waiting');
	assert.equal(tone({ depths: parked, underWay: 1 }), 'waiting');
});

test('who paused is named, or said in words where it is no person with a name', () => {
	const by = (name: string) => {
		const pauses = [{ cause: 'operator', text: 'Paused.', since: 0, by: name }] as const;
		return workerPhrase({ ...CONSUMING, phase: 'paused', pauses }).phrase.values?.['by'];
	};
	assert.equal(by('ana'), 'ana');
	assert.match((by(NO_SIGN_IN) as { key: string }).key, /:actor\.noSignIn$/);
	assert.match((by('flow:c11f0c0000000110') as { key: string }).key, /:actor\.flow$/);
});
