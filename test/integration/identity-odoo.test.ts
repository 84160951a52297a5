/** Odoo as the synchronisation's target, the real one that ODOO_SRC names: stock first, then with the addon `clinic_sso`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { DATABASE, ensureRole, recreate } from '../../lab/odoo/database.ts';
import { odooCommand, type Place, preparePlace } from '../../lab/odoo/place.ts';
import type { LabProcess } from '../../lab/system.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import type { IdentityTarget, Line } from '../../lib/identity/model.ts';
import { odooTarget } from '../../lib/identity/odoo-target.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';

const source = process.env.ODOO_SRC;
const ISSUER = 'https://keycloak.test/realms/clinica';
const PASSWORD = 'enfermera enfermera';

/** Installing takes a minute on a free machine; in ms. */
const PATIENCE = { timeoutMs: 10 * 60_000 };

suite('the real Odoo follows', { skip: source ? false : 'ODOO_SRC names no source of Odoo 18' }, () => {
	const server = postgresql();
	const system = odooSystem({ source: source as string });
	let directory: string;
	let lab: Lab;
	let place: Place;
	let running: LabProcess | undefined;
	let url: string;

	const rpc = (user: string, password: string) => new OdooRpc({ url, database: DATABASE, user, password });
	const admin = () => rpc('admin', 'admin');

	async function install(module: string): Promise<void> {
		const context = lab.context(system);
		const args = ['-i', module, '--stop-after-init', '--no-http', '--max-cron-threads=0'];
		const { code } = await (await context.run(odooCommand(context, place, args))).exited;
		assert.equal(code, 0, `${module} was not installed`);
		running = await context.run(odooCommand(context, place));
		const page = `${url}/web/login`;
		const showing = { en: 'Odoo showing its sign-in page', es: 'Que Odoo muestre su página de entrada' };
		await context.until(showing, async (signal) => (await fetch(page, { signal })).ok, {
			...PATIENCE,
			process: running,
		});
	}

	before(async () => {
		directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-identity-'));
		lab = await Lab.open({ systems: [server, system], directory, ports: 'free' });
		for (const step of ['ensure', 'start', 'ready'] as const) await server[step](lab.context(server));
		const context = lab.context(system);
		await ensureRole(postgresqlUrl(context), context.secret('odoo.database'));
		await recreate(postgresqlUrl(context));
		place = await preparePlace(context, source as string);
		url = context.endpoint('odoo', 'web').url;
		await install('auth_oauth');
		await admin().call('auth.oauth.provider', 'create', [
			{
				...{ name: 'Keycloak', client_id: 'odoo', body: 'Keycloak', enabled: true },
				auth_endpoint: `${ISSUER}/protocol/openid-connect/auth`,
				validation_endpoint: `${ISSUER}/protocol/openid-connect/userinfo`,
			},
		]);
	});
	after(async () => {
		await running?.stop({ graceMs: 5_000 });
		await lab?.stop();
		await rm(directory, { recursive: true, force: true });
	});

	const identity = (name: string) => ({ subject: `sub-${name}`, login: name, why: 'changed' }) as const;
	const creation = (name: string, groups = ['base.group_user']): Line => ({
		...identity(name),
		...{ kind: 'create', account: 0, groups },
		values: { login: name, name: `${name} Prueba`, email: `${name}@clinica.test`, lang: 'en_US' },
	});

	/** What stock and addon do alike. */
	async function contract(target: IdentityTarget, prefix: string): Promise<void> {
		const [a, b] = [`${prefix}ana`, `${prefix}berta`];
		const described = await target.describe();
		assert.ok(described.protected.has(1) && described.protected.has(2));
		assert.ok(described.groups.get('base.group_system')?.implies.includes('base.group_user'));
		assert.ok(described.languages.includes('en_US'));
		const results = await target.apply([creation(a), creation('admin'), creation(b)], 1);
		assert.deepEqual(
			results.map(({ ok }) => ok),
			[true, false, true],
			'a failing line stops no other',
		);
		const read = () => target.accounts({ uids: [`sub-${a}`], logins: [b.toUpperCase()] });
		const [first, second] = await read();
		assert.ok(first && second);
		assert.deepEqual([first.login, first.uid, first.active, first.internal], [a, `sub-${a}`, true, true]);
		assert.equal(first.provider, described.provider);
		assert.ok(first.groups.includes('base.group_user') && !first.groups.includes('base.group_system'));
		assert.deepEqual([second.login, second.id], [b, results[2]?.account]);
		const line = { ...identity(a), account: first.id };
		const change: Line[] = [
			{ ...line, kind: 'update', values: { name: 'Otra', email: 'otra@clinica.test' }, before: {} },
			{ ...line, kind: 'addGroups', groups: ['base.group_partner_manager'] },
		];
		for (const each of change) assert.deepEqual((await target.apply([each], 1))[0]?.ok, true, each.kind);
		const [changed] = await read();
		assert.deepEqual([changed?.name, changed?.email], ['Otra', 'otra@clinica.test']);
		assert.ok(changed?.groups.includes('base.group_partner_manager'));
		for (const kind of ['archive', 'restore'] as const) {
			const both: Line[] = [
				{ ...line, kind },
				{ ...identity(b), account: second.id, kind },
			];
			assert.deepEqual(
				(await target.apply(both, 1)).map(({ ok }) => ok),
				[true, true],
			);
			assert.deepEqual(
				(await read()).map(({ active, uid }) => [active, uid]),
				[
					[kind === 'restore', `sub-${a}`],
					[kind === 'restore', `sub-${b}`],
				],
			);
		}
		await target.apply([{ ...line, kind: 'removeGroups', groups: ['base.group_partner_manager'] }], 1);
		assert.ok(!(await read())[0]?.groups.includes('base.group_partner_manager'));
		assert.ok((await target.accounts()).length >= 4);
	}

	test('a stock Odoo follows by RPC and says what it cannot do', async () => {
		const target = await odooTarget(admin(), ISSUER);
		const { canSuspend, limits } = await target.describe();
		assert.deepEqual([canSuspend, limits.includes('suspend')], [false, true]);
		await contract(target, 'stock-');
	});

	test('with the addon an account without rights on users follows, and suspends at once whatever is open', async () => {
		await running?.stop({ graceMs: 5_000 });
		await install('clinic_sso');
		const call = async (model: string, method: string, ...args: unknown[]) => admin().call(model, method, args);
		const reference = async (name: string) => {
			const [module, id] = name.split('.');
			const domain = [
				['module', '=', module],
				['name', '=', id],
			];
			const [row] = (await call('ir.model.data', 'search_read', domain, ['res_id'])) as { res_id: number }[];
			return row?.res_id ?? 0;
		};
		const groups = [await reference('base.group_user'), await reference('clinic_sso.group_sync')];
		const user = { name: 'Hub', login: 'hub', password: 'hub hub hub', groups_id: [[6, 0, groups]] };
		await call('res.users', 'create', user);
		const [provider] = (await call('auth.oauth.provider', 'search', [['auth_endpoint', 'like', ISSUER]])) as number[];
		const role = {
			kind: 'role',
			name: 'contacts',
			group_ids: [[6, 0, [await reference('base.group_partner_manager')]]],
		};
		await call('auth.oauth.provider', 'write', [provider], {
			...{ clinic_sso_followed: true, clinic_sso_role_ids: [[0, 0, role]] },
		});
		const target = await odooTarget(rpc('hub', 'hub hub hub'), ISSUER);
		const { canSuspend, table } = await target.describe();
		assert.equal(canSuspend, true);
		assert.deepEqual(table, [{ from: { role: 'contacts' }, groups: ['base.group_partner_manager'] }]);
		await contract(target, 'sso-');
		await target.apply([creation('enfermera')], 2);
		const [nurse] = await target.accounts({ uids: ['sub-enfermera'], logins: [] });
		assert.ok(nurse);
		await call('res.users', 'write', [nurse.id], { password: PASSWORD });
		const page = await signIn(url);
		assert.equal(await page(), 'open');
		assert.equal(await rpc('enfermera', PASSWORD).signIn(), nurse.id);
		const asked = performance.now();
		await target.apply([{ ...identity('enfermera'), account: nurse.id, kind: 'suspend' }], 2);
		assert.equal(await page(), 'ended');
		assert.ok(performance.now() - asked < 5_000, 'within five seconds');
		await assert.rejects(rpc('enfermera', PASSWORD).signIn(), { code: 'ODOO_CREDENTIALS' });
		await assert.rejects(signIn(url), /no session/);
		await target.apply([{ ...identity('enfermera'), account: nurse.id, kind: 'resume' }], 2);
		assert.equal(await page(), 'ended', 'the old session stays dead');
		assert.equal(await (await signIn(url))(), 'open');
	});
});

/** A browser's session: asks whether it is open still. */
async function signIn(url: string): Promise<() => Promise<'open' | 'ended'>> {
	const post = async (target: string, params: object, cookie = '') => {
		const body = JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params });
		const headers = { 'content-type': 'application/json', cookie };
		const answer = await fetch(`${url}${target}`, {
			method: 'POST',
			headers,
			body,
			signal: AbortSignal.timeout(30_000),
		});
		return { answer, json: (await answer.json()) as { result?: { uid?: number | null } } };
	};
	const { answer, json } = await post('/web/session/authenticate', {
		db: DATABASE,
		login: 'enfermera',
		password: PASSWORD,
	});
	const cookie = answer.headers
		.getSetCookie()
		.find((text) => text.startsWith('session_id='))
		?.split(';')[0];
	if (!cookie || !json.result?.uid) throw new Error('no session');
	return async () => ((await post('/web/session/get_session_info', {}, cookie)).json.result?.uid ? 'open' : 'ended');
}
