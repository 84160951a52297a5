/** Two worker processes on one PostgreSQL: what one has under way is its own, until it must be taken for dead. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from '../../lab/proxy.ts';
import { retryQueue } from '../../lib/amqp/mail-queues.ts';
import { aMessage, mailLab, QUEUE, receivedIds, until } from '../mail-lab.ts';
import { full } from '../seed.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';
import { figures, orders, parkedIds, settled, someIds, type Workers, workerProcesses } from './fault-lab.ts';

let postgresql: TestPostgresql;
before(async () => {
	postgresql = await startPostgresql();
});
after(() => postgresql.stop());

/** A lab whose first worker reaches the broker through a proxy. */
async function twoWorkers(
	t: TestContext,
	options: Pick<Parameters<typeof workerProcesses>[2], 'onUnknown' | 'leaseMs'>,
) {
	const lab = await mailLab(t, { levels: [{ name: 'a', delayMs: 500 }] });
	const proxy = await FaultProxy.start(lab.test);
	t.after(() => proxy.close());
	const workers: Workers = await workerProcesses(t, lab, { ...options, storeUrl: await postgresql.database() });
	// The broker takes back what a silent connection holds after two missed heartbeats.
	const startFirst = () => workers.start({ port: proxy.port, heartbeatSeconds: 1 });
	return { lab, proxy, startFirst, ...workers };
}

/** How long the mail server says nothing once the broker has offered the mail again; in ms. */
const STALL_MS = full(60_000, 1_000);

for (const fault of ['cut', 'mute'] as const) {
	test(`connection ${fault} during an SMTP stall, with a second worker: each mail is sent once`, async (t) => {
		const { lab, proxy, startFirst, start, ledgerCounts } = await twoWorkers(t, { onUnknown: 'resend' });
		const { promise: stall, resolve: answer } = Promise.withResolvers<void>();
		lab.smtp.script = {
			async dot(nth) {
				if (nth === 1) await stall;
				return '250 Ok';
			},
		};
		const stalled = randomUUID();
		await lab.publish([aMessage(stalled)]);
		const first = startFirst();
		await until('the first worker has it in DATA', () => lab.smtp.mails.length === 1);
		const second = start();
		await until('the second works', () => second.state.phase === 'consuming');
		const others = someIds(30);
		await lab.publish(orders(others));
		proxy[fault]();
		await until('the others are sent', async () => (await ledgerCounts()).sent === others.length);
		const put = retryQueue(QUEUE, 'a');
		await until('it was offered again and put off', async () => (await lab.depth(put)) === 1);
		await delay(STALL_MS); // again and again
		assert.deepEqual(await ledgerCounts(), { sending: 1, sent: others.length });
		answer();
		await proxy.forward();
		const ids = [stalled, ...others];
		await settled(lab, second, ids);
		await until('it came again, and was found sent', () =>
			[first, second].some(({ state }) => state.counts.duplicates >= 1),
		);
		assert.deepEqual(await ledgerCounts(), { sent: ids.length });
		// Put off while it was under way elsewhere, which uses no attempt.
		assert.equal(first.state.counts.retried + second.state.counts.retried, 0);
		await figures(t, lab, ids);
		assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
	});
}

/** Longer than a busy machine holds a process up, short enough to wait for; in ms. */
const LEASE_MS = 2_500;

/** The first worker has claimed a mail and stands still before it may hand it over; `thaw` lets both it and the server go on. */
async function frozen(t: TestContext, onUnknown: 'resend' | 'park') {
	const parts = await twoWorkers(t, { onUnknown, leaseMs: LEASE_MS });
	const { lab, startFirst } = parts;
	const { promise: thawed, resolve: answer } = Promise.withResolvers<void>();
	let asked = false;
	lab.smtp.script = {
		async rcpt(nth) {
			asked = true;
			if (nth === 1) await thawed;
			return '250 2.1.5 Ok';
		},
	};
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const first = startFirst();
	await until('the first worker has claimed it', () => asked);
	first.signal('SIGSTOP');
	const thaw = () => {
		answer();
		first.signal('SIGCONT');
	};
	return { ...parts, id, first, thaw };
}

const dataCommands = ({ commands }: { commands: readonly string[] }) =>
	commands.filter((line) => line === 'DATA').length;

test('a worker that stood still beyond its lease does not send what another has taken over', async (t) => {
	const { lab, proxy, start, ledgerCounts, id, first, thaw } = await frozen(t, 'resend');
	const second = start();
	proxy.cut();
	await until('the second has sent it', () => second.state.counts.sent === 1);
	thaw();
	await until('the first was let go on', () => dataCommands(lab.smtp) === 2);
	await until('the first works again', () => first.state.phase === 'consuming' && first.state.underWay === 0);
	await settled(lab, second, [id]);
	await figures(t, lab, [id]);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	assert.deepEqual(await ledgerCounts(), { sent: 1 });
	assert.equal(first.state.counts.sent, 0);
});

test('what nobody has taken over meanwhile is known not to have been sent, and goes out without using an attempt', async (t) => {
	const { lab, ledgerCounts, id, first, thaw } = await frozen(t, 'park');
	await delay(LEASE_MS * 1.2); // beyond the lease
	thaw();
	await settled(lab, first, [id]);
	await figures(t, lab, [id]);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	assert.deepEqual(await parkedIds(lab), []);
	assert.deepEqual(await ledgerCounts(), { sent: 1 });
	assert.equal(dataCommands(lab.smtp), 2);
	assert.equal(first.state.counts.retried, 0);
});
