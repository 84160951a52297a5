/** Whatever happens in Keycloak in whatever order: Odoo arrives there, and what must never happen does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random, SEED } from './random.ts';
import type { User } from './realm.ts';
import { approveAll, staffed } from './setting.ts';

const ROUNDS = process.env['TEST_FULL'] ? 40 : 6;

const ROLES = ['purchasing', 'purchasing-head', 'it', 'base.group_system', '__proto__'];

test('after any changes in any order Odoo is as Keycloak says, and no account is ever lost', async (t) => {
	t.diagnostic(`IDENTITY_SEED=${SEED}`);
	const next = random(SEED);
	const pick = <Item>(list: readonly Item[]) => list[Math.floor(next() * list.length)] as Item;
	const made = await staffed(t, 30, { allowPrivileged: ['base.group_system'] });
	const users: User[] = [...made.users];
	const protectedBefore = structuredClone(made.odoo.accounts_.filter(({ id }) => [1, 2, 6].includes(id)));
	let number = 0;
	const there = () => users.filter(({ id }) => made.realm.users.has(id));
	const steps: (() => void)[] = [
		() => users.push(made.realm.add(`nueva${number++}`)),
		() => made.realm.change(pick(there()), { enabled: next() < 0.5 }),
		() => made.realm.change(pick(there()), { firstName: `Otra${number++}` }),
		() => made.realm.change(pick(there()), { roles: next() < 0.8 ? ['staff', pick(ROLES)] : [] }),
		() => made.realm.change(pick(there()), { groups: next() < 0.5 ? ['/pharmacy'] : [] }),
		() => {
			const [a, b] = [pick(there()), pick(there())];
			const names = [a.username, b.username] as const;
			made.realm.change(a, { username: names[1] });
			made.realm.change(b, { username: names[0] });
		},
		() => made.realm.remove(pick(there()), next() < 0.3),
	];
	for (let round = 0; round < ROUNDS; round += 1) {
		const before = new Map(made.odoo.accounts_.map(({ id, uid }) => [id, uid]));
		for (let step = 0; step < 6; step += 1) {
			pick(steps)();
			made.clock.now += 1_000;
			if (next() < 0.5) await made.sync.run('changes');
		}
		made.clock.now += 3_600_000;
		await approveAll(made, 6);
		const { plan, heldLines } = await made.sync.run('everything');
		assert.deepEqual([plan?.lines, heldLines], [[], []], `round ${round}`);
		for (const [id, uid] of before) {
			assert.equal(
				made.odoo.accounts_.find((account) => account.id === id)?.uid,
				uid,
				'accounts and their identity stay',
			);
		}
		for (const account of made.odoo.accounts_.filter(({ provider }) => provider === 4)) {
			const user = made.realm.users.get(account.uid ?? '');
			const roles = (user?.roles ?? []) as string[];
			const wanted = user?.enabled === true && roles.includes('staff');
			assert.equal(account.active && !account.suspended, wanted, `${account.login} in round ${round}`);
			const heads = account.groups.includes('base.group_system');
			if (wanted) assert.equal(heads, roles.includes('it'), `${account.login} in round ${round}`);
		}
	}
	assert.deepEqual(
		made.odoo.accounts_.filter(({ id }) => [1, 2, 6].includes(id)),
		protectedBefore,
	);
});
