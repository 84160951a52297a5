/** How many backups a clinic keeps. */

import { HubError } from '../errors.ts';
import { calendar } from './calendar.ts';

export interface RetentionRules {
	/** How many days, ISO weeks and months that have a backup keep their newest one. */
	daily: number;
	weekly: number;
	monthly: number;
	/** The newest backups that are never removed, whatever the other rules say; at least 1. */
	floor: number;
	/** The clinic's, such as `America/Santiago`. */
	timeZone: string;
}

export const DEFAULT_RETENTION: Omit<RetentionRules, 'timeZone'> = { daily: 7, weekly: 4, monthly: 3, floor: 3 };

/** Of each kind, a century: more is a typing error. */
const MAX_PERIODS = 36_525;

/** @throws HubError `CONFIG_INVALID` naming the rule */
export function checkRules(rules: RetentionRules): void {
	calendar(rules.timeZone);
	for (const name of ['daily', 'weekly', 'monthly', 'floor'] as const) {
		const least = name === 'floor' ? 1 : 0;
		if (!Number.isSafeInteger(rules[name]) || rules[name] < least || rules[name] > MAX_PERIODS) {
			throw new HubError(
				'CONFIG_INVALID',
				`Retention: "${name}" must be a whole number from ${least} to ${MAX_PERIODS}.`,
			);
		}
	}
}

/** What the rules keep at most, in bytes, when every backup is as large as the newest one; marked ones come on top. */
export function bytesNeeded(rules: RetentionRules, newestSize: number): number {
	return Math.max(rules.daily + rules.weekly + rules.monthly, rules.floor) * newestSize;
}
