import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../../lab/acceptance/between.ts';
import { compareRestored } from '../../../lib/backup/drill.ts';

const content = (rows: number, files = 2) => ({
	tables: { res_partner: rows },
	attachments: { named: files, stored: files },
});
const passes = (...[before, after, found]: [number, number, number]) =>
	compareRestored(between(content(before), content(after), content(found)), content(found)).passed;

test('a restored table may hold what its source held between two counts, and nothing else', () => {
	assert.ok(passes(3, 3, 3));
	assert.ok(passes(3, 5, 4));
	assert.ok(passes(5, 3, 4), 'rows were removed meanwhile');
	assert.ok(!passes(3, 3, 2));
	assert.ok(!passes(3, 5, 6));
});

test('a table or a file that is not there after restoring is missed, also where its source was empty', () => {
	const none = { tables: {}, attachments: { named: 2, stored: 2 } };
	assert.ok(!compareRestored(between(content(0), content(3), none), none).passed);
	const lost = content(3, 1);
	assert.ok(!compareRestored(between(content(3), content(3), lost), lost).passed);
});
