/** The same faults on the whole hub: a real Node-RED with the built package. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { MAIL, mailFlow, SHORT_LEVELS } from '../mail-flow.ts';
import { aMessage, mailLab, receivedIds, until } from '../mail-lab.ts';
import { startNodeRed } from '../node-red.ts';
import { full } from '../seed.ts';
import { figures, Gauge, POOL, parkedIds, settled } from './fault-lab.ts';

const MAILS = full(2_000, 300);
const KILLS = full(5, 1);

/** A Node-RED that others slow down sends a third of the mails in half of this, in ms. */
const MOMENT_TIMEOUT_MS = 60_000;

/** The worker as far as its status tells. */
const workerOf = (nodeRed: { statuses(id: string): { text?: string }[] }) => ({
	get state() {
		return { underWay: /under way: 0/.test(nodeRed.statuses(MAIL).at(-1)?.text ?? '') ? 0 : 1 };
	},
});

test(`${KILLS} kills and a deploy of Node-RED during ${MAILS} mails, with at least 5 of them in DATA: none is lost`, async (t) => {
	const gauge = new Gauge();
	const lab = await mailLab(t, { levels: SHORT_LEVELS, script: { dot: gauge.dot } });
	const userDir = await mkdtemp(path.join(tmpdir(), 'hub-node-red-'));
	t.after(() => rm(userDir, { recursive: true, force: true }));
	const ids = Array.from({ length: MAILS }, () => randomUUID());
	await lab.publish(ids.map((id) => aMessage(id)));
	const flows = mailFlow(lab, { onUnknown: 'resend' }).map((node) =>
		node.type === 'smtp-server' ? { ...node, pool: String(POOL) } : node,
	);
	const moment = (share: number) =>
		until('mails are in DATA', () => lab.smtp.mails.length >= share * MAILS && gauge.inData >= 5, MOMENT_TIMEOUT_MS);

	let nodeRed = await startNodeRed(t, { userDir });
	await nodeRed.deploy(flows);
	for (let kill = 1; kill <= KILLS; kill++) {
		await moment((kill - 0.5) / (KILLS + 2));
		await nodeRed.kill();
		nodeRed = await startNodeRed(t, { userDir });
	}
	const killed = receivedIds(lab.smtp).length;
	await moment((KILLS + 0.5) / (KILLS + 2));
	const changed = flows.map((node) => (node.id === MAIL ? { ...node, name: 'changed' } : node));
	const begin = performance.now();
	await nodeRed.deploy(changed, { type: 'nodes' });
	const took = performance.now() - begin;
	t.diagnostic(`the deploy took ${took.toFixed(0)} ms; ${killed} mails before it`);
	assert.ok(took < 2_000, `the deploy took ${took.toFixed(0)} ms`);

	await settled(lab, workerOf(nodeRed), ids);
	const { duplicates } = await figures(t, lab, ids, KILLS);
	const received = receivedIds(lab.smtp);
	assert.deepEqual([...new Set(received)].toSorted(), ids.toSorted());
	assert.deepEqual(await parkedIds(lab), []);
	assert.ok(duplicates <= POOL * KILLS, `${duplicates} duplicates`);
});
