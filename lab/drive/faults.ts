/** Faults on command: what the stand-in shall do wrong, at which kind of call. */

export type Operation =
	| 'token'
	| 'about'
	| 'list'
	| 'get'
	| 'create'
	| 'change'
	| 'delete'
	| 'media'
	| 'permissions'
	| 'drives'
	/** The call that opens a resumable session. */
	| 'session'
	/** A chunk that is not the last one. */
	| 'chunk'
	/** The chunk that ends a file. */
	| 'last'
	/** `Content-Range: bytes …/N` with a star: how much has arrived? */
	| 'ask';

export type Fault =
	/** Answers that instead of doing anything. */
	| { kind: 'status'; status: number; reason?: string; message?: string; retryAfter?: number }
	/** Cuts the connection after so many bytes of the body (of the answer, for `media`). Default at once. */
	| { kind: 'cut'; afterBytes?: number }
	/** Does the work, then cuts the connection instead of answering. */
	| { kind: 'lost' }
	/** Takes the call and never answers. */
	| { kind: 'silent' }
	/** Keeps only part of a chunk and says so. */
	| { kind: 'short' }
	/** Stores another byte than came. */
	| { kind: 'spoil' }
	/**
	 * Takes the file, and leaves its checksums out of so many answers, the one to the last chunk included; default out of all.
	 * Drive gives them "if available".
	 */
	| { kind: 'unhashed'; answers?: number }
	/** Knows the session no more. */
	| { kind: 'forget'; status: 404 | 410 };

export interface Happened {
	operation: Operation;
	fault: Fault;
}

export class Faults {
	readonly #planned = new Map<Operation, Fault[]>();
	/** Asked when nothing is planned; default no fault. */
	random: (operation: Operation) => Fault | undefined = () => undefined;
	/** Every fault so far, oldest first. */
	readonly happened: Happened[] = [];

	/** The next `times` calls of that kind go wrong. */
	add(operation: Operation, fault: Fault, times = 1): void {
		const planned = this.#planned.get(operation) ?? [];
		planned.push(...Array.from({ length: times }, () => fault));
		this.#planned.set(operation, planned);
	}

	/** No fault from now on. */
	clear(): void {
		this.#planned.clear();
		this.random = () => undefined;
	}

	take(operation: Operation): Fault | undefined {
		const fault = this.#planned.get(operation)?.shift() ?? this.random(operation);
		if (fault) this.happened.push({ operation, fault });
		return fault;
	}
}

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
	const random = seededRandom(seed);
	let left = most;
	return (operation) => {
		const fitting = SURVIVABLE.filter(([, operations]) => operations.includes(operation));
		if (left === 0 || fitting.length === 0 || random() >= share) return undefined;
		left -= 1;
		return fitting[Math.floor(random() * fitting.length)]?.[0];
	};
}

/** mulberry32: the same numbers in 0…1 for the same seed. */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
