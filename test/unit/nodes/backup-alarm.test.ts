import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmNode } from '../../../nodes/backup-alarm/config.ts';
import { alarmStatus, trialPhrase } from '../../../nodes/backup-alarm/status.ts';
import { isOutcome, Trials } from '../../../nodes/backup-alarm/trial.ts';
import { readFields } from '../../../nodes/runtime/fields.ts';

const never = new AbortController().signal;

/** Runs a test; `answer` says what comes back for its subject. */
function trial(answer: (trials: Trials, subject: string) => void, waitMs = 5_000) {
	const trials = new Trials();
	return trials.run(({ subject }) => answer(trials, subject), never, waitMs);
}
const queued = (subject: string, channels: string[]) => ({ topic: 'queued', payload: { subject, channels } });
const ended = (topic: string, subject: string, channel: string) => ({ topic, payload: { subject, channel } });

test('a test is over when each channel has answered, in whatever order', async () => {
	const result = await trial((trials, subject) => {
		trials.outcome(ended('delivered', subject, 'webhook'));
		trials.outcome(queued(subject, ['mail', 'webhook']));
		trials.outcome(ended('refused', subject, 'mail'));
	});
	assert.deepEqual(result, {
		answered: true,
		channels: [
			{ channel: 'webhook', outcome: 'delivered' },
			{ channel: 'mail', outcome: 'refused' },
		],
	});
	assert.equal(trialPhrase(result).key, 'backup-alarm.test.some');
});

test('a channel that says nothing in time is named; one alone is said to be alone', async () => {
	const waiting = await trial((trials, subject) => {
		trials.outcome(queued(subject, ['mail', 'webhook']));
		trials.outcome(ended('delivered', subject, 'mail'));
	}, 20);
	assert.deepEqual(waiting.channels[1], { channel: 'webhook', outcome: 'waiting' });
	assert.equal(trialPhrase(waiting).key, 'backup-alarm.test.some');
	const alone = await trial((trials, subject) => {
		trials.outcome(queued(subject, ['mail']));
		trials.outcome(ended('delivered', subject, 'mail'));
	});
	assert.equal(trialPhrase(alone).key, 'backup-alarm.test.one');
});

test('where no notice node answers, the test says so', async () => {
	const result = await trial((trials) => {
		trials.outcome(queued('another notice', ['mail']));
		trials.outcome(ended('delivered', 'another notice', 'mail'));
	}, 20);
	assert.deepEqual(result, { answered: false, channels: [] });
	assert.equal(trialPhrase(result).key, 'backup-alarm.test.unanswered');
});

test('what a notice says is told from what asks for something', () => {
	const topics = ['queued', 'repeated', 'dropped', 'direct', 'delivered', 'refused', 'unknown'];
	assert.deepEqual(topics.filter(isOutcome), topics);
	assert.deepEqual([undefined, '', 'check', 'test', 'uploaded'].filter(isOutcome), []);
});

test('the address of a sign of life must be one', () => {
	const problems = (backupSign: string) =>
		readFields(alarmNode.secrets, { backupSign }).problems.map(({ field, reason }) => `${field} ${reason}`);
	assert.deepEqual(problems(''), []);
	assert.deepEqual(problems('https://hc-ping.com/0'), []);
	assert.deepEqual(problems('hc-ping.com/0'), ['backupSign httpUrl']);
	assert.deepEqual(problems('https://me:secret@hc-ping.com/0'), ['backupSign httpUrl']);
});

test('no alarm makes the hub a failed one: its own sign of life goes on', () => {
	const state = { checkedAt: 0, databases: [], space: undefined, signs: { backup: 'none', drill: 'none' } } as const;
	const tone = (code: 'tooOld' | 'cannotAsk') =>
		alarmStatus({
			...{ ...state, databases: [] },
			findings: [{ code, severity: 'critical', parameters: { code: 'DRIVE_CONSENT' } }],
		}).tone;
	assert.deepEqual([tone('tooOld'), tone('cannotAsk')], ['waiting', 'waiting']);
});
