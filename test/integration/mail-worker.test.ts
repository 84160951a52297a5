import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type AddressObject, simpleParser } from 'mailparser';
import type { MailOutcome } from '../../lib/mail/outcomes.ts';
import { MailWriter } from '../../lib/mail/writer.ts';
import { aMessage, DATABASE_UUID, FROM, mailLab, QUEUE, receivedIds, to, until } from '../mail-lab.ts';

const someIds = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

test('every published order is mailed once, acknowledged, and known to the ledger', async (t) => {
	const lab = await mailLab(t);
	const ids = someIds(30);
	await lab.publish(ids.map((id) => aMessage(id)));
	const worker = await lab.worker({ pool: 5 });
	await until('all mails', () => worker.state.counts.sent === ids.length);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
	const [row] = await worker.search({ reference: 'P00042', recipient: 'VENTAS@insumos.test' });
	assert.equal(row?.state, 'sent');
	assert.match(row?.response ?? '', /250 2\.0\.0 Ok/);
	await worker.close();
	assert.equal(await lab.depth(), 0);
});

test('an Odoo restored to yesterday: new purchases are mailed, old ones not twice', async (t) => {
	const lab = await mailLab(t);
	const [old, recent] = [someIds(10), someIds(5)];
	await lab.publish(old.map((id) => aMessage(id)));
	const worker = await lab.worker();
	await until('the first day', () => worker.state.counts.sent === 10);
	// The restored database publishes what it had not confirmed as published, and numbers its new orders as before.
	await lab.publish([...old.slice(5), ...recent].map((id) => aMessage(id)));
	await until('the new ones', () => worker.state.counts.sent === 15 && worker.state.counts.duplicates === 5);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), [...old, ...recent].toSorted());
});

test('the same id from another database is another mail', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const other = randomUUID();
	await lab.publish([aMessage(id), aMessage(id, (m) => Object.assign(m['source'] as object, { databaseUuid: other }))]);
	const worker = await lab.worker();
	await until('both', () => worker.state.counts.sent === 2);
	assert.deepEqual(receivedIds(lab.smtp), [id, id]);
});

test('a mail refused for now goes out after the delay, under the same Message-ID', async (t) => {
	const lab = await mailLab(t, { script: { rcpt: (nth) => (nth <= 2 ? '451 4.7.1 Greylisted' : '250 Ok') } });
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker();
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	assert.deepEqual(
		lab.outcomes.map(({ outcome }) => outcome),
		['retrying', 'retrying', 'delivered'],
	);
	assert.deepEqual(
		lab.outcomes.map((outcome) => (outcome as MailOutcome).attempt),
		[1, 2, 3],
	);
});

test('a mail refused at every delay is parked as exhausted, with the last answer', async (t) => {
	const lab = await mailLab(t, { script: { mail: '450 4.2.1 Try later' } });
	await lab.publish([aMessage()]);
	const worker = await lab.worker();
	await until('it is parked', () => worker.state.counts.parked === 1);
	const { mails } = await worker.parked.list();
	assert.equal(mails[0]?.reason, 'exhausted');
	assert.match(mails[0]?.reasonText ?? '', /^Refused at 4 attempts; the last time: .*/);
	const [row] = await worker.search({ state: 'parked' });
	assert.equal(row?.attempts, 4);
	assert.match(row?.response ?? '', /450 4\.2\.1/);
});

test('a mail refused for good is parked at once and tried no more', async (t) => {
	const lab = await mailLab(t, { script: { rcpt: '550 5.1.1 No such user' } });
	await lab.publish([aMessage()]);
	const worker = await lab.worker();
	await until('it is parked', () => worker.state.counts.parked === 1);
	const { mails } = await worker.parked.list();
	assert.equal(mails[0]?.reason, 'SMTP_PERMANENT');
	assert.equal(lab.smtp.commands.filter((line) => line.startsWith('RCPT')).length, 1);
});

test('a mail whose outcome is unknown is sent again under resend', async (t) => {
	const lab = await mailLab(t, { script: { dot: (nth) => (nth === 1 ? 'drop' : '250 Ok') } });
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker({ onUnknown: 'resend' });
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(receivedIds(lab.smtp), [id, id]);
});

test('a mail whose outcome is unknown is parked as unknown under park, and not sent again if it comes again', async (t) => {
	const lab = await mailLab(t, { script: { dot: (nth) => (nth === 1 ? 'drop' : '250 Ok') } });
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker({ onUnknown: 'park' });
	await until('it is parked', () => worker.state.counts.parked === 1);
	await lab.publish([aMessage(id)]);
	await until('it came again', async () => (await lab.depth(`${QUEUE}.parked`)) === 2);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	const { mails } = await worker.parked.list();
	assert.deepEqual(
		mails.map(({ key, reason }) => ({ key, reason })),
		[{ key: `${DATABASE_UUID}/${id}`, reason: 'SMTP_UNKNOWN' }],
	);
	await until('the older copy is gone', async () => (await lab.depth(`${QUEUE}.parked`)) === 1);
});

test('headers that a publisher wrote are not believed', async (t) => {
	const lab = await mailLab(t);
	await lab.publish([aMessage()], { 'x-hub-recipient': 'evil@x.test', 'x-hub-attempt': 99, CC: ['other.queue'] });
	const worker = await lab.worker();
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(lab.smtp.mails[0]?.to, ['ventas@insumos.test']);
});

test('a forged trace of the broker does not make a publisher believed', async (t) => {
	const lab = await mailLab(t);
	const death = { queue: 'x', reason: 'expired', exchange: 'email_retry', count: 1 };
	await lab.publish([aMessage()], { 'x-hub-recipient': 'evil@x.test', 'x-death': [death] });
	const worker = await lab.worker();
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(lab.smtp.mails[0]?.to, ['ventas@insumos.test']);
});

test('a name with invisible marks of direction, as pasted from elsewhere, is mailed without them', async (t) => {
	const lab = await mailLab(t);
	const marked = aMessage(randomUUID(), (message) => {
		for (const box of ['recipient', 'buyer']) (message[box] as { name: string }).name = '\u202aAna\u202c \ud800';
		(message['company'] as { replyTo: unknown }).replyTo = { name: '\u2066', address: 'ana@clinica.test' };
	});
	await lab.publish([marked]);
	const worker = await lab.worker();
	await until('it is sent', () => worker.state.counts.sent === 1);
	const { to: receiver, replyTo } = await simpleParser(lab.smtp.mails[0]?.raw ?? '');
	assert.equal((receiver as AddressObject).value[0]?.name, 'Ana \ufffd');
	assert.deepEqual(replyTo?.value, [{ name: '', address: 'ana@clinica.test' }]);
});

test('two copies of one order at the same moment are mailed once', async (t) => {
	const lab = await mailLab(t, { script: { dot: () => new Promise((done) => setTimeout(done, 300, '250 Ok')) } });
	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	await lab.publish([aMessage(id)]);
	const worker = await lab.worker({ pool: 5 });
	await until('the second is known', () => worker.state.counts.duplicates === 1);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
});

test('a sample goes to an allowed address only', async (t) => {
	const lab = await mailLab(t);
	const sample = (address: string) => ({ ...aMessage(randomUUID(), to(address)), sample: true });
	await lab.publish([sample('Prueba@clinica.test'), sample('ventas@insumos.test')]);
	const worker = await lab.worker({ sampleRecipients: ['prueba@clinica.test'] });
	await until('both', () => worker.state.counts.sent === 1 && worker.state.counts.parked === 1);
	assert.deepEqual(lab.smtp.mails[0]?.to, ['Prueba@clinica.test']);
	assert.equal((await worker.parked.list()).mails[0]?.reason, 'sample-recipient');
});

test('Message-IDs are made of the id and the sender’s domain, and differ between kinds', () => {
	const writer = new MailWriter({ kind: {} as never, from: FROM, origin: null });
	const message = { id: 'a1', databaseUuid: DATABASE_UUID, kind: 'purchase' } as never;
	assert.equal(writer.messageId(message), '<a1@clinica.test>');
	const custom = { id: 'a1', databaseUuid: 'kind:reminder', kind: 'reminder' } as never;
	assert.equal(writer.messageId(custom), '<a1.reminder@clinica.test>');
});
