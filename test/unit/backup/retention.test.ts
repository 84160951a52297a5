import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
	bytesNeeded,
	DEFAULT_RETENTION,
	type LastRun,
	planRetention,
	type RetentionPlan,
	type RetentionRules,
} from '../../../lib/backup/retention.ts';
import { checkRules } from '../../../lib/backup/retention-rules.ts';
import { HubError } from '../../../lib/errors.ts';
import { full, seeded } from '../../seed.ts';
import { DATABASE, DAY_MS, Folder, HOUR_MS } from './histories.ts';

const RULES: RetentionRules = { ...DEFAULT_RETENTION, timeZone: 'America/Santiago' };
const NOON = Date.parse('2026-11-24T15:00:00Z');
const YEAR_MS = 365 * DAY_MS;

/** How many random histories each property is tried on; `TEST_SEED` begins with that one. */
const HISTORIES = full(300, 20);

interface Question {
	lastRun?: LastRun | null;
	rules?: Partial<RetentionRules>;
	accepted?: string[];
}

/** The plan after a run whose backup is the newest one of this folder, unless told otherwise. */
function plan(folder: Folder, { lastRun, rules = {}, accepted = [] }: Question = {}): RetentionPlan {
	return planRetention({
		files: folder.files,
		records: folder.records,
		databaseUuid: DATABASE,
		accepted: new Set(accepted),
		rules: { ...RULES, ...rules },
		lastRun: lastRun === undefined ? { id: newest(folder), outcome: 'complete' } : lastRun,
	});
}

function newest(folder: Folder): string {
	const backups = folder.files.filter(({ appProperties }) => appProperties['kind'] === 'backup');
	return backups.toSorted((a, b) => Date.parse(b.createdTime) - Date.parse(a.createdTime))[0]?.id ?? '';
}

/** One backup a day, the newest at `NOON`. */
function daily(days: number): Folder {
	const folder = new Folder();
	for (let day = days - 1; day >= 0; day -= 1) folder.add({ at: NOON - day * DAY_MS });
	return folder;
}

function decision(of: RetentionPlan, id: string) {
	const found = of.decisions.find((one) => one.id === id);
	assert.ok(found, `${id} got no decision`);
	return found;
}

const codes = (of: RetentionPlan, id: string) => decision(of, id).reasons.map(({ code }) => code);
const backupsOf = (ids: readonly string[]) => ids.filter((id) => !id.endsWith('-record'));

test('of a year of daily backups 7 days, 4 weeks and 3 months stay, and each file says why', () => {
	const folder = daily(365);
	const result = plan(folder);
	const kept = result.decisions.filter(({ action, id }) => action === 'keep' && !id.endsWith('-record'));
	assert.deepEqual(
		kept.map(({ createdTime }) => createdTime.slice(0, 10)),
		[
			'2026-11-24',
			'2026-11-23',
			'2026-11-22',
			'2026-11-21',
			'2026-11-20',
			'2026-11-19',
			'2026-11-18',
			'2026-11-15',
			'2026-11-08',
			'2026-10-31',
			'2026-09-30',
		],
	);
	assert.deepEqual(decision(result, 'b0364').reasons, [
		{ code: 'daily', period: '2026-11-24' },
		{ code: 'weekly', period: '2026-W48' },
		{ code: 'monthly', period: '2026-11' },
		{ code: 'floor', floor: 3 },
	]);
	assert.deepEqual(decision(result, 'b0000').reasons, [{ code: 'superseded', period: '2025-11-25' }]);
	assert.equal(result.counting, 365);
	assert.equal(result.remaining, 11);
});

test('a backup goes before its record, and both go', () => {
	const { trash } = plan(daily(30));
	for (const id of backupsOf(trash)) assert.ok(trash.indexOf(`${id}-record`) > trash.indexOf(id), id);
	assert.equal(trash.length, 2 * backupsOf(trash).length);
	assert.ok(trash.length > 0);
});

test("days are the clinic's: 23:30 and 00:30 there are two days, though one in UTC", () => {
	const folder = new Folder();
	// Santiago is three hours behind in November: 02:30 and 03:30 UTC.
	const late = folder.add({ at: Date.parse('2026-11-20T02:30:00Z') });
	const early = folder.add({ at: Date.parse('2026-11-20T03:30:00Z') });
	const rules = { daily: 2, weekly: 0, monthly: 0, floor: 1 };
	const there = plan(folder, { rules });
	assert.deepEqual([codes(there, late), codes(there, early)], [['daily'], ['daily', 'floor']]);
	const utc = plan(folder, { rules: { ...rules, timeZone: 'UTC' } });
	assert.deepEqual(codes(utc, late), ['superseded']);
});

test('a week belongs to the year of its Thursday', () => {
	const folder = new Folder();
	const id = folder.add({ at: Date.parse('2027-01-03T12:00:00Z') });
	assert.deepEqual(decision(plan(folder), id).reasons[1], { code: 'weekly', period: '2026-W53' });
});

test('with no run known, a failed one, one going on, or one whose backup is not there, nothing goes', () => {
	const folder = daily(60);
	const id = newest(folder);
	for (const [lastRun, hold] of [
		[null, 'noRun'],
		[{ id, outcome: null }, 'running'],
		[{ id, outcome: 'failed' }, 'runFailed'],
		[{ id, outcome: 'cancelled' }, 'runFailed'],
		[{ id, outcome: 'interrupted' }, 'runFailed'],
		[{ id: 'elsewhere', outcome: 'complete' }, 'runNotFound'],
	] as const) {
		const result = plan(folder, { lastRun });
		assert.deepEqual(result.trash, [], hold);
		assert.equal(result.hold, hold);
		assert.deepEqual(decision(result, 'b0000').reasons, [
			{ code: 'superseded', period: '2026-09-26' },
			{ code: 'held', hold },
		]);
		assert.equal(result.remaining, 60);
	}
});

test('after a backup that is not complete no complete one goes', () => {
	const folder = daily(60);
	for (let day = 1; day <= 40; day += 1) folder.add({ at: NOON + day * DAY_MS, missing: ['ab/abc'] });
	const result = plan(folder, { lastRun: { id: newest(folder), outcome: 'incomplete' } });
	assert.equal(result.hold, 'runDoesNotCount');
	assert.equal(result.remaining, 60);
	assert.deepEqual(
		backupsOf(result.trash).filter((id) => id < 'b0060'),
		[],
	);
	// The incomplete ones follow the same rules among themselves, or the folder would fill for ever.
	assert.ok(result.trash.length > 0);
});

test('missing attachments that a person accepted do not keep a backup from counting', () => {
	const folder = daily(10);
	const id = folder.add({ at: NOON + DAY_MS, missing: ['ab/abc'] });
	assert.deepEqual(decision(plan(folder, { accepted: ['ab/abc'] }), id).reasons[0]?.code, 'daily');
	assert.equal(plan(folder, { accepted: ['ab/abc'] }).counting, 11);
	assert.equal(plan(folder, { accepted: ['ab/other'] }).counting, 10);
});

test('a clock of the hub that is a year ahead removes nothing', () => {
	const folder = daily(400);
	for (let day = 1; day <= 30; day += 1) folder.add({ at: NOON + day * DAY_MS, aheadMs: YEAR_MS });
	const result = plan(folder);
	assert.deepEqual(result.trash, []);
	assert.equal(result.hold, 'runNotFound');
	assert.deepEqual(decision(result, 'b0429').reasons, [{ code: 'untouched', standing: 'redated' }]);
});

test("the plan does not depend on this machine's clock", (t) => {
	const folder = daily(100);
	const before = plan(folder);
	mock.timers.enable({ apis: ['Date'], now: Date.now() + YEAR_MS });
	t.after(() => mock.timers.reset());
	assert.deepEqual(plan(folder), before);
});

test('an old backup laid into the folder again does not count, even with its record', () => {
	const folder = daily(20);
	const old = folder.files.find(({ id }) => id === 'b0000');
	assert.ok(old);
	folder.files.push({ ...old, id: 'again', createdTime: new Date(NOON + HOUR_MS).toISOString() });
	const result = plan(folder, { lastRun: { id: 'b0019', outcome: 'complete' } });
	assert.deepEqual(decision(result, 'again'), {
		id: 'again',
		name: old.name,
		size: old.size,
		createdTime: new Date(NOON + HOUR_MS).toISOString(),
		action: 'leave',
		reasons: [{ code: 'untouched', standing: 'redated' }],
	});
	assert.equal(result.counting, 20);
});

test('a second copy of a backup does not count twice, and the younger one goes', () => {
	const folder = daily(5);
	const original = folder.files.find(({ id }) => id === 'b0003');
	assert.ok(original);
	folder.files.push({ ...original, id: 'copy', createdTime: new Date(NOON + HOUR_MS).toISOString() });
	const result = plan(folder, { lastRun: { id: 'b0004', outcome: 'complete' } });
	assert.deepEqual(codes(result, 'copy'), ['duplicate']);
	assert.deepEqual(result.trash, ['copy']);
	assert.equal(decision(result, 'b0003-record').action, 'keep');
});

describe('left alone is', () => {
	const at = NOON - 200 * DAY_MS;
	for (const [what, standing, options] of [
		["another program's file", 'foreign', { at, properties: { hub: 'other' } }],
		["another database's backup", 'otherDatabase', { at, properties: { db: 'other' } }],
		['what lies in the bin', 'trashed', { at, file: { trashed: true } }],
		['an upload that was not confirmed', 'unverified', { at, properties: { state: 'uploaded' } }],
		['a file without a checksum', 'unverified', { at, file: { sha256: '' } }],
		['a file without a signed record', 'unsigned', { at, signed: null }],
		['a file of another size than signed', 'altered', { at, file: { size: 999 } }],
		['a file of another checksum than signed', 'altered', { at, file: { sha256: 'other' } }],
		[
			'a file under another name than signed',
			'altered',
			{ at, file: { name: 'clinica_2026-11-24T03-00-00Z.zip.age' } },
		],
		['a record of another database', 'altered', { at, signed: { databaseUuid: 'other' } }],
		['a file that came before its backup began', 'redated', { at, aheadMs: 2 * DAY_MS }],
		['a file that came long after its backup ended', 'redated', { at, aheadMs: -16 * DAY_MS }],
	] as const) {
		test(`${what}, as ${standing}`, () => {
			const folder = daily(20);
			const id = folder.add(options);
			const result = plan(folder);
			assert.equal(decision(result, id).action, 'leave');
			assert.deepEqual(decision(result, id).reasons, [{ code: 'untouched', standing }]);
			assert.equal(result.counting, 20);
		});
	}
});

test('a rejected upload goes; one that is what its record says stays, for a person to look at', () => {
	const folder = daily(5);
	const wrong = folder.add({ at: NOON - HOUR_MS, properties: { state: 'rejected' }, file: { sha256: 'spoiled' } });
	const right = folder.add({ at: NOON - HOUR_MS, properties: { state: 'rejected' } });
	const result = plan(folder, { lastRun: { id: 'b0004', outcome: 'complete' } });
	assert.deepEqual(result.trash, [wrong, `${wrong}-record`]);
	assert.deepEqual(decision(result, right).action, 'leave');
});

test('a record whose backup is gone follows it after two weeks, not while its backup may be on its way', () => {
	const folder = daily(60);
	folder.files.splice(0, folder.files.length, ...folder.files.filter(({ id }) => id !== 'b0010' && id !== 'b0055'));
	const result = plan(folder);
	assert.deepEqual(codes(result, 'b0010-record'), ['orphanRecord']);
	assert.equal(decision(result, 'b0055-record').action, 'leave');
});

test('a mark keeps a backup with its record and shows its note', () => {
	const folder = new Folder();
	const properties = { keep: '2026-11-24T12:00:00.000Z' };
	folder.add({ at: NOON - 200 * DAY_MS, properties, file: { description: 'before audit' } });
	for (let day = 99; day >= 0; day -= 1) folder.add({ at: NOON - day * DAY_MS });
	const result = plan(folder);
	assert.deepEqual(decision(result, 'b0000').reasons, [{ code: 'mark', note: 'before audit' }]);
	assert.equal(decision(result, 'b0000').action, 'keep');
	assert.equal(decision(result, 'b0000-record').action, 'keep');
});

test('rules that make no sense are refused by name', () => {
	for (const [change, text] of [
		[{ daily: -1 }, /"daily" must be a whole number from 0/],
		[{ weekly: 1.5 }, /"weekly"/],
		[{ monthly: Number.NaN }, /"monthly"/],
		[{ floor: 0 }, /"floor" must be a whole number from 1/],
		[{ timeZone: 'Chile/Nowhere' }, /"Chile\/Nowhere" is no time zone/],
	] as const) {
		assert.throws(
			() => checkRules({ ...RULES, ...change }),
			(thrown: unknown) => thrown instanceof HubError && thrown.code === 'CONFIG_INVALID' && text.test(thrown.message),
		);
	}
});

test('what the rules need is told in bytes', () => {
	assert.equal(bytesNeeded(RULES, 10), 140);
	assert.equal(bytesNeeded({ ...RULES, daily: 0, weekly: 0, monthly: 0, floor: 5 }, 10), 50);
});

describe('in random histories', () => {
	/** Up to three years with gaps, several backups on some days, and times all over the day. */
	function randomFolder(random: () => number): Folder {
		const folder = new Folder();
		const days = Math.floor(random() * 1_000) + 1;
		for (let day = days; day >= 0; day -= 1) {
			const many = random() < 0.2 ? 0 : random() < 0.1 ? Math.ceil(random() * 4) : 1;
			for (let index = 0; index < many; index += 1) folder.add({ at: NOON - day * DAY_MS - random() * DAY_MS });
		}
		return folder;
	}

	function randomRules(random: () => number): Partial<RetentionRules> {
		const upTo = (limit: number) => Math.floor(random() * (limit + 1));
		const timeZone = ['America/Santiago', 'UTC', 'Pacific/Chatham'][upTo(2)] ?? 'UTC';
		return { daily: upTo(10), weekly: upTo(6), monthly: upTo(6), floor: 1 + upTo(4), timeZone };
	}

	function noise(folder: Folder, random: () => number): void {
		const last = NOON + 10 * DAY_MS;
		for (let index = 0; index < 40; index += 1) {
			const at = last - random() * 400 * DAY_MS;
			const kinds = [
				{ at, signed: null },
				{ at, properties: { hub: 'other' } },
				{ at, properties: { db: 'other' } },
				{ at, properties: { state: 'uploaded' } },
				{ at, file: { sha256: 'spoiled' } },
				{ at, aheadMs: -100 * DAY_MS },
				{ at, aheadMs: YEAR_MS },
				{ at, missing: ['ab/abc'] },
				{ at, format: 'dump' as const },
			];
			const kind = kinds[Math.floor(random() * kinds.length)];
			if (kind) folder.add(kind);
		}
	}

	for (const [title, check] of [
		[
			'the newest ones down to the floor stay, whatever the rules',
			(random: () => number) => {
				const folder = randomFolder(random);
				const rules = randomRules(random);
				const result = plan(folder, { rules });
				const counting = folder.records.size;
				assert.ok(result.remaining >= Math.min(counting, rules.floor ?? 1));
				const newestFirst = result.decisions.filter(({ id }) => !id.endsWith('-record'));
				for (const { action } of newestFirst.slice(0, rules.floor)) assert.equal(action, 'keep');
			},
		],
		[
			'files that do not count never change what becomes of those that do',
			(random: () => number) => {
				const folder = randomFolder(random);
				const rules = randomRules(random);
				const lastRun: LastRun = { id: newest(folder), outcome: 'complete' };
				const before = backupsOf(plan(folder, { rules, lastRun }).trash);
				const own = new Set(folder.files.map(({ id }) => id));
				noise(folder, random);
				const after = backupsOf(plan(folder, { rules, lastRun }).trash).filter((id) => own.has(id));
				assert.deepEqual(after, before);
			},
		],
		[
			'only own, verified, signed backups of this database are trashed',
			(random: () => number) => {
				const folder = randomFolder(random);
				const lastRun: LastRun = { id: newest(folder), outcome: 'complete' };
				noise(folder, random);
				for (const id of backupsOf(plan(folder, { lastRun }).trash)) {
					const file = folder.files.find((one) => one.id === id);
					const signed = folder.records.get(`${id}-record`);
					assert.ok(signed && file);
					assert.deepEqual(
						{ ...file.appProperties, size: file.size, sha256: file.sha256 },
						{
							hub: 'clinic-hub',
							kind: 'backup',
							state: 'verified',
							backup: signed.id,
							db: signed.databaseUuid,
							size: signed.size,
							sha256: signed.sha256,
						},
					);
				}
			},
		],
		[
			'a second plan after the first one was carried out removes nothing',
			(random: () => number) => {
				const folder = randomFolder(random);
				const rules = randomRules(random);
				folder.remove(plan(folder, { rules }).trash);
				assert.deepEqual(plan(folder, { rules }).trash, []);
			},
		],
		[
			'pruning after every backup leaves what pruning once leaves, plus nothing and minus nothing',
			(random: () => number) => {
				const all = randomFolder(random);
				const rules = { ...randomRules(random), floor: 1 };
				const pruned = new Folder();
				const files = all.files.toSorted((a, b) => Date.parse(a.createdTime) - Date.parse(b.createdTime));
				for (const file of files) {
					pruned.files.push(file);
					const signed = all.records.get(file.id);
					if (signed) pruned.records.set(file.id, signed);
					if (signed && random() < 0.5) pruned.remove(plan(pruned, { rules }).trash);
				}
				pruned.remove(plan(pruned, { rules }).trash);
				all.remove(plan(all, { rules }).trash);
				const ids = (folder: Folder) => folder.files.map(({ id }) => id).sort();
				assert.deepEqual(ids(pruned), ids(all));
			},
		],
		[
			'every file gets exactly one decision with a reason, newest first, and the order given does not matter',
			(random: () => number) => {
				const folder = randomFolder(random);
				const lastRun: LastRun = { id: newest(folder), outcome: 'complete' };
				noise(folder, random);
				const result = plan(folder, { lastRun });
				assert.equal(new Set(result.decisions.map(({ id }) => id)).size, folder.files.length);
				for (const { reasons, id } of result.decisions) assert.ok(reasons.length > 0, id);
				const times = result.decisions.map(({ createdTime }) => Date.parse(createdTime));
				assert.deepEqual(
					times,
					times.toSorted((a, b) => b - a),
				);
				folder.files.sort(() => random() - 0.5);
				assert.deepEqual(plan(folder, { lastRun }), result);
			},
		],
	] as const) {
		test(title, () => {
			const first = Number(process.env['TEST_SEED'] ?? 1);
			for (let seed = first; seed < first + HISTORIES; seed += 1) {
				try {
					check(seeded(seed));
				} catch (thrown) {
					throw new Error(`TEST_SEED=${seed}`, { cause: thrown });
				}
			}
		});
	}
});
