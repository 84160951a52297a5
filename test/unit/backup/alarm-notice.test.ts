import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../lib/backup/alarm.ts';
import { alarmNotice, sayFinding, testNotice, wellNotice } from '../../../lib/backup/alarm-notice.ts';
import { FINDING_WORDS } from '../../../lib/backup/alarm-words.ts';
import { checkNotice } from '../../../lib/notices/notice.ts';

const OLD: Finding = {
	code: 'tooOld',
	severity: 'critical',
	database: 'clinica',
	parameters: { hours: 31, limit: 26 },
};
const FULL: Finding = {
	code: 'nearlyFull',
	severity: 'warning',
	parameters: { free: 1_610_612_736, needed: 5_368_709_120, newest: 1 },
};

test('one notice tells all findings in both languages, as severe as the worst of them', () => {
	const { subject, text, severity } = alarmNotice([OLD, FULL]);
	assert.equal(severity, 'critical');
	assert.equal(
		subject,
		'Copias de seguridad: ALARMA (demasiado antigua, la carpeta está casi llena) · ' +
			'Backups: ALARM (too old, the folder is nearly full)',
	);
	assert.match(text, /• clinica: La copia más reciente que vale tiene 31 h; se permiten 26 h\./);
	assert.match(text, /• What retention is to keep will not fit: 1\.5 GiB are free, it needs 5\.0 GiB more\./);
	assert.equal(alarmNotice([FULL]).severity, 'warning');
});

test('the same alarm has the same subject, whatever its numbers and databases', () => {
	const later: Finding = { ...OLD, database: 'another', parameters: { hours: 99, limit: 26 } };
	assert.equal(alarmNotice([OLD]).subject, alarmNotice([later]).subject);
	assert.equal(alarmNotice([OLD]).subject, alarmNotice([OLD, later]).subject);
});

test('every finding has words in both languages that ask for the same values', () => {
	const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
	for (const [code, { short, text }] of Object.entries(FINDING_WORDS)) {
		assert.deepEqual(blanks(text.es), blanks(text.en), code);
		assert.doesNotMatch(short.en + short.es, /[\d{}]/, code);
	}
});

test('why a backup does not count is said in words', () => {
	const finding: Finding = { ...OLD, code: 'doNotCount', parameters: { standing: 'redated', count: 2 } };
	assert.match(sayFinding(finding, 'en'), /: 2 \(put into the folder at another time than they say\)\.$/);
	assert.match(sayFinding(finding, 'es'), /: 2 \(puestas en la carpeta en otro momento del que dicen\)\.$/);
});

test('each test is another notice, marked as one, and as severe as an alarm', () => {
	const [one, other] = [testNotice(new Date(0)), testNotice(new Date(1_000))];
	assert.match(one.subject, /^PRUEBA .* · TEST /);
	assert.notEqual(one.subject, other.subject);
	assert.equal(one.severity, 'critical');
});

test('a notice node takes each of them whole', () => {
	const all = (Object.keys(FINDING_WORDS) as Finding['code'][]).map((code): Finding => ({ ...OLD, code }));
	for (const notice of [alarmNotice([OLD]), wellNotice(), testNotice(new Date())]) {
		assert.equal(checkNotice(notice).subject, notice.subject);
	}
	assert.ok(checkNotice(alarmNotice(all)).subject.length > 0);
});
