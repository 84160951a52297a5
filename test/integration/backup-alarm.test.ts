/** The question of the alarm, put to a store and to the stand-in of Drive: which databases, whose clock, how much space. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DEFAULT_ALARM } from '../../lib/backup/alarm.ts';
import { LoginWatch } from '../../lib/backup/alarm-login.ts';
import { type AlarmTools, askAlarm } from '../../lib/backup/alarm-run.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { driveState } from '../../lib/drive/account-state.ts';
import { ownFolder } from '../../lib/drive/folder.ts';
import { HubError } from '../../lib/errors.ts';
import { openStore } from '../../lib/store/store.ts';
import { testKeys } from '../backup-flow.ts';
import { startDrive } from '../servers/drive.ts';
import { startHttp } from '../servers/http.ts';
import { startManager } from '../servers/odoo-manager.ts';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

async function lab(t: TestContext, change: Partial<AlarmTools> = {}) {
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const store = await openStore({ file: ':memory:' });
	t.after(() => store.close());
	const client = await drive.service();
	const tools: AlarmTools = {
		open: async () => ({ client, folderId: drive.google.folderId }),
		store: async () => store,
		owner: 'test',
		verifying: testKeys.verifying,
		recovery: [],
		rules: DEFAULT_ALARM,
		kept: 14,
		...change,
	};
	const runs = await BackupRuns.open(store, { owner: 'test' });
	/** A run that failed before it saw the database. */
	const run = async (url: string, database: string) => {
		const begun = await runs.begin({
			...{ target: `${url} ${database}`, database, source: 'manager', format: 'zip', trigger: 'schedule' },
		});
		assert.ok('run' in begun);
		await begun.run.fail(new HubError('ODOO_UNREACHABLE', 'gone'));
	};
	const ask = async (more: Partial<AlarmTools> = {}) => {
		const { findings, databases } = await askAlarm({ ...tools, ...more }, never);
		return {
			names: databases.map(({ database }) => database),
			codes: findings.map(({ code, database = '' }) => `${code} ${database}`.trim()),
			findings,
		};
	};
	return { drive, client, ask, run };
}

test('the databases of the connection must have a backup, also those that never had one', async (t) => {
	const { ask, run } = await lab(t);
	assert.deepEqual((await ask()).codes, ['noDatabase']);
	await run('http://odoo.test', 'clinica');
	await run('http://elsewhere.test', 'another');
	const named = await ask({ place: { url: 'http://odoo.test', databases: ['clinica', 'new'] } });
	assert.deepEqual(named.names, ['clinica', 'new']);
	assert.deepEqual(named.codes, ['noBackup clinica', 'noBackup new', 'noDrill clinica', 'noDrill new']);
	const all = await ask({ place: { url: 'http://odoo.test/', databases: null } });
	assert.deepEqual(all.names, ['clinica'], 'those of another Odoo are its own alarm’s');
	assert.deepEqual((await ask()).names, ['another', 'clinica'], 'without a connection every one that is known');
});

test('a store that does not work is an alarm, and so is a Drive that does not answer in time', async (t) => {
	const { ask, drive } = await lab(t);
	const gone = async () => {
		throw new HubError('STORE_UNAVAILABLE', 'The store cannot be read.');
	};
	const [finding, ...others] = (await ask({ store: gone })).findings;
	assert.deepEqual([finding?.code, finding?.parameters['code'], others], ['cannotAsk', 'STORE_UNAVAILABLE', []]);
	drive.drive.faults.add('list', { kind: 'silent' });
	const late = (await ask({ timeoutMs: 300, place: { url: 'http://odoo.test', databases: ['a'] } })).findings;
	assert.deepEqual(late.map(({ code, parameters }) => [code, parameters['code']]).slice(0, 2), [
		['cannotAsk', 'TIMEOUT'],
		['noDrill', undefined],
	]);
});

test('who stops it is not told that Drive cannot be asked', async (t) => {
	const { drive, client } = await lab(t);
	const store = await openStore({ file: ':memory:' });
	t.after(() => store.close());
	drive.drive.faults.add('list', { kind: 'silent' });
	const stopping = new AbortController();
	const open = async () => {
		setTimeout(() => stopping.abort(new HubError('CANCELLED', 'The node is being stopped.')), 20);
		return { client, folderId: drive.google.folderId };
	};
	const tools = { ...{ open, store: async () => store, owner: 'test', verifying: testKeys.verifying }, recovery: [] };
	await assert.rejects(askAlarm({ ...tools, rules: DEFAULT_ALARM, kept: 14 }, stopping.signal), { code: 'CANCELLED' });
});

test('ages are by the clock of Drive, which is compared with that of this machine', async (t) => {
	const { drive, ask, client } = await lab(t);
	await client.token();
	drive.drive.records.now = () => Date.now() + HOUR_MS / 2;
	const { now } = await driveState(client, drive.google.folderId);
	assert.ok(Math.abs(now - Date.now() - HOUR_MS / 2) < 5_000);
	const { findings } = await ask({ place: { url: 'http://odoo.test', databases: ['a'] } });
	assert.deepEqual(findings.at(-1)?.code, 'clockDiffers');
	assert.equal(findings.at(-1)?.parameters['minutes'], -30);
});

test('the space of an account with a consent is what Drive says; of a shared drive nothing is told', async (t) => {
	const { drive, client } = await lab(t);
	assert.equal((await driveState(client, drive.google.folderId)).free, undefined);
	const person = await drive.consented();
	const folder = await ownFolder(person, 'Respaldos');
	const user = drive.drive.records.world.users.find(({ email }) => email.startsWith('respaldos@'));
	assert.ok(user);
	user.limit = 1_000;
	assert.equal((await driveState(person, folder.id)).free, 1_000);
});

test('Odoo is asked about its login once a day, and one that cannot be reached says nothing', async (t) => {
	const odoo = await startManager(t);
	const proxy = await startHttp(() => ({ status: 502 }));
	t.after(() => proxy[Symbol.asyncDispose]());
	const away = new LoginWatch({ url: `http://127.0.0.1:${proxy.port}`, user: 'admin', apiKey: 'admin' });
	assert.deepEqual(await away.states(['clinica', 'other'], never), []);
	assert.equal(proxy.requests.length, 1, 'where the first is not answered the others are left');
	await away.states(['clinica'], never);
	assert.equal(proxy.requests.length, 2, 'and it is asked again next time');
	odoo.records.create('res.users.apikeys', {
		...{ name: 'hub', scope: 'rpc', user_id: 2, expiration_date: '2099-01-01 00:00:00' },
	});
	const watch = new LoginWatch({ url: odoo.url, user: 'admin', apiKey: 'admin' });
	const states = await watch.states(['clinica'], never);
	assert.deepEqual(states, [
		{ database: 'clinica', user: 'admin', accepted: true, firstEnd: Date.parse('2099-01-01T00:00:00Z') },
	]);
	odoo.records.create('res.users.apikeys', {
		...{ name: 'soon', scope: 'rpc', user_id: 2, expiration_date: '2098-01-01 00:00:00' },
	});
	assert.deepEqual(await watch.states(['clinica'], never), states);
});

test('a database that Odoo cannot open does not hide when the keys of the others end', async (t) => {
	const odoo = await startManager(t);
	const watch = new LoginWatch({ url: odoo.url, user: 'admin', apiKey: 'admin' });
	const states = await watch.states(['broken', 'clinica'], never);
	assert.deepEqual(
		states.map(({ database, accepted }) => [database, accepted]),
		[['clinica', true]],
	);
});
