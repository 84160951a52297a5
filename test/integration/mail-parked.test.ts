import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import { readHeaders } from '../../lib/mail/headers.ts';
import { ADMIN } from '../broker.ts';
import {
	aMessage,
	DATABASE_UUID,
	givenUp,
	type MailLab,
	mailLab,
	ORIGIN,
	QUEUE,
	receivedIds,
	to,
	until,
} from '../mail-lab.ts';
import { entry, list, nested, rawPublish, table, text, time, whole } from '../raw-publish.ts';

const PARKED = `${QUEUE}.parked`;
const keyOf = (id: string): string => `${DATABASE_UUID}/${id}`;

/** A worker whose mails to these addresses are parked; the others arrive. */
async function withParked(lab: MailLab, ids: string[]) {
	lab.smtp.script = { rcpt: '550 5.1.1 No such user' };
	await lab.publish(ids.map((id) => aMessage(id, to('wrong@supplier.test'))));
	const worker = await lab.worker();
	await until('they are parked', async () => (await lab.depth(PARKED)) === ids.length && worker.state.underWay === 0);
	lab.smtp.script = {};
	return worker;
}

test('a corrected mail goes to the new address, its body untouched, and says who corrected it', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const worker = await withParked(lab, [id]);
	await worker.parked.correct(keyOf(id), 'right@supplier.test', 'ana');
	const { mails } = await worker.parked.list();
	assert.equal(mails.length, 1);
	assert.equal(mails[0]?.recipient, 'right@supplier.test');
	assert.equal(mails[0]?.originalRecipient, 'wrong@supplier.test');
	assert.equal(mails[0]?.correctedBy, 'ana');
	const detail = await worker.parked.inspect(keyOf(id));
	assert.deepEqual(JSON.parse(detail.body), aMessage(id, to('wrong@supplier.test')));
	assert.equal(detail.ledger?.state, 'parked');
	const report = await worker.parked.replay({ keys: [keyOf(id)] }, 'ana');
	assert.deepEqual(report.done, [keyOf(id)]);
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(lab.smtp.mails[0]?.to, ['right@supplier.test']);
	assert.equal(await lab.depth(PARKED), 0);
	assert.deepEqual(
		lab.audited.filter(({ actor }) => actor === 'ana').map(({ action, outcome }) => `${action} ${outcome}`),
		['mail.correct done', 'mail.replay done'],
	);
	assert.ok(!JSON.stringify(lab.audited).includes('supplier.test'), 'no address in the audit record');
});

for (const address of ['a@b.test, c@d.test', 'a@b.test\r\nBcc: evil@x.test', 'Ana <a@b.test>', '', 'nobody']) {
	test(`a recipient is not corrected to ${JSON.stringify(address)}`, async (t) => {
		const lab = await mailLab(t);
		const worker = await lab.worker();
		await assert.rejects(worker.parked.correct('x/y', address, 'ana'), { code: 'CONFIG_INVALID' });
	});
}

test('mails are replayed by reason, and discarded one by one; a discarded mail is not sent if it comes again', async (t) => {
	const lab = await mailLab(t);
	const ids = Array.from({ length: 8 }, () => randomUUID());
	const worker = await withParked(lab, ids);
	await lab.publish([Buffer.from('no json')]);
	await until('garbage is parked', async () => (await lab.depth(PARKED)) === 9);
	const { byReason } = await worker.parked.list();
	assert.deepEqual(byReason, { SMTP_PERMANENT: 8, MESSAGE_INVALID: 1 });
	const [given = '', ...rest] = ids;
	const discarded = await worker.parked.discard({ keys: [keyOf(given), 'x/unknown'] }, 'ana');
	assert.deepEqual([discarded.done, discarded.missing], [[keyOf(given)], ['x/unknown']]);
	const replayed = await worker.parked.replay({ reason: 'SMTP_PERMANENT' }, 'ana');
	assert.deepEqual(replayed.done.toSorted(), rest.map(keyOf).toSorted());
	await lab.publish([aMessage(given)]);
	await until('the others are sent', () => worker.state.counts.sent === 7);
	await until('the queue is empty', async () => (await lab.depth()) === 0 && worker.state.underWay === 0);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), rest.toSorted());
	assert.deepEqual((await worker.parked.list()).byReason, { MESSAGE_INVALID: 1 });
	assert.ok(lab.outcomes.some(({ outcome, id }) => outcome === 'discarded' && id === given));
});

test('parked mails survive being looked at again and again, and each look sees all of them', async (t) => {
	const lab = await mailLab(t);
	const ids = Array.from({ length: 60 }, () => randomUUID());
	const worker = await withParked(lab, ids);
	// More looks than the 20 deliveries after which RabbitMQ 4 gives a message up unless told otherwise.
	for (let look = 0; look < 25; look++) assert.equal((await worker.parked.list()).mails.length, 60);
	assert.equal(await lab.depth(PARKED), 60);
});

test('operators who act at the same moment do not send a mail twice', async (t) => {
	const lab = await mailLab(t);
	const ids = Array.from({ length: 20 }, () => randomUUID());
	const worker = await withParked(lab, ids);
	const reports = await Promise.all([
		worker.parked.replay({ all: true }, 'ana'),
		worker.parked.replay({ all: true }, 'luis'),
		worker.parked.replay({ keys: ids.map(keyOf) }, 'eva'),
	]);
	assert.equal(reports.flatMap(({ done }) => done).length, 20);
	await until('all are sent', () => worker.state.counts.sent === 20);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), ids.toSorted());
});

test('a mail sent before is not sent again by a replay', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const worker = await withParked(lab, [id]);
	await lab.broker.publish({
		exchange: 'email_retry',
		routingKey: PARKED,
		body: Buffer.from(JSON.stringify(aMessage(id))),
		properties: { headers: { 'x-hub-key': keyOf(id), 'x-hub-reason': 'exhausted', 'x-hub-parked-at': 1 } },
	});
	await worker.parked.replay({ keys: [keyOf(id)] }, 'ana');
	await until('it is sent', () => worker.state.counts.sent === 1);
	const body = Buffer.from(JSON.stringify(aMessage(id)));
	await lab.broker.publish({ exchange: 'email_retry', routingKey: PARKED, body, properties: {} });
	const report = await worker.parked.replay({ all: true }, 'ana');
	assert.deepEqual(report.alreadySent, [keyOf(id)]);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
});

test('a forged message with the id of a parked mail neither replaces it nor touches the ledger', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const worker = await withParked(lab, [id]);
	await lab.publish([aMessage(id, to('a@b.test, c@d.test'))]);
	await until('it is parked too', async () => (await lab.depth(PARKED)) === 2);
	const { mails } = await worker.parked.list();
	assert.deepEqual(mails.map(({ reason }) => reason).toSorted(), ['MESSAGE_INVALID', 'SMTP_PERMANENT']);
	assert.equal((await worker.search({ id }))[0]?.recipient, 'wrong@supplier.test');
});

const GARBAGE: Record<string, Buffer | ReturnType<typeof aMessage>> = {
	'no JSON': Buffer.from('{"type":'),
	'no text': Buffer.from([0xff, 0xfe, 0x00]),
	'nothing at all': Buffer.alloc(0),
	'another schema': { hello: 'world' },
	'an unknown major version': aMessage(randomUUID(), (m) => (m['version'] = '2.0')),
	'10 MB': Buffer.alloc(10 * 1024 * 1024, 'x'),
	'two addresses in one field': aMessage(randomUUID(), to('a@v.test,b@v.test')),
	'a header injection': aMessage(randomUUID(), to('b@v.test\r\nBcc: evil@x.test')),
	'a __proto__': Buffer.from(JSON.stringify(aMessage()).replace('{', '{"__proto__":{"admin":true},')),
};

test('garbage of every kind is parked with a reason in words, and the worker goes on', async (t) => {
	const lab = await mailLab(t);
	await lab.publish(Object.values(GARBAGE));
	const worker = await lab.worker();
	const good = randomUUID();
	await lab.publish([aMessage(good)]);
	const count = Object.keys(GARBAGE).length;
	await until('all are decided', () => worker.state.counts.parked === count && worker.state.counts.sent === 1);
	assert.deepEqual(receivedIds(lab.smtp), [good]);
	const { mails } = await worker.parked.list();
	assert.equal(mails.length, count);
	for (const { key, reason, reasonText } of mails) {
		assert.match(key, /^sha256:/);
		assert.match(reason, /^MESSAGE_/);
		assert.match(reasonText, /^The message .{8,}/);
	}
	const big = mails.find(({ bytes }) => bytes > 1024 * 1024);
	assert.equal((await worker.parked.inspect(big?.key ?? '')).truncated, true);
});

test('headers nested 20,000 levels deep stop no mail', async (t) => {
	const lab = await mailLab(t);
	const [deep, good] = [randomUUID(), randomUUID()];
	await rawPublish({
		...{ port: lab.test.port, vhost: lab.vhost, exchange: 'email_exchange', routingKey: 'purchase.confirmed' },
		body: Buffer.from(JSON.stringify(aMessage(deep))),
		headers: entry('a', nested(20_000)),
	});
	await lab.publish([aMessage(good)]);
	const worker = await lab.worker();
	await until('both are sent', () => worker.state.counts.sent === 2);
	assert.deepEqual(receivedIds(lab.smtp).toSorted(), [deep, good].toSorted());
});

test('a forged trace makes a publisher believed neither about the recipient, nor about which mail it is', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const trace = (exchange: Buffer) =>
		table(
			entry('queue', text(QUEUE)),
			entry('reason', text('expired')),
			entry('exchange', exchange),
			entry('count', whole(1)),
			entry('time', time(0)),
			entry('routing-keys', list(text('purchase.confirmed'))),
		);
	// Expires in the main queue, so that the broker itself moves it through the hub's exchange.
	for (const exchange of [text('email_retry'), table(entry('toString', text('x')))]) {
		await rawPublish({
			...{ port: lab.test.port, vhost: lab.vhost, exchange: 'email_exchange', routingKey: 'purchase.confirmed' },
			body: Buffer.from(JSON.stringify(aMessage(id))),
			headers: Buffer.concat([
				entry('x-hub-recipient', text('evil@x.test')),
				entry('x-hub-key', text('other/1')),
				entry('x-death', list(trace(exchange))),
			]),
			expiration: '1',
		});
	}
	await until('both are parked', async () => (await lab.depth(PARKED)) === 2);
	const { mails } = await (await lab.parkedReader()).list();
	assert.deepEqual(
		mails.map(({ key, recipient }) => ({ key, recipient })),
		[{ key: keyOf(id), recipient: 'ventas@insumos.test' }],
	);
});

test('a corrected recipient is kept when the order comes again', async (t) => {
	const lab = await mailLab(t);
	const id = randomUUID();
	const worker = await withParked(lab, [id]);
	await worker.parked.correct(keyOf(id), 'right@supplier.test', 'ana');
	await lab.publish([aMessage(id, to('wrong@supplier.test'))]);
	await until('its copy is parked', async () => (await lab.depth(PARKED)) === 2);
	await worker.parked.replay({ all: true }, 'ana');
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(lab.smtp.mails.at(-1)?.to, ['right@supplier.test']);
	assert.equal(await lab.depth(PARKED), 0);
});

test('a corrected recipient is kept when the broker gives the mail up', async (t) => {
	const lab = await mailLab(t, { deliveryLimit: 1 });
	const id = randomUUID();
	const worker = await withParked(lab, [id]);
	await worker.close();
	const parked = await lab.parkedReader();
	await parked.correct(keyOf(id), 'right@supplier.test', 'ana');
	await parked.replay({ all: true }, 'ana');
	await givenUp(lab);
	const [mail] = (await parked.list()).mails;
	assert.deepEqual(
		[mail?.reason, mail?.recipient, mail?.correctedBy],
		['delivery-limit', 'right@supplier.test', 'ana'],
	);
});

const HOSTILE = [
	'{{#recipient}}{{/company}}',
	'<script>alert(1)</script>',
	'javascript:alert(1)',
	'{{{order.number}}}',
];

test('hostile text in every field is mailed as text or parked, and never becomes code', async (t) => {
	const lab = await mailLab(t);
	const bodies = HOSTILE.flatMap((text) => [
		aMessage(randomUUID(), (m) => Object.assign(m['recipient'] as object, { name: text })),
		aMessage(randomUUID(), (m) => Object.assign(m['order'] as object, { number: text.slice(0, 60), notes: text })),
		aMessage(randomUUID(), (m) => Object.assign(m['order'] as object, { link: `${ORIGIN}/${text}` })),
		aMessage(randomUUID(), (m) => Object.assign(m['order'] as object, { link: text })),
	]);
	await lab.publish(bodies);
	const worker = await lab.worker();
	await until('all are decided', () => worker.state.counts.parked + worker.state.counts.sent === bodies.length);
	assert.ok(worker.state.counts.sent >= HOSTILE.length * 2);
	for (const { raw } of lab.smtp.mails) {
		const { html } = await simpleParser(raw);
		assert.ok(html && !/<script|href="javascript:/i.test(html), 'the HTML holds no active content');
	}
});

test('a template that throws parks the mail and says which template', async (t) => {
	const lab = await mailLab(t);
	const { customKind } = await import('../../lib/mail/kind.ts');
	const { messageReader } = await import('../../lib/mail/envelope.ts');
	const kind = await customKind({
		name: 'reminder',
		schema: { type: 'object', required: ['id', 'recipient'] },
		templates: { en: { subject: '{{nothing}}', text: 'x', html: '<p>x</p>' } },
	});
	const worker = await lab.worker({
		read: await messageReader({ kind }),
		writer: { kind, from: { address: 'a@clinica.test' }, origin: null },
	});
	await lab.publish([{ id: 'r-1', recipient: { address: 'a@b.test' } }]);
	await until('it is parked', () => worker.state.counts.parked === 1);
	const { mails } = await worker.parked.list();
	assert.equal(mails[0]?.key, 'kind:reminder/r-1');
	assert.equal(mails[0]?.reason, 'TEMPLATE_INVALID');
	assert.match(mails[0]?.reasonText ?? '', /empty subject/);
});

test('headers are carried on, but none that acts on the broker', async (t) => {
	const lab = await mailLab(t, { script: { rcpt: '550 5.1.1 No such user' } });
	await lab.publish([aMessage()], {
		'x-own': 'kept',
		'x-hub-signature': 'v1;kid=a;b',
		'x-hub-attempt': 3,
		huge: 'x'.repeat(40_000),
	});
	const worker = await lab.worker();
	await until('it is parked', () => worker.state.counts.parked === 1);
	await lab.broker.withChannel(async (channel) => {
		const message = await channel.get(PARKED);
		assert.ok(message);
		assert.equal(message.properties.headers?.['x-own'], 'kept');
		assert.equal(message.properties.headers?.['x-hub-signature'], 'v1;kid=a;b');
		assert.equal(message.properties.headers?.['huge'], undefined);
		assert.equal(readHeaders(message, { retryExchange: 'email_retry', mainQueue: QUEUE, user: ADMIN.user }).attempt, 0);
	});
});
