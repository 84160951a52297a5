/** A real Keycloak followed by the real Odoo with the addon (ODOO_SRC): what each change does there, and how soon. */
import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../bench/measure.ts';
import type { Account, IdentityTarget } from '../../lib/identity/model.ts';
import { sharedKeycloak, type TestRealm } from '../keycloak.ts';
import { Follower } from '../servers/identity-follower.ts';
import { OdooBrowser } from '../servers/odoo-browser.ts';
import { OdooClinic } from '../servers/odoo-clinic.ts';
import { type IdentityOdoo, startIdentityOdoo } from '../servers/odoo-identity.ts';

const source = process.env['ODOO_SRC'];

/** TEST_TURNS=… for a shorter run by hand. */
const TURNS = Number(process.env['TEST_TURNS'] ?? 20);
/** Of all effects; of a disable less. In ms. */
const WITHIN_MS = 30_000;
const DISABLED_MS = 5_000;
const PASSWORD = 'persona persona';
/** A change comes anywhere between two runs; in ms. */
const APART_MS = 2_000;

const DECIDER = { name: 'Directora', identities: ['directora'] };

suite('the real Odoo follows a real Keycloak', { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	const ends: (() => Promise<void> | void)[] = [];
	const owner = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
	const ids: string[] = [];
	let realm: TestRealm;
	let odoo: IdentityOdoo;
	let clinic: OdooClinic;
	let target: IdentityTarget;
	let follower: Follower;

	before(async () => {
		const keycloak = await sharedKeycloak();
		realm = await keycloak.realm(owner, {
			staff: false,
			change: (clinica) => void Object.assign(clinica, { editUsernameAllowed: true }),
		});
		odoo = await startIdentityOdoo(source as string);
		owner.after(() => odoo.stop());
		clinic = new OdooClinic(odoo, realm.issuer);
		await clinic.makeProvider();
		await odoo.installAddon();
		const line = async (kind: string, name: string, group: string) => [
			...[0, 0],
			{ kind, name, group_ids: await clinic.set(group) },
		];
		await clinic.changeProvider({
			...{ clinic_sso_followed: true, clinic_sso_technical_logins: 'hub' },
			clinic_sso_role_ids: [
				await line('role', 'compras', 'base.group_partner_manager'),
				await line('group', '/Farmacia', 'base.group_allow_export'),
			],
		});
		const context = { active_test: false };
		const spanish = await clinic.admin.call('res.lang', 'search', [[['code', '=', 'es_ES']]], { context });
		await clinic.admin.call('res.lang', 'write', [spanish, { active: true }]);
		const rpc = await clinic.hub('hub', 'base.group_user', 'clinic_sso.group_sync');
		target = await clinic.target(rpc);
		follower = await Follower.open(owner, realm.reader, target, {
			scope: { groups: ['/Enfermería'] },
			// So many changes in minutes would wait for a person, which is another test.
			guards: { mass: { floor: 10_000, share: 1, windowMs: 60_000 } },
		});
		await realm.addUser('primera', { groups: ['/Enfermería'] });
		await follower.sync.run('everything');
		follower.start();
	});
	after(async () => {
		for (const end of ends) await end();
	});

	const accountOf = async (id: string): Promise<Account | undefined> => {
		return (await target.accounts({ uids: [id], logins: [] }))[0];
	};

	/** Makes the change for each of the staff in turn, and tells after how long each account was as it should be. */
	async function followed(
		t: TestContext,
		what: string,
		change: (id: string, index: number) => Promise<unknown>,
		isDone: (account: Account, index: number) => boolean,
		withinMs = WITHIN_MS,
	): Promise<void> {
		const times: number[] = [];
		for (const [index, id] of ids.entries()) {
			await delay(Math.random() * APART_MS);
			await change(id, index);
			const seen = async () => {
				const account = await accountOf(id);
				return account !== undefined && isDone(account, index);
			};
			times.push(await follower.until(what, seen, withinMs));
		}
		tell(t, what, times);
	}

	const put = async (id: string, change: object) => {
		const user = (await realm.request('GET', `/users/${id}`)) as object;
		await realm.request('PUT', `/users/${id}`, { ...user, ...change });
	};
	const groupId = async (name: string) => {
		const groups = (await realm.request('GET', '/groups')) as { id: string; name: string }[];
		return groups.find((group) => group.name === name)?.id ?? '';
	};

	test('a new user has an account with name, address and the groups of an internal user', async (t) => {
		const times: number[] = [];
		for (let index = 0; index < TURNS; index += 1) {
			await delay(Math.random() * APART_MS);
			const more = { firstName: 'Eva', lastName: `Nueva ${index}`, email: `eva${index}@clinica.example` };
			const id = await realm.addUser(`eva${index}`, { ...more, groups: ['/Enfermería'] });
			ids.push(id);
			times.push(await follower.until('create', async () => (await accountOf(id)) !== undefined, WITHIN_MS));
			const { login, name, email, active, internal, groups } = (await accountOf(id)) as Account;
			assert.deepEqual([login, name, email], [`eva${index}`, `Eva Nueva ${index}`, `eva${index}@clinica.example`]);
			assert.deepEqual([active, internal, groups.includes('base.group_partner_manager')], [true, true, false]);
		}
		tell(t, 'create', times);
	});

	test('another name, user name, address and language are taken over', async (t) => {
		await followed(
			t,
			'name',
			(id, index) => put(id, { lastName: `Otra ${index}` }),
			({ name }, index) => name === `Eva Otra ${index}`,
		);
		await followed(
			t,
			'user name',
			(id, index) => put(id, { username: `eva.otra${index}` }),
			({ login }, index) => login === `eva.otra${index}`,
		);
		await followed(
			t,
			'e-mail',
			(id, index) => put(id, { email: `otra${index}@clinica.example` }),
			({ email }, index) => email === `otra${index}@clinica.example`,
		);
		await followed(
			t,
			'language',
			(id) => put(id, { attributes: { locale: ['es'] } }),
			({ lang }) => lang === 'es_ES',
		);
	});

	test('a role and a group give their groups, and take them with them', async (t) => {
		const role = await realm.request('GET', '/roles/compras');
		const pharmacy = await groupId('Farmacia');
		const roles = (id: string) => `/users/${id}/role-mappings/realm`;
		await followed(
			t,
			'role given',
			(id) => realm.request('POST', roles(id), [role]),
			({ groups }) => groups.includes('base.group_partner_manager'),
		);
		await followed(
			t,
			'role taken',
			(id) => realm.request('DELETE', roles(id), [role]),
			({ groups }) => !groups.includes('base.group_partner_manager'),
		);
		await followed(
			t,
			'group joined',
			(id) => realm.request('PUT', `/users/${id}/groups/${pharmacy}`),
			({ groups }) => groups.includes('base.group_allow_export'),
		);
		await followed(
			t,
			'group left',
			(id) => realm.request('DELETE', `/users/${id}/groups/${pharmacy}`),
			({ groups }) => !groups.includes('base.group_allow_export'),
		);
	});

	test('a password that IT sets anew ends the sessions', async (t) => {
		const times: number[] = [];
		for (const id of ids.slice(0, 5)) {
			const { page } = await withAccess(id);
			await realm.request('PUT', `/users/${id}/reset-password`, { type: 'password', value: 'doce-caracteres' });
			times.push(await follower.until('reset', async () => !(await page.isOpen()), WITHIN_MS));
		}
		tell(t, 'password reset', times);
	});

	test(`a disable closes an open page, a key and the password within ${DISABLED_MS / 1_000} s; an enable opens the last two`, async (t) => {
		const open = new Map<string, Awaited<ReturnType<typeof withAccess>>>();
		for (const id of ids) open.set(id, await withAccess(id));
		const times: Record<'page' | 'key' | 'password', number[]> = { page: [], key: [], password: [] };
		for (const [id, { page, mayCall, key }] of open) {
			await delay(Math.random() * APART_MS);
			await realm.request('PUT', `/users/${id}`, { enabled: false });
			const ways = { page: () => page.isOpen(), key: () => mayCall(key), password: () => mayCall(PASSWORD) };
			await Promise.all(
				Object.entries(ways).map(async ([way, isOpen]) => {
					times[way as keyof typeof ways].push(await follower.until(way, async () => !(await isOpen()), WITHIN_MS));
				}),
			);
			const { active, suspended } = (await accountOf(id)) as Account;
			assert.deepEqual([active, suspended], [true, true]);
		}
		for (const [way, list] of Object.entries(times)) {
			tell(t, `disable, ${way}`, list);
			assert.ok(Math.max(...list) <= DISABLED_MS, `${way}: ${Math.max(...list).toFixed(0)} ms`);
		}
		await followed(
			t,
			'enable',
			(id) => realm.request('PUT', `/users/${id}`, { enabled: true }),
			({ suspended }) => !suspended,
		);
		for (const { page, mayCall, key } of open.values()) {
			assert.deepEqual([await page.isOpen(), await mayCall(key), await mayCall(PASSWORD)], [false, true, true]);
		}
	});

	test('who is deleted is suspended at once and archived by a person, and a new user of the same name is another person', async (t) => {
		await followed(
			t,
			'delete',
			(id) => realm.request('DELETE', `/users/${id}`),
			({ suspended, active }) => suspended && active,
			DISABLED_MS,
		);
		const [old = ''] = ids;
		const before = (await accountOf(old)) as Account;
		const id = await realm.addUser(before.login, { email: before.email, groups: ['/Enfermería'] });
		await follower.until(
			'conflict',
			async () => follower.reports.some(({ conflicts }) => conflicts.some(({ subject }) => subject === id)),
			WITHIN_MS,
		);
		assert.equal(await accountOf(id), undefined, 'nobody inherits an account');
		assert.deepEqual(await accountOf(old), before);
		await follower.stop();
		const report = await follower.sync.run('everything');
		assert.deepEqual(new Set(report.heldLines.map(({ line }) => line.kind)), new Set(['archive']));
		assert.equal(report.heldLines.length, ids.length);
		assert.ok(report.held);
		await follower.sync.approve(report.held.id, report.held.hash, DECIDER);
		const { active, uid } = (await accountOf(old)) as Account;
		assert.deepEqual([active, uid], [false, old]);
		assert.equal(await accountOf(id), undefined);
	});

	/** A page of Odoo that is open, a key and a password of that person. */
	async function withAccess(id: string) {
		const { id: account, login } = (await accountOf(id)) as Account;
		await clinic.setPassword(account, PASSWORD);
		const page = await OdooBrowser.signIn(odoo.url, odoo.database, login, PASSWORD);
		const key = await page.makeKey(PASSWORD);
		const mayCall = (secret: string) =>
			Object.assign(odoo.rpc(login, secret), { signIn: async () => account })
				.call('res.users', 'read', [[account], ['login']])
				.then(
					() => true,
					() => false,
				);
		assert.ok((await mayCall(key)) && (await mayCall(PASSWORD)));
		return { page, key, mayCall };
	}
});

function tell(t: TestContext, what: string, times: readonly number[]): void {
	const seconds = (ms: number) => (ms / 1_000).toFixed(2);
	t.diagnostic(
		`${what}: median ${seconds(median([...times]))} s, worst ${seconds(Math.max(...times))} s of ${times.length}`,
	);
}
