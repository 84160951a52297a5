/** What the hub has counted since it started, in words for the sidebar. */

import type { CounterSnapshot } from '../../lib/health.ts';
import { type Phrase, shared } from './phrase.ts';

/** Counters that people read, and what their label `outcome` may say, in the order of the sentence. */
const COUNTED: Readonly<Record<string, { name: string; outcomes: readonly string[] }>> = {
	clinic_hub_mails_total: {
		name: 'mails',
		outcomes: ['delivered', 'retrying', 'parked', 'unknown', 'discarded', 'duplicate'],
	},
	clinic_hub_backups_total: {
		name: 'backups',
		outcomes: ['complete', 'incomplete', 'failed', 'cancelled', 'interrupted'],
	},
	clinic_hub_identity_changes_total: {
		name: 'identity',
		outcomes: [
			...['suspend', 'resume', 'archive', 'restore', 'create', 'link', 'update'],
			...['addGroups', 'removeGroups', 'endSessions', 'failed'],
		],
	},
	clinic_hub_notices_total: { name: 'notices', outcomes: ['delivered', 'later', 'unknown', 'never', 'dropped'] },
};

/** One sentence a counter that has counted something: "Mails since the start: sent: 5, parked: 2". */
export function countPhrases(counters: readonly CounterSnapshot[]): Phrase[] {
	return counters.flatMap(({ name: counter, values }) => {
		const counted = COUNTED[counter];
		if (!counted) return [];
		const { name, outcomes } = counted;
		const parts = outcomes.flatMap((outcome) => {
			const same = values.filter(({ labels }) => labels['outcome'] === outcome);
			const count = same.reduce((sum, { value }) => sum + value, 0);
			return count > 0 ? [shared(`count.${name}.${outcome}`, { count })] : [];
		});
		return parts.length > 0 ? [shared(`count.${name}.all`, { parts })] : [];
	});
}
