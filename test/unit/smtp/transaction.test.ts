import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { Transaction } from '../../../lib/smtp/transaction.ts';

const LONG = { setup: 60_000, envelope: 60_000, transfer: 60_000, answer: 60_000 };

/** Waits for the abort; the test runner ends a test that waits for ever. */
const aborted = (transaction: Transaction) =>
	new Promise<void>((resolve) => transaction.signal.addEventListener('abort', () => resolve(), { once: true }));

describe('one mail on its way', () => {
	it('is in transfer once it is read and waits for the answer once it was read to its end', async () => {
		let began = 0;
		const transaction = new Transaction(LONG, { onData: () => began++ });
		assert.equal(transaction.phase, 'waiting');
		transaction.start();
		assert.equal(transaction.phase, 'setup');
		const mail = new PassThrough();
		mail.end('Subject: x\r\n');
		transaction.follow(mail);
		await new Promise(setImmediate);
		assert.equal(transaction.phase, 'envelope', 'following a mail does not read it');
		const seen: string[] = [];
		mail.on('end', () => seen.push(transaction.phase));
		for await (const _ of mail.resume());
		assert.equal(began, 1);
		assert.deepEqual(seen, ['answer'], 'known before the final dot is written');
		transaction.settle();
	});

	for (const phase of ['setup', 'envelope', 'transfer', 'answer'] as const) {
		it(`is given up when ${phase} lasts too long`, async () => {
			const transaction = new Transaction({ ...LONG, [phase]: 5 });
			const over = aborted(transaction);
			const mail = new PassThrough();
			transaction.start();
			if (phase !== 'setup') transaction.follow(mail);
			if (phase === 'transfer' || phase === 'answer') mail.resume();
			if (phase === 'answer') mail.end();
			await over;
			assert.deepEqual(transaction.interruption, { by: 'deadline', phase, ms: 5 });
			transaction.settle();
		});
	}

	it('is given up at once when the caller has already aborted', () => {
		const transaction = new Transaction(LONG, { signal: AbortSignal.abort() });
		assert.ok(transaction.signal.aborted);
		assert.deepEqual(transaction.interruption, { by: 'caller' });
	});
});
