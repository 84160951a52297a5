import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	type AlarmQuestion,
	type DatabaseState,
	DEFAULT_ALARM,
	databaseState,
	evaluateAlarm,
} from '../../../lib/backup/alarm.ts';
import { standings } from '../../../lib/backup/standing.ts';
import { DATABASE, Folder } from './histories.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-11-24T15:00:00Z');
const NOON = NOW;

const WELL: DatabaseState = {
	database: 'clinica',
	newestCounting: { createdAt: NOW - 20 * HOUR_MS },
	lastDrill: { finishedAt: NOW - 6 * DAY_MS, passed: true },
	lastPassedDrill: { finishedAt: NOW - 6 * DAY_MS },
};

function ask(state: Partial<DatabaseState> = {}, change: Partial<AlarmQuestion> = {}) {
	return evaluateAlarm({
		now: NOW,
		localNow: NOW + 1_000,
		databases: [{ ...WELL, ...state }],
		space: { free: 1_000, newestSize: 10, needed: 100 },
		lastKeyCheck: NOW - 100 * DAY_MS,
		rules: DEFAULT_ALARM,
		...change,
	});
}
const codes = (findings: ReturnType<typeof ask>) => findings.map(({ code, severity }) => `${severity} ${code}`);

test('nothing is found when all is well', () => {
	assert.deepEqual(ask(), []);
	assert.deepEqual(ask({}, { space: undefined }), []);
});

test('a backup that is too old is critical, with its age', () => {
	assert.deepEqual(ask({ newestCounting: { createdAt: NOW - 26 * HOUR_MS } }), []);
	assert.deepEqual(ask({ newestCounting: { createdAt: NOW - 26 * HOUR_MS - 1 } }), [
		{ code: 'tooOld', severity: 'critical', database: 'clinica', parameters: { hours: 26, limit: 26 } },
	]);
});

test('no backup at all is critical, and so is a time that is none', () => {
	assert.deepEqual(codes(ask({ newestCounting: null })), ['critical noBackup']);
	const { newestCounting: _, ...unknown } = WELL;
	assert.deepEqual(codes(ask({}, { databases: [unknown] })), ['critical noBackup']);
	assert.deepEqual(codes(ask({ newestCounting: { createdAt: Number.NaN } })), ['critical tooOld']);
});

test('a backup from the future does not keep the alarm silent for ever', () => {
	assert.deepEqual(codes(ask({ newestCounting: { createdAt: NOW + 365 * DAY_MS } })), ['critical fromTheFuture']);
});

test('what lies there and does not count is said beside', () => {
	const findings = ask({ newestCounting: null, newerNotCounting: { unsigned: 2, redated: 0, incomplete: 1 } });
	assert.deepEqual(
		findings.map(({ code, parameters }) => [code, parameters]),
		[
			['noBackup', {}],
			['doNotCount', { standing: 'unsigned', count: 2 }],
			['doNotCount', { standing: 'incomplete', count: 1 }],
		],
	);
});

test('the folder is read as it is: the newest that counts, and newer ones that do not, with why', () => {
	const folder = new Folder();
	folder.add({ at: NOON - 3 * DAY_MS, signed: null });
	folder.add({ at: NOON - 2 * DAY_MS });
	folder.add({ at: NOON - DAY_MS, missing: ['ab/abc'] });
	folder.add({ at: NOON - DAY_MS, signed: null });
	folder.add({ at: NOON - HOUR_MS, format: 'dump' });
	folder.add({ at: NOON, properties: { state: 'uploaded' } });
	const question = { files: folder.files, records: folder.records, databaseUuid: DATABASE };
	const last = { backup: 'b', databaseUuid: DATABASE, finishedAt: 1, passed: false, result: null };
	const judged = standings({ ...question, accepted: new Set<string>() });
	assert.deepEqual(databaseState('clinica', judged, { last }), {
		database: 'clinica',
		newestCounting: { createdAt: NOON - 2 * DAY_MS },
		newerNotCounting: { incomplete: 1, unsigned: 1 },
		lastDrill: last,
		lastPassedDrill: undefined,
	});
	const accepted = standings({ ...question, accepted: new Set(['ab/abc']) });
	assert.deepEqual(databaseState('clinica', accepted, {}).newestCounting, { createdAt: NOON - DAY_MS });
});

test('that Drive cannot be asked is itself an alarm, and nothing is said of what is not known', () => {
	const cannotAsk = { code: 'DRIVE_CONSENT', text: 'The consent was withdrawn.' };
	const { newestCounting: _, ...unknown } = WELL;
	assert.deepEqual(ask({}, { databases: [unknown], cannotAsk, localNow: NOW + DAY_MS, space: undefined }), [
		{ code: 'cannotAsk', severity: 'critical', parameters: cannotAsk },
	]);
});

test('a failed drill, one that is too old, none at all, and one from the future are told', () => {
	const failed = { finishedAt: NOW - 2 * DAY_MS, passed: false };
	assert.deepEqual(codes(ask({ lastDrill: failed })), ['critical drillFailed']);
	const old = { finishedAt: NOW - 9 * DAY_MS };
	assert.deepEqual(codes(ask({ lastDrill: { ...old, passed: true }, lastPassedDrill: old })), ['critical drillTooOld']);
	assert.deepEqual(codes(ask({ lastDrill: undefined })), ['warning noDrill']);
	const future = { finishedAt: NOW + 30 * DAY_MS };
	assert.deepEqual(codes(ask({ lastDrill: { ...future, passed: true }, lastPassedDrill: future })), [
		'critical drillFromTheFuture',
	]);
});

test('a folder without room for the next backup is critical, for the plan a warning', () => {
	assert.deepEqual(codes(ask({}, { space: { free: 9, newestSize: 10, needed: 100 } })), ['critical full']);
	assert.deepEqual(codes(ask({}, { space: { free: 99, newestSize: 10, needed: 100 } })), ['warning nearlyFull']);
});

test('a key that was never proven is critical; after half a year somebody is reminded', () => {
	assert.deepEqual(codes(ask({}, { lastKeyCheck: undefined })), ['critical keyUnproven']);
	assert.deepEqual(ask({}, { lastKeyCheck: NOW - 179 * DAY_MS }), []);
	assert.deepEqual(codes(ask({}, { lastKeyCheck: NOW - 180 * DAY_MS })), ['warning keyCheckDue']);
	const [due] = ask({}, { lastKeyCheck: NOW - 60 * DAY_MS, rules: { ...DEFAULT_ALARM, keyCheckDays: 60 } });
	assert.deepEqual(due?.parameters, { days: 60, limit: 60 });
});

test('a proof of the key that is dated in the future does not keep the reminder silent for ever', () => {
	const [finding] = ask({}, { lastKeyCheck: NOW + 1_000 + 40 * DAY_MS });
	assert.deepEqual([finding?.code, finding?.parameters], ['keyCheckFromTheFuture', { days: 40 }]);
	assert.deepEqual(ask({}, { lastKeyCheck: NOW + 60_000 }), []);
});

test('clocks that differ are told in minutes', () => {
	const [finding] = ask({}, { localNow: NOW + 60 * 60_000 });
	assert.deepEqual([finding?.code, finding?.parameters], ['clockDiffers', { minutes: 60 }]);
	assert.deepEqual(ask({}, { localNow: NOW - 9 * 60_000 }), []);
});

test('zero databases is no peace', () => {
	assert.deepEqual(codes(ask({}, { databases: [] })), ['critical noDatabase']);
});

test('the most severe comes first, and each database is judged by itself', () => {
	const findings = ask(
		{},
		{
			databases: [
				{ ...WELL, lastDrill: undefined },
				{ ...WELL, database: 'escuela', newestCounting: null },
			],
		},
	);
	assert.deepEqual(
		findings.map(({ code, database }) => [code, database]),
		[
			['noBackup', 'escuela'],
			['noDrill', 'clinica'],
		],
	);
});

test('where backups are not encrypted no key must be proven', () => {
	assert.deepEqual(ask({}, { lastKeyCheck: null }), []);
});

test('an API key is told of two weeks before its end, and a login that Odoo refuses at once', () => {
	const login = { database: 'clinica', user: 'hub', accepted: true };
	const logins = (firstEnd: number | undefined, accepted = true) =>
		ask({}, { logins: [{ ...login, accepted, firstEnd }] });
	assert.deepEqual(logins(undefined), []);
	assert.deepEqual(logins(NOW + 15 * DAY_MS), []);
	assert.deepEqual(logins(NOW + 14 * DAY_MS), [
		{
			...{ code: 'apiKeyEnds', severity: 'warning', database: 'clinica' },
			parameters: { user: 'hub', days: 13, date: '2026-12-08' },
		},
	]);
	assert.deepEqual(codes(logins(undefined, false)), ['warning loginRefused']);
});
