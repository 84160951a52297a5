/** Days, weeks and months as people in the clinic count them. */

import { HubError } from '../errors.ts';

export interface Periods {
	/** `2026-11-24`. */
	day: string;
	/** ISO 8601 week, Monday to Sunday: `2026-W48`. */
	week: string;
	/** `2026-11`. */
	month: string;
}

const DAY_MS = 86_400_000;
const THURSDAY = 4;

/**
 * @param timeZone IANA name, such as `America/Santiago`
 * @returns which periods a time (milliseconds since 1970) falls into there
 * @throws HubError `CONFIG_INVALID` for a zone that Node does not know
 */
export function calendar(timeZone: string): (time: number) => Periods {
	const format = dateFormat(timeZone);
	return (time) => {
		const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
		const day = `${parts['year']}-${parts['month']}-${parts['day']}`;
		return { day, week: isoWeek(day), month: day.slice(0, -3) };
	};
}

function dateFormat(timeZone: string): Intl.DateTimeFormat {
	try {
		return new Intl.DateTimeFormat('en', {
			timeZone,
			calendar: 'iso8601',
			numberingSystem: 'latn',
			year: 'numeric',
			month: '2-digit',
			day: '2-digit',
		});
	} catch (thrown) {
		throw new HubError('CONFIG_INVALID', `"${timeZone}" is no time zone; use a name such as America/Santiago.`, {
			cause: thrown,
		});
	}
}

/** A week belongs to the year in which its Thursday lies. */
function isoWeek(day: string): string {
	const date = new Date(`${day}T00:00:00Z`);
	const thursday = new Date(date.getTime() + (THURSDAY - (date.getUTCDay() || 7)) * DAY_MS);
	const year = thursday.getUTCFullYear();
	const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
	return `${year}-W${String(week).padStart(2, '0')}`;
}
