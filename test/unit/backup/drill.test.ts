import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ALLOWANCES, compareRestored, LIVE_ALLOWANCES, type RestoredContent } from '../../../lib/backup/drill.ts';

const TABLES = { res_partner: 40, account_move: 0, ir_mail_server: 1, ir_config_parameter: 20, mail_push: 3 };
const EXPECTED = { tables: TABLES, attachments: { named: 12, stored: 10, late: ['a'], missing: ['b'] } };

function restored(tables: Record<string, number> = {}, attachments = { named: 12, stored: 10 }): RestoredContent {
	return { tables: { ...TABLES, ...tables }, attachments };
}

test('a database that agrees to the row passes', () => {
	assert.deepEqual(compareRestored(EXPECTED, restored()), {
		passed: true,
		tables: 5,
		same: 5,
		rows: 64,
		differences: [],
		attachments: { expected: 10, found: 10, namedExpected: 12, namedFound: 12, agree: true },
	});
});

test('one row more or fewer in any other table fails, and the table is named first', () => {
	for (const rows of [39, 41, 0]) {
		const { passed, same, differences } = compareRestored(EXPECTED, restored({ res_partner: rows, ir_mail_server: 2 }));
		assert.equal(passed, false);
		assert.equal(same, 3);
		assert.deepEqual(differences[0], { table: 'res_partner', expected: 40, found: rows, allowed: null });
		assert.match(differences[1]?.allowed ?? '', /reaches nobody/);
	}
});

test('what neutralising changes is allowed as far as it was measured and no further', () => {
	const passes = (tables: Record<string, number>) => compareRestored(EXPECTED, restored(tables)).passed;
	assert.equal(passes({ ir_mail_server: 2, ir_config_parameter: 21, mail_push: 0 }), true);
	assert.equal(passes({ ir_config_parameter: 5 }), true);
	assert.equal(passes({ ir_config_parameter: 4 }), false);
	assert.equal(passes({ ir_config_parameter: 22 }), false);
	assert.equal(passes({ ir_mail_server: 3 }), false);
	assert.equal(passes({ ir_mail_server: 0 }), false);
	assert.equal(passes({ mail_push: 4 }), false);
});

test('a database in service may differ by what its jobs were seen to do, and has lost no message', () => {
	// As counted a minute after a restore of a backup that was a day old.
	const before = {
		...{ ir_cron_progress: 21, ir_cron_trigger: 7, bus_bus: 11, res_users_log: 6, mail_message: 49, mail_mail: 0 },
		digest_tip_res_users_rel: 0,
	};
	const after = {
		...{ ir_cron_progress: 43, ir_cron_trigger: 3, bus_bus: 0, res_users_log: 1, mail_message: 52, mail_mail: 3 },
		digest_tip_res_users_rel: 3,
	};
	const passes = (change: Record<string, number>) =>
		compareRestored(
			{ ...EXPECTED, tables: { ...TABLES, ...before } },
			restored({ ...after, ...change }),
			LIVE_ALLOWANCES,
		).passed;
	assert.equal(passes({}), true);
	for (const change of [{ mail_message: 48 }, { res_users_log: 7 }, { res_partner: 41 }, { ir_config_parameter: 21 }]) {
		assert.equal(passes(change), false);
	}
});

test('a table that is missing or that nobody knows fails, even one with an allowance or no rows', () => {
	const { account_move: _, ir_mail_server: __, ...left } = TABLES;
	const { passed, differences } = compareRestored(EXPECTED, {
		tables: { ...left, unknown: 0, constructor: 1 },
		attachments: { named: 12, stored: 10 },
	});
	assert.equal(passed, false);
	assert.deepEqual(differences, [
		{ table: 'account_move', expected: 0, found: null, allowed: null },
		{ table: 'constructor', expected: null, found: 1, allowed: null },
		{ table: 'ir_mail_server', expected: 1, found: null, allowed: null },
		{ table: 'unknown', expected: null, found: 0, allowed: null },
	]);
});

test('an attachment that is missing after the restore fails', () => {
	const { passed, attachments } = compareRestored(EXPECTED, restored({}, { named: 12, stored: 9 }));
	assert.equal(passed, false);
	assert.equal(attachments.agree, false);
	assert.equal(compareRestored(EXPECTED, restored({}, { named: 11, stored: 10 })).passed, false);
});

test('of a dump, which holds no attachments, only rows are compared', () => {
	const dump = { ...EXPECTED, attachments: { named: 0, stored: 0, late: [], missing: [] } };
	const found = restored({}, { named: 12, stored: 0 });
	assert.equal(compareRestored({ ...dump, format: 'dump' }, found).passed, true);
	assert.equal(compareRestored({ ...dump, format: 'zip' }, found).passed, false);
	assert.equal(compareRestored({ ...dump, format: 'dump' }, restored({ res_partner: 1 })).passed, false);
});

test('a record without tables proves nothing', () => {
	const nothing = { tables: {}, attachments: { named: 0, stored: 0, late: [], missing: [] } };
	assert.equal(compareRestored(nothing, { tables: {}, attachments: { named: 0, stored: 0 } }).passed, false);
});

const source = process.env['ODOO_SRC'];
test("every table whose rows a neutralize.sql of this Odoo's changes has an allowance", {
	skip: source ? false : 'ODOO_SRC is not set',
}, () => {
	const files = globSync(['addons/*/data/neutralize.sql', 'odoo/addons/*/data/neutralize.sql'], { cwd: source ?? '' });
	assert.ok(files.length > 10);
	const changed = new Set<string>();
	for (const file of files) {
		const text = readFileSync(path.join(source ?? '', file), 'utf8').replaceAll(/--.*$/gm, '');
		for (const [, table] of text.matchAll(/\b(?:insert\s+into|delete\s+from|truncate(?:\s+table)?)\s+"?(\w+)/gi)) {
			if (table) changed.add(table);
		}
	}
	assert.deepEqual([...changed].sort(), Object.keys(ALLOWANCES).sort());
});
