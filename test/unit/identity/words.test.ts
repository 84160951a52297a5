/** A held plan is read by a person: who, what, and why it is held. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflictText, holdText, limitText, lineText } from '../../../lib/identity/words.ts';
import { setting, staffed } from './setting.ts';

test('a held line says who, what, why, and why it waits, in both languages', async (t) => {
	const made = await staffed(t, 20);
	made.realm.change(made.user(0), { roles: [] });
	const { held } = await made.sync.run('changes');
	const [first] = held?.lines ?? [];
	assert.ok(first);
	assert.equal(lineText(first.line, 'en'), 'persona0: archive (no longer among those who get an account)');
	assert.equal(lineText(first.line, 'es'), 'persona0: archivar (ya no está entre quienes tienen cuenta)');
	assert.equal(holdText(first.reasons, 'en'), 'archiving is always decided by a person');
	assert.match(limitText('suspend', 'es'), /^No puede suspender/);
});

test('a conflict names what it is about', async (t) => {
	const made = await setting(t);
	made.odoo.add('ana');
	made.realm.add('ana', { email: 'x@clinica.test' });
	const { conflicts } = await made.sync.run('everything');
	assert.deepEqual(
		conflicts.map((conflict) => conflictText(conflict, 'en')),
		['ana: another account has this login (ana)'],
	);
});
