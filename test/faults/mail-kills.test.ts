import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { parkedQueue } from '../../lib/amqp/mail-queues.ts';
import { aMessage, mailLab, QUEUE, receivedIds, to, until } from '../mail-lab.ts';
import { full, SEED, seeded } from '../seed.ts';
import { figures, Gauge, POOL, parkedIds, settled, workerProcesses } from './fault-lab.ts';

const MAILS = full(2_000, 400);
const KILLS = full(10, 3);

/** A fifth of the mails is on its way between two kills, in ms. */
const KILL_TIMEOUT_MS = 60_000;

for (const onUnknown of ['resend', 'park'] as const) {
	test(`${KILLS} kills during ${MAILS} mails, each with at least 5 mails in DATA, under ${onUnknown}: none is lost`, async (t) => {
		t.diagnostic(`TEST_SEED=${SEED}`);
		const random = seeded();
		const gauge = new Gauge();
		const lab = await mailLab(t, { script: { dot: gauge.dot } });
		const ids = Array.from({ length: MAILS }, () => randomUUID());
		await lab.publish(ids.map((id, index) => aMessage(id, to(`a@supplier${index % 97}.test`))));
		const { start, ledgerCounts } = await workerProcesses(t, lab, { onUnknown });
		const doubtful: number[] = [];
		for (let kill = 0; kill < KILLS; kill++) {
			const worker = start();
			const share = Math.floor(((kill + 0.2 + random() * 0.6) * MAILS) / KILLS);
			await until('the moment to kill', () => lab.smtp.mails.length >= share && gauge.inData >= 5, KILL_TIMEOUT_MS);
			doubtful.push(gauge.inData);
			await worker.kill();
		}
		assert.ok(doubtful.every((count) => count >= 5));
		const worker = start();
		await settled(lab, worker, ids);
		await worker.kill();

		const received = receivedIds(lab.smtp);
		const parked = await parkedIds(lab);
		const { duplicates } = await figures(t, lab, ids, KILLS);
		assert.deepEqual([...new Set([...received, ...parked.map(({ id }) => id)])].toSorted(), ids.toSorted());
		const { sent } = await ledgerCounts();
		assert.equal((sent ?? 0) + parked.length, MAILS);
		if (onUnknown === 'resend') {
			assert.ok(duplicates <= POOL * KILLS, `${duplicates} duplicates`);
			assert.deepEqual(parked, []);
		} else {
			assert.equal(duplicates, 0);
			assert.ok(parked.length <= POOL * KILLS, `${parked.length} parked as unknown`);
			assert.ok(parked.every(({ reason }) => reason === 'SMTP_UNKNOWN'));
		}
	});
}

const LIMIT = full(20, 3);
const DEADLY = full(25, 5);

test(`${DEADLY} kills holding the same message, with a delivery limit of ${LIMIT}: it is parked, and goes out when replayed`, async (t) => {
	const lab = await mailLab(t, { script: { dot: 'stall' }, deliveryLimit: LIMIT });
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const { start } = await workerProcesses(t, lab, { onUnknown: 'resend', pool: 1 });
	let kills = 0;
	for (; kills < DEADLY; kills++) {
		const before = lab.smtp.mails.length;
		const worker = start();
		const parked = await until('it is handed over, or parked', async () => {
			if ((await lab.depth(parkedQueue(QUEUE))) === 1) return 'parked';
			return lab.smtp.mails.length > before && 'handed over';
		});
		await worker.kill();
		if (parked === 'parked') break;
	}
	await until('it is parked', async () => (await lab.depth(parkedQueue(QUEUE))) === 1);
	assert.deepEqual(await parkedIds(lab), [{ id, reason: 'delivery-limit' }]);
	assert.equal(await lab.depth(), 0);
	lab.smtp.script = {};
	const worker = start();
	const before = lab.smtp.mails.length;
	await (await lab.parkedReader()).replay({ all: true }, 'ana');
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.equal(lab.smtp.mails.length, before + 1);
	await figures(t, lab, [id], kills);
});
