/** One contract for every backend of the store. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { HubError } from '../../lib/errors.ts';
import { storeAudit } from '../../lib/store/audit.ts';
import { type HouseTables, houseTopic } from '../../lib/store/house.ts';
import { openStore, type Store, type StoreOptions, type Topic } from '../../lib/store/store.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';
import type { Order } from './store-process.ts';
import { type NotesTables, notesTopic } from './store-topic.ts';

const DAY_MS = 86_400_000;

/** Long enough for a lease not to end by itself within a test. */
const LONG_MS = 60_000;

/** Long enough to be seen held, short enough to wait for. */
const SHORT_MS = 400;

interface Process {
	child: ChildProcess;
	order(order: Order): Promise<unknown>;
	kill(): Promise<void>;
}

async function startProcess(options: StoreOptions): Promise<Process> {
	const child = fork(path.join(import.meta.dirname, 'store-process.ts'), [JSON.stringify(options)]);
	await once(child, 'message');
	return {
		child,
		async order(order) {
			child.send(order);
			const [message] = (await once(child, 'message')) as [{ answer?: unknown; error?: string }];
			if (message.error) throw new Error(message.error);
			return message.answer;
		},
		async kill() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			child.kill('SIGKILL');
			await once(child, 'exit');
		},
	};
}

async function withProcesses<T>(
	count: number,
	options: StoreOptions,
	use: (processes: Process[]) => Promise<T>,
): Promise<T> {
	const processes = await Promise.all(Array.from({ length: count }, () => startProcess(options)));
	try {
		return await use(processes);
	} finally {
		await Promise.all(processes.map((process) => process.kill()));
	}
}

/** Asks for the lease until it is given. */
async function takeWhenFree(store: Store, name: string, owner: string) {
	for (;;) {
		const lease = await store.lease(name, { owner, ttlMs: LONG_MS });
		if (lease) return lease;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** The same store, but its first insertion throws after it was carried out, as when the connection breaks then. */
function losingFirstAnswer(store: Store): Store {
	let lost = false;
	const over = <T extends object>(target: T): T =>
		new Proxy(target, {
			get(inner, name) {
				const member: unknown = Reflect.get(inner, name);
				if (typeof member !== 'function') return member;
				return (...given: unknown[]) => {
					const result: unknown = member.apply(inner, given);
					if (!(result instanceof Promise)) return over(result as object);
					return result.then((value: unknown) => {
						if (name === 'topic') return over(value as object);
						if (name !== 'execute' || lost) return value;
						lost = true;
						throw new HubError('STORE_UNAVAILABLE', 'The answer was lost.');
					});
				};
			},
		});
	return over(store);
}

async function failureOf(promise: Promise<unknown>): Promise<HubError> {
	const thrown = await promise.then(
		() => assert.fail('nothing was thrown'),
		(reason: unknown) => reason,
	);
	assert.ok(thrown instanceof HubError, `not a HubError: ${inspect(thrown)}`);
	return thrown;
}

const byCode = (code: string) => (thrown: unknown) => thrown instanceof HubError && thrown.code === code;

function contract(fresh: () => Promise<StoreOptions>): void {
	const open: Store[] = [];
	const openFresh = async () => openAt(await fresh());
	const openAt = async (options: StoreOptions) => {
		const store = await openStore(options);
		open.push(store);
		return store;
	};
	after(() => Promise.all(open.map((store) => store.close())));

	test('what was written is there after closing and opening again', async () => {
		const options = await fresh();
		const first = await openAt(options);
		const notes = await first.topic<NotesTables>(notesTopic);
		await notes.insertInto('note').values({ id: 'a', at: 1, text: 'ñandú €' }).execute();
		await first.close();
		const again = await (await openAt(options)).topic<NotesTables>(notesTopic);
		assert.deepEqual(await again.selectFrom('note').selectAll().execute(), [
			{ id: 'a', at: 1, author: null, text: 'ñandú €', state: null },
		]);
	});

	test('times in milliseconds and counts come back as numbers', async () => {
		const notes = await (await openFresh()).topic<NotesTables>(notesTopic);
		const at = Date.UTC(2199, 11, 31);
		await notes.insertInto('note').values({ id: 'a', at }).execute();
		const row = await notes
			.selectFrom('note')
			.select(['at', (row) => row.fn.countAll().as('count')])
			.groupBy('at')
			.executeTakeFirstOrThrow();
		assert.deepEqual(row, { at, count: 1 });
	});

	test('a transaction that throws leaves nothing behind and the next one works', async () => {
		const notes = await (await openFresh()).topic<NotesTables>(notesTopic);
		await assert.rejects(
			notes.transaction().execute(async (transaction) => {
				await transaction.insertInto('note').values({ id: 'a', at: 1 }).execute();
				throw new Error('no');
			}),
			/^Error: no$/,
		);
		await notes
			.transaction()
			.execute((transaction) => transaction.insertInto('note').values({ id: 'b', at: 1 }).execute());
		assert.deepEqual(await notes.selectFrom('note').select('id').execute(), [{ id: 'b' }]);
	});

	test('a violated constraint is told apart from a store in trouble', async () => {
		const notes = await (await openFresh()).topic<NotesTables>(notesTopic);
		await notes.insertInto('note').values({ id: 'a', at: 1 }).execute();
		await assert.rejects(notes.insertInto('note').values({ id: 'a', at: 1 }).execute(), (thrown) => {
			return !(thrown instanceof HubError) && /unique/i.test(String(thrown));
		});
	});

	describe('migrations', () => {
		test('a later version applies only the steps that are missing, in the order of their names', async () => {
			const options = await fresh();
			const seen: string[] = [];
			const step = (name: string) => ({ up: async () => void seen.push(name) });
			const first = await openAt(options);
			await first.topic({ name: 'steps', migrations: { '0002-b': step('b'), '0001-a': step('a') } });
			const second = await openAt(options);
			await second.topic({
				name: 'steps',
				migrations: { '0003-c': step('c'), '0001-a': step('a'), '0002-b': step('b') },
			});
			assert.deepEqual(seen, ['a', 'b', 'c']);
		});

		test('a topic is migrated once however often it is opened', async () => {
			const store = await openFresh();
			let times = 0;
			const topic: Topic = { name: 'once', migrations: { '0001-a': { up: async () => void times++ } } };
			await Promise.all([store.topic(topic), store.topic(topic)]);
			await store.topic(topic);
			assert.equal(times, 1);
		});

		test('a step that fails leaves nothing of the topic behind and is tried again at the next call', async () => {
			const store = await openFresh();
			let broken = true;
			const topic: Topic = {
				name: 'broken',
				migrations: {
					'0001-a': { up: (db) => db.schema.createTable('broken_a').addColumn('id', 'text').execute() },
					'0002-b': {
						up: async () => {
							if (broken) throw new Error('half way');
						},
					},
				},
			};
			await assert.rejects(store.topic(topic), /half way/);
			broken = false;
			const tables = await store.topic<{ broken_a: { id: string } }>(topic);
			assert.deepEqual(await tables.selectFrom('broken_a').selectAll().execute(), []);
		});

		test('a store that a newer version wrote is refused, naming the step and what to do', async () => {
			const options = await fresh();
			await (await openAt(options)).topic(notesTopic);
			const { '0001-note': first } = notesTopic.migrations;
			assert.ok(first);
			const older = await openAt(options);
			const failure = await failureOf(older.topic({ name: 'notes', migrations: { '0001-note': first } }));
			assert.equal(failure.code, 'STORE_VERSION');
			assert.match(failure.message, /newer version.*"notes".*0002-state.*Start the newer version, or restore/);
		});

		test('eight processes that migrate at once all succeed and apply each step once', async () => {
			const options = await fresh();
			const answers = await withProcesses(8, options, (processes) =>
				Promise.all(processes.map((process) => process.order({ do: 'migrate' }))),
			);
			assert.deepEqual(answers, Array(8).fill('migrated'));
			const store = await openAt(options);
			const applied = await sql<{
				name: string;
			}>`select name from hub_migration where topic = 'notes' order by name`.execute(await store.topic(notesTopic));
			assert.deepEqual(applied.rows, [{ name: '0001-note' }, { name: '0002-state' }]);
		});
	});

	describe('leases', () => {
		test('a lease that one owner holds is not given to another', async () => {
			const store = await openFresh();
			const lease = await store.lease('backup', { owner: 'a', ttlMs: LONG_MS });
			await lease?.check();
			assert.equal(await store.lease('backup', { owner: 'b', ttlMs: LONG_MS }), null);
			assert.ok(await store.lease('sync', { owner: 'b', ttlMs: LONG_MS }));
		});

		test('a released lease is given at once, with a greater token', async () => {
			const store = await openFresh();
			const tokens: number[] = [];
			for (const owner of ['a', 'b', 'a']) {
				const lease = await store.lease('backup', { owner, ttlMs: LONG_MS });
				assert.ok(lease);
				tokens.push(lease.token);
				await lease.release();
			}
			assert.deepEqual(tokens, [1, 2, 3]);
		});

		test('a lease that was not renewed goes to another, and its first owner is told so', async () => {
			const store = await openFresh();
			const first = await store.lease('backup', { owner: 'a', ttlMs: SHORT_MS });
			assert.ok(first);
			const second = await takeWhenFree(store, 'backup', 'b');
			assert.ok(second.token > first.token);
			await assert.rejects(first.check(), byCode('LEASE_LOST'));
			await assert.rejects(first.renew(), byCode('LEASE_LOST'));
		});

		test('a lease that ends later than any may last was taken by a clock that was ahead, and is free', async () => {
			const store = await openFresh();
			const ahead = await store.lease('backup', { owner: 'a', ttlMs: 366 * 86_400_000 });
			assert.ok(ahead);
			assert.ok(await store.lease('backup', { owner: 'b', ttlMs: LONG_MS }));
			await assert.rejects(ahead.check(), byCode('LEASE_LOST'));
		});

		test('a lease whose time is over is lost even while nobody else has taken it', async () => {
			const store = await openFresh();
			const lease = await store.lease('backup', { owner: 'a', ttlMs: 1 });
			assert.ok(lease);
			await new Promise((resolve) => setTimeout(resolve, 20));
			await assert.rejects(lease.check(), byCode('LEASE_LOST'));
			await assert.rejects(lease.renew(), byCode('LEASE_LOST'));
		});

		test('a lease that is renewed stays with its owner beyond its duration', async () => {
			const store = await openFresh();
			const lease = await store.lease('backup', { owner: 'a', ttlMs: SHORT_MS });
			assert.ok(lease);
			for (const end = Date.now() + 3 * SHORT_MS; Date.now() < end; ) {
				await lease.renew();
				assert.equal(await store.lease('backup', { owner: 'b', ttlMs: SHORT_MS }), null);
				await new Promise((resolve) => setTimeout(resolve, SHORT_MS / 8));
			}
			await lease.check();
		});

		test('releasing a lost lease does not take it from its new owner', async () => {
			const store = await openFresh();
			const first = await store.lease('backup', { owner: 'a', ttlMs: 1 });
			const second = await takeWhenFree(store, 'backup', 'b');
			await first?.release();
			await second.check();
		});

		test('an owner that asks again gets its lease with a greater token, and its earlier hold ends', async () => {
			const store = await openFresh();
			const before = await store.lease('backup', { owner: 'a', ttlMs: LONG_MS });
			const again = await store.lease('backup', { owner: 'a', ttlMs: LONG_MS });
			assert.ok(before && again && again.token > before.token);
			await assert.rejects(before.check(), byCode('LEASE_LOST'));
		});

		test('of five processes that ask for the same twenty leases at once each lease goes to exactly one', async () => {
			const options = await fresh();
			await openAt(options);
			const names = Array.from({ length: 20 }, (_, index) => `lease-${index}`);
			const taken = await withProcesses(5, options, (processes) =>
				Promise.all(
					processes.map((process, index) => process.order({ do: 'take', names, owner: `p${index}`, ttlMs: LONG_MS })),
				),
			);
			const all = (taken as { name: string; token: number }[][]).flat();
			assert.deepEqual(all.map(({ name }) => name).sort(), [...names].sort());
			assert.ok(all.every(({ token }) => token === 1));
		});

		test('the lease of a process killed with SIGKILL is free after its duration and not before', async () => {
			const options = await fresh();
			const store = await openAt(options);
			const ttlMs = 1_500;
			await withProcesses(1, options, async ([process]) => {
				assert.ok(process);
				const begun = Date.now();
				const [held] = (await process.order({ do: 'take', names: ['backup'], owner: 'killed', ttlMs })) as {
					token: number;
				}[];
				await process.kill();
				assert.equal(await store.lease('backup', { owner: 'heir', ttlMs }), null);
				const lease = await takeWhenFree(store, 'backup', 'heir');
				assert.ok(Date.now() - begun >= ttlMs);
				assert.ok(held && lease.token > held.token);
			});
		});
	});

	describe('ages', () => {
		test('personal columns of old rows are blanked; ids, states, times and younger rows stay', async () => {
			const store = await openFresh();
			const notes = await store.topic<NotesTables>(notesTopic);
			const now = new Date();
			const row = { state: 'sent', author: 'Ana', text: 'hello' };
			const old = now.getTime() - 31 * DAY_MS;
			const young = now.getTime() - 29 * DAY_MS;
			await notes
				.insertInto('note')
				.values([
					{ id: 'old', at: old, ...row },
					{ id: 'young', at: young, ...row },
				])
				.execute();
			assert.deepEqual(await store.purge(now), { rows: { 'notes.note': 1 } });
			assert.deepEqual(await notes.selectFrom('note').selectAll().orderBy('id').execute(), [
				{ id: 'old', at: old, state: 'sent', author: null, text: null },
				{ id: 'young', at: young, ...row },
			]);
			assert.deepEqual(await store.purge(now), { rows: {} });
		});

		test('more rows than fit into one statement are all blanked', async () => {
			const store = await openFresh();
			const notes = await store.topic<NotesTables>(notesTopic);
			for (let start = 0; start < 2_500; start += 500) {
				const values = Array.from({ length: 500 }, (_, index) => ({ id: `${start + index}`, at: 1, author: 'Ana' }));
				await notes.insertInto('note').values(values).execute();
			}
			assert.deepEqual(await store.purge(), { rows: { 'notes.note': 2_500 } });
			const left = await notes.selectFrom('note').select('id').where('author', 'is not', null).execute();
			assert.equal(left.length, 0);
		});
	});

	describe('audit', () => {
		test('records are in the store after a flush, in full', async () => {
			const store = await openFresh();
			const audit = storeAudit(async () => store);
			const begun = Date.now();
			audit.record({ action: 'mail.replay', actor: 'ana', subject: 'q1', outcome: 'done', details: { count: 3 } });
			audit.record({ action: 'mail.discard', actor: 'hub', subject: 'q1', outcome: 'refused' });
			await audit.flush();
			const table = await store.topic<HouseTables>(houseTopic);
			const rows = await table.selectFrom('hub_audit').selectAll().orderBy('action').execute();
			assert.deepEqual(
				rows.map(({ id: _, at: __, ...row }) => row),
				[
					{ action: 'mail.discard', actor: 'hub', subject: 'q1', outcome: 'refused', details: null },
					{ action: 'mail.replay', actor: 'ana', subject: 'q1', outcome: 'done', details: '{"count":3}' },
				],
			);
			assert.ok(rows.every(({ at }) => at >= begun && at <= Date.now()));
			await audit.close();
		});

		test('records made while the store is away are written once when it is back', async () => {
			const store = await openFresh();
			let away = true;
			const audit = storeAudit(
				async () => {
					if (away) throw new HubError('STORE_UNAVAILABLE', 'away');
					return store;
				},
				{ retryMs: 10 },
			);
			for (let index = 0; index < 450; index += 1) {
				audit.record({ action: 'mail.replay', actor: 'ana', subject: `${index}`, outcome: 'done' });
			}
			await audit.flush();
			away = false;
			const table = await store.topic<HouseTables>(houseTopic);
			const count = async () => (await table.selectFrom('hub_audit').select('subject').execute()).length;
			while ((await count()) < 450) await new Promise((resolve) => setTimeout(resolve, 20));
			await audit.close();
			assert.equal(await count(), 450);
		});

		test('records whose write succeeded but whose answer was lost are not kept twice and hold up no others', async () => {
			const store = await openFresh();
			const losing = losingFirstAnswer(store);
			const audit = storeAudit(async () => losing, { retryMs: 10 });
			audit.record({ action: 'mail.replay', actor: 'ana', subject: 'first', outcome: 'done' });
			await audit.flush();
			audit.record({ action: 'mail.replay', actor: 'ana', subject: 'second', outcome: 'done' });
			await audit.flush();
			await audit.close();
			const table = await store.topic<HouseTables>(houseTopic);
			assert.deepEqual(await table.selectFrom('hub_audit').select('subject').orderBy('subject').execute(), [
				{ subject: 'first' },
				{ subject: 'second' },
			]);
		});

		test('details that are no JSON do not make the recorded action fail', async () => {
			const store = await openFresh();
			const audit = storeAudit(async () => store);
			const loop: Record<string, unknown> = {};
			loop['self'] = loop;
			audit.record({ action: 'mail.replay', actor: 'ana', subject: 'q1', outcome: 'done', details: loop });
			await audit.close();
			const table = await store.topic<HouseTables>(houseTopic);
			assert.equal((await table.selectFrom('hub_audit').select('subject').execute()).length, 1);
		});
	});

	test('of a process killed with SIGKILL while it writes everything reported written is there', async () => {
		const options = await fresh();
		await (await openAt(options)).topic(notesTopic);
		const reported: string[] = [];
		await withProcesses(1, options, async ([process]) => {
			assert.ok(process);
			const enough = new Promise<void>((resolve) => {
				process.child.on('message', (message: { written?: string }) => {
					if (message.written) reported.push(message.written);
					if (reported.length === 200) resolve();
				});
			});
			process.child.send({ do: 'write', from: 1 } satisfies Order);
			await enough;
			await process.kill();
		});
		const notes = await (await openAt(options)).topic<NotesTables>(notesTopic);
		const there = new Set((await notes.selectFrom('note').select('id').execute()).map(({ id }) => id));
		assert.ok(reported.length >= 200);
		assert.deepEqual(
			reported.filter((id) => !there.has(id)),
			[],
		);
	});
}

describe('store on SQLite', () => {
	let directory: string;
	let count = 0;
	const fresh = async (): Promise<StoreOptions> => ({ file: path.join(directory, `${count++}`, 'hub.sqlite') });
	before(async () => {
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-store-'));
	});
	after(() => rm(directory, { recursive: true, force: true }));

	contract(fresh);

	test('its files can be read by their owner only', async () => {
		const { file } = await fresh();
		assert.ok(file);
		const umask = process.umask(0);
		try {
			const store = await openStore({ file });
			await (await store.topic<NotesTables>(notesTopic)).insertInto('note').values({ id: 'a', at: 1 }).execute();
			for (const name of [file, `${file}-wal`, `${file}-shm`])
				assert.equal((await stat(name)).mode & 0o777, 0o600, name);
			await store.close();
		} finally {
			process.umask(umask);
		}
	});

	test('it is for one process, says the store', async () => {
		const store = await openStore(await fresh());
		assert.equal(store.shared, false);
		await store.close();
	});

	test('a file that is no database is named, with what to do', async () => {
		const file = path.join(directory, 'garbage.sqlite');
		await writeFile(file, 'this is not a database, however long it may be, and it never was one.'.repeat(20));
		const failure = await failureOf(openStore({ file }));
		assert.equal(failure.code, 'STORE_UNAVAILABLE');
		assert.match(failure.message, /garbage\.sqlite cannot be used: it is not an SQLite database; check the path/);
	});

	test('a path that is a folder is named, with what to do', async () => {
		const failure = await failureOf(openStore({ file: directory }));
		assert.equal(failure.code, 'STORE_UNAVAILABLE');
		assert.match(failure.message, /it is a folder; name a file/);
	});

	test('a full disk is said, and the next write works when there is room', async () => {
		const store = await openStore(await fresh());
		const notes = await store.topic<NotesTables>(notesTopic);
		await sql`pragma max_page_count = 20`.execute(notes);
		const text = 'x'.repeat(1_000_000);
		const failure = await failureOf(
			notes
				.transaction()
				.execute((transaction) => transaction.insertInto('note').values({ id: 'a', at: 1, text }).execute()),
		);
		assert.equal(failure.code, 'STORE_UNAVAILABLE');
		assert.match(failure.message, /the disk is full; free some space/);
		await sql`pragma max_page_count = 10000`.execute(notes);
		await notes.insertInto('note').values({ id: 'a', at: 1, text }).execute();
		await store.close();
	});

	test('a file that another process is writing for long is said to be busy', async () => {
		const options = await fresh();
		const [writer, other] = [await openStore(options), await openStore(options)];
		const notes = await writer.topic<NotesTables>(notesTopic);
		const others = await other.topic<NotesTables>(notesTopic);
		await notes.transaction().execute(async () => {
			const failure = await failureOf(others.insertInto('note').values({ id: 'a', at: 1 }).execute());
			assert.equal(failure.code, 'STORE_UNAVAILABLE');
			assert.equal(failure.retryable, true);
			assert.match(failure.message, /another process is writing it/);
		});
		await others.insertInto('note').values({ id: 'a', at: 1 }).execute();
		await Promise.all([writer.close(), other.close()]);
	});

	test('without a file and an address it says what is missing', async () => {
		const failure = await failureOf(openStore({}));
		assert.equal(failure.code, 'CONFIG_INVALID');
		assert.match(failure.message, /HUB_STORE_URL/);
	});
});

describe('store on PostgreSQL', () => {
	let server: TestPostgresql;
	before(async () => {
		server = await startPostgresql();
	});
	after(() => server.stop());

	contract(async () => ({ url: await server.database() }));

	test('it is for several processes, says the store', async () => {
		const store = await openStore({ url: await server.database() });
		assert.equal(store.shared, true);
		await store.close();
	});

	test('after the server was killed and is back the same store works again, its data whole', async () => {
		const store = await openStore({ url: await server.database() });
		const notes = await store.topic<NotesTables>(notesTopic);
		await notes.insertInto('note').values({ id: 'before', at: 1 }).execute();
		const lease = await store.lease('backup', { owner: 'a', ttlMs: LONG_MS });
		await server.kill();
		const failure = await failureOf(notes.insertInto('note').values({ id: 'during', at: 1 }).execute());
		assert.equal(failure.code, 'STORE_UNAVAILABLE');
		assert.equal(failure.retryable, true);
		await server.restart();
		await notes.insertInto('note').values({ id: 'after', at: 1 }).execute();
		assert.deepEqual(await notes.selectFrom('note').select('id').orderBy('id').execute(), [
			{ id: 'after' },
			{ id: 'before' },
		]);
		await lease?.check();
		await store.close();
	});

	test('a server that goes silent is given up after the time set, and its connection is not used again', async () => {
		const store = await openStore({ url: await server.database(), statementTimeoutMs: 300 });
		const notes = await store.topic<NotesTables>(notesTopic);
		const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(notes);
		const pid = rows[0]?.pid;
		assert.ok(pid);
		process.kill(pid, 'SIGSTOP');
		try {
			const failure = await failureOf(notes.selectFrom('note').selectAll().execute());
			assert.equal(failure.code, 'STORE_UNAVAILABLE');
			assert.match(failure.message, /does not answer in time/);
			assert.deepEqual(await notes.selectFrom('note').selectAll().execute(), []);
		} finally {
			process.kill(pid, 'SIGCONT');
		}
		await store.close();
	});

	test('closing takes at most about two seconds while a statement is running', async () => {
		const store = await openStore({ url: await server.database() });
		const running = sql`select pg_sleep(60)`.execute(await store.topic(notesTopic)).then(
			() => 'ended',
			() => 'cut',
		);
		while ((await server.execute(`select 1 from pg_stat_activity where query = 'select pg_sleep(60)'`)).length === 0) {
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		const begun = performance.now();
		await store.close();
		assert.equal(await running, 'cut');
		assert.ok(performance.now() - begun < 4_000);
	});

	test('no failure shows the password, not even in its causes', async () => {
		const url = new URL(await server.database());
		const wrong = (change: (url: URL) => void) => {
			const changed = new URL(url);
			change(changed);
			return changed.href;
		};
		const secret = 's3cr3t-w0rd';
		const urls = [
			wrong((changed) => (changed.password = secret)),
			wrong((changed) => {
				changed.password = secret;
				changed.port = '1';
			}),
			`mysql://postgres:${secret}@127.0.0.1/hub`,
			`postgres://postgres:${secret}@[broken/hub`,
			`postgres://postgres:${secret}%zz@127.0.0.1:1/hub`,
		];
		for (const address of urls) {
			const failure = await failureOf(openStore({ url: address }));
			assert.ok(['STORE_UNAVAILABLE', 'CONFIG_INVALID'].includes(failure.code), failure.code);
			assert.doesNotMatch(inspect(failure, { depth: 10 }), new RegExp(secret));
		}
	});

	test('a database that does not exist and a user without rights are told apart', async () => {
		const url = new URL(await server.database());
		const missing = new URL(url);
		missing.pathname = '/nowhere';
		assert.match((await failureOf(openStore({ url: missing.href }))).message, /the database does not exist; create it/);
		await server.execute(`create role guest login password 'guest'`);
		const guest = new URL(url);
		guest.username = 'guest';
		guest.password = 'guest';
		assert.match(
			(await failureOf(openStore({ url: guest.href }))).message,
			/the user may not do this; make it the owner of the database/,
		);
	});
});
