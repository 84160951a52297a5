/** How the backups are, in words and numbers. */

import type { AlarmState } from '../../lib/backup/alarm-watch.ts';
import { HUB_ERROR_CODES } from '../../lib/errors.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';
import type { TrialResult } from './trial.ts';

const HOUR_MS = 3_600_000;

/** More do not fit under a node; the message has them all. */
const SHOWN = 3;

/** Yellow at most: an alarm is no failure of the hub, whose sign of life goes on. */
export function alarmStatus({ findings, databases, checkedAt }: AlarmState): { tone: Tone; phrase: Phrase } {
	const [worst] = findings;
	if (worst?.code === 'cannotAsk') {
		const code = HUB_ERROR_CODES.find((known) => known === worst.parameters['code']) ?? 'INTERNAL';
		const phrase = { key: 'backup-alarm.status.cannotAsk', values: { reason: shared(`error.${code}`) } };
		return { tone: 'waiting', phrase };
	}
	if (worst) {
		const codes = [...new Set(findings.map(({ code }) => code))].slice(0, SHOWN);
		const what = codes.map((code) => ({ key: `backup-alarm.finding.${code}` }));
		return { tone: 'waiting', phrase: { key: `backup-alarm.status.${worst.severity}`, values: { what } } };
	}
	const oldest = Math.min(...databases.map(({ newestCounting }) => newestCounting?.createdAt ?? checkedAt));
	const hours = Math.max(0, Math.round((checkedAt - oldest) / HOUR_MS));
	return { tone: 'ready', phrase: { key: 'backup-alarm.status.well', values: { hours } } };
}

/** Of a test: what the dialog says, too. */
export function trialPhrase({ answered, channels }: TrialResult): Phrase {
	if (!answered) return { key: 'backup-alarm.test.unanswered' };
	const names = (those: TrialResult['channels']) => those.map(({ channel }) => ({ key: channelKey(channel) }));
	const took = channels.filter(({ outcome }) => outcome === 'delivered');
	const others = channels.filter(({ outcome }) => outcome !== 'delivered');
	const values = { took: names(took), others: names(others) };
	if (took.length === 0) return { key: 'backup-alarm.test.nobody', values };
	if (others.length > 0) return { key: 'backup-alarm.test.some', values };
	return { key: `backup-alarm.test.${took.length > 1 ? 'all' : 'one'}`, values };
}

/** As the node `notice` names them. */
function channelKey(channel: string): string {
	return `backup-alarm.channel.${channel === 'webhook' ? 'webhook' : 'mail'}`;
}
