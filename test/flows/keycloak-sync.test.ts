/** The node `keycloak-sync` in a real Node-RED, between a real Keycloak and an Odoo with the addon in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EVENTS, HELD, REPORTS, SYNC, syncFlow, syncNode } from '../identity-flow.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { until } from '../mail-lab.ts';
import { type NodeRed, startNodeRed } from '../node-red.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';
import { odooSso } from '../servers/odoo-sso.ts';

const keycloak = await sharedKeycloak();

/** Gives a message and waits for its end. */
async function end(nodeRed: NodeRed, topic: string): Promise<string | undefined> {
	const before = nodeRed.completions(SYNC).length;
	nodeRed.receive(SYNC, { topic });
	const { error } = await nodeRed.until('the end of the message', () => nodeRed.completions(SYNC)[before], 60_000);
	return error?.code ?? error?.message;
}

const act = (nodeRed: NodeRed, action: string, body: object, token?: string) =>
	nodeRed.request('POST', `/clinic-hub/operator/identity/${action}`, {
		body: { source: SYNC, ...body },
		...(token ? { token } : {}),
	});

interface Listed {
	rows: { id: string; who: string; what: object; plan: boolean }[];
	groups: { value: string; count: number }[];
}
const list = async (nodeRed: NodeRed, token?: string) => (await act(nodeRed, 'list', {}, token)).body as Listed;

test('Odoo follows a real Keycloak', async (t) => {
	const realm = await keycloak.realm(t);
	const proxy = await keycloakProxy(t, keycloak.port);
	const sso = await odooSso(t);
	const { odoo } = sso;
	sso.table = [
		{ kind: 'role', name: 'compras', groups: ['purchase.group_purchase_user'] },
		{ kind: 'role', name: 'informatica', groups: ['base.group_system'] },
	];
	const director = { username: 'directora', password: 'x', permissions: '*' };
	const clerk = { username: 'mirona', password: 'x', permissions: ['read', 'clinic-hub.identity.list'] };
	const itself = { username: 'sergio.ibarra', password: 'x', permissions: '*' };
	const nodeRed = await startNodeRed(t, { users: [director, clerk, itself] });
	const token = await nodeRed.signIn(director);
	const flows = syncFlow(realm, sso, { keycloakUrl: proxy.url });
	const sergio = await realm.idOf('sergio.ibarra');

	await t.test('day one is held as a whole, told once, and nobody is created', async () => {
		await nodeRed.deploy(flows, { token });
		await nodeRed.status(SYNC, /^6 changes wait for a person$/);
		const held = await nodeRed.message(HELD);
		assert.equal(held['topic'], 'held');
		assert.partialDeepStrictEqual(held['payload'], { severity: 'warning' });
		assert.match(
			String((held['payload'] as { text: string }).text),
			/elena\.marquez: create .* too many changes at once/s,
		);
		assert.equal(nodeRed.messages(HELD).length, 1);
		assert.deepEqual(odoo.effects, []);
	});

	await t.test('the sidebar shows who, what and why, and only those with the right decide', async () => {
		const { rows } = await list(nodeRed, token);
		assert.equal(rows.length, 1);
		assert.partialDeepStrictEqual(rows[0], { plan: true, what: { es: 'crear: 6' } });
		const look = await act(nodeRed, 'inspect', { id: rows[0]?.id }, token);
		assert.match(JSON.stringify(look.body), /oscar\.pinon: crear \(nuevo en Keycloak\)/);
		const low = await nodeRed.signIn(clerk);
		assert.equal((await act(nodeRed, 'list', {}, low)).status, 200);
		assert.equal((await act(nodeRed, 'approve', { ids: [rows[0]?.id] }, low)).status, 401);
	});

	await t.test('nobody approves what gives him something, and the refusal is recorded', async () => {
		const [row] = (await list(nodeRed, token)).rows;
		const own = await nodeRed.signIn(itself);
		const refused = await act(nodeRed, 'approve', { ids: [row?.id] }, own);
		assert.partialDeepStrictEqual(refused, { status: 403, body: { code: 'IDENTITY_GAIN' } });
		assert.deepEqual(odoo.effects, []);
		await nodeRed.until('the log to say so', () =>
			/"event":"clinic-hub.identity.approve".*"actor":"sergio.ibarra".*"outcome":"refused"/.test(nodeRed.log),
		);
	});

	await t.test('a plan that has changed since it was shown is refused', async () => {
		const [row] = (await list(nodeRed, token)).rows;
		await realm.request('PUT', `/users/${await realm.idOf('oscar.pinon')}`, { enabled: false });
		await nodeRed.status(SYNC, /^5 changes wait/);
		assert.partialDeepStrictEqual(await act(nodeRed, 'approve', { ids: [row?.id] }, token), {
			status: 409,
			body: { code: 'PLAN_STALE' },
		});
		await realm.request('PUT', `/users/${await realm.idOf('oscar.pinon')}`, { enabled: true });
		await nodeRed.status(SYNC, /^6 changes wait/);
		assert.deepEqual(odoo.effects, []);
	});

	await t.test('a held plan survives a restart of the flows, and no message approves it', async () => {
		await nodeRed.deploy(flows, { token });
		await nodeRed.status(SYNC, /^6 changes wait/);
		assert.equal(await end(nodeRed, 'approve'), 'CONFIG_INVALID');
		assert.deepEqual(odoo.effects, []);
	});

	await t.test('what was approved is carried out, and recorded with who approved it', async () => {
		const [row] = (await list(nodeRed, token)).rows;
		assert.partialDeepStrictEqual(await act(nodeRed, 'approve', { ids: [row?.id] }, token), {
			status: 200,
			body: { done: 6 },
		});
		assert.equal(odoo.of(sergio).login, 'sergio.ibarra');
		assert.ok(odoo.of(await realm.idOf('elena.marquez')).groups.includes('purchase.group_purchase_user'));
		for (const event of ['approve', 'change'])
			await nodeRed.until('the record', () =>
				new RegExp(`"event":"clinic-hub.identity.${event}".*"actor":"directora".*"outcome":"done"`).test(nodeRed.log),
			);
	});

	await t.test('administration of Odoo waits for a person, though the table grants it', async () => {
		assert.equal(await end(nodeRed, 'everything'), undefined);
		await nodeRed.status(SYNC, /^2 changes wait/);
		assert.ok(!odoo.of(sergio).groups.includes('base.group_system'));
		const [row] = (await list(nodeRed, token)).rows;
		assert.equal((await act(nodeRed, 'reject', { ids: [row?.id] }, token)).status, 200);
		await nodeRed.status(SYNC, /^Following Keycloak/);
		assert.equal(await end(nodeRed, 'everything'), undefined);
		assert.deepEqual((await list(nodeRed, token)).rows, []);
	});

	await t.test('is silent while nothing changes, and asks Odoo nothing', async () => {
		const before = nodeRed.messages(REPORTS).length;
		const calls = sso.calls.length;
		proxy.asked.length = 0;
		await until('three polls', () => proxy.asked.filter((path) => path.includes('/admin-events')).length >= 3);
		assert.deepEqual([nodeRed.messages(REPORTS).length, sso.calls.length], [before, calls]);
		assert.ok(proxy.asked.every((path) => /events|token/.test(path)));
	});

	await t.test('suspends within seconds whom Keycloak disables, and reports it', async () => {
		const id = await realm.idOf('elena.marquez');
		const begin = performance.now();
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await until('the suspension', () => odoo.of(id).suspended);
		assert.ok(performance.now() - begin < 5_000, `${performance.now() - begin} ms`);
		const report = await nodeRed.message(REPORTS, ({ payload }) => JSON.stringify(payload).includes('"suspend"'));
		assert.partialDeepStrictEqual(report['payload'], { mode: 'changes', counts: { done: 1 } });
		await realm.request('PUT', `/users/${id}`, { enabled: true });
		await until('the way back', () => !odoo.of(id).suspended);
	});

	await t.test('a dry run says what would be done, and does nothing', async () => {
		const before = odoo.effects.length;
		sso.table.push({ kind: 'role', name: 'farmacia', groups: ['stock.group_stock_user'] });
		assert.equal(await end(nodeRed, 'dry-run'), undefined);
		const told = await nodeRed.message(REPORTS, ({ topic }) => topic === 'dry-run');
		assert.partialDeepStrictEqual(told['payload'], { dryRun: true, table: { from: 'odoo', entries: 3 } });
		assert.match(JSON.stringify(told['payload']), /"addGroups"/);
		assert.equal(odoo.effects.length, before);
		sso.table.pop();
	});

	await t.test('waits while Keycloak is down, says so, and catches up', async () => {
		const id = await realm.idOf('hugo.zuniga');
		proxy.fault = () => ({ status: 503, body: '' });
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await nodeRed.status(SYNC, /^Waiting: Keycloak cannot be reached \(since /);
		assert.equal(odoo.of(id).suspended, false);
		proxy.fault = () => undefined;
		await nodeRed.until('the suspension', () => odoo.of(id).suspended, 45_000);
		await nodeRed.status(SYNC, /^Following Keycloak/);
	});

	await t.test('waits while Odoo is down, says so, and catches up', async () => {
		const id = await realm.idOf('beatriz.leon');
		sso.down = true;
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await nodeRed.status(SYNC, /^Waiting: Odoo cannot be reached/);
		sso.down = false;
		await nodeRed.until('the suspension', () => odoo.of(id).suspended, 45_000);
	});

	await t.test('an account made by hand is proposed, and linked by a person only', async () => {
		const id = await realm.addUser('rosa.campos', {
			firstName: 'Rosa',
			lastName: 'Campos',
			email: 'rosa@clinica.example',
		});
		const hers = odoo.add('rosa.campos', { name: 'Rosa Campos', email: 'rosa@clinica.example' });
		const groups = (await realm.request('GET', '/groups?search=Compras&exact=true')) as { id: string }[];
		await realm.request('PUT', `/users/${id}/groups/${groups[0]?.id}`);
		await nodeRed.message(REPORTS, ({ payload }) => JSON.stringify(payload).includes('loginTaken'));
		assert.equal(hers.uid, null);
		await act(nodeRed, 'run', {}, token);
		const found = await until('the proposal', async () => {
			const listed = await list(nodeRed, token);
			return listed.groups.some(({ value }) => value === 'exact') && listed;
		});
		const row = found.rows.find(({ who }) => who === 'rosa.campos');
		assert.equal((await act(nodeRed, 'link', { group: 'colliding' }, token)).status, 400);
		assert.equal((await act(nodeRed, 'link', { ids: [row?.id] }, token)).status, 200);
		await until('the link', () => odoo.accounts_.some((account) => account.uid === id));
		assert.equal(odoo.of(id).id, hers.id);
	});

	await t.test('a guard that stops everything is told by its name, and nothing is changed', async () => {
		const nobody = '00000000-0000-4000-8000-000000000000';
		await nodeRed.deploy([...flows.filter(({ id }) => id !== SYNC), syncNode({ sentinel: nobody })], { token });
		const before = odoo.effects.length;
		assert.equal(await end(nodeRed, 'everything'), 'IDENTITY_STOPPED');
		assert.equal(odoo.effects.length, before);
	});
});

test('a run that is cancelled leaves what the next one continues', async (t) => {
	const realm = await keycloak.realm(t, { staff: false });
	const sso = await odooSso(t);
	await realm.request('POST', '/partialImport', {
		ifResourceExists: 'FAIL',
		users: Array.from({ length: 120 }, (_, index) => ({
			...{ username: `persona${index}`, enabled: true, email: `persona${index}@clinica.example` },
			...{ firstName: 'Persona', lastName: String(index), groups: ['/Compras'] },
		})),
	});
	const nodeRed = await startNodeRed(t);
	await nodeRed.deploy(syncFlow(realm, sso, { mode: 'everything', massGuard: false, keycloakUrl: '' }));
	await nodeRed.status(SYNC, /^Ready$/);
	sso.before = (method) => (method === 'apply_lines' ? delay(1_500) : undefined);
	const ended = end(nodeRed, 'run');
	await nodeRed.status(SYNC, /^Changing Odoo: 50 of 120$/);
	nodeRed.receive(SYNC, { topic: 'run' });
	await nodeRed.message(EVENTS, ({ topic }) => topic === 'running');
	nodeRed.receive(SYNC, { topic: 'cancel' });
	assert.equal(await ended, undefined);
	const report = await nodeRed.message(REPORTS);
	assert.partialDeepStrictEqual(report['payload'], { cancelled: true });
	assert.ok(sso.odoo.effects.length < 120);
	sso.before = () => {};
	assert.equal(await end(nodeRed, 'run'), undefined);
	assert.equal(new Set(sso.odoo.effects.map(({ subject }) => subject)).size, 120);
	assert.equal(sso.odoo.effects.length, 120, 'nobody is made twice');
});

test('a node says what is missing', async (t) => {
	const realm = await keycloak.realm(t, { staff: false });
	const sso = await odooSso(t);
	const nodeRed = await startNodeRed(t);
	const [tab, keycloakNode, odooNode, node, ...taps] = syncFlow(realm, sso);
	assert.ok(tab && keycloakNode && odooNode && node);
	const deploy = (change: object, odooChange: object = {}) =>
		nodeRed.deploy([tab, keycloakNode, { ...odooNode, ...odooChange }, { ...node, ...change }, ...taps]);
	await deploy({ realm: '', scopeRoles: '' });
	await nodeRed.status(SYNC, /^Not ready: Keycloak realm is missing$/);
	await deploy({ scopeRoles: '' });
	await nodeRed.status(SYNC, /^Not ready: Roles: say who gets an account, by roles, groups or an attribute$/);
	await deploy({ scopeRoles: 'clinic-hub:hub-admin', table: '[{"kind":"group","name":"Farmacia","groups":"x.y"}]' });
	await nodeRed.status(
		SYNC,
		/“clinic-hub:hub-admin” is written like a role of a client.*“Farmacia” is no path of a group/,
	);
	await deploy({ table: '[{"kind":"role","name":"compras","groups":"purchase users"}]', massFloor: '0' });
	await nodeRed.status(SYNC, /“purchase” is no external id.*More than must be a whole number/);
	await deploy({}, { user: '', which: 'all', credentials: {} });
	await nodeRed.status(
		SYNC,
		/^Not ready: Odoo: the connection has no login \(user and API key\), Database is missing$/,
	);
});
