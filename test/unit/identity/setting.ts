/** A realm, an Odoo and a store, and a synchronisation between them whose clock the test moves. */
import type { TestContext } from 'node:test';
import type { Decider } from '../../../lib/identity/held-plans.ts';
import type { RunReport } from '../../../lib/identity/report.ts';
import { identitySettings } from '../../../lib/identity/rules.ts';
import { IdentitySync } from '../../../lib/identity/sync.ts';
import { openStore, type Store } from '../../../lib/store/store.ts';
import { TestOdoo } from './odoo.ts';
import { TestRealm } from './realm.ts';

export const TABLE = [
	{ from: { role: 'purchasing' }, groups: ['purchase.group_purchase_user'] },
	{ from: { role: 'purchasing-head' }, groups: ['purchase.group_purchase_manager'] },
	{ from: { group: '/pharmacy' }, groups: ['stock.group_stock_user'] },
	{ from: { role: 'it' }, groups: ['base.group_system'] },
] as const;

export const DIRECTOR: Decider = { name: 'Directora', identities: ['directora', 'id-directora'] };

export interface Setting {
	realm: TestRealm;
	odoo: TestOdoo;
	store: Store;
	sync: IdentitySync;
	clock: { now: number };
	/** Another synchronisation of the same pair, as a second hub or a restarted process has it. */
	another: (change?: Parameters<typeof identitySettings>[0]) => Promise<IdentitySync>;
}

export async function setting(
	t: TestContext,
	change: Parameters<typeof identitySettings>[0] = {},
	store?: Store,
): Promise<Setting> {
	const clock = { now: 1_700_000_000_000 };
	const realm = new TestRealm(() => clock.now);
	const odoo = new TestOdoo();
	const opened = store ?? (await openStore({ file: ':memory:' }));
	if (!store) t.after(() => opened.close());
	const another = (more: Parameters<typeof identitySettings>[0] = change) =>
		IdentitySync.open({
			...{ source: realm, target: odoo, store: opened, pair: 'clinica', owner: 'hub', apartMs: 0 },
			settings: identitySettings({ scope: { roles: ['staff'] }, table: TABLE, ...more }),
			now: () => clock.now,
		});
	return { realm, odoo, store: opened, sync: await another(), clock, another };
}

/** People who are in Odoo already, by an approved first run; the counters of the guards begin anew. */
export async function staffed(t: TestContext, count: number, change: Parameters<typeof identitySettings>[0] = {}) {
	const made = await setting(t, change);
	const users = Array.from({ length: count }, (_, index) => made.realm.add(`persona${index}`));
	const report = await made.sync.run('everything');
	if (report.held) await made.sync.approve(report.held.id, report.held.hash, DIRECTOR);
	await approveAll(made, 0);
	made.clock.now += 3_600_000;
	made.odoo.effects.length = 0;
	made.realm.calls.length = 0;
	return { ...made, users, user: (index: number) => users[index] as (typeof users)[number] };
}

/** Lets a few rounds pass in which what is held is approved. */
export async function approveAll({ sync }: Setting, rounds = 3): Promise<void> {
	for (let round = 0; round < rounds; round += 1) {
		const { held } = await sync.run('everything');
		if (!held) return;
		await sync.approve(held.id, held.hash, DIRECTOR);
	}
}

export const kinds = (report: RunReport) => report.done.map(({ kind }) => kind);
export const heldKinds = (report: RunReport) =>
	report.heldLines.map(({ line, reasons }) => `${line.kind}: ${reasons.join(' ')}`);
export const conflicts = (report: RunReport) => report.conflicts.map(({ reason }) => reason);
