import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../lib/log.ts';
import { Ledger, type LedgerFacts } from '../../lib/mail/ledger.ts';
import { LedgerOwner } from '../../lib/mail/owner.ts';
import { openStore, type Store } from '../../lib/store/store.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';

const DAY_MS = 86_400_000;
let postgresql: TestPostgresql;
let directory: string;

before(async () => {
	postgresql = await startPostgresql();
	directory = await mkdtemp(path.join(tmpdir(), 'hub-ledger-'));
});
after(async () => {
	await postgresql.stop();
	await rm(directory, { recursive: true, force: true });
});

const BACKENDS: Record<string, () => Promise<() => Promise<Store>>> = {
	SQLite: async () => {
		const file = path.join(directory, `${randomUUID()}.sqlite`);
		return () => openStore({ file });
	},
	PostgreSQL: async () => {
		const url = await postgresql.database();
		return () => openStore({ url });
	},
};

function facts(overrides: Partial<LedgerFacts> = {}): LedgerFacts {
	return {
		databaseUuid: randomUUID(),
		id: randomUUID(),
		owner: 'owner-a',
		kind: 'purchase',
		reference: 'P00042',
		recipient: 'Ventas@v.test',
		messageId: '<a@clinica.test>',
		...overrides,
	};
}

for (const [name, backend] of Object.entries(BACKENDS)) {
	describe(name, () => {
		test('texts that others wrote are taken whatever is in them', async (t) => {
			const store = await (await backend())();
			t.after(() => store.close());
			const ledger = await Ledger.open(store);
			const hostile = `a\0b\ud800${'x'.repeat(100_000)}`;
			const mail = facts({ reference: hostile });
			const change = { state: 'waiting', attempts: 1, response: hostile, reasonText: hostile } as const;
			assert.equal(await ledger.change(mail, undefined, change), 1);
			await ledger.markSent(mail, hostile);
			const [row] = await ledger.search({ id: mail.id });
			assert.equal(row?.state, 'sent');
			assert.match(row?.response ?? '', /^a\ufffdb\ufffdx{1900,2000}$/);
			assert.match(row?.reference ?? '', /^a\ufffdb\ufffdx{1900,2000}$/);
		});

		test('of many who claim a mail at once, exactly one gets it', async (t) => {
			const open = await backend();
			const first = await open();
			// One process has one SQLite store: a second connection would wait for the first and block it.
			const stores = first.shared ? [first, await open(), await open()] : [first];
			t.after(() => Promise.all(stores.map((store) => store.close())));
			const ledgers = await Promise.all(stores.map((store) => Ledger.open(store)));
			for (let round = 0; round < 10; round++) {
				const mail = facts();
				const claims = await Promise.all(
					ledgers.flatMap((ledger, index) =>
						[1, 2, 3].map((nth) =>
							ledger.change({ ...mail, owner: `${index}-${nth}` }, undefined, { state: 'sending', attempts: 1 }),
						),
					),
				);
				assert.equal(claims.filter((version) => version !== null).length, 1);
				const seen = await ledgers[0]?.find(mail);
				assert.equal(seen?.state, 'sending');
				const again = await Promise.all(
					ledgers.map((ledger) => ledger.change(mail, seen, { state: 'sending', attempts: 2 })),
				);
				assert.equal(again.filter((version) => version !== null).length, 1);
			}
		});

		test('sent stays sent, whatever comes later', async (t) => {
			const store = await (await backend())();
			t.after(() => store.close());
			const ledger = await Ledger.open(store);
			const mail = facts();
			const version = (await ledger.change(mail, undefined, { state: 'sending', attempts: 1 })) ?? 0;
			await ledger.markSent(mail, '250 Ok');
			assert.equal(await ledger.change(mail, { version }, { state: 'parked', attempts: 1, reason: 'x' }), null);
			assert.equal(await ledger.decide(mail, 'waiting'), 'sent');
			assert.equal(await ledger.decide(mail, 'discarded'), 'sent');
			const entry = await ledger.find(mail);
			assert.deepEqual([entry?.state, entry?.response, entry?.attempts], ['sent', '250 Ok', 1]);
		});

		test('did this recipient get that order? is answered without regard to case', async (t) => {
			const store = await (await backend())();
			t.after(() => store.close());
			const ledger = await Ledger.open(store);
			const mail = facts();
			await ledger.change(mail, undefined, { state: 'sending', attempts: 1 });
			await ledger.change(facts({ recipient: 'other@v.test' }), undefined, { state: 'sending', attempts: 1 });
			await ledger.change(facts({ reference: 'P00043' }), undefined, { state: 'sending', attempts: 1 });
			const rows = await ledger.search({ reference: 'P00042', recipient: 'VENTAS@V.TEST' });
			assert.deepEqual(
				rows.map(({ id, recipient, kind }) => ({ id, recipient, kind })),
				[{ id: mail.id, recipient: 'Ventas@v.test', kind: 'purchase' }],
			);
			assert.deepEqual(await ledger.counts(), { sending: 3 });
		});

		test('personal data is blanked for its age; ids, states and times stay', async (t) => {
			const store = await (await backend())();
			t.after(() => store.close());
			const ledger = await Ledger.open(store);
			const mail = facts();
			await ledger.change(mail, undefined, { state: 'sending', attempts: 1 });
			await ledger.markSent(mail, '250 Ok for Ventas@v.test');
			await store.purge(new Date(Date.now() + 179 * DAY_MS));
			assert.equal((await ledger.find(mail))?.recipient, 'Ventas@v.test');
			await store.purge(new Date(Date.now() + 181 * DAY_MS));
			const [row] = await ledger.search({ id: mail.id });
			assert.deepEqual([row?.state, row?.recipient, row?.response, row?.reference], ['sent', null, null, 'P00042']);
		});

		test('a pause is kept until it is ended', async (t) => {
			const open = await backend();
			const store = await open();
			await (await Ledger.open(store)).setPaused('/ queue', true, 'ana');
			await store.close();
			const later = await open();
			t.after(() => later.close());
			const ledger = await Ledger.open(later);
			assert.deepEqual(await ledger.pausedBy('/ queue'), { by: 'ana' });
			await ledger.setPaused('/ queue', false, 'luis');
			assert.equal(await ledger.pausedBy('/ queue'), null);
		});
	});
}

test('an owner in another process counts as alive until its lease ends, and stays dead then', async (t) => {
	const url = await postgresql.database();
	const [store, other] = await Promise.all([openStore({ url }), openStore({ url })]);
	t.after(() => Promise.all([store.close(), other.close()]));
	const options = { log: silentLog, onLost: () => {} };
	const mine = await LedgerOwner.begin(store, options);
	const foreign = await other.lease('mail.owner.foreign', { owner: 'foreign', ttlMs: 60_000 });
	assert.equal(await mine.isAlive('foreign'), true);
	await foreign?.release();
	assert.equal(await mine.isAlive('foreign'), false);
	await assert.rejects(async () => foreign?.renew(), { code: 'LEASE_LOST' });
	assert.equal(await mine.isAlive(mine.id), true);
	await mine.end();
});

test('an owner that could not renew its lease knows that it has ended without asking the store', async (t) => {
	const url = await postgresql.database();
	const [store, other] = await Promise.all([openStore({ url }), openStore({ url })]);
	t.after(() => Promise.all([store.close(), other.close()]));
	const leaseMs = 1_000;
	const owner = await LedgerOwner.begin(store, { log: silentLog, onLost: () => {}, leaseMs });
	await delay(leaseMs * 1.4); // renewed meanwhile
	assert.equal(owner.holds, true);
	await store.close();
	await delay(leaseMs);
	assert.deepEqual([owner.holds, owner.lost], [false, false]);
	assert.ok(await other.lease(`mail.owner.${owner.id}`, { owner: 'other', ttlMs: leaseMs }), 'others may take it over');
});

test('with SQLite an owner that is not of this process is dead', async (t) => {
	const store = await openStore({ file: ':memory:' });
	t.after(() => store.close());
	const owner = await LedgerOwner.begin(store, { log: silentLog, onLost: () => {} });
	assert.equal(await owner.isAlive(randomUUID()), false);
	const second = await LedgerOwner.begin(store, { log: silentLog, onLost: () => {} });
	assert.equal(await owner.isAlive(second.id), true);
	await second.end();
	assert.equal(await owner.isAlive(second.id), false);
	await owner.end();
});
