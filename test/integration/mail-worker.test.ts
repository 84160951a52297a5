import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { aMessage, mailLab, receivedIds, until } from '../mail-lab.ts';

test('every published order is mailed once, acknowledged, and known to the ledger', async (t) => {
	const lab = await mailLab(t);
	const ids = Array.from({ length: 30 }, () => randomUUID());
	await lab.publish(ids.map((id) => aMessage(id)));
	const worker = await lab.worker({ pool: 5 });
	await until('all mails', () => worker.state.counts.sent === ids.length);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
	assert.equal(await lab.depth(), 0);
	const [row] = await worker.search({ reference: 'P00042', recipient: 'VENTAS@insumos.test' });
	assert.equal(row?.state, 'sent');
	assert.match(row?.response ?? '', /250 2\.0\.0 Ok/);
	await worker.close();
	assert.equal(await lab.depth(), 0);
});
