import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Health } from '../../../lib/health.ts';
import { countPhrases } from '../../../nodes/runtime/counts.ts';
import { type Phrase, say } from '../../../nodes/runtime/phrase.ts';

const locales = path.resolve(import.meta.dirname, '../../../nodes/runtime/locales');

/** Puts phrases into words as Node-RED does. */
function speaker(language: string): (phrase: Phrase) => string {
	const catalogue = JSON.parse(readFileSync(path.join(locales, language, 'clinic-hub.json'), 'utf8'));
	const find = (key: string, values: Record<string, unknown> = {}): string => {
		const text = key
			.slice(key.indexOf(':') + 1)
			.split('.')
			.reduce((at, step) => at?.[step], catalogue);
		assert.equal(typeof text, 'string', key);
		return String(text).replace(/__(\w+?)__/g, (_, name) => String(values[name]));
	};
	return (phrase) => say({ _: find as never }, phrase);
}

function counted(): Health {
	const health = new Health();
	const mails = health.counter('clinic_hub_mails_total', 'Mails.');
	for (const outcome of ['parked', 'delivered', 'delivered', 'retrying', 'probed']) mails.add({ outcome });
	const notices = health.counter('clinic_hub_notices_total', 'Notices.');
	notices.add({ channel: 'mail', outcome: 'delivered' });
	notices.add({ channel: 'webhook', outcome: 'delivered' }, 2);
	health.counter('clinic_hub_other_total', 'Something that nobody reads.').add();
	return health;
}

test('what was counted is said in one sentence a kind, in both languages, without what is zero', () => {
	const phrases = countPhrases(counted().counters());
	assert.deepEqual(phrases.map(speaker('en-US')), [
		'Mails since the start: sent: 2, put off: 1, parked: 1',
		'Notices since the start: delivered: 3',
	]);
	assert.deepEqual(phrases.map(speaker('es')), [
		'Correos desde el arranque: enviados: 2, aplazados: 1, aparcados: 1',
		'Avisos desde el arranque: entregados: 3',
	]);
});

test('nothing is said before anything was counted', () => {
	const health = new Health();
	health.counter('clinic_hub_mails_total', 'Mails.');
	assert.deepEqual(countPhrases(health.counters()), []);
});
