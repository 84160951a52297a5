import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../lib/backup/alarm.ts';
import { AlarmMemory, decide, type Told } from '../../../lib/backup/alarm-memory.ts';
import { HubError } from '../../../lib/errors.ts';
import { openStore } from '../../../lib/store/store.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-24T15:00:00Z');
const OLD: Finding = { code: 'tooOld', severity: 'critical', database: 'a', parameters: { hours: 30, limit: 26 } };
const DUE: Finding = { code: 'keyCheckDue', severity: 'warning', parameters: { days: 200, limit: 180 } };

test('what is new is told at once: another cause, another database, a warning that became an alarm', () => {
	const { tell, told } = decide([OLD], undefined, NOW);
	assert.equal(tell, 'alarm');
	const then = (findings: Finding[]) => decide(findings, told, NOW + 1_000).tell;
	assert.equal(then([{ ...OLD, parameters: { hours: 31, limit: 26 } }]), null);
	assert.equal(then([OLD, DUE]), 'alarm');
	assert.equal(then([{ ...OLD, database: 'b' }]), 'alarm');
	assert.equal(then([{ ...OLD, severity: 'warning' }]), 'alarm');
});

test('the same is told again after a day, a warning after a week', () => {
	const after = (finding: Finding, days: number) =>
		decide([finding], decide([finding], undefined, NOW).told, NOW + days * DAY_MS).tell;
	assert.deepEqual([after(OLD, 0.99), after(OLD, 1)], [null, 'alarm']);
	assert.deepEqual([after(DUE, 6.99), after(DUE, 7)], [null, 'alarm']);
});

test('an hour of quiet questions does not put off the next reminder', () => {
	let told: Told | undefined;
	const tells: unknown[] = [];
	for (let hour = 0; hour <= 24; hour += 1) {
		const decision = decide([OLD], told, NOW + (hour * DAY_MS) / 24);
		told = decision.told;
		if (decision.tell) tells.push([hour, decision.tell]);
	}
	assert.deepEqual(tells, [
		[0, 'alarm'],
		[24, 'alarm'],
	]);
});

test('that all is well again is told once, and not to whom nothing was told', () => {
	assert.equal(decide([], undefined, NOW).tell, null);
	const well = decide([], decide([OLD], undefined, NOW).told, NOW + 1_000);
	assert.equal(well.tell, 'well');
	assert.equal(decide([], well.told, NOW + 2_000).tell, null);
	assert.equal(decide([OLD], well.told, NOW + 3_000).tell, 'alarm', 'what comes back is new');
});

test('one of several that is over is no news, and news when it comes back', () => {
	const both = decide([OLD, DUE], undefined, NOW).told;
	const one = decide([OLD], both, NOW + 1_000);
	assert.equal(one.tell, null);
	assert.equal(decide([OLD, DUE], one.told, NOW + 2_000).tell, 'alarm');
});

test('a clock that was ahead when somebody was told keeps nothing silent', () => {
	const { told } = decide([OLD], undefined, NOW + 365 * DAY_MS);
	assert.equal(decide([OLD], told, NOW).tell, 'alarm');
});

test('it is remembered over restarts, by each node for itself', async () => {
	const store = await openStore({ file: ':memory:' });
	const told = { keys: ['tooOld critical a '], at: NOW };
	await new AlarmMemory(async () => store, 'one').save({ keys: [], at: 1 });
	await new AlarmMemory(async () => store, 'one').save(told);
	assert.deepEqual(await new AlarmMemory(async () => store, 'one').load(), told);
	assert.equal(await new AlarmMemory(async () => store, 'other').load(), undefined);
	await store.close();
});

test('without the store the process remembers by itself', async () => {
	const memory = new AlarmMemory(async () => {
		throw new HubError('STORE_UNAVAILABLE', 'gone');
	}, 'one');
	await assert.rejects(memory.load(), { code: 'STORE_UNAVAILABLE' });
	const told = { keys: ['x'], at: NOW };
	await assert.rejects(memory.save(told), { code: 'STORE_UNAVAILABLE' });
	assert.deepEqual(await memory.load(), told);
});
