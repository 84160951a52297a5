/** When a mail that was refused for now is tried again. */

import { HubError } from '../errors.ts';

export interface RetryLevel {
	/** Part of the delay queue's name, such as `10s`. */
	name: string;
	delayMs: number;
}

/** Ten seconds help against a restart, six hours against a night without a relay; about 7 hours 11 minutes in all. */
export const DEFAULT_LEVELS: readonly RetryLevel[] = [
	{ name: '10s', delayMs: 10_000 },
	{ name: '1m', delayMs: 60_000 },
	{ name: '10m', delayMs: 600_000 },
	{ name: '1h', delayMs: 3_600_000 },
	{ name: '6h', delayMs: 21_600_000 },
];

/**
 * The delay after a failed attempt.
 * @param used attempts used up, this one included; from 1
 * @returns undefined when the attempts are used up
 */
export function levelAfter(used: number, levels: readonly RetryLevel[]): RetryLevel | undefined {
	return levels[used - 1];
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** More waits than these only delay the moment when a person looks. */
const MAX_LEVELS = 20;
/** A mail that is a week late helps nobody. */
const MAX_DELAY_MS = 7 * UNIT_MS.d;

/**
 * Reads waits as typed into a node: `10s 1m 10m 1h 6h`, separated by blanks or commas.
 * @throws HubError CONFIG_INVALID naming the wait that cannot be read, is too long, or stands there twice
 */
export function parseLevels(text: string): RetryLevel[] {
	const names = text.split(/[\s,;]+/).filter((name) => name !== '');
	if (names.length > MAX_LEVELS) throw new HubError('CONFIG_INVALID', `Waits: at most ${MAX_LEVELS}`);
	const levels = names.map((name) => {
		const match = /^([1-9]\d{0,5})([smhd])$/.exec(name);
		const delayMs = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : Number.POSITIVE_INFINITY;
		if (delayMs > MAX_DELAY_MS) {
			throw new HubError(
				'CONFIG_INVALID',
				`Waits: "${name.slice(0, 32)}" is not a time such as 10s, 5m, 2h or 1d, at most 7d`,
			);
		}
		return { name, delayMs };
	});
	if (new Set(names).size < names.length) throw new HubError('CONFIG_INVALID', 'Waits: one stands there twice');
	return levels;
}
