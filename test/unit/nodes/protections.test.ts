/** What keeps strangers, other sites and hanging nodes from doing harm, each by itself. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defineMailTopic } from '../../../nodes/amqp-mail/operator-topic.ts';
import registerDrive from '../../../nodes/google-drive/google-drive.ts';
import registerNotice from '../../../nodes/notice/notice.ts';
import { adminRoute } from '../../../nodes/runtime/admin-route.ts';
import { defineNode } from '../../../nodes/runtime/define-node.ts';
import { secret, text } from '../../../nodes/runtime/fields.ts';
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
	const actions = ['list', 'inspect', 'correct', 'replay', 'discard', 'pause', 'resume', 'search'];
	for (const action of actions) {
		const others = actions.filter((other) => other !== action).map((other) => `clinic-hub.mail.${other}`);
		const route = `POST /clinic-hub/operator/mail/${action}`;
		assert.equal((await red.ask(route, { body: {}, permissions: others })).status, 401, action);
		// Past the permission: the node of the row does not run here.
		assert.equal((await red.ask(route, { body: {}, permissions: [`clinic-hub.mail.${action}`] })).status, 404, action);
	}
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
