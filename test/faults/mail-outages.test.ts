import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startScript } from '../../lab/smtp-script.ts';
import { Broker } from '../../lib/amqp/broker.ts';
import { retryQueue } from '../../lib/amqp/mail-queues.ts';
import { startBroker } from '../broker.ts';
import { aMessage, type MailLab, mailLab, QUEUE, receivedIds, until } from '../mail-lab.ts';
import { full } from '../seed.ts';
import { figures, Gauge, orders, settled, someIds } from './fault-lab.ts';

const quickBroker = (lab: MailLab): Broker =>
	new Broker({ ...lab.test.options(lab.vhost), retry: { minMs: 50, maxMs: 500, refusedMs: 500 } });

test('the broker killed and stopped while mails go out: none is lost, none is sent twice', async (t) => {
	const broker = await startBroker();
	const gauge = new Gauge();
	const lab = await mailLab(t, { script: { dot: gauge.dot }, broker });
	t.after(() => broker.kill());
	const ids = someIds(full(2_000, 300));
	await lab.publish(orders(ids));
	const worker = await lab.worker({ broker: quickBroker(lab), pool: 10 });
	await until('a third is sent', () => lab.smtp.mails.length >= ids.length / 3);
	await broker.kill();
	await broker.start();
	await until('two thirds are sent', () => lab.smtp.mails.length >= (ids.length * 2) / 3);
	await broker.stop();
	await broker.start();
	await settled(lab, worker, ids);
	await figures(t, lab, ids);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
});

test('the queue deleted while mails wait in a delay: the worker makes it again, and they go out', async (t) => {
	const lab = await mailLab(t, { levels: [{ name: 'a', delayMs: 1_500 }], script: { rcpt: '451 4.7.1 Later' } });
	const ids = someIds(20);
	await lab.publish(orders(ids));
	const worker = await lab.worker({ broker: quickBroker(lab) });
	await until('all wait', async () => (await lab.depth(retryQueue(QUEUE, 'a'))) === 20);
	lab.smtp.script = {};
	await lab.broker.withChannel((channel) => channel.deleteQueue(QUEUE));
	await settled(lab, worker, ids);
	await figures(t, lab, ids);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
});

// The broker looks for the missing queue again after 180 s unless told otherwise; the test broker is told 1 s.
test('a delay that ends while there is no queue to go back to loses nothing', async (t) => {
	const lab = await mailLab(t, { levels: [{ name: 'a', delayMs: 1_500 }], script: { rcpt: '451 4.7.1 Later' } });
	const ids = someIds(20);
	await lab.publish(orders(ids));
	const worker = await lab.worker();
	await until('all wait', async () => (await lab.depth(retryQueue(QUEUE, 'a'))) === 20);
	await worker.close();
	lab.smtp.script = {};
	await lab.broker.withChannel((channel) => channel.deleteQueue(QUEUE));
	await delay(3_000); // the delay ends in this time
	const second = await lab.worker();
	await settled(lab, second, ids);
	await figures(t, lab, ids);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
});

test('the queue deleted under a running worker: it says so, makes it again, and goes on', async (t) => {
	const lab = await mailLab(t);
	const worker = await lab.worker({ broker: quickBroker(lab) });
	await until('it works', () => worker.state.phase === 'consuming');
	await lab.broker.withChannel((channel) => channel.deleteQueue(QUEUE));
	const id = randomUUID();
	await until('the queue is back', () =>
		lab.publish([aMessage(id)]).then(
			() => true,
			() => false,
		),
	);
	await until('it is sent', () => worker.state.counts.sent === 1);
});

test('deploys in the middle are over in 2 s each: none is lost, none is sent twice', async (t) => {
	const gauge = new Gauge();
	const lab = await mailLab(t, { script: { dot: gauge.dot } });
	const ids = someIds(full(2_000, 300));
	await lab.publish(orders(ids));
	for (let deploy = 1; deploy <= 3; deploy++) {
		const worker = await lab.worker({ pool: 10 });
		await until('mails are in DATA', () => lab.smtp.mails.length >= (ids.length * deploy) / 5 && gauge.inData >= 5);
		const begin = performance.now();
		await worker.close();
		assert.ok(performance.now() - begin < 2_000, `${Math.round(performance.now() - begin)} ms`);
		assert.equal(worker.state.phase, 'stopped');
	}
	const last = await lab.worker({ pool: 10 });
	await settled(lab, last, ids);
	await figures(t, lab, ids);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
});

test('a deploy while the mail server says nothing is over in 2 s, and no mail is lost', async (t) => {
	const lab = await mailLab(t, { script: { dot: (nth) => (nth <= 4 ? 'stall' : '250 Ok') } });
	const ids = someIds(20);
	await lab.publish(orders(ids));
	const worker = await lab.worker({ pool: 4 });
	await until('all connections stall', () => lab.smtp.mails.length === 4);
	const begin = performance.now();
	await worker.close();
	assert.ok(performance.now() - begin < 2_000, `${Math.round(performance.now() - begin)} ms`);
	await until('the connections are cut', () => lab.smtp.connections.open === 0, 500);
	const next = await lab.worker({ pool: 4 });
	await settled(lab, next, ids);
	await figures(t, lab, ids);
	assert.deepEqual([...new Set(receivedIds(lab.smtp))].toSorted(), ids.toSorted());
});

test('the mail server down for a while: none is lost, none is parked', async (t) => {
	const downMs = full(60_000, 2_000);
	const levels = Array.from({ length: 12 }, (_, index) => ({ name: `l${index}`, delayMs: full(6_000, 400) }));
	const lab = await mailLab(t, { levels });
	const ids = someIds(50);
	await lab.smtp.close();
	await lab.publish(orders(ids));
	const worker = await lab.worker({ pool: 10 });
	await delay(downMs); // the outage itself
	assert.equal(worker.state.counts.sent, 0);
	const back = await startScript({}, { port: lab.smtp.port });
	t.after(() => back.close());
	await settled({ ...lab, smtp: back }, worker, ids);
	await figures(t, { ...lab, smtp: back }, ids);
	assert.deepEqual(receivedIds(back).toSorted(), ids.toSorted());
	assert.equal(worker.state.counts.parked, 0);
});
