/** The process ends at any point of an apply over 500 changes; the next one brings it to the right end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Killed } from './odoo.ts';
import { random, SEED } from './random.ts';
import { approveAll, DIRECTOR, staffed } from './setting.ts';

/** `npm run test:full` kills at twenty points. */
const POINTS = process.env['TEST_FULL'] ? 20 : 4;

test('an apply over 500 changes that is killed anywhere ends right, and no change is done twice', async (t) => {
	t.diagnostic(`IDENTITY_SEED=${SEED}`);
	const next = random(SEED);
	for (let point = 0; point < POINTS; point += 1) {
		const made = await staffed(t, 500);
		for (const [index, user] of made.users.entries()) {
			if (index % 4 === 0) made.realm.change(user, { enabled: false });
			else if (index % 4 === 1) made.realm.change(user, { firstName: `Otra${index}` });
			else if (index % 4 === 2) made.realm.change(user, { roles: ['staff', 'purchasing'] });
			else made.realm.add(`nueva${index}`);
		}
		const killAt = Math.floor(next() * 500);
		const before = next() < 0.5;
		let lines = 0;
		const kill = () => {
			lines += 1;
			if (lines > killAt) throw new Killed('killed');
		};
		if (before) made.odoo.beforeLine = kill;
		// Odoo has done it, and the answer never came.
		else made.odoo.afterLine = kill;
		const run = async () => {
			const { held } = await made.sync.run('everything');
			if (held) await made.sync.approve(held.id, held.hash, DIRECTOR);
		};
		await run().catch((thrown: unknown) => assert.ok(thrown instanceof Killed, String(thrown)));
		made.odoo.beforeLine = () => {};
		made.odoo.afterLine = () => {};
		const restarted = { ...made, sync: await made.another() };
		await approveAll(restarted, 5);
		const report = await restarted.sync.run('everything');
		assert.deepEqual(report.plan?.lines, [], `killed at ${killAt}`);
		const done = made.odoo.effects.map((line) => `${line.kind} ${line.subject}`);
		assert.deepEqual(done.length, new Set(done).size, `killed at ${killAt}: something was done twice`);
		for (const [index, user] of made.users.entries()) {
			const account = made.odoo.of(user.id);
			assert.equal(account.active, index % 4 !== 0);
			if (index % 4 === 1) assert.equal(account.name, `Otra${index} Prueba`);
			if (index % 4 === 2) assert.ok(account.groups.includes('purchase.group_purchase_user'));
		}
	}
});
