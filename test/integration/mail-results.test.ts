import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import outcomeSchema from '../../contracts/mail-outcome.schema.json' with { type: 'json' };
import { type Draft, DraftDesk } from '../../lib/mail/drafts.ts';
import { type MessagePolicy, messageReader } from '../../lib/mail/envelope.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { compileSchema } from '../../lib/mail/schema.ts';
import { aMessage, DATABASE_UUID, givenUp, type MailLab, mailLab, QUEUE, receivedIds, to, until } from '../mail-lab.ts';

const PARKED = `${QUEUE}.parked`;
const REFUSAL = '550 5.1.1 No such user';

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

/** Waits for the n-th result about one mail; each is checked by the contract. */
async function resultsAbout(lab: MailLab, id: string): Promise<(n: number) => Promise<JsonObject>> {
	const results = await resultsOf(lab, DATABASE_UUID);
	const check = await compileSchema(outcomeSchema as JsonObject, 'Contract of the outcome');
	return (n) =>
		until(`result ${n}`, async () => {
			const all = (await results()).filter((result) => result['id'] === id);
			for (const { correlationId: _, ...result } of all) assert.equal(check(result), null);
			return all[n - 1];
		});
}

test('a mail that the broker gave up: Odoo is told once that it is parked and why, when the parked mails are looked at', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results', deliveryLimit: 1 });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	const parked = await lab.parkedReader();
	await lab.publish([aMessage(id)]);
	await givenUp(lab);
	for (const _twice of [1, 2]) assert.equal((await parked.list()).mails.length, 1);
	assert.partialDeepStrictEqual(await result(1), {
		reference: 'P00042',
		outcome: 'parked',
		recipient: 'ventas@insumos.test',
		reason: { code: 'delivery-limit' },
	});
	await parked.discard({ all: true }, 'ana');
	assert.partialDeepStrictEqual(await result(2), { outcome: 'discarded', by: 'ana' });
});

test('a mail that the broker gave up: the worker tells Odoo, though nobody looks at the parked mails', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id)]);
	await givenUp(lab);
	await lab.worker();
	assert.partialDeepStrictEqual(await result(1), { outcome: 'parked', reason: { code: 'delivery-limit' } });
	await until('it is still parked', async () => (await lab.depth(PARKED)) === 1);
});

test('a mail that comes again after it was parked or discarded: Odoo is told again, and the order by its number', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results', script: { rcpt: REFUSAL } });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker();
	const first = await result(1);
	const parked = {
		reference: 'P00042',
		outcome: 'parked',
		attempt: 1,
		recipient: 'ventas@insumos.test',
		reason: { code: 'SMTP_PERMANENT' },
	};
	assert.partialDeepStrictEqual(first, parked);

	await lab.publish([aMessage(id)]);
	assert.partialDeepStrictEqual(await result(2), { ...parked, reason: first['reason'] });
	await until('both copies lie there', async () => (await lab.depth(PARKED)) === 2);

	await worker.parked.discard({ all: true }, 'ana');
	assert.partialDeepStrictEqual(await result(3), { reference: 'P00042', outcome: 'discarded', by: 'ana' });
	await lab.publish([aMessage(id)]);
	const again = await result(4);
	assert.partialDeepStrictEqual(again, { reference: 'P00042', outcome: 'discarded' });
	assert.equal('by' in again, false);
	await until('nothing is left', async () => (await lab.depth()) === 0 && (await lab.depth(PARKED)) === 0);
	assert.deepEqual(receivedIds(lab.smtp), []);
});

test('a mail whose outcome is unknown comes again: Odoo is told again that it is unknown', async (t) => {
	const script = { dot: (nth: number) => (nth === 1 ? 'drop' : '250 Ok') } as const;
	const lab = await mailLab(t, { resultsExchange: 'email_results', script });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id)]);
	await lab.worker({ onUnknown: 'park' });
	const unknown = { outcome: 'unknown', reason: { code: 'SMTP_UNKNOWN' } };
	assert.partialDeepStrictEqual(await result(1), unknown);
	await lab.publish([aMessage(id)]);
	assert.partialDeepStrictEqual(await result(2), unknown);
});

test('what a person corrects and sends again is told with their name, in the order of what happens', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results', script: { rcpt: REFUSAL } });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id, to('wrong@v.test'))]);
	const worker = await lab.worker();
	const parked = await result(1);
	assert.partialDeepStrictEqual(parked, { outcome: 'parked', recipient: 'wrong@v.test' });
	lab.smtp.script = {};
	const key = `${DATABASE_UUID}/${id}`;
	await worker.parked.correct(key, 'right@v.test', 'ana');
	const corrected = await result(2);
	assert.partialDeepStrictEqual(corrected, {
		outcome: 'parked',
		recipient: 'right@v.test',
		reason: parked['reason'],
		by: 'ana',
	});
	await worker.parked.replay({ keys: [key] }, 'luis');
	const replayed = await result(3);
	assert.partialDeepStrictEqual(replayed, { outcome: 'retrying', recipient: 'right@v.test', by: 'luis' });
	const delivered = await result(4);
	assert.partialDeepStrictEqual(delivered, { outcome: 'delivered', recipient: 'right@v.test' });
	const times = [parked, corrected, replayed, delivered].map(({ time }) => String(time));
	assert.deepEqual(times, times.toSorted());
});

test('a result that no Odoo waits for is no trouble: nothing is said of it, mails and decisions go on', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	lab.smtp.script = { rcpt: () => (/nobody@/.test(lab.smtp.commands.at(-1) ?? '') ? REFUSAL : '250 Ok') };
	const said: string[] = [];
	const say = (text: string) => said.push(text);
	await lab.publish([...Array.from({ length: 40 }, () => aMessage()), aMessage(undefined, to('nobody@v.test'))]);
	const worker = await lab.worker({ log: { debug() {}, info() {}, warn: say, error: say } });
	await until('all are decided', () => worker.state.counts.sent === 40 && worker.state.counts.parked === 1);
	assert.deepEqual((await worker.parked.discard({ all: true }, 'ana')).failed, []);
	await until('nothing is left', async () => (await lab.depth()) === 0 && (await lab.depth(PARKED)) === 0);
	const { notes, pauses, problem } = worker.state;
	assert.deepEqual([notes, pauses, problem, said], [[], [], null, []]);
});

test('results that cannot be published because their exchange is gone are noted, and hold up neither mails nor decisions', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	lab.smtp.script = { rcpt: () => (/nobody@/.test(lab.smtp.commands.at(-1) ?? '') ? REFUSAL : '250 Ok') };
	const worker = await lab.worker();
	await until('it works', () => worker.state.phase === 'consuming');
	await lab.broker.withChannel((channel) => channel.deleteExchange('email_results'));
	await lab.publish([aMessage(), aMessage(undefined, to('nobody@v.test'))]);
	await until('both are decided', () => worker.state.counts.sent === 1 && worker.state.counts.parked === 1);
	assert.deepEqual((await worker.parked.discard({ all: true }, 'ana')).failed, []);
	assert.match(worker.state.notes.at(-1) ?? '', /email_results/);
	assert.deepEqual(worker.state.pauses, []);
});

const reader = async (policy: Partial<MessagePolicy>) => messageReader({ kind: await purchaseKind(), ...policy });

test('a message that is not believed tells no Odoo anything; once its database is accepted, what is decided does', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	const [later, never, newer] = [randomUUID(), randomUUID(), randomUUID()];
	const results = await resultsOf(lab, DATABASE_UUID);
	await lab.publish([
		aMessage(later),
		aMessage(never),
		aMessage(newer, (message) => {
			message['version'] = '2.0';
		}),
	]);
	const strict = await lab.worker({ read: await reader({ databases: new Set([randomUUID()]) }) });
	await until('all are parked', () => strict.state.counts.parked === 3);
	assert.deepEqual(await results(), []);
	const { mails } = await strict.parked.list();
	const words = mails.map(({ reasonText }) => reasonText).toSorted();
	assert.match(words[0] ?? '', new RegExp(`comes from the database ${DATABASE_UUID}, .* add that UUID`));
	await strict.close();

	const worker = await lab.worker();
	await until('it works', () => worker.state.phase === 'consuming');
	const listed = await worker.parked.list({ reason: 'MESSAGE_SOURCE' });
	const keyOf = async (id: string): Promise<string> => {
		for (const { key } of listed.mails) if ((await worker.parked.inspect(key)).body.includes(id)) return key;
		throw new Error('not listed');
	};
	await worker.parked.discard({ keys: [await keyOf(never)] }, 'ana');
	await worker.parked.replay({ keys: [await keyOf(later)] }, 'ana');
	await until('it is sent', () => worker.state.counts.sent === 1);
	const told = await until('all results', async () => {
		const all = await results();
		return all.length >= 3 && all;
	});
	const about = (id: string) => told.filter((result) => result['id'] === id).map(({ outcome, by }) => [outcome, by]);
	assert.deepEqual(about(never), [['discarded', 'ana']]);
	assert.deepEqual(about(later), [
		['retrying', 'ana'],
		['delivered', undefined],
	]);
	assert.deepEqual(about(newer), []);
});

test('a parked mail that can be read no more is discarded, and its Odoo is told by what the ledger knows', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results', script: { rcpt: REFUSAL } });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id)]);
	const first = await lab.worker();
	await result(1);
	await until('it is parked', () => first.state.counts.parked === 1);
	await first.close();
	const strict = await lab.worker({ read: await reader({ databases: new Set([randomUUID()]) }) });
	await until('it works', () => strict.state.phase === 'consuming');
	await strict.parked.discard({ all: true }, 'ana');
	assert.partialDeepStrictEqual(await result(2), { outcome: 'discarded', reference: 'P00042', by: 'ana' });
});

test('a copy of a sent mail among the parked: whoever decides on it, Odoo is told that it was delivered', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	const id = randomUUID();
	const result = await resultsAbout(lab, id);
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker();
	await result(1);
	await until('it is sent', () => worker.state.counts.sent === 1);
	const body = Buffer.from(JSON.stringify(aMessage(id)));
	const copy = () => lab.broker.publish({ exchange: 'email_retry', routingKey: PARKED, body, properties: {} });
	await copy();
	assert.equal((await worker.parked.replay({ all: true }, 'ana')).alreadySent.length, 1);
	const told = await result(2);
	assert.partialDeepStrictEqual(told, { outcome: 'delivered', reference: 'P00042', attempt: 1 });
	assert.match((told['smtp'] as { response: string }).response, /^250 /);
	await copy();
	assert.equal((await worker.parked.discard({ all: true }, 'ana')).alreadySent.length, 1);
	assert.partialDeepStrictEqual(await result(3), { outcome: 'delivered', reference: 'P00042' });
	assert.deepEqual(receivedIds(lab.smtp), [id]);
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
