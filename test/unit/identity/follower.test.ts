/** A follower with a realm and an Odoo in memory: when it speaks, when it waits, and what it records. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AuditEvent } from '../../../lib/audit.ts';
import { Health } from '../../../lib/health.ts';
import { Follower } from '../../../lib/identity/follower.ts';
import type { FollowerEvent } from '../../../lib/identity/follower-state.ts';
import { identitySettings } from '../../../lib/identity/rules.ts';
import { openStore } from '../../../lib/store/store.ts';
import { until } from '../../mail-lab.ts';
import { TestOdoo } from './odoo.ts';
import { broken, TestRealm } from './realm.ts';
import { DIRECTOR, TABLE } from './setting.ts';

const ACTOR = { actor: 'directora' };

async function following(t: TestContext, everyMs: number | null = null) {
	const realm = new TestRealm(Date.now);
	const odoo = new TestOdoo();
	const store = await openStore({ file: ':memory:' });
	const events: FollowerEvent[] = [];
	const records: Omit<AuditEvent, 'at'>[] = [];
	const settings = identitySettings({ scope: { roles: ['staff'] }, table: TABLE });
	const follower = new Follower({
		...{ source: realm, target: odoo, store: async () => store, owner: 'hub', everyMs, health: new Health() },
		setup: { issuer: realm.issuer, url: 'https://odoo.test', database: 'clinica', settings },
		audit: (event) => records.push(event),
		onEvent: (event) => events.push(event),
		onChange: () => {},
	});
	t.after(async () => {
		await follower.close();
		await store.close();
	});
	return { realm, odoo, events, records, follower };
}

test('silent where nothing changed, and not silent where something did', async (t) => {
	const { realm, events, follower } = await following(t, 20);
	const user = realm.add('ana');
	follower.start();
	await until('the first run', () => events.some(({ kind }) => kind === 'report'));
	const asked = () => realm.calls.filter((call) => call === 'events').length;
	const before = [events.length, asked()];
	await until('some polls', () => asked() > (before[1] ?? 0) + 3);
	realm.say('changed', { type: 'user', id: user.id });
	await until('some polls', () => asked() > (before[1] ?? 0) + 6);
	assert.equal(events.length, before[0], 'an event that changes nothing is no news');
	realm.change(user, { enabled: false });
	await until('news', () => events.length > (before[0] ?? 0));
});

test('one run that was asked for at a time, and a second wish is told', async (t) => {
	const { realm, events, follower } = await following(t);
	realm.add('ana');
	const [first, second] = await Promise.all([follower.run('everything', ACTOR), follower.run('everything', ACTOR)]);
	assert.deepEqual([first?.done.length, second], [1, null]);
	assert.ok(events.some(({ kind }) => kind === 'busy'));
});

test('an outage changes nothing, is told when it lasts, and its end too', async (t) => {
	t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
	const { realm, odoo, events, follower } = await following(t, 20);
	realm.add('ana');
	realm.before = () => {
		throw broken('Keycloak answers HTTP 503');
	};
	follower.start();
	await until('the trouble', () => follower.state.trouble !== null);
	assert.deepEqual([odoo.effects, events], [[], []]);
	t.mock.timers.tick(61_000);
	await until('the word', () => events.some(({ kind }) => kind === 'failed'));
	realm.before = () => {};
	await until('the end', () => events.some(({ kind }) => kind === 'recovered'));
	assert.equal(odoo.effects.length, 1);
});

test('a guard that stops everything is told at once, and once', async (t) => {
	const { realm, events, follower } = await following(t, 20);
	follower.start();
	await until('the word', () => events.some(({ kind }) => kind === 'failed'));
	const asked = realm.calls.length;
	await until('another try', () => realm.calls.length > asked);
	assert.equal(events.filter(({ kind }) => kind === 'failed').length, 1);
});

test('who approved, who was refused, and what was changed is recorded, without names', async (t) => {
	const { realm, odoo, records, follower } = await following(t);
	const users = Array.from({ length: 8 }, (_, index) => realm.add(`persona${index}`));
	const report = await follower.run('everything', ACTOR);
	const { id = '', hash = '' } = report?.held ?? {};
	const self = { name: 'persona0', identities: ['persona0'] };
	await assert.rejects(follower.decisions.approve(id, hash, self), { code: 'IDENTITY_GAIN' });
	await assert.rejects(follower.decisions.approve(id, 'f'.repeat(64), DIRECTOR), { code: 'PLAN_STALE' });
	assert.deepEqual(odoo.effects, []);
	await follower.decisions.approve(id, hash, DIRECTOR);
	assert.equal(odoo.effects.length, users.length);
	assert.deepEqual(
		records.map(({ action, actor, outcome }) => [action, actor, outcome]),
		[
			['identity.approve', 'persona0', 'refused'],
			['identity.approve', 'Directora', 'refused'],
			['identity.change', 'Directora', 'done'],
			['identity.approve', 'Directora', 'done'],
		],
	);
	assert.doesNotMatch(JSON.stringify(records.slice(2)), /persona/);
});

test('only what is proposed is linked', async (t) => {
	const { realm, odoo, follower } = await following(t);
	const user = realm.add('ana');
	const hers = odoo.add('ana', { name: 'Ana' });
	const admin = 2;
	const wanted = { subject: user.id, account: admin };
	await assert.rejects(follower.decisions.link([wanted], DIRECTOR), { code: 'PLAN_STALE' });
	await assert.rejects(follower.decisions.link([{ ...wanted, subject: 'id-x' }], DIRECTOR), { code: 'PLAN_STALE' });
	const self = { name: 'Ana', identities: ['ana@clinica.test'] };
	await assert.rejects(follower.decisions.link([{ subject: user.id, account: hers.id }], self), {
		code: 'IDENTITY_GAIN',
	});
	await follower.decisions.link([{ subject: user.id, account: hers.id }], DIRECTOR);
	await follower.run('everything', ACTOR);
	assert.equal(odoo.of(user.id).id, hers.id);
});
