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
	| { kind: 'status'; status: number; reason?: string; message?: string; retryAfter?: number | string }
	/** Cuts the connection after so many bytes of the body (of the answer, for `media`), or at its end. Default at once. */
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

/** One for a call that has come. */
export type Taken = Fault & {
	/** To be called when it has its effect, which a call may be over too early for. */
	happens(): void;
};

export class Faults {
	readonly #planned = new Map<Operation, Fault[]>();
	/** Asked when nothing is planned; default no fault. */
	random: (operation: Operation) => Fault | undefined = () => undefined;
	/** Every fault that had its effect so far, oldest first. */
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

	take(operation: Operation): Taken | undefined {
		const fault = this.#planned.get(operation)?.shift() ?? this.random(operation);
		if (!fault) return undefined;
		let counted = false;
		const happens = () => {
			if (!counted) this.happened.push({ operation, fault });
			counted = true;
		};
		return { ...fault, happens };
	}
}
