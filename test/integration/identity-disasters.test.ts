/** A realm that is emptied, half disabled, or restored from yesterday: whom that archives in Odoo, and who is told. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { openStore } from '../../lib/store/store.ts';
import { sharedKeycloak, type TestRealm } from '../keycloak.ts';
import { TestOdoo } from '../unit/identity/odoo.ts';
import { DIRECTOR } from '../unit/identity/setting.ts';

const STAFF = 30;

/** After the clinic's own first run its changes count no more, in ms. */
const WINDOW_MS = 1;

interface Clinic {
	realm: TestRealm;
	odoo: TestOdoo;
	run: (mode: 'changes' | 'everything') => Promise<RunReport>;
	ids: string[];
	/** Puts the realm back as it was in the beginning, ids and all. */
	restore: () => Promise<void>;
}

async function clinic(t: TestContext): Promise<Clinic> {
	const keycloak = await sharedKeycloak();
	const ids = Array.from({ length: STAFF }, () => randomUUID());
	let before: object = {};
	const realm = await keycloak.realm(t, {
		staff: false,
		change(clinica) {
			const people = ids.map((id, index) => {
				return {
					id,
					username: `persona${index}`,
					enabled: true,
					groups: ['/Compras'],
					firstName: 'P',
					lastName: `${index}`,
				};
			});
			(clinica['users'] as object[]).push(...people);
			before = structuredClone(clinica);
		},
	});
	const odoo = new TestOdoo();
	const store = await openStore({ file: ':memory:' });
	t.after(() => store.close());
	const open = () =>
		IdentitySync.open({
			source: new KeycloakSource(new RealmReader(realm.reader)),
			...{ target: odoo, store, pair: 'clinica', owner: 'hub', apartMs: 0 },
			settings: identitySettings({
				scope: { groups: ['/Compras'] },
				guards: { mass: { floor: 5, share: 0.1, windowMs: WINDOW_MS } },
			}),
		});
	const { held } = await (await open()).run('everything');
	assert.ok(held, 'thirty new accounts wait for a person');
	await (await open()).approve(held.id, held.hash, DIRECTOR);
	assert.equal(odoo.effects.length, STAFF);
	return {
		...{ realm, odoo, ids, run: async (mode) => (await open()).run(mode) },
		async restore() {
			await keycloak.request('DELETE', `/admin/realms/${realm.name}`);
			await keycloak.request('POST', '/admin/realms', before);
		},
	};
}

const states = ({ odoo, ids }: Clinic) => {
	const accounts = ids.map((id) => odoo.of(id));
	const count = (is: (account: (typeof accounts)[number]) => boolean) => accounts.filter(is).length;
	return { archived: count(({ active }) => !active), suspended: count(({ suspended }) => suspended) };
};

const reasonsOf = ({ heldLines }: RunReport) =>
	new Set(heldLines.map(({ line, reasons }) => `${line.kind}: ${reasons.join(' ')}`));

test('half of the realm disabled is suspended at once; archiving waits for a person, who is told', async (t) => {
	const made = await clinic(t);
	for (const id of made.ids.slice(0, STAFF / 2)) await made.realm.request('PUT', `/users/${id}`, { enabled: false });
	await made.run('changes');
	assert.deepEqual(states(made), { archived: 0, suspended: STAFF / 2 });
	const report = await made.run('everything');
	assert.deepEqual([reasonsOf(report), report.heldIsNew], [new Set(['archive: archive']), true]);
	assert.equal(report.heldLines.length, STAFF / 2);
	for (const id of made.ids.slice(0, STAFF / 2)) await made.realm.request('PUT', `/users/${id}`, { enabled: true });
	await made.run('changes');
	// Taking back a suspension undoes what went without a cap, and goes without one, too.
	assert.deepEqual(states(made), { archived: 0, suspended: 0 });
	const { held } = await made.run('everything');
	assert.equal(held, null);
});

test('a realm emptied user by user suspends and archives nobody; where its events are gone, too, nothing is done at all', async (t) => {
	const made = await clinic(t);
	for (const id of made.ids.slice(0, 10)) await made.realm.request('DELETE', `/users/${id}`);
	await made.run('changes');
	assert.deepEqual(states(made), { archived: 0, suspended: 10 });
	for (const id of made.ids.slice(10)) await made.realm.request('DELETE', `/users/${id}`);
	await made.realm.request('DELETE', '/admin-events');
	await assert.rejects(made.run('changes'), { code: 'KEYCLOAK_EMPTY', message: /shows no user at all/ });
	await assert.rejects(made.run('everything'), { code: 'KEYCLOAK_EMPTY' });
	assert.deepEqual(states(made), { archived: 0, suspended: 10 });
});

test('a realm that lost most users without a word archives nobody, and a person is told', async (t) => {
	const made = await clinic(t);
	await made.realm.addUser('ajena'); // an event that is known, so that its absence is
	await made.run('changes');
	for (const id of made.ids.slice(1)) await made.realm.request('DELETE', `/users/${id}`);
	await made.realm.request('DELETE', '/admin-events');
	const report = await made.run('changes');
	assert.deepEqual(
		report.warnings.map(({ code }) => code),
		['purged'],
	);
	assert.deepEqual([reasonsOf(report), report.heldIsNew], [new Set(['archive: missing shrunken']), true]);
	assert.deepEqual(states(made), { archived: 0, suspended: 0 });
});

test('a Keycloak restored from yesterday archives nobody whom today brought, and a person is told', async (t) => {
	const made = await clinic(t);
	const today: string[] = [];
	for (let index = 0; index < 4; index += 1) {
		const id = await made.realm.addUser(`nueva${index}`, {
			firstName: 'N',
			lastName: `${index}`,
			groups: ['/Compras'],
		});
		today.push(id);
	}
	const [renamed = ''] = made.ids;
	const user = (await made.realm.request('GET', `/users/${renamed}`)) as object;
	await made.realm.request('PUT', `/users/${renamed}`, { ...user, lastName: 'Otra' });
	await made.run('changes');
	assert.ok(today.every((id) => made.odoo.of(id).active));
	assert.equal(made.odoo.of(renamed).name, 'P Otra');
	await made.restore();
	const report = await made.run('changes');
	assert.deepEqual(
		report.warnings.map(({ code }) => code),
		['purged'],
	);
	assert.deepEqual([reasonsOf(report), report.heldIsNew], [new Set(['archive: missing']), true]);
	assert.deepEqual(report.heldLines.map(({ line }) => line.subject).sort(), [...today].sort());
	assert.ok(today.every((id) => made.odoo.of(id).active && !made.odoo.of(id).suspended));
	assert.equal(made.odoo.of(renamed).name, 'P 0', 'what is there is followed');
});
