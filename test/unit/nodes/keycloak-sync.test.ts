/** What a node `keycloak-sync` accepts, and who decides in the sidebar. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Decider } from '../../../lib/identity/held-plans.ts';
import type { LinkProposal } from '../../../lib/identity/links.ts';
import { emptyReport } from '../../../lib/identity/report.ts';
import { DEFAULT_GUARDS } from '../../../lib/identity/rules.ts';
import { commandOf } from '../../../nodes/keycloak-sync/commands.ts';
import { settingsOf, syncNode } from '../../../nodes/keycloak-sync/config.ts';
import { defineIdentityTopic, type IdentitySourceNode } from '../../../nodes/keycloak-sync/operator-topic.ts';
import { Teller } from '../../../nodes/keycloak-sync/teller.ts';
import { readFields } from '../../../nodes/runtime/fields.ts';
import { ScriptedRed } from './scripted-red.ts';

const NEEDED = { realm: 'r', odoo: 'o', scopeRoles: 'compras' };

function problems(properties: Record<string, unknown>): string[] {
	const { values, problems: found } = readFields(syncNode.fields, { ...NEEDED, ...properties });
	return [...found, ...(values ? syncNode.validate(values) : [])].map(({ field, reason }) => `${field} ${reason}`);
}

function settings(properties: Record<string, unknown> = {}) {
	const { values } = readFields(syncNode.fields, { ...NEEDED, ...properties });
	assert.ok(values);
	return settingsOf(values);
}

test('every guard is on in a flow that names none', () => {
	assert.deepEqual(settings().guards, DEFAULT_GUARDS);
});

test('each guard is switched off by itself', () => {
	const names = {
		...{ massGuard: 'mass', archiveGuard: 'archive', missingGuard: 'missing', shrunkenGuard: 'shrunken' },
		...{ privilegedGuard: 'privileged', administratorGuard: 'lastAdministrator', loginGuard: 'unlinkedLogin' },
	};
	for (const [field, guard] of Object.entries(names)) {
		assert.deepEqual(settings({ [field]: false }).guards, { ...DEFAULT_GUARDS, [guard]: false }, field);
	}
	const { guards } = settings({ massFloor: '3', massShare: '20', massMinutes: '60', sentinel: 'id-centinela' });
	assert.deepEqual([guards.mass, guards.sentinel], [{ floor: 3, share: 0.2, windowMs: 3_600_000 }, 'id-centinela']);
});

test('without a scope a node is not ready, for everybody would leave it', () => {
	assert.deepEqual(problems({ scopeRoles: '' }), ['scopeRoles scope']);
	for (const scope of [{ scopeGroups: '/Compras' }, { scopeAttribute: 'odoo=si' }])
		assert.deepEqual(problems({ scopeRoles: '', ...scope }), []);
});

test('a role of a client is refused, for it is not read and would match nobody', () => {
	assert.deepEqual(problems({ scopeRoles: 'compras, clinic-hub:hub-admin' }), ['scopeRoles clientRole']);
	const table = JSON.stringify([{ kind: 'role', name: 'odoo:user', groups: 'base.group_user' }]);
	assert.deepEqual(problems({ table }), ['table clientRole']);
});

test('a table that is none, or names no group of Odoo, is refused', () => {
	const row = (change: object) => JSON.stringify([{ kind: 'role', name: 'compras', groups: 'a.b', ...change }]);
	for (const table of ['{', '{}', '[1]', row({ kind: 'user' }), row({ name: ' ' })])
		assert.deepEqual(problems({ table }), ['table table'], table);
	assert.deepEqual(problems({ table: row({ groups: '' }) }), ['table tableGroups']);
	assert.deepEqual(problems({ table: row({ groups: 'Purchase / User' }) }), ['table odooGroup']);
	assert.deepEqual(problems({ table: row({ kind: 'group' }) }), ['table groupPath']);
	assert.deepEqual(settings({ table: row({ groups: 'a.b, c.d' }) }).table, [
		{ from: { role: 'compras' }, groups: ['a.b', 'c.d'] },
	]);
});

test('no message approves or rejects anything', () => {
	for (const topic of ['approve', 'reject', 'link', 'aprobar'])
		assert.throws(() => commandOf(topic, 'changes'), { code: 'CONFIG_INVALID' });
	assert.deepEqual(commandOf('', 'changes'), { kind: 'run', mode: 'changes', dryRun: false });
	assert.deepEqual(commandOf('dry-run', 'changes'), { kind: 'run', mode: 'everything', dryRun: true });
});

const HASH = 'a'.repeat(64);

function sidebar(proposals: LinkProposal[] = []) {
	const red = new ScriptedRed();
	const decided: unknown[] = [];
	const decide =
		(what: string) =>
		async (...given: unknown[]) => {
			const by = given.at(-1) as Decider;
			decided.push([what, ...given.slice(0, -1), by.identities]);
			return { done: [], failed: [] } as never;
		};
	const source: IdentitySourceNode = {
		waiting: async () => null,
		proposals: async () => proposals,
		approve: decide('approve'),
		reject: decide('reject'),
		link: decide('link'),
		begin: () => {},
		cancel: () => false,
		state: () => ({ tone: 'ok', phrase: { key: 'x' }, revision: '' }),
	};
	defineIdentityTopic(red.api).add(source, { id: 'node' });
	const ask = async (action: string, body: object, permissions = [`clinic-hub.identity.${action}`]) =>
		(await red.ask(`POST /clinic-hub/operator/identity/${action}`, { body: { source: 'node', ...body }, permissions }))
			.status;
	return { ask, decided };
}

test('each action on users asks for the permission of its own', async () => {
	const { ask, decided } = sidebar();
	const actions = ['list', 'inspect', 'approve', 'reject', 'link', 'run', 'cancel'];
	for (const action of actions) {
		const others = actions.filter((other) => other !== action).map((other) => `clinic-hub.identity.${other}`);
		assert.equal(await ask(action, {}, [...others, 'flows.write', 'read', 'write']), 401, action);
	}
	assert.deepEqual(decided, []);
});

test('a plan is decided on by the hash that was shown, and exactly one', async () => {
	const { ask, decided } = sidebar();
	const row = `plan 1-2 ${HASH}`;
	assert.equal(await ask('approve', { ids: [row] }), 200);
	for (const ids of [[], [row, row], ['plan 1-2'], ['link 7 id-ana'], undefined])
		assert.equal(await ask('approve', { ids }), 400);
	assert.equal(await ask('approve', { group: 'held' }), 400);
	assert.deepEqual(
		decided.map((one) => (one as unknown[]).slice(0, 3)),
		[['approve', '1-2', HASH]],
	);
});

test('several accounts are linked together only where each is the only one that comes into question', async () => {
	const candidate = { account: 7, login: 'ana', name: 'Ana', active: true, privileged: false };
	const proposal = (subject: string, likeness: LinkProposal['likeness'], account: number): LinkProposal => ({
		...{ subject, username: subject, names: [subject], likeness, candidates: [{ ...candidate, account }] },
	});
	const { ask, decided } = sidebar([
		proposal('a', 'exact', 1),
		proposal('b', 'near', 2),
		proposal('c', 'colliding', 3),
	]);
	assert.equal(await ask('link', { group: 'exact' }), 200);
	assert.deepEqual((decided[0] as unknown[])[1], [{ subject: 'a', account: 1 }]);
	for (const group of ['colliding', 'held']) assert.equal(await ask('link', { group }), 400, group);
	for (const ids of [[], [`plan 1-2 ${HASH}`]]) assert.equal(await ask('link', { ids }), 400);
	assert.equal(await ask('link', { ids: ['link 3 c'] }), 200);
	assert.equal(decided.length, 2);
});

test('whom the editor knows by no name is nobody who decides', async () => {
	const { ask, decided } = sidebar();
	await ask('approve', { ids: [`plan 1-2 ${HASH}`] });
	// ScriptedRed gives a person without a name, whom Node-RED calls unknown.
	assert.deepEqual((decided[0] as unknown[])[3], []);
});

function teller() {
	const sent: unknown[][] = [];
	const node = { send: (...outputs: unknown[]) => void sent.push(outputs), fail: () => {}, status: { succeeded() {} } };
	return { sent, tell: new Teller(node, 'flow:node').tell };
}

test('whom Keycloak locked after wrong passwords is told a person, whoever asked for the run', () => {
	const { sent, tell } = teller();
	const conflict = { subject: 'id-ana', account: 7, login: 'ana', reason: 'lockedOut', detail: '' } as const;
	const report = { ...emptyReport('changes', false), conflicts: [conflict] };
	tell({ kind: 'report', report, actor: 'flow:node', answered: true });
	assert.partialDeepStrictEqual(sent[0]?.[1], { topic: 'alert', payload: { severity: 'warning' } });
	assert.match(JSON.stringify(sent), /bloqueo por contraseñas erróneas.*ana: Keycloak locked this user/s);
	assert.equal(sent.length, 1, 'the run itself answers with its own message');
});

test('events that are not kept and a clock that differs are told a person; an empty report is not', () => {
	const { sent, tell } = teller();
	const warnings = [
		{ code: 'noEvents', detail: '' },
		{ code: 'clockSkew', detail: '11' },
	] as const;
	tell({
		kind: 'report',
		report: { ...emptyReport('changes', false), warnings: [...warnings] },
		actor: 'hub',
		answered: false,
	});
	tell({ kind: 'report', report: emptyReport('everything', false), actor: 'hub', answered: false });
	assert.deepEqual(
		sent.map(([report, notice]) => [report !== null, notice !== undefined]),
		[
			[false, true],
			[true, false],
			[true, false],
		],
	);
	assert.match(JSON.stringify(sent[0]), /los relojes difieren.*clocks differ/s);
});
