/** What keeps strangers, other sites and hanging nodes from doing harm, each by itself. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defineMailTopic } from '../../../nodes/amqp-mail/operator-topic.ts';
import { defineAlarmTest } from '../../../nodes/backup-alarm/test-alarm.ts';
import registerDrive from '../../../nodes/google-drive/google-drive.ts';
import registerNotice from '../../../nodes/notice/notice.ts';
import { defineKeyProof } from '../../../nodes/odoo-backup/key-proof.ts';
import { defineBackupTopic } from '../../../nodes/odoo-backup/operator-topic.ts';
import { defineRestoreTopic } from '../../../nodes/odoo-restore/operator-topic.ts';
import { adminRoute } from '../../../nodes/runtime/admin-route.ts';
import { defineNode } from '../../../nodes/runtime/define-node.ts';
import { secret, text } from '../../../nodes/runtime/fields.ts';
import { openPage } from '../../../nodes/runtime/open-page.ts';
import { readScreen } from '../../../nodes/runtime/screen.ts';
import registerSmtp from '../../../nodes/smtp-server/smtp-server.ts';
import { ScriptedRed } from './scripted-red.ts';

const echo = { method: 'post', path: 'echo', permission: 'may.echo', handle: () => ({ done: true }) } as const;
const permissions = ['may.echo'];

test('a route answers nobody without its permission', async () => {
	const red = new ScriptedRed();
	adminRoute(red.api, echo);
	assert.equal((await red.ask('POST /clinic-hub/echo', { body: {} })).status, 401);
	assert.equal((await red.ask('POST /clinic-hub/echo', { body: {}, permissions })).status, 200);
});

test('a route for which somebody forgot the permission is not made', () => {
	assert.throws(() => adminRoute(new ScriptedRed().api, { ...echo, permission: [] }), { code: 'INTERNAL' });
	assert.throws(() => adminRoute(new ScriptedRed().api, { ...echo, permission: '' }), { code: 'INTERNAL' });
});

test('a form or plain text, which pages of other sites may send, is refused', async () => {
	const red = new ScriptedRed();
	adminRoute(red.api, echo);
	for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', '']) {
		const headers = { 'content-type': type };
		assert.equal((await red.ask('POST /clinic-hub/echo', { body: {}, permissions, headers })).status, 400, type);
	}
});

test('a body beyond the bound is refused, with or without its length said', async () => {
	const red = new ScriptedRed();
	adminRoute(red.api, echo);
	const ask = (length: number) =>
		red.ask('POST /clinic-hub/echo', { body: {}, permissions, headers: { 'content-length': String(length) } });
	assert.equal((await ask(512 * 1024)).status, 200);
	assert.equal((await ask(512 * 1024 + 1)).status, 400);
	const unsaid = { body: { text: 'x'.repeat(512 * 1024) }, permissions };
	assert.equal((await red.ask('POST /clinic-hub/echo', unsaid)).status, 400);
});

test('each action of an operator asks for the permission of its own', async () => {
	const red = new ScriptedRed();
	defineMailTopic(red.api);
	defineBackupTopic(red.api);
	defineRestoreTopic(red.api);
	const routes = [...red.routes.keys()].filter((route) => route.includes('/operator/'));
	assert.equal(routes.length, 8 + 5 + 4);
	const rightOf = (route: string) => `clinic-hub.${route.split('/operator/')[1]?.replace('/', '.')}`;
	for (const route of routes) {
		// Whoever may edit and deploy flows is no operator by that.
		const others = [
			'read',
			'write',
			'flows.read',
			'flows.write',
			...routes.filter((one) => one !== route).map(rightOf),
		];
		assert.equal((await red.ask(route, { body: {}, permissions: others })).status, 401, route);
		// Past the permission: the node of the row does not run here.
		assert.equal((await red.ask(route, { body: {}, permissions: [rightOf(route)] })).status, 404, route);
	}
});

test('an operator who chose nothing, or too much, is told so, and nothing is done', async () => {
	const red = new ScriptedRed();
	const accepted: unknown[] = [];
	const source = { incomplete: async () => [], accept: async (chosen: unknown) => void accepted.push(chosen) };
	defineBackupTopic(red.api).add(source as never, { id: 'backup' });
	const ask = (choice: Record<string, unknown>) =>
		red.ask('POST /clinic-hub/operator/backup/accept', {
			body: { source: 'backup', ...choice },
			permissions: ['clinic-hub.backup.accept'],
		});
	for (const choice of [{}, { ids: [] }, { ids: 'x' }, { ids: [''] }, { ids: [{}] }, { group: '' }, { group: ['x'] }])
		assert.equal((await ask(choice)).status, 400, JSON.stringify(choice));
	assert.equal((await ask({ ids: Array.from({ length: 1_001 }, (_, at) => String(at)) })).status, 400);
	assert.deepEqual(accepted, []);
	assert.deepEqual((await ask({ ids: ['gone'] })).body, { done: 0, missing: 1 });
});

test('whoever may deploy does not let backups begin by that, nor test the alarm', async () => {
	const red = new ScriptedRed();
	defineKeyProof(red.api);
	defineAlarmTest(red.api, new Map());
	for (const [path, right] of [
		['backup/key-file', 'clinic-hub.backup.check-key'],
		['backup/key-code', 'clinic-hub.backup.check-key'],
		['backup/key-state', 'clinic-hub.backup.check-key'],
		['test/backup-alarm', 'clinic-hub.backup.test-alarm'],
	] as const) {
		const route = `POST /clinic-hub/${path}`;
		for (const held of [['flows.write'], [right]])
			assert.equal((await red.ask(route, { body: {}, permissions: held })).status, 401, path);
		assert.notEqual((await red.ask(route, { body: {}, permissions: ['flows.write', right] })).status, 401, path);
	}
});

test('a body of strange shape is refused in words, and is no error of the hub', async () => {
	const red = new ScriptedRed();
	registerDrive(red.api);
	registerSmtp(red.api);
	defineKeyProof(red.api);
	defineAlarmTest(red.api, new Map());
	defineMailTopic(red.api);
	defineRestoreTopic(red.api);
	const posts = [...red.routes.keys()].filter((route) => route.startsWith('POST '));
	assert.ok(posts.length > 15);
	const permissions = ['flows.write', ...'smtp.test-mail drive.connect backup.check-key backup.test-alarm'.split(' ')];
	for (const route of posts) {
		const action = route.split('/operator/')[1]?.replace('/', '.');
		const held = [...permissions, ...(action ? [action] : [])];
		const rights = held.flatMap((one) => [one, `clinic-hub.${one}`]);
		for (const strange of [{ toString: 1 }, ['x'], 1e308, '\u0000', '__proto__', null]) {
			const each = { id: strange, source: strange, config: { host: strange, url: strange, clientId: strange } };
			const asked = { ...each, credentials: strange, redirectUri: strange, clientId: strange, code: strange };
			const body = JSON.parse(`{"__proto__":{"polluted":true},${JSON.stringify(asked).slice(1)}`);
			const { status } = await red.ask(route, { body, permissions: rights });
			assert.ok(status !== 500 && status !== 401, `${route} ${JSON.stringify(strange)}: ${status}`);
		}
	}
	assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a page that needs no sign-in and fails ends its own connection, not the process', async () => {
	const red = new ScriptedRed();
	const handle = () => Promise.reject(new Error('unexpected'));
	openPage(red.api, { path: 'open', handle });
	const [page] = red.routes.get('GET /clinic-hub/open') ?? [];
	const response = Object.assign(new EventEmitter(), { destroy: () => response.emit('destroyed') });
	const destroyed = once(response, 'destroyed');
	page?.({ headers: {}, query: {} } as never, response as never, () => undefined);
	await destroyed;
});

test('mails and notices in the clinic’s name need a right beside the one to deploy', async () => {
	const red = new ScriptedRed();
	registerSmtp(red.api);
	registerNotice(red.api);
	const body = { id: 'x', config: {}, credentials: {} };
	for (const [route, right] of [
		['POST /clinic-hub/test/smtp-server/mail', 'clinic-hub.smtp.test-mail'],
		['POST /clinic-hub/test/notice', 'clinic-hub.notices.test'],
	] as const) {
		for (const held of [['flows.write'], [right]])
			assert.equal((await red.ask(route, { body, permissions: held })).status, 401, route);
		assert.equal((await red.ask(route, { body, permissions: ['flows.write', right] })).status, 200, route);
	}
});

test('a consent to Google Drive needs a right beside the one to deploy, and comes back to this editor only', async () => {
	const red = new ScriptedRed();
	registerDrive(red.api);
	const route = 'POST /clinic-hub/google-drive/connect';
	const ask = (permissions: string[], redirectUri: string) => {
		const config = { accountType: 'consent', clientId: 'client' };
		const body = { id: 'x', config, credentials: { clientSecret: 'secret' }, redirectUri };
		return red.ask(route, { body, permissions });
	};
	const own = 'https://hub.clinica.cl/clinic-hub/google-drive/return';
	for (const held of [['flows.write'], ['clinic-hub.drive.connect']]) assert.equal((await ask(held, own)).status, 401);
	const both = ['flows.write', 'clinic-hub.drive.connect'];
	assert.equal((await ask(both, 'https://hub.clinica.cl/elsewhere')).status, 400);
	assert.equal((await ask(both, 'http://10.0.0.1/clinic-hub/google-drive/return')).status, 400);
	const { status, body } = await ask(both, own);
	assert.equal(status, 200);
	assert.match((body as { page: string }).page, /^https:\/\/accounts\.google\.com\/o\/oauth2\/v2\/auth\?/);
});

test('a saved secret is not used for another address than it was saved for', () => {
	const red = new ScriptedRed();
	red.configs.push({ id: 'c', type: 'place', host: 'a.example' });
	red.credentials.set('c', { password: 's3cret' });
	const place = {
		type: 'place',
		fields: { host: text() },
		secrets: { password: secret() },
		address: ['host'],
	} as const;
	const read = (host: string, password: string) =>
		readScreen(red.api, place, { id: 'c', config: { host }, credentials: { password } });
	const same = read('a.example', '__PWRD__');
	assert.ok('secrets' in same);
	assert.equal(same.secrets.password, 's3cret');
	assert.throws(() => read('b.example', '__PWRD__'), { code: 'SECRET_RETYPE' });
	const typed = read('b.example', 'new');
	assert.ok('secrets' in typed);
	assert.equal(typed.secrets.password, 'new');
});

test('a node that hangs while it closes is left behind at the deadline', async (t) => {
	mock.timers.enable({ apis: ['setTimeout'] });
	t.after(() => mock.timers.reset());
	const red = new ScriptedRed();
	const hangs = () => new Promise<void>(() => {});
	defineNode(red.api, { type: 'hangs', fields: {}, setup: async () => ({}), close: hangs });
	const node = red.start({ id: 'h', type: 'hangs' });
	await turn();
	let closed = false;
	void node.close().then(() => {
		closed = true;
	});
	mock.timers.tick(2_499);
	await turn();
	assert.equal(closed, false);
	mock.timers.tick(1);
	await turn();
	assert.equal(closed, true);
	assert.match(red.warnings.join(), /closeLate/);
});
