import assert from 'node:assert/strict';
import test from 'node:test';
import { noticeNode } from '../../../nodes/notice/config.ts';
import { answer, endMessage, noticeOf } from '../../../nodes/notice/messages.ts';
import { readFields } from '../../../nodes/runtime/fields.ts';

const HOOK = 'https://chat.clinica.test/hook';

/** What keeps a node with these properties from being ready. */
function problems(properties: Record<string, unknown>, credentials: Record<string, unknown> = {}): string[] {
	const config = readFields(noticeNode.fields, properties);
	const secrets = readFields(noticeNode.secrets, credentials);
	const found = [...config.problems, ...secrets.problems];
	if (config.values && secrets.values) found.push(...noticeNode.validate(config.values, secrets.values));
	return found.map(({ field, reason }) => `${field} ${reason}`);
}

test('a node needs a channel, and receivers for mail', () => {
	assert.deepEqual(problems({}), ['smtp channel']);
	assert.deepEqual(problems({ smtp: 'x' }), ['to missing']);
	assert.deepEqual(problems({ smtp: 'x', to: 'a@clinica.test; b@clinica.test' }), []);
	assert.deepEqual(problems({ webhookUrl: HOOK }), []);
	assert.deepEqual(problems({ smtp: 'x', to: Array(21).fill('a@clinica.test').join(' ') }), ['to tooMany']);
});

test('an alarm about a channel needs the other one', () => {
	const mail = { smtp: 'x', to: 'a@clinica.test' };
	assert.deepEqual(problems({ ...mail, about: 'smtp' }), ['webhookUrl otherWay']);
	assert.deepEqual(problems({ webhookUrl: HOOK, about: 'webhook' }), ['smtp otherWay']);
	for (const properties of [mail, { webhookUrl: HOOK }])
		assert.equal(problems({ ...properties, about: 'any' }).length, 1, 'whatever fails, two are needed');
	for (const about of ['smtp', 'webhook', 'any']) assert.deepEqual(problems({ ...mail, webhookUrl: HOOK, about }), []);
});

test('a bearer token goes over TLS, or does not leave the machine', () => {
	const with_ = (webhookUrl: string) => problems({ webhookUrl }, { webhookBearer: 'token' });
	assert.deepEqual(with_('http://chat.clinica.test/hook'), ['webhookUrl privateUrl']);
	for (const url of [HOOK, 'http://localhost:1/hook']) assert.deepEqual(with_(url), []);
});

test('an address with a user name, a token with a line break and two signature keys are refused', () => {
	assert.deepEqual(problems({ webhookUrl: 'https://me:secret@chat.clinica.test' }), ['webhookUrl httpUrl']);
	assert.deepEqual(problems({ webhookUrl: HOOK }, { webhookBearer: 'a\r\nX-Other: b' }), ['webhookBearer invalid']);
	const key = '0123456789abcdef';
	assert.deepEqual(problems({ webhookUrl: HOOK }, { webhookKey: `a=${key} b=${key}` }), ['webhookKey keys']);
});

test('what the message says it is about goes before what the node says', () => {
	const notice = { subject: 's', text: 't', severity: 'info' };
	assert.equal(noticeOf(notice, { about: 'smtp' }).about, 'smtp');
	assert.equal(noticeOf({ ...notice, about: 'webhook' }, { about: 'smtp' }).about, 'webhook');
	assert.equal(noticeOf({ ...notice, about: '' }, { about: 'smtp' }).about, '');
	assert.equal(noticeOf(notice, { about: 'none' }).about, undefined);
});

test('neither text nor address leaves the node', () => {
	const notice = { subject: 's', text: 'hidden', severity: 'info', to: 'hidden@clinica.test' } as const;
	const said = answer({ _msgid: 'x', payload: notice }, notice, 'queued', ['mail']);
	const parcel = { ...notice, about: null, id: 'i', channel: 'mail', at: 0, outcome: 'delivered' } as const;
	const { text: _text, to: _to, ...end } = parcel;
	assert.doesNotMatch(JSON.stringify([said, endMessage(end)]), /hidden/);
	assert.deepEqual(Object.keys(said), ['_msgid', 'payload', 'topic']);
});
