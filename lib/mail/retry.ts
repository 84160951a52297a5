/** When a mail that was refused for now is tried again. */

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
