import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import outcomeSchema from '../../contracts/mail-outcome.schema.json' with { type: 'json' };
import { type Draft, DraftDesk } from '../../lib/mail/drafts.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { compileSchema } from '../../lib/mail/schema.ts';
import { aMessage, DATABASE_UUID, type MailLab, mailLab, receivedIds, until } from '../mail-lab.ts';

async function resultsOf(lab: MailLab, key: string): Promise<() => Promise<JsonObject[]>> {
	await lab.broker.withChannel(async (channel) => {
		await channel.assertQueue('results', { durable: true });
		await channel.bindQueue('results', 'email_results', key);
	});
	const found: JsonObject[] = [];
	return () =>
		lab.broker.withChannel(async (channel) => {
			for (let message = await channel.get('results'); message; message = await channel.get('results')) {
				assert.equal(message.fields.routingKey, key);
				found.push({ ...JSON.parse(message.content.toString()), correlationId: message.properties.correlationId });
				channel.ack(message);
			}
			return found;
		});
}

test('Odoo is told what became of each mail, in the form of the contract', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	const results = await resultsOf(lab, DATABASE_UUID);
	const [good, later, bad, probe] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
	const recipient: Record<string, string> = { [later]: 'later@v.test', [bad]: 'bad@v.test' };
	lab.smtp.script = {
		rcpt: () => {
			const line = lab.smtp.commands.at(-1) ?? '';
			if (line.includes('bad@')) return '550 5.1.1 No such user';
			const tries = lab.smtp.commands.filter((command) => command.startsWith('RCPT') && command.includes('later@'));
			return line.includes('later@') && tries.length === 1 ? '451 4.7.1 Later' : '250 Ok';
		},
	};
	await lab.publish(
		[good, later, bad].map((id) =>
			aMessage(id, (m) => Object.assign(m['recipient'] as object, recipient[id] ? { address: recipient[id] } : {})),
		),
	);
	const { source, time } = aMessage();
	await lab.publish([{ type: 'connection.probe', version: '1.0', id: probe, time, source } as JsonObject]);
	const worker = await lab.worker({ pool: 1 });
	await until('all are decided', () => worker.state.counts.sent === 2 && worker.state.counts.parked === 1);
	const told = await until('all results', async () => {
		const all = await results();
		return all.length >= 5 && all;
	});
	const check = await compileSchema(outcomeSchema as JsonObject, 'Contract of the outcome');
	for (const { correlationId, ...result } of told) {
		assert.equal(check(result), null);
		assert.equal(correlationId, result['id']);
	}
	const words = (id: string) => told.filter((result) => result['id'] === id).map((result) => result['outcome']);
	assert.deepEqual(
		[words(good), words(later), words(bad), words(probe)],
		[['delivered'], ['retrying', 'delivered'], ['parked'], ['probed']],
	);
});

test('a result that no Odoo waits for is noted and holds no mail up', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	await lab.publish([aMessage(), aMessage()]);
	const worker = await lab.worker();
	await until('both are sent', () => worker.state.counts.sent === 2);
	assert.match(worker.state.notes.at(-1) ?? '', /No queue takes messages from exchange "email_results"/);
	assert.deepEqual(worker.state.pauses, []);
});

test('a draft goes into the flow and is sent as the flow gives it back', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const desk: DraftDesk = new DraftDesk({
		emit: (token, draft) =>
			desk.submit(token, { ...draft, subject: `Urgent: ${draft.about.reference}`, to: { address: 'new@v.test' } }),
	});
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker({ writer: { ...(await writerOf(lab)), compose: desk.compose } });
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.match(lab.smtp.mails[0]?.raw ?? '', /^Subject: Urgent: P00042/m);
	assert.deepEqual(lab.smtp.mails[0]?.to, ['new@v.test']);
	assert.equal((await worker.search({ id }))[0]?.recipient, 'new@v.test');
});

test('a draft that does not come back is tried again like any failure; late, second and forged ones are refused', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const out: { token: string; draft: Draft }[] = [];
	const desk = new DraftDesk({ emit: (token, draft) => out.push({ token, draft }), timeoutMs: 150 });
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker({ writer: { ...(await writerOf(lab)), compose: desk.compose } });
	const first = await until('the first draft', () => out[0]);
	const second = await until('the second attempt', () => out[1]);
	assert.notEqual(first.token, second.token);
	assert.equal(second.draft.about.attempt, 2);
	assert.throws(() => desk.submit(first.token, first.draft), { code: 'DRAFT_REFUSED' });
	assert.throws(() => desk.submit('forged', second.draft), { code: 'DRAFT_REFUSED' });
	desk.submit(second.token, second.draft);
	assert.throws(() => desk.submit(second.token, second.draft), { code: 'DRAFT_REFUSED' });
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	const [retried] = lab.outcomes;
	assert.equal(retried?.outcome === 'retrying' && retried.reason?.code, 'DRAFT_MISSING');
});

async function writerOf({ read: _ }: { read?: unknown } & Partial<MailLab>) {
	const { purchaseKind } = await import('../../lib/mail/kind.ts');
	return { kind: await purchaseKind(), from: { address: 'compras@clinica.test' }, origin: null };
}
