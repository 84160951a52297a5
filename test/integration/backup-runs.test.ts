/** What the store keeps of backups, on both of its databases. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import type { BackupRun } from '../../lib/backup/run.ts';
import { type BackupTables, backupTopic } from '../../lib/backup/run-tables.ts';
import { BackupRuns, type RunRequest } from '../../lib/backup/runs.ts';
import { HubError } from '../../lib/errors.ts';
import { sealer } from '../../lib/store/sealed.ts';
import { type SecretTables, secretsTopic, storedSecrets } from '../../lib/store/secrets.ts';
import { type Lease, openStore, type Store, type StoreOptions } from '../../lib/store/store.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';

const DAY_MS = 86_400_000;
const DATABASE = '5f0c1a52-0000-4000-8000-000000000001';

/** Short enough to wait for its end, long enough not to end by itself within a step. */
const LEASE_MS = 900;

let postgresql: TestPostgresql;
let directory: string;

before(async () => {
	postgresql = await startPostgresql();
	directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-runs-'));
});
after(async () => {
	await postgresql.stop();
	await rm(directory, { recursive: true, force: true });
});

const BACKENDS: Record<string, () => Promise<StoreOptions>> = {
	SQLite: async () => ({ file: path.join(directory, `${randomUUID()}.sqlite`) }),
	PostgreSQL: async () => ({ url: await postgresql.database() }),
};

async function openAt(t: TestContext, options: StoreOptions): Promise<Store> {
	const store = await openStore(options);
	t.after(() => store.close());
	return store;
}

/** One after the other: in one process two connections to an SQLite file would wait for each other while they migrate. */
async function twoHubs(t: TestContext, options: StoreOptions): Promise<[BackupRuns, BackupRuns]> {
	const first = await BackupRuns.open(await openAt(t, options), { owner: 'hub-0' });
	return [first, await BackupRuns.open(await openAt(t, options), { owner: 'hub-1' })];
}

const request = (change: Partial<RunRequest> = {}): RunRequest => ({
	target: 'odoo.example/clinica',
	database: 'clinica',
	source: 'manager',
	format: 'zip',
	trigger: 'schedule',
	...change,
});

async function begin(runs: BackupRuns, change: Partial<RunRequest> = {}): Promise<BackupRun> {
	const answer = await runs.begin(request(change));
	assert.ok('run' in answer, 'it did not begin');
	return answer.run;
}

const claimOf = (run: BackupRun, complete = true) => ({
	id: run.id,
	databaseUuid: DATABASE,
	complete,
	plainSize: 42,
	file: '/spool/x.age',
});

const lost = (thrown: unknown) => thrown instanceof HubError && thrown.code === 'LEASE_LOST';

for (const [name, backend] of Object.entries(BACKENDS)) {
	describe(`backups in the store on ${name}`, () => {
		test('a run is kept with its phase, its bytes and its outcome', async (t) => {
			const runs = await BackupRuns.open(await openAt(t, await backend()), { owner: 'hub-a' });
			const run = await begin(runs, { trigger: 'hand', by: 'ana' });
			const running = await runs.last('odoo.example/clinica');
			assert.equal(running?.outcome, null);
			assert.equal(running?.by, 'ana');
			run.progress('fetching', 7);
			run.progress('fetching', 8);
			while ((await runs.last('odoo.example/clinica'))?.bytes !== 7) await delay(5);
			await run.finish(claimOf(run));
			const [ended] = await runs.list();
			assert.deepEqual(
				{ ...ended, startedAt: 0, updatedAt: 0, finishedAt: 0 },
				{
					id: run.id,
					target: 'odoo.example/clinica',
					database: 'clinica',
					databaseUuid: DATABASE,
					source: 'manager',
					format: 'zip',
					trigger: 'hand',
					by: 'ana',
					againOf: null,
					phase: 'spooled',
					bytes: 42,
					startedAt: 0,
					updatedAt: 0,
					finishedAt: 0,
					outcome: 'complete',
					reason: null,
					reasonText: null,
					releasedAt: null,
				},
			);
		});

		test('of twenty triggers at once one runs, and the others are told which', async (t) => {
			const options = await backend();
			const runs = await twoHubs(t, options);
			const answers = await Promise.all(
				Array.from({ length: 20 }, (_, index) => runs[index % 2 === 0 ? 0 : 1].begin(request({ trigger: 'hand' }))),
			);
			const begun = answers.flatMap((answer) => ('run' in answer ? [answer.run] : []));
			assert.equal(begun.length, 1);
			const answer = await runs[1].begin(request());
			assert.ok('running' in answer);
			assert.equal(answer.running?.id, begun[0]?.id);
			await begun[0]?.fail(new HubError('CANCELLED', 'A person cancelled it.'));
			assert.equal((await runs[0].last('odoo.example/clinica'))?.outcome, 'cancelled');
		});

		test('another database runs at the same time', async (t) => {
			const runs = await BackupRuns.open(await openAt(t, await backend()), { owner: 'hub-a' });
			const [one, other] = [await begin(runs), await begin(runs, { target: 'odoo.example/escuela' })];
			await one.fail(new Error('x'));
			await other.interrupt();
			const outcomes = (await runs.list()).map(({ outcome }) => outcome).sort();
			assert.deepEqual(outcomes, ['failed', 'interrupted']);
		});

		test('a failure is kept with its code and its words, whatever is in them', async (t) => {
			const runs = await BackupRuns.open(await openAt(t, await backend()), { owner: 'hub-a' });
			const run = await begin(runs);
			await run.fail(new HubError('TIMEOUT', `silent\0\ud800${'x'.repeat(5_000)}`));
			const last = await runs.last('odoo.example/clinica');
			assert.equal(last?.outcome, 'failed');
			assert.equal(last?.reason, 'TIMEOUT');
			assert.equal(last?.reasonText?.length, 2_000);
			// The right to run is free again at once.
			await (await begin(runs)).interrupt();
		});

		test('the lease is kept for as long as the run lasts', async (t) => {
			const runs = await BackupRuns.open(await openAt(t, await backend()), { owner: 'hub-a', leaseMs: LEASE_MS });
			const run = await begin(runs);
			await delay(2 * LEASE_MS);
			assert.ok('running' in (await runs.begin(request())));
			await run.check();
			await run.finish(claimOf(run));
			assert.equal((await runs.last('odoo.example/clinica'))?.outcome, 'complete');
		});

		test('a finished backup stays finished though its lease could not be given back', async (t) => {
			const store = await openAt(t, await backend());
			const release = () => Promise.reject(new HubError('STORE_UNAVAILABLE', 'The store is away.'));
			const runs = await BackupRuns.open(changingLeases(store, { release }), { owner: 'hub-a' });
			const run = await begin(runs);
			await run.finish(claimOf(run));
			assert.deepEqual(await runs.unreleased(), [claimOf(run)]);
		});

		test('who lost the right to run writes nothing more, and is told', async (t) => {
			const store = await openAt(t, await backend());
			const late = await BackupRuns.open(freezing(store), { owner: 'hub-a', leaseMs: LEASE_MS });
			const heirs = await BackupRuns.open(store, { owner: 'hub-b', leaseMs: 60_000 });
			const run = await begin(late);
			let heir: BackupRun | undefined;
			for (;;) {
				const answer = await heirs.begin(request());
				if ('run' in answer) {
					heir = answer.run;
					break;
				}
				await delay(20);
			}
			await assert.rejects(run.check(), lost);
			run.progress('fetching', 9);
			if (!run.signal.aborted) await once(run.signal, 'abort');
			await assert.rejects(run.finish(claimOf(run)), lost);
			await run.fail(new HubError('TIMEOUT', 'too late'));
			assert.deepEqual(await heirs.unreleased(), []);
			const [newest, old] = await heirs.list();
			assert.deepEqual([newest?.id, newest?.outcome], [heir.id, null]);
			assert.deepEqual([old?.id, old?.outcome, old?.bytes], [run.id, 'interrupted', 0]);
			await heir.finish(claimOf(heir));
			assert.equal((await heirs.unreleased()).length, 1);
		});

		test('a run whose process is gone is found after its lease, and begun again once', async (t) => {
			const options = await backend();
			const dead = await BackupRuns.open(freezing(await openAt(t, options)), { owner: 'dead', leaseMs: LEASE_MS });
			const first = await begin(dead);
			const [hub, other] = await twoHubs(t, options);
			const early = await hub.recover();
			assert.deepEqual([early.running.map(({ id }) => id), early.again], [[first.id], []]);
			await delay(LEASE_MS + 100);
			// Two hubs find it in the same moment.
			const found = await Promise.all([hub.recover(), other.recover()]);
			for (const { again } of found) for (const { id } of again) assert.equal(id, first.id);
			assert.ok(found.some(({ again }) => again.length === 1));
			const again = { trigger: 'again', againOf: first.id } as const;
			const answers = await Promise.all([hub.begin(request(again)), other.begin(request(again))]);
			const second = answers.find((answer) => 'run' in answer);
			assert.equal(answers.filter((answer) => 'run' in answer).length, 1);
			assert.ok(second && 'run' in second);
			await second.run.interrupt();
			// Interrupted once more: the next regular run is its own beginning.
			assert.deepEqual(await hub.recover(), { again: [], running: [] });
			assert.deepEqual(await hub.begin(request(again)), { running: null });
		});

		test('an interrupted run that a later one followed is not begun again', async (t) => {
			const runs = await BackupRuns.open(await openAt(t, await backend()), { owner: 'hub-a' });
			await (await begin(runs)).interrupt();
			assert.equal((await runs.recover()).again.length, 1);
			await (await begin(runs)).fail(new Error('x'));
			assert.deepEqual((await runs.recover()).again, []);
		});

		test('claim checks are given out until they are released, oldest first', async (t) => {
			const options = await backend();
			const runs = await BackupRuns.open(await openAt(t, options), { owner: 'hub-a' });
			const one = await begin(runs);
			await one.finish(claimOf(one));
			const two = await begin(runs);
			await two.finish(claimOf(two, false));
			await (await begin(runs)).fail(new Error('x'));
			const later = await BackupRuns.open(await openAt(t, options), { owner: 'hub-b' });
			assert.deepEqual(await later.unreleased(), [claimOf(one), claimOf(two, false)]);
			assert.equal(await later.release(one.id), true);
			assert.equal(await later.release(one.id), false);
			assert.deepEqual(
				(await later.unreleased()).map(({ id }) => id),
				[two.id],
			);
			await later.spoolLost(two.id, 'Its file is gone.');
			await later.spoolLost(one.id, 'It was uploaded.');
			assert.deepEqual(await later.unreleased(), []);
			const outcomes = (await later.list()).map(({ id, outcome }) => [id, outcome]);
			assert.deepEqual(outcomes.slice(1), [
				[two.id, 'failed'],
				[one.id, 'complete'],
			]);
		});

		test('the last run is the last one, though a clock was set back in between', async (t) => {
			const store = await openAt(t, await backend());
			const runs = await BackupRuns.open(store, { owner: 'hub-a' });
			await (await begin(runs)).interrupt();
			const second = await begin(runs);
			await second.fail(new Error('x'));
			const db = await store.topic<BackupTables>(backupTopic);
			await db.updateTable('backup_run').set({ started_at: 1 }).where('id', '=', second.id).execute();
			assert.equal((await runs.last('odoo.example/clinica'))?.id, second.id);
			assert.deepEqual((await runs.recover()).again, []);
		});

		test('accepted names stay by database, thousands of them', async (t) => {
			const evidence = await BackupEvidence.open(await openAt(t, await backend()));
			const names = Array.from({ length: 1_700 }, (_, index) => `ab/${index}`);
			await evidence.acceptMissing(DATABASE, [...names, 'ab/0']);
			await evidence.acceptMissing(DATABASE, ['ab/1', 'cd/1']);
			assert.equal((await evidence.accepted(DATABASE)).size, 1_701);
			assert.equal((await evidence.accepted('another')).size, 0);
		});

		test('the last drill and the last one that passed are told apart', async (t) => {
			const evidence = await BackupEvidence.open(await openAt(t, await backend()));
			assert.deepEqual(await evidence.drills(DATABASE), {});
			const passed = { backup: 'a', databaseUuid: DATABASE, finishedAt: 1, passed: true, result: { tables: 3 } };
			const failed = { backup: 'b', databaseUuid: DATABASE, finishedAt: 2, passed: false, result: { text: 'a\0b' } };
			await evidence.recordDrill(passed);
			await evidence.recordDrill(failed);
			const { last, lastPassed } = await evidence.drills(DATABASE);
			assert.deepEqual(lastPassed, passed);
			assert.deepEqual({ ...last, result: 0 }, { ...failed, result: 0 });
		});

		test('a drill that is dated in the future is not the last one any more once another is recorded', async (t) => {
			const evidence = await BackupEvidence.open(await openAt(t, await backend()));
			const drill = { backup: 'a', databaseUuid: DATABASE, finishedAt: 9_000, passed: false, result: null };
			await evidence.recordDrill({ ...drill, finishedAt: 100, passed: true });
			await evidence.recordDrill(drill);
			await evidence.recordDrill({ ...drill, databaseUuid: 'another' });
			await evidence.recordDrill({ ...drill, backup: 'b', finishedAt: 200, passed: true });
			const { last, lastPassed } = await evidence.drills(DATABASE);
			assert.deepEqual([last?.backup, lastPassed?.finishedAt], ['b', 200]);
			assert.equal((await evidence.drills('another')).last?.finishedAt, 9_000);
		});

		test('the last proof of a key is kept', async (t) => {
			const evidence = await BackupEvidence.open(await openAt(t, await backend()));
			assert.equal(await evidence.keyCheck('age1x'), undefined);
			await evidence.recordKeyCheck({ recipient: 'age1x', checkedAt: 1, backup: null });
			await evidence.recordKeyCheck({ recipient: 'age1x', checkedAt: 2, backup: 'b' });
			assert.deepEqual(await evidence.keyCheck('age1x'), { recipient: 'age1x', checkedAt: 2, backup: 'b' });
		});

		test('secrets lie encrypted, tokens for good and sessions of uploads for eight days', async (t) => {
			const store = await openAt(t, await backend());
			const { lasting, passing } = await storedSecrets(store, sealer(['a key']));
			assert.equal(await lasting.get('drive'), undefined);
			await lasting.set('drive', 'old');
			await lasting.set('drive', 'token');
			await passing.set('upload', 'https://drive.example/session');
			assert.equal(await lasting.get('drive'), 'token');
			assert.equal(await passing.get('drive'), undefined);
			const db = await store.topic<SecretTables>(secretsTopic);
			const rows = [
				...(await db.selectFrom('hub_secret').selectAll().execute()),
				...(await db.selectFrom('hub_session').selectAll().execute()),
			];
			assert.doesNotMatch(JSON.stringify(rows), /token|session/);
			await store.purge(new Date(Date.now() + 7 * DAY_MS));
			assert.equal(await passing.get('upload'), 'https://drive.example/session');
			await store.purge(new Date(Date.now() + 9 * DAY_MS));
			assert.equal(await passing.get('upload'), undefined);
			assert.equal(await lasting.get('drive'), 'token');
			await lasting.delete('drive');
			assert.equal(await lasting.get('drive'), undefined);
			// A row that was copied to another name opens nothing.
			await lasting.set('a', 'of a');
			await db
				.insertInto('hub_secret')
				.columns(['name', 'sealed', 'changed_at'])
				.expression((from) =>
					from.selectFrom('hub_secret').select(({ val }) => [val('b').as('name'), 'sealed', 'changed_at']),
				)
				.execute();
			await assert.rejects(lasting.get('b'), { code: 'STORE_KEY' });
		});
	});
}

/** A process that stands still, or was killed, renews nothing. */
const freezing = (store: Store) => changingLeases(store, { renew: async () => {} });

function changingLeases(store: Store, change: Partial<Lease>): Store {
	return new Proxy(store, {
		get(target, property) {
			const member: unknown = Reflect.get(target, property);
			if (property !== 'lease') return typeof member === 'function' ? member.bind(target) : member;
			return async (...given: Parameters<Store['lease']>) => {
				const lease = await target.lease(...given);
				if (!lease) return null;
				const { name, token } = lease;
				const real = { check: () => lease.check(), renew: () => lease.renew(), release: () => lease.release() };
				return { name, token, ...real, ...change };
			};
		},
	});
}
