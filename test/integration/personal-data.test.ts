/** That personal data goes when its age is reached, by the hub itself. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type OutgoingTables, outgoingTopic } from '../../lib/backup/outgoing.ts';
import { type BackupTables, backupTopic } from '../../lib/backup/run-tables.ts';
import { type IdentityTables, identityTopic } from '../../lib/identity/tables.ts';
import { type MailTables, mailTopic } from '../../lib/mail/ledger-tables.ts';
import { type NoticeTables, noticesTopic } from '../../lib/notices/tables.ts';
import { type HouseTables, houseTopic } from '../../lib/store/house.ts';
import { ageDays, PERSONAL_DATA } from '../../lib/store/personal-data.ts';
import { openStore } from '../../lib/store/store.ts';
import { hubOf } from '../../nodes/runtime/hub.ts';
import type { NodeAPI } from '../../nodes/runtime/node-red.ts';

const DAY_MS = 86_400_000;
const DAY_OF_HUB = { first: 10 * 60_000, next: DAY_MS };

type Tables = MailTables & NoticeTables & BackupTables & OutgoingTables & IdentityTables & HouseTables;

/** A store whose every table of personal data holds a row of that age. */
async function filled(t: TestContext, days: number): Promise<{ userDir: string; rows(): Promise<Row[]> }> {
	const userDir = await mkdtemp(path.join(tmpdir(), 'clinic-hub-ages-'));
	t.after(() => rm(userDir, { recursive: true, force: true }));
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	t.after(() => store.close());
	for (const topic of [mailTopic, noticesTopic, backupTopic, outgoingTopic, identityTopic]) await store.topic(topic);
	const db = await store.topic<Tables>(houseTopic);
	const at = Date.now() - days * DAY_MS;
	const mail = {
		database_uuid: 'd',
		id: 'i',
		state: 'sent',
		owner: 'o',
		version: 1,
		attempts: 1,
		kind: 'purchase',
	} as const;
	await db
		.insertInto('mail_ledger')
		.values({
			...mail,
			reference: 'P1',
			recipient: 'a@supplier.example',
			message_id: '<i@x>',
			response: '250 a@supplier.example',
			reason: null,
			reason_text: 'a@supplier.example',
			created_at: at,
			updated_at: at,
		})
		.execute();
	await db.insertInto('mail_switch').values({ name: 'q', paused: 0, by: 'ana', changed_at: at }).execute();
	const run = { id: 'r', target: 't', database: 'd', database_uuid: null, source: 'manager', format: 'zip' } as const;
	const ended = { owner: 'o', token: 1, phase: 'spooled', bytes: 1, outcome: 'failed', trigger: 'hand' } as const;
	const nothing = { again_of: null, reason: null, reason_text: null, claim: null, released_at: null };
	await db
		.insertInto('backup_run')
		.values({ ...run, ...ended, ...nothing, by: 'ana', started_at: at, updated_at: at, finished_at: at })
		.execute();
	const audit = { id: 'a', action: 'mail.pause', subject: 'q', outcome: 'done' };
	await db
		.insertInto('hub_audit')
		.values({ ...audit, at, actor: 'ana', details: '{}' })
		.execute();
	const notice = { sender: 'gone', subject: 's', text: 't', severity: 'warning', about: null } as const;
	const waits = { id: 'n', channel: 'mail', target: 'ana@clinic.example', created_at: at, attempts: 0, next_at: at };
	await db
		.insertInto('notice_outbox')
		.values({ ...notice, ...waits })
		.execute();
	const open = { key: 'k', receivers: '["ana@clinic.example"]', repeats: 0, opened_at: at, last_at: at, closes_at: at };
	await db
		.insertInto('notice_window')
		.values({ ...notice, ...open })
		.execute();
	const file = { id: 'f', node: 'gone', request: '{"file":"/x/Ana Rojas.pdf"}', own: 0, created_at: at };
	await db.insertInto('drive_outgoing').values(file).execute();
	const pair = 'clinica';
	const plan = { id: 'p', pair, hash: 'h', state: 'approved', lines: '[]', decided_by: 'ana', decided_at: at } as const;
	await db
		.insertInto('identity_plan')
		.values({ ...plan, created_at: at })
		.execute();
	const link = { pair, subject: 's', account: 7, approved_by: 'ana', approved_at: at };
	await db.insertInto('identity_link').values(link).execute();
	await db.insertInto('identity_event').values({ pair, key: 'k', at, kind: 'changed', subject: 's' }).execute();
	await db.insertInto('identity_change').values({ pair, changed: '7', at }).execute();
	return {
		userDir,
		rows: () =>
			Promise.all(
				PERSONAL_DATA.map(async ({ table, blank }) => {
					const row = await db
						.selectFrom(table as 'mail_ledger')
						.selectAll()
						.executeTakeFirst();
					const personal = blank === 'row' ? [row] : blank.map((column) => row?.[column as 'recipient']);
					return { table, kept: row !== undefined, personal: personal.some((value) => value != null) };
				}),
			),
	};
}

interface Row {
	table: string;
	/** Whether the row is there. */
	kept: boolean;
	/** Whether it says anything about a person. */
	personal: boolean;
}

const named = (rows: Row[]) => rows.filter(({ personal }) => personal).map(({ table }) => table);

/** Only what the hub asks of Node-RED. */
function nodeRed(userDir: string): NodeAPI {
	const log = () => {};
	return {
		events: new EventEmitter(),
		settings: { userDir },
		log: { debug: log, info: log, warn: log, error: log, audit: log },
	} as unknown as NodeAPI;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
	// Time itself stands still here; each turn lets the store work.
	for (let turns = 0; turns < 10_000; turns++) {
		if (await condition()) return;
		await turn();
	}
	assert.fail('It did not come true.');
}

test('a hub blanks what is too old soon after its start and then every day, with no node running', async (t) => {
	mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
	t.after(() => mock.timers.reset());
	const { userDir, rows } = await filled(t, 3_651);
	const store = await hubOf(nodeRed(userDir)).store();
	t.after(() => store.close());
	assert.equal(named(await rows()).length, PERSONAL_DATA.length);
	mock.timers.tick(DAY_OF_HUB.first);
	await until(async () => named(await rows()).length === 0);
	const kept = (await rows()).filter(({ kept }) => kept).map(({ table }) => table);
	assert.deepEqual(kept, ['mail_ledger', 'mail_switch', 'backup_run', 'identity_plan', 'identity_link', 'hub_audit']);

	const db = await store.topic<Tables>(mailTopic);
	await db.updateTable('mail_ledger').set({ recipient: 'late@supplier.example' }).execute();
	mock.timers.tick(DAY_OF_HUB.next);
	await until(async () => named(await rows()).length === 0);
});

test('what is younger than its age stays, and each table goes by its own age', async (t) => {
	const { userDir, rows } = await filled(t, 181);
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	t.after(() => store.close());
	for (const topic of [mailTopic, noticesTopic, backupTopic, outgoingTopic, identityTopic]) await store.topic(topic);
	await store.purge();
	assert.deepEqual(named(await rows()), ['mail_switch', 'backup_run', 'identity_plan', 'identity_link', 'hub_audit']);
});

test('ages that variables set go before those of the table', async (t) => {
	const { userDir, rows } = await filled(t, 40);
	const file = path.join(userDir, 'clinic-hub.sqlite');
	const store = await openStore({ file, ageDays: ageDays({ HUB_AGE_MAIL_DAYS: '41', HUB_AGE_AUDIT_DAYS: '39' }) });
	t.after(() => store.close());
	for (const topic of [mailTopic, backupTopic, identityTopic]) await store.topic(topic);
	await store.purge();
	assert.deepEqual(named(await rows()), ['mail_ledger', 'notice_outbox', 'notice_window', 'drive_outgoing']);
});

test('an age that is no number of days keeps nothing for ever: the store is not opened', async (t) => {
	process.env['HUB_AGE_MAIL_DAYS'] = 'never';
	t.after(() => delete process.env['HUB_AGE_MAIL_DAYS']);
	const { userDir } = await filled(t, 1);
	await assert.rejects(hubOf(nodeRed(userDir)).store(), { code: 'CONFIG_INVALID', message: /^HUB_AGE_MAIL_DAYS is/ });
});
