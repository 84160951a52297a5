/** The attacks of synchronisation: answers that are not whole, events that vanish, plans that grow old. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OVERLAP_MS } from '../../../lib/identity/suspects.ts';
import { BLIND_MS } from '../../../lib/identity/sync.ts';
import { broken } from './realm.ts';
import { approveAll, conflicts, DIRECTOR, heldKinds, kinds, setting, staffed } from './setting.ts';

const stopped = { code: 'IDENTITY_STOPPED' };

test('running again at once finds nothing to do', async (t) => {
	const made = await staffed(t, 30);
	assert.deepEqual((await made.sync.run('everything')).plan?.lines, []);
	assert.equal((await made.sync.run('changes')).plan, null);
	assert.deepEqual(made.odoo.effects, []);
});

test('a full run makes no call a user', async (t) => {
	const made = await staffed(t, 1_200);
	await made.sync.run('everything');
	assert.ok(made.realm.calls.length < 20, `${made.realm.calls.length} calls`);
});

test('an empty realm changes nothing and says so', async (t) => {
	const made = await staffed(t, 30);
	made.realm.users.clear();
	await assert.rejects(made.sync.run('everything'), stopped);
	assert.deepEqual(made.odoo.effects, []);
});

test('the address of another realm changes nothing: by its issuer, or by its users', async (t) => {
	const made = await staffed(t, 30);
	made.realm.issuer = 'https://keycloak.example/realms/otra';
	await assert.rejects(made.sync.run('everything'), stopped);
	await assert.rejects(made.sync.run('changes'), stopped);
	made.realm.issuer = 'https://keycloak.example/realms/clinica';
	made.realm.users.clear();
	for (let index = 0; index < 30; index += 1) made.realm.add(`otro${index}`, { id: `otro-${index}` });
	await assert.rejects(made.sync.run('everything'), stopped);
	assert.deepEqual(made.odoo.effects, []);
});

test('a missing or disabled sentinel changes nothing', async (t) => {
	const made = await staffed(t, 30);
	const guarded = await made.another({ guards: { sentinel: made.user(3).id } });
	made.realm.change(made.user(3), { enabled: false });
	made.realm.remove(made.user(4));
	await assert.rejects(guarded.run('everything'), stopped);
	await assert.rejects(guarded.run('changes'), stopped);
	assert.deepEqual(made.odoo.effects, []);
});

for (const [call, page] of [
	['page', 0],
	['page', 1],
	['count', 0],
	['memberships', 0],
	['find', 0],
] as const) {
	test(`a failure at ${call} ${page} in a full run changes nothing`, async (t) => {
		const made = await staffed(t, 40);
		for (const index of [0, 1, 2]) made.realm.change(made.user(index), { enabled: false });
		let seen = 0;
		made.realm.before = (name) => {
			if (name === call && seen++ === page) throw broken('Keycloak answers HTTP 429');
		};
		await assert.rejects(made.sync.run('everything'), { code: 'HTTP_UNREACHABLE' });
		assert.deepEqual(made.odoo.effects, []);
		made.realm.before = () => {};
		assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend', 'suspend', 'suspend'], 'and it catches up');
	});
}

test('a short page is not the last one, and a user on two pages is one user', async (t) => {
	const made = await staffed(t, 30);
	const all = [...made.realm.users.values()];
	made.realm.pages = (first) => {
		if (first === 0) return all.slice(0, 7);
		if (first === 500) return all.slice(5, 30);
		return [];
	};
	const report = await made.sync.run('everything');
	assert.deepEqual([report.plan?.lines, heldKinds(report)], [[], []]);
});

test('users whom the walk skipped while others were added are asked for by id', async (t) => {
	const made = await staffed(t, 30);
	const all = [...made.realm.users.values()];
	made.realm.pages = (first) => (first === 0 ? all.slice(2) : []);
	const report = await made.sync.run('everything');
	assert.deepEqual([report.plan?.lines, heldKinds(report)], [[], []]);
});

test('a user who is disabled in a list only is not suspended', async (t) => {
	const made = await staffed(t, 30);
	const all = [...made.realm.users.values()];
	made.realm.pages = (first) => (first === 0 ? all.map((user, index) => ({ ...user, enabled: index !== 4 })) : []);
	const report = await made.sync.run('everything');
	assert.deepEqual([kinds(report), heldKinds(report)], [[], []]);
});

test('an answer for another user than was asked for takes nothing', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { enabled: false });
	made.realm.find = async () => ({ ...made.user(1), enabled: false });
	assert.deepEqual(kinds(await made.sync.run('changes')), []);
});

test('disabling suspends at once, and archiving waits for a person', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { enabled: false });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend']);
	const report = await made.sync.run('everything');
	assert.deepEqual(heldKinds(report), ['archive: archive']);
	assert.equal(made.odoo.of(made.user(0).id).active, true);
	assert.ok(report.held);
	await made.sync.approve(report.held.id, report.held.hash, DIRECTOR);
	assert.equal(made.odoo.of(made.user(0).id).active, false);
	made.clock.now += 3_600_000;
	made.realm.change(made.user(0), { enabled: true });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['resume', 'restore']);
	assert.equal(made.odoo.of(made.user(0).id).active, true);
});

test('half of the realm disabled is suspended without a cap, and nobody is archived', async (t) => {
	const made = await staffed(t, 100);
	for (let index = 0; index < 50; index += 1) made.realm.change(made.user(index), { enabled: false });
	const report = await made.sync.run('changes');
	assert.equal(kinds(report).filter((kind) => kind === 'suspend').length, 50);
	await made.sync.run('everything');
	assert.ok(made.odoo.accounts_.every(({ active }) => active));
});

test('a whole realm disabled by mistake leaves the last administrator in', async (t) => {
	const made = await staffed(t, 20, { allowPrivileged: ['base.group_system'] });
	for (const index of [0, 1]) made.realm.change(made.user(index), { roles: ['staff', 'it'] });
	await approveAll(made);
	const admin = made.odoo.accounts_.find(({ id }) => id === 2);
	assert.ok(admin);
	admin.active = false;
	for (const user of made.users) made.realm.change(user, { enabled: false });
	const report = await made.sync.run('everything');
	assert.deepEqual(new Set(conflicts(report)), new Set(['lastAdministrator']));
	const left = made.odoo.accounts_.filter(({ provider, suspended }) => provider && !suspended);
	assert.deepEqual(
		left.map(({ uid }) => uid),
		[made.user(0).id],
	);
});

test('a confirmed deletion suspends; a user who is gone without an event waits for a person', async (t) => {
	const made = await staffed(t, 30);
	made.realm.remove(made.user(0));
	assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend']);
	made.realm.remove(made.user(1), true);
	const report = await made.sync.run('everything');
	assert.deepEqual(heldKinds(report).sort(), ['archive: archive', 'archive: missing']);
	assert.deepEqual([made.odoo.of(made.user(1).id).suspended, made.odoo.of(made.user(1).id).active], [false, true]);
});

test('a user who was missing once only is not missing', async (t) => {
	const made = await staffed(t, 30);
	const user = made.user(0);
	made.realm.remove(user, true);
	let asked = 0;
	made.realm.before = (call) => {
		if (call === 'find' && asked++ === 0) setImmediate(() => made.realm.users.set(user.id, user));
	};
	const report = await made.sync.run('everything');
	assert.deepEqual(heldKinds(report), []);
});

test('a DELETE event of somebody who is there takes nothing', async (t) => {
	const made = await staffed(t, 30);
	made.realm.say('deleted', { type: 'user', id: made.user(0).id });
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report), heldKinds(report)], [[], []]);
});

test('a realm with much fewer users than last time changes nothing by itself', async (t) => {
	const made = await staffed(t, 60);
	made.realm.change(made.user(50), { firstName: 'Nueva' });
	for (let index = 0; index < 10; index += 1) made.realm.remove(made.user(index), true);
	const report = await made.sync.run('everything');
	assert.deepEqual(kinds(report), []);
	assert.ok(report.heldLines.every(({ reasons }) => reasons.includes('shrunken')));
	assert.equal(report.heldLines.length, 11);
});

test('a realm that is smaller for good is the measure again, once a person has decided on those who are gone', async (t) => {
	const made = await staffed(t, 60);
	for (let index = 0; index < 10; index += 1) made.realm.remove(made.user(index), true);
	const { held } = await made.sync.run('everything');
	assert.ok(held);
	await made.sync.approve(held.id, held.hash, DIRECTOR);
	await made.sync.run('everything');
	made.clock.now += 3_600_000;
	made.realm.change(made.user(50), { firstName: 'Nueva' });
	assert.deepEqual(kinds(await made.sync.run('everything')), ['update']);
});

test('more changes at once than the limit wait, also in many small runs', async (t) => {
	const made = await staffed(t, 40);
	for (let index = 0; index < 6; index += 1) made.realm.change(made.user(index), { firstName: 'Otra' });
	assert.deepEqual(new Set(heldKinds(await made.sync.run('changes'))), new Set(['update: mass']));
	const slow = await staffed(t, 40);
	let done = 0;
	for (let index = 0; index < 12; index += 1) {
		slow.clock.now += 2_000;
		slow.realm.change(slow.user(index), { firstName: 'Otra' });
		done += kinds(await slow.sync.run('changes')).length;
	}
	assert.equal(done, 5);
	assert.equal((await slow.sync.plans.waiting())?.lines.length, 7);
});

test('leaving the scope archives, after a person said so', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { roles: [] });
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report), heldKinds(report)], [[], ['archive: archive']]);
});

test('where Odoo cannot suspend, a disable archives under the guards', async (t) => {
	const made = await staffed(t, 40);
	made.odoo.canSuspend = false;
	made.realm.change(made.user(0), { enabled: false });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['archive']);
	for (let index = 1; index < 20; index += 1) made.realm.change(made.user(index), { enabled: false });
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report), new Set(heldKinds(report))], [[], new Set(['archive: mass'])]);
});

test('whom Keycloak locked after wrong passwords is told, not suspended', async (t) => {
	const made = await staffed(t, 30);
	made.user(0).enabled = false;
	made.realm.say('lockedOut', { type: 'user', id: made.user(0).id });
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report), conflicts(report)], [[], ['lockedOut']]);
	assert.deepEqual(conflicts(await made.sync.run('everything')), ['lockedOut']);
	made.clock.now += 1000;
	made.realm.change(made.user(0), { enabled: false });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend'], 'until a person disables the user');
});

test('a password set by somebody else ends the sessions once', async (t) => {
	const made = await staffed(t, 30);
	made.realm.say('passwordReset', { type: 'user', id: made.user(0).id });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['endSessions']);
	made.clock.now += 1000;
	assert.deepEqual(kinds(await made.sync.run('changes')), []);
	assert.deepEqual(kinds(await made.sync.run('everything')), []);
});

test('who is enabled again while the plan is carried out keeps the access', async (t) => {
	const made = await staffed(t, 30);
	for (const index of [0, 1]) made.realm.change(made.user(index), { enabled: false });
	let finds = 0;
	made.realm.before = (call) => {
		// Read once for the plan; enabled again before the question at the last moment.
		if (call === 'find' && ++finds === 3) made.user(0).enabled = true;
	};
	const report = await made.sync.run('changes');
	assert.deepEqual(
		report.done.map(({ subject }) => subject),
		[made.user(1).id],
	);
	assert.deepEqual(
		report.skipped.map(({ subject }) => subject),
		[made.user(0).id],
	);
});

test('of two runs at once one does the work', async (t) => {
	const made = await staffed(t, 30);
	const other = await made.another();
	made.realm.change(made.user(0), { enabled: false });
	const reports = await Promise.all([made.sync.run('changes'), made.sync.run('changes'), other.run('everything')]);
	assert.deepEqual(reports.map(({ busy }) => busy).sort(), [false, true, true]);
	assert.equal(made.odoo.effects.length, 1);
});

test('a run whose lease was taken over stops before the next batch', async (t) => {
	const made = await staffed(t, 200);
	for (let index = 0; index < 80; index += 1) made.realm.change(made.user(index), { enabled: false });
	made.odoo.beforeBatch = () => {
		// As a hub does that was stopped for longer than its lease lasts.
		made.odoo.beforeBatch = () => {};
		leaseLost = true;
	};
	let leaseLost = false;
	const lease = made.store.lease.bind(made.store);
	t.mock.method(made.store, 'lease', async (...args: Parameters<typeof lease>) => {
		const held = await lease(...args);
		if (!held) return held;
		return Object.assign(Object.create(held), {
			token: held.token,
			name: held.name,
			check: () => held.check(),
			release: () => held.release(),
			renew: async () => {
				if (leaseLost) await lease(args[0], { owner: 'other', ttlMs: 1 }).then(() => held.release());
				return held.renew();
			},
		});
	});
	await assert.rejects(made.sync.run('changes'), { code: 'LEASE_LOST' });
	assert.equal(made.odoo.effects.length, 50);
});

test('a stale hash is refused, and so is a plan that is not true any more', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { roles: [] });
	const { held } = await made.sync.run('changes');
	assert.ok(held);
	await assert.rejects(made.sync.approve(held.id, 'f'.repeat(64), DIRECTOR), { code: 'PLAN_STALE' });
	made.user(0).roles = ['staff'];
	await assert.rejects(made.sync.approve(held.id, held.hash, DIRECTOR), { code: 'PLAN_STALE' });
	assert.equal(made.odoo.of(made.user(0).id).active, true);
	await made.sync.run('everything');
	await assert.rejects(made.sync.approve(held.id, held.hash, DIRECTOR), { code: 'PLAN_STALE' });
	await assert.rejects(made.sync.approve('nothing', held.hash, DIRECTOR), { code: 'NOT_FOUND' });
});

test('nobody approves what gives him something, and nobody without a name', async (t) => {
	const made = await staffed(t, 30, { allowPrivileged: ['base.group_system'] });
	made.realm.change(made.user(0), { roles: ['staff', 'it'] });
	const { held } = await made.sync.run('changes');
	assert.ok(held);
	for (const identity of [made.user(0).id, 'PERSONA0']) {
		const self = { name: 'Uno', identities: [identity] };
		await assert.rejects(made.sync.approve(held.id, held.hash, self), { code: 'IDENTITY_GAIN' });
	}
	await assert.rejects(made.sync.approve(held.id, held.hash, { name: '', identities: ['x'] }), { code: 'FORBIDDEN' });
	await assert.rejects(made.sync.approve(held.id, held.hash, { name: 'x', identities: [] }), { code: 'FORBIDDEN' });
	assert.ok(!made.odoo.of(made.user(0).id).groups.includes('base.group_system'));
});

test('a held plan survives a restart, is told of once, and is not told of again when it was rejected', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { roles: [] });
	const first = await made.sync.run('everything');
	assert.equal(first.heldIsNew, true);
	const restarted = await made.another();
	const second = await restarted.run('everything');
	assert.deepEqual([second.heldIsNew, second.held?.id], [false, first.held?.id]);
	assert.ok(second.held);
	await restarted.reject(second.held.id, second.held.hash, DIRECTOR);
	assert.equal((await restarted.run('everything')).held, null);
	await assert.rejects(restarted.approve(second.held.id, second.held.hash, DIRECTOR), { code: 'PLAN_STALE' });
});

test('purged events and events that are switched off lead to a full run and a warning', async (t) => {
	const made = await staffed(t, 30);
	await made.sync.run('changes');
	made.clock.now += 2_000;
	made.realm.change(made.user(0), { enabled: false });
	made.realm.stored.length = 0;
	const report = await made.sync.run('changes');
	assert.deepEqual([report.mode, report.warnings.map(({ code }) => code)], ['everything', ['purged']]);
	assert.deepEqual(kinds(report), ['suspend']);
	made.clock.now += 2_000;
	assert.equal((await made.sync.run('changes')).mode, 'changes', 'once');
	made.clock.now += 3_600_000;
	made.realm.recording = false;
	const blind = await made.sync.run('changes');
	assert.deepEqual([blind.mode, blind.warnings.map(({ code }) => code)], ['everything', ['noEvents']]);
});

test('an event that was seen long ago is still looked for, so that its removal is noticed', async (t) => {
	const made = await staffed(t, 10);
	made.realm.change(made.user(0), { firstName: 'Otra' });
	await made.sync.run('changes');
	made.clock.now += 86_400_000;
	assert.equal((await made.sync.run('changes')).mode, 'changes');
	made.realm.stored.length = 0;
	made.clock.now += 2_000;
	assert.equal((await made.sync.run('changes')).mode, 'everything');
});

test('without events everybody is read every few minutes, not with every poll, and once when there are events again', async (t) => {
	const made = await staffed(t, 30);
	made.realm.recording = false;
	assert.equal((await made.sync.run('changes')).mode, 'everything');
	made.user(0).enabled = false;
	made.realm.calls.length = 0;
	made.clock.now += 2_000;
	const soon = await made.sync.run('changes');
	assert.deepEqual([soon.mode, soon.plan, soon.warnings[0]?.code], ['changes', null, 'noEvents']);
	assert.deepEqual(made.realm.calls, ['events']);
	made.clock.now += BLIND_MS;
	assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend']);
	made.user(1).enabled = false;
	made.realm.recording = true;
	made.clock.now += 2_000;
	const again = await made.sync.run('changes');
	assert.deepEqual([again.mode, kinds(again)], ['everything', ['suspend']]);
});

test('the first run asks for the last minutes only: everybody is read anyway', async (t) => {
	const made = await setting(t);
	let from = 0;
	made.realm.before = (call, detail) => {
		if (call === 'events') from = Number(detail);
	};
	made.realm.add('una');
	await made.sync.run('changes');
	assert.equal(from, made.clock.now - OVERLAP_MS);
});

test('a role or group that the realm does not have is told', async (t) => {
	const made = await staffed(t, 10);
	made.realm.missing.add('/pharmacy');
	assert.deepEqual((await made.sync.run('everything')).warnings, [{ code: 'unknownName', detail: '/pharmacy' }]);
});

test('many who are enabled again are resumed at once, as they were suspended', async (t) => {
	const made = await staffed(t, 40);
	for (const user of made.users) made.realm.change(user, { enabled: false });
	assert.equal(kinds(await made.sync.run('changes')).length, 40);
	made.clock.now += 2_000;
	for (const user of made.users) made.realm.change(user, { enabled: true });
	const report = await made.sync.run('changes');
	assert.deepEqual([new Set(kinds(report)), heldKinds(report)], [new Set(['resume']), []]);
	assert.ok(made.users.every(({ id }) => !made.odoo.of(id).suspended));
});

test('whoever waits as one of many is not let through when touched alone', async (t) => {
	const made = await staffed(t, 40);
	const users = Array.from({ length: 6 }, (_, index) => made.realm.add(`nueva${index}`));
	assert.equal(heldKinds(await made.sync.run('changes')).length, 6);
	for (const user of users) {
		made.clock.now += 2_000;
		made.realm.change(user, { firstName: 'Otra' });
		assert.deepEqual(heldKinds(await made.sync.run('changes')), ['create: mass']);
	}
	assert.deepEqual(made.odoo.effects, []);
});

test('new accounts wait when they are many, and do not use up what may change afterwards', async (t) => {
	const made = await staffed(t, 40);
	for (let index = 0; index < 5; index += 1) made.realm.add(`nueva${index}`);
	assert.equal(kinds(await made.sync.run('changes')).length, 5);
	made.clock.now += 2_000;
	made.realm.change(made.user(0), { firstName: 'Otra' });
	assert.deepEqual(kinds(await made.sync.run('changes')), ['update']);
	for (let index = 5; index < 11; index += 1) made.realm.add(`nueva${index}`);
	assert.deepEqual(new Set(heldKinds(await made.sync.run('changes'))), new Set(['create: mass']));
});

test('events that expired in a quiet week lead to no full run', async (t) => {
	const made = await staffed(t, 10);
	made.realm.retentionMs = 86_400_000;
	await made.sync.run('changes');
	for (let hour = 0; hour < 30; hour += 1) {
		made.clock.now += 3_600_000;
		made.realm.stored = made.realm.stored.filter(({ at }) => at > made.clock.now - 86_400_000);
		assert.equal((await made.sync.run('changes')).mode, 'changes');
	}
	made.clock.now += 2 * 86_400_000;
	assert.equal((await made.sync.run('changes')).mode, 'everything', 'but being away for longer than they last does');
});

test('two events in one millisecond are both seen, and one that appears late, too', async (t) => {
	const made = await staffed(t, 30);
	made.realm.change(made.user(0), { enabled: false });
	made.realm.change(made.user(1), { enabled: false });
	assert.equal(kinds(await made.sync.run('changes')).length, 2);
	const at = made.clock.now;
	made.clock.now += 60_000;
	await made.sync.run('changes');
	made.user(2).enabled = false;
	made.realm.say('changed', { type: 'user', id: made.user(2).id }, at);
	const late = await made.sync.run('changes');
	assert.deepEqual([late.mode, kinds(late)], ['changes', ['suspend']]);
});

test('a changed group makes all its members suspects', async (t) => {
	const made = await staffed(t, 30);
	for (const index of [0, 1, 2]) made.user(index).groups = ['/pharmacy'];
	made.realm.say('changed', { type: 'group', id: '/pharmacy' });
	const report = await made.sync.run('changes');
	assert.deepEqual(kinds(report), ['addGroups', 'addGroups', 'addGroups']);
	assert.equal(report.mode, 'changes');
});

test('a clock that differs by more than 10 seconds is told', async (t) => {
	const made = await staffed(t, 10);
	const { events } = made.realm;
	made.realm.events = async (from) => ({
		...(await events.call(made.realm, from)),
		serverTime: made.clock.now + 11_000,
	});
	assert.deepEqual((await made.sync.run('changes')).warnings, [{ code: 'clockSkew', detail: '11' }]);
});

test('a dry run changes nothing on any side', async (t) => {
	const made = await setting(t);
	for (let index = 0; index < 8; index += 1) made.realm.add(`persona${index}`);
	const report = await made.sync.run('everything', { dryRun: true });
	assert.equal(report.heldLines.length, 8);
	assert.equal(await made.sync.plans.waiting(), null);
	assert.deepEqual(made.odoo.effects, []);
});

test('a failing line is told and stops no other', async (t) => {
	const made = await staffed(t, 60);
	for (const index of [0, 1, 2]) made.realm.change(made.user(index), { firstName: 'Otra' });
	made.odoo.beforeLine = ({ subject }) => {
		if (subject === made.user(1).id) throw new Error('Odoo says no');
	};
	const report = await made.sync.run('changes');
	assert.deepEqual([kinds(report).length, report.failed.map(({ text }) => text)], [2, ['Error: Odoo says no']]);
});

test('a suspension that failed is tried again with the next poll', async (t) => {
	const made = await staffed(t, 60);
	made.realm.change(made.user(0), { enabled: false });
	made.odoo.beforeLine = () => {
		throw new Error('Odoo says no');
	};
	assert.equal((await made.sync.run('changes')).failed.length, 1);
	made.odoo.beforeLine = () => {};
	assert.deepEqual(kinds(await made.sync.run('changes')), ['suspend']);
});

test('rights go before they come, and users are created last', async (t) => {
	const made = await staffed(t, 60);
	made.realm.change(made.user(0), { roles: ['staff', 'purchasing'] });
	made.realm.change(made.user(1), { groups: ['/pharmacy'] });
	await made.sync.run('changes');
	made.clock.now += 3_600_000;
	made.realm.add('nueva');
	made.realm.change(made.user(0), { roles: ['staff'], groups: ['/pharmacy'], firstName: 'Otra' });
	made.realm.change(made.user(2), { enabled: false });
	const report = await made.sync.run('changes');
	assert.deepEqual(kinds(report), ['suspend', 'removeGroups', 'update', 'addGroups', 'create']);
});
