import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { readVariables } from '../../../lib/config/read.ts';
import { HubError } from '../../../lib/errors.ts';

let directory: string;
before(async () => {
	directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-variables-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function file(text: string): Promise<string> {
	const name = path.join(directory, `${Math.random()}`);
	await writeFile(name, text);
	return name;
}

function failure(environment: Record<string, string>): HubError {
	try {
		readVariables(environment);
	} catch (thrown) {
		assert.ok(thrown instanceof HubError, inspect(thrown));
		assert.equal(thrown.code, 'CONFIG_INVALID');
		return thrown;
	}
	assert.fail('nothing was thrown');
}

test('without variables everything that is risky is off and the editor is on loopback', () => {
	const { values, warnings } = readVariables({});
	assert.equal(values.HUB_HOST, '127.0.0.1');
	assert.equal(values.HUB_PORT, 1880);
	assert.deepEqual(values.HUB_ALLOW_NODES, []);
	for (const name of ['HUB_TELEMETRY', 'HUB_PALETTE_INSTALL', 'HUB_FUNCTION_MODULES'] as const) {
		assert.equal(values[name], false, name);
	}
	assert.deepEqual(warnings, []);
});

test('an age is a number of days from 1 to 3650', () => {
	assert.equal(readVariables({}).values.HUB_AGE_MAIL_DAYS, 180);
	for (const days of ['1', '3650'])
		assert.equal(readVariables({ HUB_AGE_AUDIT_DAYS: days }).values.HUB_AGE_AUDIT_DAYS, Number(days));
	for (const days of ['0', '3651', '-1', '1.5', '1e2', 'never']) {
		assert.match(
			failure({ HUB_AGE_MAIL_DAYS: days }).message,
			/^HUB_AGE_MAIL_DAYS is ".+"; it takes a number of days, 1 to 3650\.$/,
		);
	}
});

test('an empty variable counts as none', () => {
	const { values } = readVariables({ HUB_PORT: '', HUB_ALLOW_NODES: '', HUB_STORE_URL: '', HUB_TELEMETRY: '' });
	assert.deepEqual(
		[values.HUB_PORT, values.HUB_ALLOW_NODES, values.HUB_STORE_URL, values.HUB_TELEMETRY],
		[1880, [], undefined, false],
	);
});

test('X_FILE fills X with what the file holds, less one newline at its end', async () => {
	for (const [content, value] of [
		['secret', 'secret'],
		['secret\n', 'secret'],
		['secret\r\n', 'secret'],
		['secret\n\n', 'secret\n'],
		[' sécret# ', ' sécret# '],
	] as const) {
		const { values, additions } = readVariables({ HUB_CREDENTIAL_SECRET_FILE: await file(content) });
		assert.equal(values.HUB_CREDENTIAL_SECRET, value);
		assert.equal(additions['HUB_CREDENTIAL_SECRET'], value);
	}
});

test('X_FILE also fills variables that only flows know, under every prefix of the product', async () => {
	const environment: Record<string, string> = {};
	for (const prefix of ['ODOO', 'KEYCLOAK', 'AMQP', 'SMTP', 'DRIVE']) {
		environment[`${prefix}_OWN_FILE`] = await file(prefix);
	}
	const { additions } = readVariables(environment);
	for (const prefix of ['ODOO', 'KEYCLOAK', 'AMQP', 'SMTP', 'DRIVE']) assert.equal(additions[`${prefix}_OWN`], prefix);
});

test('_FILE of a foreign variable is left alone', () => {
	const { additions } = readVariables({ SSL_CERT_FILE: '/nowhere', GIT_FILE: '/nowhere' });
	assert.equal(additions['SSL_CERT'], undefined);
});

test('X and X_FILE together are refused, without showing the value', async () => {
	const { message } = failure({ AMQP_PASSWORD: 's3cret', AMQP_PASSWORD_FILE: await file('0ther') });
	assert.equal(message, 'AMQP_PASSWORD and AMQP_PASSWORD_FILE are both set. Set one of them.');
});

test('a file that cannot be read is named with its variable and the reason', () => {
	const missing = path.join(directory, 'missing');
	assert.equal(
		failure({ AMQP_PASSWORD_FILE: missing }).message,
		`AMQP_PASSWORD_FILE names the file ${missing}, which cannot be read (ENOENT).`,
	);
	assert.match(failure({ AMQP_PASSWORD_FILE: directory }).message, /cannot be read \(EISDIR\)/);
});

test('values that a variable does not take are refused with those that it takes', () => {
	assert.match(failure({ HUB_TELEMETRY: 'maybe' }).message, /HUB_TELEMETRY is "maybe"; it takes true or false/);
	assert.match(failure({ HUB_PORT: '70000' }).message, /HUB_PORT is "70000"; it takes a TCP port/);
	assert.match(failure({ HUB_PORT: '1e3' }).message, /HUB_PORT is "1e3"/);
	assert.match(failure({ HUB_LOG_LEVEL: 'loud' }).message, /it takes one of fatal, error, warn/);
	assert.match(failure({ HUB_ALLOW_NODES: 'exec,rm' }).message, /lists "rm"; it takes exec, file, tcp, udp/);
});

test('switches are understood in the usual spellings', () => {
	for (const text of ['true', 'TRUE', '1', 'yes', 'on']) {
		assert.equal(readVariables({ HUB_TELEMETRY: text }).values.HUB_TELEMETRY, true, text);
	}
	for (const text of ['false', '0', 'no', 'OFF']) {
		assert.equal(readVariables({ HUB_EDITOR: text }).values.HUB_EDITOR, false, text);
	}
});

test('a list is separated by commas, with or without spaces', () => {
	assert.deepEqual(readVariables({ HUB_ALLOW_NODES: 'exec, udp' }).values.HUB_ALLOW_NODES, ['exec', 'udp']);
});

test('an unknown HUB_ name is warned of; a known one and those of flows are not', async () => {
	const { warnings } = readVariables({
		HUB_HOTS: 'x',
		HUB_STORE_URL_FILE: await file('x'),
		AMQP_OWN: 'x',
		HUBBLE: 'x',
	});
	assert.equal(warnings.length, 1);
	assert.match(warnings[0] ?? '', /HUB_HOTS is not known/);
});

test('flows see the defaults of their variables, but not in place of a value', () => {
	assert.equal(readVariables({}).additions['AMQP_PORT'], '5672');
	assert.equal(readVariables({ AMQP_PORT: '5671' }).additions['AMQP_PORT'], undefined);
});
