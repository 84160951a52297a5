/** Faults of Drive that the client must survive by itself. */
import type { Fault, Faults, Operation } from '../../lab/drive/faults.ts';
import { seeded } from '../seed.ts';

/** Every fault that a client must survive by itself, with the calls at which it may happen. */
export const SURVIVABLE: [Fault, Operation[]][] = [
	[
		{ kind: 'status', status: 500, reason: 'backendError' },
		['list', 'get', 'change', 'session', 'chunk', 'last', 'ask'],
	],
	[{ kind: 'status', status: 502 }, ['list', 'session', 'chunk', 'last', 'ask']],
	[{ kind: 'status', status: 503 }, ['token', 'list', 'get', 'session', 'chunk', 'last', 'ask', 'media']],
	[{ kind: 'status', status: 429, reason: 'rateLimitExceeded' }, ['list', 'get', 'session', 'chunk', 'ask', 'media']],
	[{ kind: 'status', status: 403, reason: 'rateLimitExceeded' }, ['list', 'change', 'session', 'chunk', 'last']],
	[{ kind: 'status', status: 403, reason: 'userRateLimitExceeded' }, ['list', 'session', 'chunk', 'last']],
	[{ kind: 'status', status: 401, reason: 'authError' }, ['list', 'get', 'session', 'chunk', 'last', 'ask']],
	[{ kind: 'cut' }, ['token', 'list', 'get', 'change', 'session', 'chunk', 'last', 'ask', 'media']],
	[{ kind: 'cut', afterBytes: 300_000 }, ['chunk', 'last', 'media']],
	[{ kind: 'lost' }, ['change', 'session', 'chunk', 'last', 'ask']],
	[{ kind: 'short' }, ['chunk', 'last']],
	[{ kind: 'forget', status: 404 }, ['chunk', 'last', 'ask']],
	[{ kind: 'forget', status: 410 }, ['chunk', 'last', 'ask']],
];

/**
 * Faults drawn by a seed, of those that a client must survive, until `most` have happened.
 * @param share of the calls that go wrong, in 0…1
 */
export function seededFaults(seed: number, share: number, most: number): Faults['random'] {
	const random = seeded(seed);
	let left = most;
	return (operation) => {
		const fitting = SURVIVABLE.filter(([, operations]) => operations.includes(operation));
		if (left === 0 || fitting.length === 0 || random() >= share) return undefined;
		left -= 1;
		return fitting[Math.floor(random() * fitting.length)]?.[0];
	};
}
