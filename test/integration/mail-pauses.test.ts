import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Broker } from '../../lib/amqp/broker.ts';
import { HubError } from '../../lib/errors.ts';
import { Ledger } from '../../lib/mail/ledger.ts';
import { aMessage, mailLab, QUEUE, receivedIds, to, until } from '../mail-lab.ts';

const QUICK = { smtp: [300], streak: [400], ledger: [200], queues: [200] };

const toDomains = (ids: string[]) => ids.map((id, index) => aMessage(id, to(`a@supplier${index}.test`)));
const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

test('credentials refused: the worker pauses, uses up no attempt, says so, and goes on by itself', async (t) => {
	const lab = await mailLab(t, { script: { greeting: '554 5.7.1 Go away' } });
	const all = ids(6);
	await lab.publish(toDomains(all));
	const worker = await lab.worker({ pauseDelays: QUICK });
	await until('it pauses', () => worker.state.phase === 'paused' && worker.state.pauses[0]?.cause === 'smtp');
	assert.match(worker.state.pauses[0]?.text ?? '', /./);
	await until('everything lies in the queue', async () => (await lab.depth()) === 6);
	assert.equal(lab.health.checks()['amqp-mail:test-0']?.state, 'failed');
	assert.ok(lab.audited.some(({ action, actor }) => action === 'mail.pause' && actor === 'hub'));
	lab.smtp.script = {};
	await until('all are sent', () => worker.state.counts.sent === 6);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), all.toSorted());
	assert.ok(lab.outcomes.every((outcome) => outcome.outcome === 'delivered' && outcome.attempt === 1));
});

test('five refusals in a row for different domains: pause, nothing stays parked, and the five are decided again', async (t) => {
	const lab = await mailLab(t, { script: { rcpt: '550 5.7.1 Your address is on a block list' } });
	const all = ids(12);
	await lab.publish(toDomains(all));
	const worker = await lab.worker({ pool: 1, prefetch: 2, pauseDelays: { streak: [1_500] } });
	await until('it pauses', () => worker.state.phase === 'paused' && worker.state.pauses[0]?.cause === 'streak');
	await until('all lie in the queue again', async () => (await lab.depth()) === 12);
	assert.equal(await lab.depth(`${QUEUE}.parked`), 0);
	lab.smtp.script = {};
	await until('all are sent', () => worker.state.counts.sent === 12);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), all.toSorted());
	assert.equal(await lab.depth(`${QUEUE}.parked`), 0);
});

test('refusals for one domain, or with a success between, do not pause', async (t) => {
	const refuse = (line: number) => (line % 4 === 0 ? '250 Ok' : '550 5.1.1 No such user');
	const lab = await mailLab(t, { script: { rcpt: refuse } });
	const worker = await lab.worker({ pool: 1, prefetch: 1 });
	await lab.publish(toDomains(ids(8)));
	await until('all are decided', () => worker.state.counts.sent + worker.state.counts.parked === 8);
	lab.smtp.script = { rcpt: '550 5.1.1 No such user' };
	await lab.publish(ids(8).map((id) => aMessage(id, to('a@one.test'))));
	await until('all are decided', () => worker.state.counts.sent + worker.state.counts.parked === 16);
	assert.deepEqual(worker.state.pauses, []);
});

test('five addresses that are really wrong are parked in the end', async (t) => {
	const lab = await mailLab(t, { script: { rcpt: '550 5.1.1 No such user' } });
	await lab.publish(toDomains(ids(5)));
	const worker = await lab.worker({ pool: 1, pauseDelays: { streak: [50] } });
	await until(
		'they are parked',
		async () => worker.state.phase === 'consuming' && (await lab.depth(`${QUEUE}.parked`)) === 5,
	);
	assert.equal(await lab.depth(), 0);
});

test('a ledger that cannot be written: pause, nothing acknowledged, nothing sent twice', async (t) => {
	const lab = await mailLab(t);
	const all = ids(20);
	let broken = false;
	const ledger = await Ledger.open(lab.store);
	const { change, markSent, checkWritable } = Ledger.prototype;
	const failing = <A extends unknown[], R>(real: (...args: A) => Promise<R>) =>
		async function (this: Ledger, ...args: A): Promise<R> {
			if (broken) throw new HubError('STORE_UNAVAILABLE', 'The disk is full.');
			return real.apply(this, args);
		};
	t.mock.method(Ledger.prototype, 'change', failing(change));
	t.mock.method(Ledger.prototype, 'markSent', failing(markSent));
	t.mock.method(Ledger.prototype, 'checkWritable', failing(checkWritable));
	lab.smtp.script = {
		dot: (nth) => {
			if (nth === 5) broken = true;
			return '250 Ok';
		},
	};
	await lab.publish(toDomains(all));
	const worker = await lab.worker({ pauseDelays: QUICK });
	await until('it pauses', () => worker.state.phase === 'paused' && worker.state.pauses[0]?.cause === 'ledger');
	assert.match(worker.state.pauses[0]?.text ?? '', /The disk is full/);
	const sent = worker.state.counts.sent;
	await until('what is not settled lies in the queue', async () => (await lab.depth()) === all.length - sent);
	const received = lab.smtp.mails.length;
	assert.ok(received > sent, 'a mail went out that the ledger could not note');
	broken = false;
	await until('all are settled', () => worker.state.counts.sent + worker.state.counts.duplicates === all.length);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), all.toSorted());
	assert.deepEqual(await ledger.counts(), { sent: all.length });
});

test('a store that does not open at the start: pause, and work as soon as it does', async (t) => {
	const lab = await mailLab(t);
	await lab.publish([aMessage()]);
	let opens = false;
	const store = async () => {
		if (!opens) throw new HubError('STORE_UNAVAILABLE', 'No such directory.');
		return lab.store;
	};
	const worker = await lab.worker({ store, pauseDelays: QUICK });
	await until('it pauses', () => worker.state.pauses[0]?.cause === 'ledger');
	opens = true;
	await until('it is sent', () => worker.state.counts.sent === 1);
});

test('a second worker with SQLite is refused, says why, and takes over when the first ends', async (t) => {
	const lab = await mailLab(t);
	const first = await lab.worker();
	await until('the first works', () => first.state.phase === 'consuming');
	const connection = new Broker({ ...lab.test.options(lab.vhost), retry: { minMs: 50, maxMs: 100, refusedMs: 100 } });
	const second = await lab.worker({ broker: connection });
	await until('it says why', () => second.state.problem?.code === 'AMQP_EXCLUSIVE');
	assert.equal(second.state.phase, 'waiting');
	assert.match(
		second.state.problem?.text ?? '',
		/With SQLite only one may: stop the other one, or give both the same Postgre/,
	);
	await lab.publish([aMessage()]);
	await until('the first sends', () => first.state.counts.sent === 1);
	await first.close();
	await until('the second takes over', () => second.state.phase === 'consuming');
});

test('a second worker on the same connection is refused too', async (t) => {
	const lab = await mailLab(t);
	const first = await lab.worker({ broker: lab.broker });
	await until('the first works', () => first.state.phase === 'consuming');
	const second = await lab.worker({ broker: lab.broker });
	await until('it says why', () => second.state.problem?.code === 'AMQP_EXCLUSIVE');
});

test('a person’s pause holds over a restart and ends by a person', async (t) => {
	const lab = await mailLab(t);
	const first = await lab.worker();
	await until('it works', () => first.state.phase === 'consuming');
	await first.pause('ana');
	await until('it pauses', () => first.state.phase === 'paused');
	await first.close();
	await lab.publish([aMessage()]);
	const second = await lab.worker();
	await until('it is paused', () => second.state.pauses[0]?.by === 'ana');
	assert.equal(await lab.depth(), 1);
	await second.resume('luis');
	await until('it is sent', () => second.state.counts.sent === 1);
});

test('the status is told when it changes, and only then', async (t) => {
	const lab = await mailLab(t);
	const worker = await lab.worker();
	const told: string[] = [];
	worker.onState((state) => told.push(JSON.stringify({ ...state, lagMs: null })));
	await until('it works', () => worker.state.phase === 'consuming');
	await lab.publish(toDomains(ids(40)));
	await until('all are sent', () => worker.state.counts.sent === 40);
	await worker.pause('ana');
	await until('it is told', () => told.at(-1)?.includes('"paused"'));
	assert.ok(told.every((state, index) => state !== told[index - 1]));
	assert.ok(told.length < 40, `${told.length} changes were told for 40 mails`);
});

test('the end of a pause does not read as a lost connection', async (t) => {
	const lab = await mailLab(t);
	const worker = await lab.worker();
	await until('it works', () => worker.state.phase === 'consuming');
	await worker.pause('ana');
	await until('it pauses', () => worker.state.phase === 'paused');
	const phases = new Set<string>();
	worker.onState(({ phase }) => phases.add(phase));
	await worker.resume('ana');
	await until('it works again', () => worker.state.phase === 'consuming');
	assert.deepEqual([...phases], ['starting', 'consuming']);
});
