/** Reads a stream of chunks by counts of bytes: what a format with lengths needs. */
import { HubError } from '../errors.ts';

const NOTHING = Buffer.alloc(0);

/**
 * A returned buffer may be a view into the source's chunk: it is valid until the next call, no longer. Whoever keeps
 * bytes copies them.
 */
export class ByteReader {
	readonly #chunks: AsyncIterator<Buffer>;
	#rest: Buffer = NOTHING;
	#before = 0;
	#pulling = false;

	constructor(source: AsyncIterable<Buffer>) {
		this.#chunks = source[Symbol.asyncIterator]();
	}

	/** Bytes read so far. */
	get position(): number {
		return this.#before - this.#rest.length;
	}

	/** Whatever is there, at most `limit` bytes; empty only at the end of the source. */
	async some(limit: number): Promise<Buffer> {
		if (this.#rest.length === 0 && !(await this.#pull())) return NOTHING;
		const part = this.#rest.subarray(0, limit);
		this.#rest = this.#rest.subarray(part.length);
		return part;
	}

	/** Up to `count` bytes without consuming them; fewer only at the end of the source. */
	async peek(count: number): Promise<Buffer> {
		while (this.#rest.length < count) {
			// A copy: the source may use its memory again once it is asked for more.
			const held = this.#rest.length ? Buffer.from(this.#rest) : NOTHING;
			if (!(await this.#pull())) {
				this.#rest = held;
				return held;
			}
			this.#rest = held.length ? Buffer.concat([held, this.#rest]) : this.#rest;
		}
		return this.#rest.subarray(0, count);
	}

	/**
	 * Exactly `count` bytes.
	 * @param what named in the error
	 * @throws HubError BACKUP_SPOILED when the source ends before
	 */
	async exactly(count: number, what: string): Promise<Buffer> {
		const bytes = await this.peek(count);
		if (bytes.length < count) {
			throw new HubError('BACKUP_SPOILED', `The answer was cut at byte ${this.#before}, within ${what}.`);
		}
		this.skip(count);
		return bytes;
	}

	/** Lets the source go, wherever it stands: a file or a connection is not left open. Never throws. */
	async close(): Promise<void> {
		// How a source ends that nobody wants any more says nothing.
		const closed = this.#chunks.return?.().catch(() => undefined);
		// One that is being waited for hears of it only after its next bytes, which may be long in coming.
		if (!this.#pulling) await closed;
	}

	/** Consumes bytes that `peek` showed. */
	skip(count: number): void {
		this.#rest = this.#rest.subarray(count);
	}

	/** Gives back the unused end of what `some` returned last. */
	unread(bytes: Buffer): void {
		if (bytes.length) this.#rest = this.#rest.length ? Buffer.concat([bytes, this.#rest]) : bytes;
	}

	/** What is left, as it comes; whoever takes no more of it lets the source go. */
	async *rest(): AsyncGenerator<Buffer> {
		try {
			while (this.#rest.length > 0 || (await this.#pull())) {
				const chunk = this.#rest;
				this.#rest = NOTHING;
				yield chunk;
			}
		} finally {
			await this.close();
		}
	}

	async #pull(): Promise<boolean> {
		this.#pulling = true;
		try {
			for (;;) {
				const { done, value } = await this.#chunks.next();
				if (done) return false;
				if (value.length === 0) continue;
				this.#rest = value;
				this.#before += value.length;
				return true;
			}
		} finally {
			this.#pulling = false;
		}
	}
}
