import assert from 'node:assert/strict';
import test from 'node:test';
import { isFileName } from '../../../lib/odoo/filestore.ts';
import { requireConfirmation, requireScratch, scratchName } from '../../../lib/odoo/scratch.ts';

test('only a database that this hub made for a drill is dropped by one', () => {
	const name = scratchName('secret');
	requireScratch(name, 'secret');
	assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'Odoo accepts the name');
	assert.ok(name.length <= 63, 'PostgreSQL keeps the whole of it');
	const foreign = { code: 'DRILL_FOREIGN', message: /not made by a drill/ };
	const last = name.endsWith('0') ? '1' : '0';
	for (const other of [
		'clinica',
		'hub-drill-',
		`${name.slice(0, -1)}${last}`,
		`${name}x`,
		'hub-drill-aaaaaaaaaaaa-0000000000000000',
	]) {
		assert.throws(() => requireScratch(other, 'secret'), foreign, other);
	}
	assert.throws(() => requireScratch(name, 'the secret of another hub'), foreign);
	assert.notEqual(scratchName('secret'), name);
});

test('a restore over something needs its name typed', () => {
	requireConfirmation('clinica', false, undefined);
	requireConfirmation('clinica', true, 'clinica');
	for (const typed of [undefined, '', 'Clinica', 'clinica ', 'yes']) {
		assert.throws(() => requireConfirmation('clinica', true, typed), { code: 'RESTORE_UNCONFIRMED' });
	}
});

test('a name that leads out of the filestore is none', () => {
	assert.ok(isFileName('ab/ab12'));
	for (const name of ['../etc/passwd', '/etc/passwd', 'ab/../../x', 'ab//x', '', 'a\0b', 'ab/', '.', 'ab\\x']) {
		assert.equal(isFileName(name), false, name);
	}
});
